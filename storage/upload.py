"""Files that wait for their owner to decide about them: one a person and purpose, for some hours, and nobody else's."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, LargeBinary, String, Table, Text, UniqueConstraint, select

from domain.arrival import clean
from storage.base import Id, UtcTime, id_column, metadata

upload = Table(
    "upload",
    metadata,
    id_column(),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("name", String(200), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("choice", Text, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    UniqueConstraint("member_id", "purpose"),
)


class Waiting(NamedTuple):
    """A file that waits. `choice`: what its owner chose about it so far, as the purpose writes it."""

    id: int
    name: str
    body: bytes
    choice: str


def keep(
    connection: Connection, member_id: int, purpose: str, name: str, body: bytes, until: datetime, now: datetime
) -> int:
    """Keep a file in place of an earlier one; lets go whatever is over. Returns its number."""
    expire(connection, now)
    drop(connection, member_id, purpose)
    values = {"member_id": member_id, "purpose": purpose, "name": clean(name)[:200], "body": body, "choice": ""}
    row = connection.execute(upload.insert().values(**values, expires_at=until).returning(upload.c.id)).one()
    return int(row[0])


def find(connection: Connection, member_id: int, purpose: str, now: datetime) -> Waiting | None:
    """Return this person's file, while it waits."""
    row = connection.execute(
        select(upload.c.id, upload.c.name, upload.c.body, upload.c.choice).where(
            upload.c.member_id == member_id, upload.c.purpose == purpose, upload.c.expires_at > now
        )
    ).first()
    return None if row is None else Waiting(row[0], row[1], bytes(row[2]), row[3])


def choose(connection: Connection, member_id: int, purpose: str, choice: str) -> None:
    """Write down what its owner chose."""
    connection.execute(
        upload.update().where(upload.c.member_id == member_id, upload.c.purpose == purpose).values(choice=choice)
    )


def drop(connection: Connection, member_id: int, purpose: str) -> None:
    """Let this person's file go."""
    connection.execute(upload.delete().where(upload.c.member_id == member_id, upload.c.purpose == purpose))


def expire(connection: Connection, now: datetime) -> None:
    """Let go every file whose time is over."""
    connection.execute(upload.delete().where(upload.c.expires_at <= now))
