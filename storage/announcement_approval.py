"""Approving announcements: which units ask for a second pair of eyes, who was asked when, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, ForeignKey, Index, Select, String, Table, false, func, or_, select

from domain.announcement import Announcement, State
from domain.announcement_approval import Approval, Eyes, Verdict
from storage.announcement import announcement, made, shown
from storage.base import Id, UtcTime, id_column, metadata
from storage.member import member
from storage.unit import unit

eyes = Table(
    "announcement_eyes",
    metadata,
    Column("unit_id", Id, ForeignKey("unit.id"), primary_key=True, autoincrement=False),
    Column("required", Boolean, nullable=False),
    Column("off_by", Id, ForeignKey("member.id"), nullable=True),
    Column("set_by", Id, ForeignKey("member.id"), nullable=False),
    Column("set_at", UtcTime, nullable=False),
)
"""off_by: who wants it off, while nobody else does."""

approval = Table(
    "announcement_approval",
    metadata,
    id_column(),
    Column("announcement_id", Id, ForeignKey("announcement.id"), nullable=False),
    Column("sign", String(64), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("verdict", String(16), nullable=False, server_default=""),
    Column("decided_by", Id, ForeignKey("member.id"), nullable=True),
    Column("decided_at", UtcTime, nullable=True),
    Column("words", String(400), nullable=False, server_default=""),
    Index("ix_announcement_approval_announcement_id", "announcement_id"),
)


def set_at(connection: Connection, units: Sequence[int]) -> list[Eyes]:
    """Return what these units have set."""
    rows = connection.execute(
        select(eyes.c.unit_id, unit.c.name, unit.c.path, eyes.c.required, eyes.c.off_by)
        .join(unit, unit.c.id == eyes.c.unit_id)
        .where(eyes.c.unit_id.in_(units))
    )
    return [Eyes(*row) for row in rows]


def set_beneath(connection: Connection, paths: Sequence[str], limit: int) -> list[Eyes]:
    """Return what was set at these places and beneath them, in the order of the tree."""
    inside = or_(false(), *(unit.c.path.startswith(path, autoescape=True) for path in paths))
    rows = connection.execute(
        select(eyes.c.unit_id, unit.c.name, unit.c.path, eyes.c.required, eyes.c.off_by)
        .join(unit, unit.c.id == eyes.c.unit_id)
        .where(inside)
        .order_by(unit.c.path)
        .limit(limit)
    )
    return [Eyes(*row) for row in rows]


def put(
    connection: Connection, unit_id: int, *, required: bool, off_by: int | None, set_by: int, now: datetime
) -> None:
    """Keep what a unit asks for."""
    values = {"required": required, "off_by": off_by, "set_by": set_by, "set_at": now}
    changed = connection.execute(
        eyes.update().where(eyes.c.unit_id == unit_id).values(values).returning(eyes.c.unit_id)
    ).first()
    if changed is None:
        connection.execute(eyes.insert().values(unit_id=unit_id, **values))


def forget_releases(connection: Connection, path: str) -> None:
    """Let what is asked for at the unit with this path hold for all beneath it, released there before or not."""
    beneath = select(unit.c.id).where(unit.c.path.startswith(path, autoescape=True))
    connection.execute(eyes.delete().where(eyes.c.unit_id.in_(beneath), eyes.c.required.is_(False)))


def ask(connection: Connection, number: int, sign: str, now: datetime) -> None:
    """Ask for approval of an announcement as it is."""
    connection.execute(approval.insert().values(announcement_id=number, sign=sign, asked_at=now))


def forget(connection: Connection, number: int) -> None:
    """Take every asking for an announcement away."""
    connection.execute(approval.delete().where(approval.c.announcement_id == number))


def newest(connection: Connection, number: int) -> Approval | None:
    """Return the last asking for an announcement."""
    row = connection.execute(
        select(
            approval.c.id,
            approval.c.announcement_id,
            approval.c.sign,
            approval.c.asked_at,
            approval.c.verdict,
            approval.c.decided_by,
            func.coalesce(member.c.name, ""),
            approval.c.decided_at,
            approval.c.words,
        )
        .select_from(approval.outerjoin(member, member.c.id == approval.c.decided_by))
        .where(approval.c.announcement_id == number)
        .order_by(approval.c.id.desc())
        .limit(1)
    ).first()
    return None if row is None else Approval(row[0], row[1], row[2], row[3], Verdict(row[4]), *row[5:])


def decide(
    connection: Connection, number: int, verdict: Verdict, decided_by: int, now: datetime, words: str = ""
) -> bool:
    """Decide an asking; False when it is decided already."""
    row = connection.execute(
        approval.update()
        .where(approval.c.id == number, approval.c.verdict == Verdict.OPEN.value)
        .values(verdict=verdict.value, decided_by=decided_by, decided_at=now, words=words)
        .returning(approval.c.id)
    ).first()
    return row is not None


def _waiting(query: Select[Any], member_id: int, paths: Sequence[str]) -> Select[Any]:
    return query.where(
        announcement.c.state == State.WAITING.value,
        announcement.c.author_id != member_id,
        or_(false(), *(unit.c.path.startswith(path, autoescape=True) for path in paths)),
    )


def waiting(
    connection: Connection, member_id: int, paths: Sequence[str], limit: int, offset: int
) -> list[tuple[Announcement, str]]:
    """Return (what waits for somebody else than its author, the author's name) at these places, oldest first."""
    query = shown().join(member, member.c.id == announcement.c.author_id).add_columns(member.c.name)
    rows = connection.execute(_waiting(query, member_id, paths).order_by(announcement.c.id).limit(limit).offset(offset))
    return [(made(tuple(row)[:-1]), row[-1]) for row in rows]


def count_waiting(connection: Connection, member_id: int, paths: Sequence[str]) -> int:
    """Count it."""
    query = select(func.count()).select_from(announcement.join(unit, unit.c.id == announcement.c.unit_id))
    return connection.scalar(_waiting(query, member_id, paths)) or 0
