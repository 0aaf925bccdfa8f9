"""Forms of the console that were sent: each is done once, and whoever sends it again is led where it led."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, Text, select, text

from storage.base import UtcTime, insert_new, metadata

sent_form = Table(
    "sent_form",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("way", Text, nullable=False),
    Column("sent_at", UtcTime, nullable=False, index=True),
)
"""`digest`: of the session, the address and everything that was in it. `way`: the page that it led to."""


def add(connection: Connection, digest: str, now: datetime) -> bool:
    """Note that a form is being done; False when it was before. Two at once: the later waits for the earlier."""
    values = {"digest": digest, "way": "", "sent_at": now}
    insert = insert_new(connection, sent_form).values(values).returning(sent_form.c.digest)
    return connection.execute(insert).first() is not None


def way(connection: Connection, digest: str) -> str:
    """Return where it led."""
    return connection.scalar(select(sent_form.c.way).where(sent_form.c.digest == digest)) or ""


def led(connection: Connection, digest: str, way: str) -> None:
    """Write down where it led."""
    connection.execute(sent_form.update().where(sent_form.c.digest == digest).values(way=way))


def drop(connection: Connection, digest: str) -> None:
    """Take it as not sent: it led nowhere."""
    connection.execute(sent_form.delete().where(sent_form.c.digest == digest))


def forget(connection: Connection, before: datetime) -> None:
    """Forget what was sent before then."""
    connection.execute(sent_form.delete().where(sent_form.c.sent_at < before))


def hold(connection: Connection, address: str) -> None:
    """Let nobody else change what stands at this address until the end of the transaction."""
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:address, 1))")
        connection.execute(lock, {"address": address})
