"""For which messengers sending was stopped by hand, by whom and why; receiving and answering go on."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, String, Table, select

from storage.base import Id, UtcTime, insert_new, metadata

halt = Table(
    "halt",
    metadata,
    Column("messenger", String(32), primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("by_id", Id, ForeignKey("member.id"), nullable=False),
    Column("reason", String(200), nullable=False),
)


class Halt(NamedTuple):
    """One stop; messenger `*`: all of them."""

    messenger: str
    since: datetime
    by_id: int
    reason: str


def begin(connection: Connection, messenger: str, by_id: int, reason: str, now: datetime) -> bool:
    """Stop sending; False when it is stopped already, by whomever."""
    new = insert_new(connection, halt).values(messenger=messenger, since=now, by_id=by_id, reason=reason[:200])
    return connection.execute(new.returning(halt.c.messenger)).first() is not None


def end(connection: Connection, messenger: str) -> bool:
    """Let sending go on; False when it was not stopped."""
    gone = halt.delete().where(halt.c.messenger == messenger).returning(halt.c.messenger)
    return connection.execute(gone).first() is not None


def everything(connection: Connection) -> list[Halt]:
    """Return the stops, oldest first."""
    columns = (halt.c.messenger, halt.c.since, halt.c.by_id, halt.c.reason)
    return [Halt(*row) for row in connection.execute(select(*columns).order_by(halt.c.since, halt.c.messenger))]


def messengers(connection: Connection) -> frozenset[str]:
    """Return the messengers for which sending is stopped."""
    return frozenset(connection.scalars(select(halt.c.messenger)))
