"""Canned replies: words that officers of a unit use again and again. One that is retired stays in the table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, Index, Select, String, Table, false, func, or_, select

from domain.demand_draft import LONGEST
from storage.base import Id, UtcTime, id_column, metadata
from storage.unit import unit

LONGEST_TITLE = 40

canned = Table(
    "canned_reply",
    metadata,
    id_column(),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("title", String(LONGEST_TITLE), nullable=False),
    Column("text", String(LONGEST), nullable=False),
    Column("changed_by", Id, ForeignKey("member.id"), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("retired_at", UtcTime, nullable=True),
    Index("ix_canned_reply_unit_id_retired_at", "unit_id", "retired_at"),
)


class Canned(NamedTuple):
    """A canned reply and the unit that keeps it."""

    id: int
    unit_id: int
    unit: str
    title: str
    text: str
    changed_at: datetime
    retired_at: datetime | None


def _select() -> Select[Any]:
    c = canned.c
    columns = (c.id, c.unit_id, unit.c.name, c.title, c.text, c.changed_at, c.retired_at)
    return select(*columns).join(unit, unit.c.id == c.unit_id)


def get(connection: Connection, number: int) -> Canned | None:
    """Return a canned reply."""
    row = connection.execute(_select().where(canned.c.id == number)).first()
    return None if row is None else Canned(*row)


def at_units(connection: Connection, units: Sequence[int], limit: int) -> list[Canned]:
    """Return those of these units that are in use, by title."""
    query = _select().where(canned.c.unit_id.in_(units), canned.c.retired_at.is_(None))
    return [Canned(*row) for row in connection.execute(query.order_by(canned.c.title, canned.c.id).limit(limit))]


def beneath(connection: Connection, paths: Sequence[str], limit: int, offset: int) -> list[Canned]:
    """Return those of units at or beneath these paths, in the order of the tree; retired ones last at each unit."""
    lies = or_(false(), *(unit.c.path.startswith(path, autoescape=True) for path in paths))
    order = (unit.c.path, canned.c.retired_at.is_not(None), canned.c.title, canned.c.id)
    rows = connection.execute(_select().where(lies).order_by(*order).limit(limit).offset(offset))
    return [Canned(*row) for row in rows]


def count_in_use(connection: Connection, unit_id: int) -> int:
    """Return how many a unit has in use."""
    query = select(func.count()).where(canned.c.unit_id == unit_id, canned.c.retired_at.is_(None))
    return connection.scalar(query) or 0


def add(connection: Connection, unit_id: int, title: str, text: str, by: int, at: datetime) -> int:
    """Keep a canned reply; returns its id."""
    row = connection.execute(
        canned.insert()
        .values(unit_id=unit_id, title=title, text=text, changed_by=by, changed_at=at)
        .returning(canned.c.id)
    ).one()
    return int(row[0])


def change(connection: Connection, number: int, by: int, at: datetime, **values: Any) -> None:  # noqa: ANN401 - columns
    """Write what changed: `title` and `text`, or `retired_at`."""
    connection.execute(canned.update().where(canned.c.id == number).values(changed_by=by, changed_at=at, **values))
