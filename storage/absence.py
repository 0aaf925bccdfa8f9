"""Days on which a person was away. Why is nobody's business: only the days are kept."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Column, Connection, Date, ForeignKey, PrimaryKeyConstraint, Table, bindparam, select

from storage.base import Id, insert_new, metadata
from storage.prepared import Prepared

absence = Table(
    "absence",
    metadata,
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("day", Date, nullable=False),
    PrimaryKeyConstraint("member_id", "day"),
)


def add(connection: Connection, member_id: int, first: date, last: date) -> None:
    """Note every day from first to last, both included."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    connection.execute(insert_new(connection, absence), [{"member_id": member_id, "day": day} for day in days])


def remove(connection: Connection, member_id: int, first: date) -> None:
    """Forget the days from this one on."""
    connection.execute(absence.delete().where(absence.c.member_id == member_id, absence.c.day >= first))


_BETWEEN = Prepared(
    select(absence.c.day).where(
        absence.c.member_id == bindparam("person"), absence.c.day.between(bindparam("first"), bindparam("last"))
    )
)


def between(connection: Connection, member_id: int, first: date, last: date) -> frozenset[date]:
    """Return the days away from first to last, both included."""
    rows = _BETWEEN.rows(connection, {"person": member_id, "first": first, "last": last})
    return frozenset(row[0] for row in rows)
