"""Why this installation sends and takes nothing for now: a restored copy must not speak beside the original."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, select

from storage.base import UtcTime, insert_new, metadata

pause = Table(
    "pause",
    metadata,
    Column("why", String(64), primary_key=True),
    Column("since", UtcTime, nullable=False),
)


def begin(connection: Connection, why: str, now: datetime) -> None:
    """Pause for a reason."""
    connection.execute(insert_new(connection, pause).values(why=why, since=now))


def end(connection: Connection) -> bool:
    """Go on; False when nothing was paused."""
    return bool(connection.execute(pause.delete().returning(pause.c.why)).all())


def reasons(connection: Connection) -> list[str]:
    """Return why it is paused; nothing when it is not."""
    return list(connection.scalars(select(pause.c.why).order_by(pause.c.since)))
