"""An open question to one person: the step that waits for words, the facts so far, a version and an expiry."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, String, Table, Text

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
