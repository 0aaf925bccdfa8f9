"""Days that the administrator declared to be workdays or days off, over what the holiday package says."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, Column, Connection, Date, String, Table, select

from storage.base import metadata

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


def declared(connection: Connection, first: date, last: date) -> dict[date, bool]:
    """Return the declared days from first to last, both included."""
    rows = connection.execute(select(override.c.day, override.c.works).where(override.c.day.between(first, last)))
    return {row[0]: row[1] for row in rows}
