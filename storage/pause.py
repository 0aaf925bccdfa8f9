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


RESTORED = "restored"
UNVERIFIED = "unverified"
"""Rows that were loaded and have not been held against their backup, or differ from it."""


def moved(kind: str) -> str:
    """Return the reason of an installation that now lives in a database of that kind; never its address."""
    return f"moved to {kind}"


def begin(connection: Connection, why: str, now: datetime) -> None:
    """Pause for a reason."""
    connection.execute(insert_new(connection, pause).values(why=why, since=now))


def end(connection: Connection, why: str | None = None) -> bool:
    """Let one reason go, or all of them; False when there was none."""
    gone = pause.delete() if why is None else pause.delete().where(pause.c.why == why)
    return bool(connection.execute(gone.returning(pause.c.why)).all())


def reasons(connection: Connection) -> list[str]:
    """Return why it is paused; nothing when it is not."""
    return list(connection.scalars(select(pause.c.why).order_by(pause.c.since)))
