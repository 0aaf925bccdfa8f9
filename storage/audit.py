"""What was done with power over others: who, what, to whom, with which facts. Rows are only ever added.

Each row is sealed: its seal is an HMAC, under a key that is not in the database, of itself and of the seal before it.
Whoever changes, swaps or takes out rows without the key breaks the chain; whoever cuts its end off is found by a seal
that somebody wrote down elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, Index, Select, String, Table, Text, func, select, text

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
    Column("seal", String(64), nullable=False, server_default=""),
    Index("ix_audit_at", "at"),
    Index("ix_audit_actor_id_id", "actor_id", "id"),
    Index("ix_audit_deed_id", "deed", "id"),
)


"""seal: empty in rows that are older than sealing, or written without the program's key."""


class _Ring:
    """What this process seals with."""

    key = b""


def seal_with(key: bytes) -> None:
    """Seal what this process notes from now on, under a key derived from the program's own."""
    _Ring.key = hmac.digest(key, b"audit", "sha256")


def _sealed(key: bytes, before: str, values: Sequence[object]) -> str:
    line = json.dumps([before, *values], ensure_ascii=False)
    return hmac.new(key, line.encode(), hashlib.sha256).hexdigest()


def _parts(at: datetime, actor_id: int | None, deed: str, subject_id: int | None, facts: str) -> list[object]:
    return [at.astimezone(UTC).isoformat(timespec="microseconds"), actor_id, deed, subject_id, facts]


def head(connection: Connection) -> str:
    """Return the newest seal; empty when there is none."""
    return connection.scalar(select(audit.c.seal).order_by(audit.c.id.desc()).limit(1)) or ""


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
    said, seal = json.dumps(facts, ensure_ascii=False, sort_keys=True), ""
    if _Ring.key:
        if connection.dialect.name == "postgresql":
            # One at a time, so that each knows the seal before it. Such deeds are rare.
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('audit', 0))"))
        seal = _sealed(_Ring.key, head(connection), _parts(now, actor_id, deed, subject_id, said))
    values = {"at": now, "actor_id": actor_id, "deed": deed, "subject_id": subject_id, "facts": said, "seal": seal}
    connection.execute(audit.insert().values(values))


class Verdict(NamedTuple):
    """What became of the chain. `broken`: the first row that does not fit (0: every one does)."""

    rows: int
    unsealed: int
    """Rows before the first seal."""
    broken: int
    head: str
    knows: bool
    """Whether the seal that was asked for is in it."""


def verify(connection: Connection, key: bytes, known: str = "") -> Verdict:
    """Go through the whole chain. `known`: a seal that was written down elsewhere and must be in it."""
    secret, before, rows, unsealed, knows = hmac.digest(key, b"audit", "sha256"), "", 0, 0, not known
    for number, parts, seal in _everything(connection):
        rows += 1
        if not seal and not before:
            unsealed += 1
            continue
        if not hmac.compare_digest(seal, _sealed(secret, before, parts)):
            return Verdict(rows, unsealed, number, before, knows)
        before, knows = seal, knows or seal == known
    return Verdict(rows, unsealed, 0, before, knows)


def _everything(connection: Connection) -> Iterator[tuple[int, list[object], str]]:
    columns = (audit.c.id, audit.c.at, audit.c.actor_id, audit.c.deed, audit.c.subject_id, audit.c.facts, audit.c.seal)
    after = 0
    while True:
        query = select(*columns).where(audit.c.id > after).order_by(audit.c.id).limit(5_000)
        found = connection.execute(query).all()
        for number, at, actor, deed, subject, facts, seal in found:
            yield number, _parts(at, actor, deed, subject, facts), seal
        if not found:
            return
        after = found[-1][0]


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
    columns = (audit.c.id, audit.c.at, audit.c.actor_id, audit.c.deed, audit.c.subject_id, audit.c.facts)
    rows = connection.execute(_narrowed(select(*columns), asked).order_by(audit.c.id.desc()).limit(limit))
    return [Told(row[0], row[1], row[2], row[3], row[4], json.loads(row[5])) for row in rows]


def count(connection: Connection, asked: Asked) -> int:
    """Return how many deeds these are."""
    return connection.scalar(_narrowed(select(func.count()).select_from(audit), asked)) or 0


def _narrowed(query: Select[Any], asked: Asked) -> Select[Any]:
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
    return query


def deeds(connection: Connection) -> list[str]:
    """Return the deeds that there are, each found by one step through the index."""
    found: list[str] = []
    query = select(func.min(audit.c.deed))
    following = connection.scalar(query)
    while following:
        found.append(following)
        following = connection.scalar(query.where(audit.c.deed > following))
    return found
