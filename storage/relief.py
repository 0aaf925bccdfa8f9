"""Who is not held to organisational life (党员教育管理工作条例 art. 23), from when to when. Why is written nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Column, Connection, Date, ForeignKey, Table, or_, select

from storage.base import Id, UtcTime, id_column, metadata

relief = Table(
    "relief",
    metadata,
    id_column(),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False, index=True),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=True),
    Column("decided_by", Id, ForeignKey("member.id"), nullable=False),
    Column("decided_at", UtcTime, nullable=False),
)


def on(connection: Connection, people: Iterable[int], day: date) -> set[int]:
    """Return who of these is relieved on this day."""
    rows = connection.scalars(
        select(relief.c.member_id).where(
            relief.c.member_id.in_(list(people)),
            relief.c.first <= day,
            or_(relief.c.last.is_(None), relief.c.last >= day),
        )
    )
    return set(rows)


def give(connection: Connection, member_id: int, first: date, by: int, now: datetime) -> None:
    """Relieve somebody from a day on; who is relieved already stays so."""
    if not on(connection, [member_id], first):
        connection.execute(relief.insert().values(member_id=member_id, first=first, decided_by=by, decided_at=now))


def end(connection: Connection, member_id: int, last: date) -> None:
    """Let a relief end with this day."""
    connection.execute(
        relief.update().where(relief.c.member_id == member_id, relief.c.last.is_(None)).values(last=last)
    )
