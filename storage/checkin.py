"""Check-ins: one a person and day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Connection, Date, ForeignKey, Integer, PrimaryKeyConstraint, Table, bindparam, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from storage.base import Id, UtcTime, metadata
from storage.member import member
from storage.prepared import Prepared

checkin = Table(
    "checkin",
    metadata,
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("streak", Integer, nullable=False),
    PrimaryKeyConstraint("member_id", "day"),
)

_VALUES: dict[str, Any] = {name: bindparam(name) for name in ("member_id", "day", "at", "streak")}
_RECORD = Prepared(
    {
        name: insert(checkin).values(_VALUES).on_conflict_do_nothing().returning(checkin.c.day)
        for name, insert in (("sqlite", sqlite_insert), ("postgresql", postgres_insert))
    }
)
_LAST = Prepared(
    select(checkin.c.day, checkin.c.at, checkin.c.streak)
    .where(checkin.c.member_id == bindparam("member_id"))
    .order_by(checkin.c.day.desc())
    .limit(1)
)


def last(connection: Connection, member_id: int) -> tuple[date, datetime, int] | None:
    """Return (day, at, streak) of a person's newest check-in."""
    row = _LAST.first(connection, {"member_id": member_id})
    return None if row is None else (row[0], row[1], row[2])


def record(connection: Connection, member_id: int, day: date, at: datetime, streak: int) -> bool:
    """Record the check-in of a day; False when there is one already."""
    values = {"member_id": member_id, "day": day, "at": at, "streak": streak}
    return _RECORD.first(connection, values) is not None


def since(connection: Connection, member_id: int, day: date) -> list[tuple[date, int]]:
    """Return (day, streak) of a person's check-ins from this day on, earliest first."""
    rows = connection.execute(
        select(checkin.c.day, checkin.c.streak)
        .where(checkin.c.member_id == member_id, checkin.c.day >= day)
        .order_by(checkin.c.day)
    )
    return [(row[0], row[1]) for row in rows]


def correct(connection: Connection, member_id: int, day: date, streak: int) -> None:
    """Correct the streak of a day, after days away were noted."""
    connection.execute(
        checkin.update().where(checkin.c.member_id == member_id, checkin.c.day == day).values(streak=streak)
    )


def all_rows(connection: Connection, first: date, last: date) -> list[tuple[str, str, date, datetime, int]]:
    """Return (number, name, day, at, streak) of everybody's check-ins from first to last, for the export."""
    rows = connection.execute(
        select(member.c.employee_no, member.c.name, checkin.c.day, checkin.c.at, checkin.c.streak)
        .join(member, member.c.id == checkin.c.member_id)
        .where(checkin.c.day.between(first, last))
        .order_by(checkin.c.day, member.c.employee_no)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]
