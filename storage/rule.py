"""The rule packs that have been in force here, whole, each from the moment it was first seen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, Text, select

from storage.base import UtcTime, id_column, insert_new, metadata

rule_pack = Table(
    "rule_pack",
    metadata,
    id_column(),
    Column("digest", String(64), nullable=False, unique=True),
    Column("version", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)


def newest(connection: Connection) -> tuple[int, str, str] | None:
    """Return (id, digest, body) of what was put in force last."""
    row = connection.execute(
        select(rule_pack.c.id, rule_pack.c.digest, rule_pack.c.body)
        .order_by(rule_pack.c.seen_at.desc(), rule_pack.c.id.desc())
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def kept(connection: Connection, limit: int) -> list[tuple[str, datetime, str]]:
    """Return (version, since when, body) of what was put in force, the newest first."""
    rows = connection.execute(
        select(rule_pack.c.version, rule_pack.c.seen_at, rule_pack.c.body)
        .order_by(rule_pack.c.seen_at.desc(), rule_pack.c.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def body(connection: Connection, number: int) -> str:
    """Return a pack's body; empty when there is none."""
    return connection.scalar(select(rule_pack.c.body).where(rule_pack.c.id == number)) or ""


def keep(connection: Connection, digest: str, version: str, body: str, now: datetime) -> int:
    """Keep what is in force now; what was in force before and comes back is the newest again. Returns its id."""
    values = {"version": version[:40], "body": body, "seen_at": now}
    connection.execute(insert_new(connection, rule_pack).values(digest=digest, **values))
    connection.execute(rule_pack.update().where(rule_pack.c.digest == digest).values(seen_at=now))
    return int(connection.execute(select(rule_pack.c.id).where(rule_pack.c.digest == digest)).scalar_one())
