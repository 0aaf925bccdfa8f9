"""What was done with power over others: who, what, to whom, with which facts. Rows are only ever added."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, String, Table, Text, select

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
