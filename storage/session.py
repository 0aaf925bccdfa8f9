"""Links into the console and the sessions behind them. Secrets are kept as digests alone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, String, Table, select

from domain.session import ABSOLUTE, IDLE, Session
from storage.base import Id, UtcTime, id_column, metadata

console_link = Table(
    "console_link",
    metadata,
    id_column(),
    Column("digest", String(64), nullable=False, unique=True),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False, index=True),
    Column("roles", String(64), nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)
"""`roles`: the digest of what the person held when it was given; with other roles it opens nothing."""

console_session = Table(
    "console_session",
    metadata,
    id_column(),
    Column("digest", String(64), nullable=False, unique=True),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False, index=True),
    Column("roles", String(64), nullable=False),
    Column("form_key", String(64), nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)


def add_link(connection: Connection, digest: str, member_id: int, roles: str, expires_at: datetime) -> None:
    """Keep a link; an older one of the same person goes."""
    connection.execute(console_link.delete().where(console_link.c.member_id == member_id))
    values = {"digest": digest, "member_id": member_id, "roles": roles, "expires_at": expires_at}
    connection.execute(console_link.insert().values(values))


def use_link(connection: Connection, digest: str) -> tuple[int, str, datetime] | None:
    """Use a link up; returns (member, roles, expires), to one of many at once."""
    row = connection.execute(
        console_link.delete()
        .where(console_link.c.digest == digest)
        .returning(console_link.c.member_id, console_link.c.roles, console_link.c.expires_at)
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def add(connection: Connection, digest: str, member_id: int, roles: str, form_key: str, now: datetime) -> None:
    """Begin a session; what is over goes."""
    old = (console_session.c.begun_at < now - ABSOLUTE) | (console_session.c.seen_at < now - IDLE)
    connection.execute(console_session.delete().where(old))
    connection.execute(console_link.delete().where(console_link.c.expires_at < now))
    values = {"digest": digest, "member_id": member_id, "roles": roles, "form_key": form_key}
    connection.execute(console_session.insert().values(begun_at=now, seen_at=now, **values))


def find(connection: Connection, digest: str) -> tuple[Session, str] | None:
    """Return the session with this digest, and the digest of the roles it began with."""
    found = console_session.c
    row = connection.execute(
        select(found.id, found.member_id, found.form_key, found.begun_at, found.seen_at, found.roles).where(
            found.digest == digest
        )
    ).first()
    return None if row is None else (Session(*row[:5]), row[5])


def touch(connection: Connection, number: int, now: datetime) -> None:
    """Remember that it is used."""
    connection.execute(console_session.update().where(console_session.c.id == number).values(seen_at=now))


def end(connection: Connection, number: int) -> None:
    """End one session."""
    connection.execute(console_session.delete().where(console_session.c.id == number))


def end_all(connection: Connection, member_id: int) -> int:
    """End all sessions and links of a person; returns how many sessions."""
    connection.execute(console_link.delete().where(console_link.c.member_id == member_id))
    rows = connection.execute(
        console_session.delete().where(console_session.c.member_id == member_id).returning(console_session.c.id)
    ).all()
    return len(rows)
