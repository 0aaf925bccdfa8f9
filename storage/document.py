"""Templates of documents that a unit gave itself, one a kind; their bytes are attachments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, PrimaryKeyConstraint, String, Table, func, select

from storage.base import Id, UtcTime, metadata
from storage.unit import unit

template = Table(
    "document_template",
    metadata,
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("attachment_id", Id, ForeignKey("attachment.id"), nullable=False),
    Column("by_member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("unit_id", "kind"),
)


def put(connection: Connection, unit_id: int, kind: str, attachment_id: int, by: int, at: datetime) -> None:
    """Let a unit use this template from now on."""
    drop(connection, unit_id, kind)
    connection.execute(
        template.insert().values(unit_id=unit_id, kind=kind, attachment_id=attachment_id, by_member_id=by, at=at)
    )


def drop(connection: Connection, unit_id: int, kind: str) -> bool:
    """Let a unit use the shipped one again; False when it did."""
    row = connection.execute(
        template.delete()
        .where(template.c.unit_id == unit_id, template.c.kind == kind)
        .returning(template.c.attachment_id)
    ).first()
    return row is not None


def nearest(connection: Connection, units: Sequence[int], kind: str) -> int | None:
    """Return the attachment of the template of the lowest of these units (a path) that has one."""
    return connection.scalar(
        select(template.c.attachment_id)
        .join(unit, unit.c.id == template.c.unit_id)
        .where(template.c.unit_id.in_(units), template.c.kind == kind)
        .order_by(func.length(unit.c.path).desc())
        .limit(1)
    )


def using(connection: Connection, units: Sequence[int]) -> list[tuple[str, int, str, datetime]]:
    """Return (kind, unit, its name, since when) of every template of these units (a path), the lowest unit first."""
    rows = connection.execute(
        select(template.c.kind, unit.c.id, unit.c.name, template.c.at)
        .join(unit, unit.c.id == template.c.unit_id)
        .where(template.c.unit_id.in_(units))
        .order_by(func.length(unit.c.path).desc())
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def kinds_of(connection: Connection, unit_id: int) -> set[str]:
    """Return of which kinds a unit has a template of its own."""
    return set(connection.scalars(select(template.c.kind).where(template.c.unit_id == unit_id)))
