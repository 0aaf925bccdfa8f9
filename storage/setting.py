"""What was set in the console in the configuration's place: by whom, when and why. Whoever reads it checks it again."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, String, Table, select

from storage.base import Id, UtcTime, insert_new, metadata

setting = Table(
    "setting",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", String(64), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("by_id", Id, ForeignKey("member.id"), nullable=False),
    Column("reason", String(200), nullable=False),
)


class Set(NamedTuple):
    """One setting."""

    key: str
    value: str
    since: datetime
    by_id: int
    reason: str


def put(connection: Connection, one: Set) -> None:
    """Set it, whatever it was."""
    values = one._asdict()
    connection.execute(insert_new(connection, setting).values(values))
    connection.execute(setting.update().where(setting.c.key == one.key).values(values))


def take_back(connection: Connection, key: str) -> str | None:
    """Let the configuration be asked again; returns what was set, None when nothing was."""
    gone = setting.delete().where(setting.c.key == key).returning(setting.c.value)
    row = connection.execute(gone).first()
    return None if row is None else str(row[0])


def everything(connection: Connection) -> list[Set]:
    """Return all that is set."""
    columns = (setting.c.key, setting.c.value, setting.c.since, setting.c.by_id, setting.c.reason)
    return [Set(*row) for row in connection.execute(select(*columns).order_by(setting.c.key))]


def values(connection: Connection) -> dict[str, str]:
    """Return key -> value: what every process looks at every few seconds."""
    return {row[0]: row[1] for row in connection.execute(select(setting.c.key, setting.c.value))}
