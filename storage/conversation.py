"""An open question to one person: the step that waits for words, the facts so far, a version and an expiry."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, String, Table, Text, select

from storage.base import UtcTime, metadata

conversation = Table(
    "conversation",
    metadata,
    Column("messenger", String(32), primary_key=True),
    Column("sender", String(128), primary_key=True),
    Column("step", String(64), nullable=False),
    Column("facts", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)


def save(
    connection: Connection,
    messenger: str,
    sender: str,
    *,
    step: str,
    facts: dict[str, Any],
    version: int,
    expires_at: datetime,
) -> None:
    """Write the conversation of this person in this messenger; an empty `step` keeps only the version."""
    values = {
        "step": step,
        "facts": json.dumps(facts, ensure_ascii=False),
        "version": version,
        "expires_at": expires_at,
    }
    found = connection.execute(
        conversation.update()
        .where(conversation.c.messenger == messenger, conversation.c.sender == sender)
        .values(values)
        .returning(conversation.c.version)
    ).first()
    if found is None:
        connection.execute(conversation.insert().values(messenger=messenger, sender=sender, **values))


def move(connection: Connection, source: tuple[str, str], target: tuple[str, str]) -> None:
    """Let an open question go on with another account, as it is; where it was open nothing is asked any more."""
    ours = (conversation.c.messenger == source[0], conversation.c.sender == source[1])
    row = connection.execute(select(conversation).where(*ours, conversation.c.step != "")).first()
    if row is None:
        return
    facts: dict[str, Any] = json.loads(row.facts)
    save(connection, *target, step=row.step, facts=facts, version=row.version, expires_at=row.expires_at)
    connection.execute(conversation.update().where(*ours).values(step="", facts="{}", version=row.version + 1))


def drop(connection: Connection, messenger: str, sender: str) -> None:
    """Ask nothing any more."""
    ours = (conversation.c.messenger == messenger, conversation.c.sender == sender, conversation.c.step != "")
    connection.execute(
        conversation.update().where(*ours).values(step="", facts="{}", version=conversation.c.version + 1)
    )


def facts_of(
    connection: Connection, messenger: str, sender: str, step: str, now: datetime | None
) -> dict[str, Any] | None:
    """Return the facts of this step while it is open. `now` None: also when its time is over."""
    row = connection.execute(
        select(conversation.c.facts, conversation.c.expires_at).where(
            conversation.c.messenger == messenger, conversation.c.sender == sender, conversation.c.step == step
        )
    ).first()
    if row is None or (now is not None and row[1] <= now):
        return None
    found: dict[str, Any] = json.loads(row[0])
    return found


def over(connection: Connection, messenger: str, step: str, now: datetime) -> list[str]:
    """Return whose question of this step has waited too long."""
    query = select(conversation.c.sender).where(
        conversation.c.messenger == messenger, conversation.c.step == step, conversation.c.expires_at <= now
    )
    return list(connection.scalars(query))
