"""Until when each messenger wants to be left alone: whoever sends for it next obeys too."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, String, Table, select

from storage.base import UtcTime, insert_new, metadata

hold = Table(
    "hold",
    metadata,
    Column("messenger", String(32), primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
)


def begin(connection: Connection, messenger: str, now: datetime, lasts: timedelta) -> None:
    """Let nobody send for so long, unless it is for longer already."""
    values = {"since": now, "until": now + lasts}
    connection.execute(insert_new(connection, hold).values(messenger=messenger, **values))
    connection.execute(hold.update().where(hold.c.messenger == messenger, hold.c.until < now + lasts).values(values))


def left(connection: Connection, messenger: str, now: datetime) -> float:
    """Return how many seconds are left; never more than there were, should the clock have been set back."""
    row = connection.execute(select(hold.c.since, hold.c.until).where(hold.c.messenger == messenger)).first()
    return 0.0 if row is None else max(0.0, (row[1] - max(now, row[0])).total_seconds())
