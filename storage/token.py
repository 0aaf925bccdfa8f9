"""What messengers lend us for a time: access tokens, fetched once for all processes, and notes. Values are sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, PrimaryKeyConstraint, String, Table, Text, or_, select

from storage.base import UtcTime, insert_new, metadata

STRANGE = timedelta(minutes=1)
"""Beyond what anybody asks for, and what two clocks may differ by."""

token = Table(
    "token",
    metadata,
    Column("messenger", String(32), nullable=False),
    Column("name", String(200), nullable=False),
    Column("value", Text, nullable=False),
    Column("until", UtcTime, nullable=False, index=True),
    Column("fetched_at", UtcTime, nullable=False),
    Column("fetching_until", UtcTime, nullable=True),
    PrimaryKeyConstraint("messenger", "name"),
)
"""fetching_until: somebody asks for a new one, and until then nobody else does."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A value as it is kept."""

    value: str
    until: datetime
    fetched_at: datetime


def get(connection: Connection, messenger: str, name: str) -> Kept | None:
    """Return what is kept under this name, however old."""
    query = select(token.c.value, token.c.until, token.c.fetched_at)
    row = connection.execute(query.where(token.c.messenger == messenger, token.c.name == name)).first()
    return None if row is None else Kept(row[0], row[1], row[2])


def put(connection: Connection, messenger: str, name: str, value: str, now: datetime, until: datetime) -> None:
    """Keep a value in the place of any other under this name, and let others ask again."""
    values = {"value": value, "until": until, "fetched_at": now, "fetching_until": None}
    connection.execute(insert_new(connection, token).values(messenger=messenger, name=name, **values))
    connection.execute(
        token.update()
        .where(token.c.messenger == messenger, token.c.name == name, token.c.fetched_at <= now)
        .values(values)
    )


def begin_fetching(connection: Connection, messenger: str, name: str, now: datetime, lasts: timedelta) -> bool:
    """Take it upon us to ask for a new one; False while somebody else does."""
    empty = {"value": "", "until": now, "fetched_at": now - lasts}
    connection.execute(insert_new(connection, token).values(messenger=messenger, name=name, **empty))
    row = connection.execute(
        token.update()
        .where(
            token.c.messenger == messenger,
            token.c.name == name,
            # What ends later than anybody asks for was written before the clock was set back.
            or_(
                token.c.fetching_until.is_(None),
                token.c.fetching_until <= now,
                token.c.fetching_until > now + lasts + STRANGE,
            ),
        )
        .values(fetching_until=now + lasts)
        .returning(token.c.name)
    ).first()
    return row is not None


def end_fetching(connection: Connection, messenger: str, name: str) -> None:
    """Let somebody else ask, as we got none."""
    connection.execute(
        token.update().where(token.c.messenger == messenger, token.c.name == name).values(fetching_until=None)
    )


def forget(connection: Connection, before: datetime) -> None:
    """Forget what has been worth nothing for long."""
    connection.execute(token.delete().where(token.c.until < before))
