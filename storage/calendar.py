"""Days that the administrator declared to be workdays or days off, over what the holiday package says."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, Column, Connection, Date, String, Table, bindparam, select

from storage.base import metadata
from storage.prepared import Prepared

override = Table(
    "workday_override",
    metadata,
    Column("day", Date, primary_key=True),
    Column("works", Boolean, nullable=False),
    Column("source", String(200), nullable=False, server_default=""),
)


def declare(connection: Connection, day: date, *, works: bool, source: str) -> None:
    """Say that a day is a workday or a day off, and where that stands."""
    connection.execute(override.delete().where(override.c.day == day))
    connection.execute(override.insert().values(day=day, works=works, source=source))


_DECLARED = Prepared(
    select(override.c.day, override.c.works).where(override.c.day.between(bindparam("first"), bindparam("last")))
)


def declared(connection: Connection, first: date, last: date) -> dict[date, bool]:
    """Return the declared days from first to last, both included."""
    return {row[0]: row[1] for row in _DECLARED.rows(connection, {"first": first, "last": last})}


def sources(connection: Connection, first: date, last: date) -> list[tuple[date, bool, str]]:
    """Return (day, whether people work, where that stands) of the declared days, in order."""
    rows = connection.execute(
        select(override.c.day, override.c.works, override.c.source)
        .where(override.c.day.between(first, last))
        .order_by(override.c.day)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def withdraw(connection: Connection, day: date) -> bool:
    """Let the calendar that the program came with speak of a day again; False when nothing was declared."""
    gone = override.delete().where(override.c.day == day).returning(override.c.day)
    return connection.execute(gone).first() is not None
