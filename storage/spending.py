"""How many calls each messenger has been asked for, by day: some sell them by the day or the month."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Column, Connection, Date, Integer, PrimaryKeyConstraint, String, Table, func, select

from storage.base import insert_new, metadata

spending = Table(
    "spending",
    metadata,
    Column("messenger", String(32), nullable=False),
    Column("day", Date, nullable=False),
    Column("calls", Integer, nullable=False),
    PrimaryKeyConstraint("messenger", "day"),
)


def add(connection: Connection, messenger: str, day: date, calls: int) -> None:
    """Count calls of the organisation's day."""
    connection.execute(insert_new(connection, spending).values(messenger=messenger, day=day, calls=0))
    connection.execute(
        spending.update()
        .where(spending.c.messenger == messenger, spending.c.day == day)
        .values(calls=spending.c.calls + calls)
    )


def since(connection: Connection, messenger: str, day: date) -> int:
    """Return how many calls there were from this day on."""
    query = select(func.sum(spending.c.calls)).where(spending.c.messenger == messenger, spending.c.day >= day)
    return connection.scalar(query) or 0
