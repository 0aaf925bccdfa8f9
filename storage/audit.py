"""What was done with power over others: who, what, to whom, with which facts. Rows are only ever added."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, Index, String, Table, Text, func, select

from storage.base import Id, UtcTime, id_column, metadata

audit = Table(
    "audit",
    metadata,
    id_column(),
    Column("at", UtcTime, nullable=False),
    Column("actor_id", Id, ForeignKey("member.id"), nullable=True),
    Column("deed", String(64), nullable=False),
    Column("subject_id", Id, ForeignKey("member.id"), nullable=True, index=True),
    Column("facts", Text, nullable=False),
    Index("ix_audit_at", "at"),
    Index("ix_audit_actor_id_id", "actor_id", "id"),
    Index("ix_audit_deed_id", "deed", "id"),
)


class Entry(NamedTuple):
    """One deed. `actor_id` None: the command line, whoever sat there."""

    at: datetime
    actor_id: int | None
    deed: str
    facts: dict[str, Any]


def note(
    connection: Connection, now: datetime, actor_id: int | None, deed: str, subject_id: int | None, **facts: object
) -> None:
    """Add a deed."""
    connection.execute(
        audit.insert().values(
            at=now,
            actor_id=actor_id,
            deed=deed,
            subject_id=subject_id,
            facts=json.dumps(facts, ensure_ascii=False, sort_keys=True),
        )
    )


def about(connection: Connection, subject_id: int, limit: int = 20) -> list[Entry]:
    """Return what was done to a person, newest first."""
    rows = connection.execute(
        select(audit.c.at, audit.c.actor_id, audit.c.deed, audit.c.facts)
        .where(audit.c.subject_id == subject_id)
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    return [Entry(row[0], row[1], row[2], json.loads(row[3])) for row in rows]


class Told(NamedTuple):
    """One deed with everybody's number. `actor_id` None: the command line, or the program by itself."""

    id: int
    at: datetime
    actor_id: int | None
    deed: str
    subject_id: int | None
    facts: dict[str, Any]


class Asked(NamedTuple):
    """Which deeds are listed: `before` an id (0: from the newest), of the hours from `first` to before `last`."""

    before: int = 0
    actor_id: int = 0
    subject_id: int = 0
    deed: str = ""
    first: datetime | None = None
    last: datetime | None = None


def listed(connection: Connection, asked: Asked, limit: int) -> list[Told]:
    """Return deeds, newest first."""
    query = select(audit.c.id, audit.c.at, audit.c.actor_id, audit.c.deed, audit.c.subject_id, audit.c.facts)
    if asked.before:
        query = query.where(audit.c.id < asked.before)
    if asked.actor_id:
        query = query.where(audit.c.actor_id == asked.actor_id)
    if asked.subject_id:
        query = query.where(audit.c.subject_id == asked.subject_id)
    if asked.deed:
        query = query.where(audit.c.deed == asked.deed)
    if asked.first is not None and asked.last is not None:
        query = query.where(audit.c.at >= asked.first, audit.c.at < asked.last)
    rows = connection.execute(query.order_by(audit.c.id.desc()).limit(limit))
    return [Told(row[0], row[1], row[2], row[3], row[4], json.loads(row[5])) for row in rows]


def deeds(connection: Connection) -> list[str]:
    """Return the deeds that there are, each found by one step through the index."""
    found: list[str] = []
    query = select(func.min(audit.c.deed))
    following = connection.scalar(query)
    while following:
        found.append(following)
        following = connection.scalar(query.where(audit.c.deed > following))
    return found
