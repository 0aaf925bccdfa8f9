"""How headers of question files were read, once a person said so: a header's fingerprint and its layout."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, Text, select

from storage.base import UtcTime, insert_new, metadata

question_layout = Table(
    "question_layout",
    metadata,
    Column("fingerprint", String(32), primary_key=True),
    Column("layout", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
)


def find(connection: Connection, marks: Sequence[str]) -> dict[str, str]:
    """Return fingerprint -> layout of those that are known."""
    if not marks:
        return {}
    rows = connection.execute(
        select(question_layout.c.fingerprint, question_layout.c.layout).where(question_layout.c.fingerprint.in_(marks))
    )
    return {row[0]: row[1] for row in rows}


def keep(connection: Connection, mark: str, layout: str, at: datetime) -> None:
    """Remember a layout in place of an earlier one."""
    connection.execute(insert_new(connection, question_layout).values(fingerprint=mark, layout=layout, at=at))
    connection.execute(
        question_layout.update().where(question_layout.c.fingerprint == mark).values(layout=layout, at=at)
    )


def drop(connection: Connection, marks: Sequence[str]) -> int:
    """Forget these; returns how many were known."""
    known = find(connection, marks)
    if known:
        connection.execute(question_layout.delete().where(question_layout.c.fingerprint.in_(list(known))))
    return len(known)
