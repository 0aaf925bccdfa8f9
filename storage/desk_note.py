"""Notes that officers write about a demand for each other; the employee never sees one."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, Index, String, Table, func, select

from domain.demand_draft import LONGEST
from storage.base import Id, UtcTime, id_column, insert_new, metadata
from storage.member import member

note = Table(
    "demand_note",
    metadata,
    id_column(),
    Column("demand_id", Id, ForeignKey("demand.id"), nullable=False),
    Column("token", String(64), nullable=False, unique=True),
    Column("author_id", Id, ForeignKey("member.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("text", String(LONGEST), nullable=False),
    Index("ix_demand_note_demand_id_id", "demand_id", "id"),
)


class Note(NamedTuple):
    """A note with the name of who wrote it."""

    author: str
    at: datetime
    text: str


def add(connection: Connection, demand_id: int, author_id: int, at: datetime, text: str, token: str) -> bool:
    """Keep a note; False when one was kept under this token before."""
    row = connection.execute(
        insert_new(connection, note)
        .values(demand_id=demand_id, token=token, author_id=author_id, at=at, text=text)
        .returning(note.c.id)
    ).first()
    return row is not None


def of(connection: Connection, demand_id: int, limit: int) -> list[Note]:
    """Return the newest notes about a demand, newest first."""
    rows = connection.execute(
        select(member.c.name, note.c.at, note.c.text)
        .join(member, member.c.id == note.c.author_id)
        .where(note.c.demand_id == demand_id)
        .order_by(note.c.id.desc())
        .limit(limit)
    )
    return [Note(row[0], row[1], row[2]) for row in rows]


def count(connection: Connection, demand_id: int) -> int:
    """Return how many notes there are about a demand."""
    return connection.scalar(select(func.count()).where(note.c.demand_id == demand_id)) or 0
