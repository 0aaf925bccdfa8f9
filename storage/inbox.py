"""Raw updates, kept before anybody is told that they were taken; and each poller's cursor, committed with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from storage.base import UtcTime, id_column, metadata
from storage.prepared import Prepared

NEW, DONE, IGNORED, DEAD, FAILED = "new", "done", "ignored", "dead", "failed"
"""new: to be heard; ignored: asks nothing of us; dead: can't be read; failed: our mistake, under a reference."""

inbox = Table(
    "inbox",
    metadata,
    id_column(),
    Column("messenger", String(32), nullable=False),
    Column("event_key", String(200), nullable=False),
    Column("sender", String(128), nullable=False, server_default=""),
    Column("owner", String(64), nullable=False, server_default=""),
    Column("received_at", UtcTime, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("note", String(400), nullable=False, server_default=""),
    UniqueConstraint("messenger", "event_key"),
    Index("ix_inbox_new_id", "id", sqlite_where=text("state = 'new'"), postgresql_where=text("state = 'new'")),
    Index("ix_inbox_messenger_sender_id", "messenger", "sender", "id"),
    Index(
        "ix_inbox_broken_id",
        "id",
        sqlite_where=text("state IN ('dead', 'failed')"),
        postgresql_where=text("state IN ('dead', 'failed')"),
    ),
)

_IS_BROKEN = text("inbox.state IN ('dead', 'failed')")
_IS_NEW = text("inbox.state = 'new'")
"""In so many words, so that the index over what is new fits: almost everything is old, and would only burden it."""

cursor = Table(
    "cursor",
    metadata,
    Column("messenger", String(32), primary_key=True),
    Column("value", String(200), nullable=False),
)

_ROW = {
    "messenger": bindparam("messenger"),
    "event_key": bindparam("event_key"),
    "received_at": bindparam("received_at"),
    "body": bindparam("body"),
    "owner": bindparam("owner"),
    "state": NEW,
}
_KEEP = Prepared(
    {
        "sqlite": sqlite_insert(inbox).values(_ROW).on_conflict_do_nothing().returning(inbox.c.id),
        "postgresql": pg_insert(inbox).values(_ROW).on_conflict_do_nothing().returning(inbox.c.id),
    }
)
_HEARD_ROW = _ROW | {"sender": bindparam("sender"), "state": DONE, "attempts": 1}
_KEEP_HEARD = Prepared(
    {
        "sqlite": sqlite_insert(inbox).values(_HEARD_ROW).on_conflict_do_nothing().returning(inbox.c.id),
        "postgresql": pg_insert(inbox).values(_HEARD_ROW).on_conflict_do_nothing().returning(inbox.c.id),
    }
)
_SETTLE = Prepared(
    inbox.update()
    .where(inbox.c.id == bindparam("row"), inbox.c.state == NEW)
    .values(
        state=bindparam("to"),
        note=bindparam("why"),
        sender=bindparam("who"),
        attempts=inbox.c.attempts + 1,
    )
    .returning(inbox.c.id)
)


def keep(
    connection: Connection, messenger: str, events: Iterable[tuple[str, str]], now: datetime, owner: str = ""
) -> list[tuple[int, str]]:
    """Store (key, body) pairs that are not known yet; returns (id, body) of the new ones, in their order.

    `owner`: the process that serves them; another one does only when this one is dead.
    """
    kept = []
    for key, body in events:
        values = {"messenger": messenger, "event_key": key, "body": body, "received_at": now, "owner": owner}
        row = _KEEP.first(connection, values)
        if row is not None:
            kept.append((row[0], body))
    return kept


def keep_heard(
    connection: Connection, messenger: str, event: tuple[str, str], now: datetime, *, sender: str, owner: str
) -> bool:
    """Store a (key, body) that is heard in this very transaction; False when it is known, whatever became of it."""
    key, body = event
    values = {"messenger": messenger, "event_key": key, "body": body, "received_at": now, "owner": owner}
    return _KEEP_HEARD.first(connection, values | {"sender": sender}) is not None


def settle(connection: Connection, row: int, state: str, *, sender: str = "", note: str = "") -> bool:
    """Say what became of an update; False when it was settled before, perhaps by another process."""
    values = {"row": row, "to": state, "why": note[:400], "who": sender}
    return _SETTLE.first(connection, values) is not None


def forget(connection: Connection, row: int) -> None:
    """Empty an update that must not be kept; that there was one stays known."""
    connection.execute(inbox.update().where(inbox.c.id == row).values(body="{}"))


def forget_known(connection: Connection, messenger: str, key: str) -> None:
    """Do the same for an update by its key."""
    ours = (inbox.c.messenger == messenger, inbox.c.event_key == key)
    connection.execute(inbox.update().where(*ours).values(body="{}"))


def adopt(connection: Connection, owner: str, living: Iterable[str], limit: int = 500) -> list[tuple[int, str, str]]:
    """Take over what nobody has heard yet and no living process has; returns (id, messenger, body), oldest first."""
    orphans = (
        select(inbox.c.id).where(_IS_NEW, inbox.c.owner.not_in([*living, owner])).order_by(inbox.c.id).limit(limit)
    )
    rows = connection.execute(
        inbox.update()
        .where(inbox.c.id.in_(orphans), inbox.c.state == NEW, inbox.c.owner.not_in([*living, owner]))
        .values(owner=owner)
        .returning(inbox.c.id, inbox.c.messenger, inbox.c.body)
    )
    return sorted(tuple(row) for row in rows)


def left(connection: Connection, owner: str, before: datetime, limit: int = 500) -> list[tuple[int, str, str]]:
    """Return (id, messenger, body) of what its own process took before that moment and has not heard, oldest first."""
    rows = connection.execute(
        select(inbox.c.id, inbox.c.messenger, inbox.c.body)
        .where(_IS_NEW, inbox.c.owner == owner, inbox.c.received_at < before)
        .order_by(inbox.c.id)
        .limit(limit)
    )
    return [tuple(row) for row in rows]


def said_by(
    connection: Connection, messenger: str, sender: str, since: datetime | None, limit: int
) -> Sequence[tuple[datetime, str, str]]:
    """Return (received at, key, body) of a person's own newest updates, oldest first."""
    query = (
        select(inbox.c.received_at, inbox.c.event_key, inbox.c.body)
        .where(inbox.c.messenger == messenger, inbox.c.sender == sender)
        .order_by(inbox.c.id.desc())
        .limit(limit)
    )
    if since is not None:
        query = query.where(inbox.c.received_at >= since)
    return [tuple(row) for row in connection.execute(query)][::-1]


class Broken(NamedTuple):
    """An update that could not be read (dead) or served (failed), without what it says."""

    id: int
    messenger: str
    state: str
    received_at: datetime
    attempts: int
    note: str


_BROKEN = (inbox.c.id, inbox.c.messenger, inbox.c.state, inbox.c.received_at, inbox.c.attempts, inbox.c.note)


def broken(connection: Connection, before: int, limit: int) -> list[Broken]:
    """Return the newest of them with ids under `before` (0: all), newest first."""
    query = select(*_BROKEN).where(_IS_BROKEN).order_by(inbox.c.id.desc()).limit(limit)
    return [Broken(*row) for row in connection.execute(query.where(inbox.c.id < before) if before else query)]


def count_broken(connection: Connection, most: int) -> int:
    """Return how many there are, as far as `most`."""
    some = select(inbox.c.id).where(_IS_BROKEN).limit(most).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


def broken_one(connection: Connection, number: int) -> tuple[Broken, str] | None:
    """Return one of them with its raw text."""
    row = connection.execute(select(*_BROKEN, inbox.c.body).where(_IS_BROKEN, inbox.c.id == number)).first()
    return None if row is None else (Broken(*row[:-1]), row[-1])


def hear_again(connection: Connection, number: int) -> bool:
    """Let one of them be read and served once more by whichever process comes by; False when it is none any more."""
    again = inbox.update().where(_IS_BROKEN, inbox.c.id == number).values(state=NEW, owner="", note="")
    return connection.execute(again.returning(inbox.c.id)).first() is not None


def move_cursor(connection: Connection, messenger: str, value: str) -> None:
    """Remember how far a poller has come."""
    moved = connection.execute(
        cursor.update().where(cursor.c.messenger == messenger).values(value=value).returning(cursor.c.messenger)
    ).first()
    if moved is None:
        connection.execute(cursor.insert().values(messenger=messenger, value=value))


def cursor_of(connection: Connection, messenger: str) -> str | None:
    """Return how far a poller has come."""
    found: str | None = connection.scalar(select(cursor.c.value).where(cursor.c.messenger == messenger))
    return found


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """Return how many updates stand in each (messenger, state)."""
    rows = connection.execute(
        select(inbox.c.messenger, inbox.c.state, func.count()).group_by(inbox.c.messenger, inbox.c.state)
    )
    return {(messenger, state): count for messenger, state, count in rows}
