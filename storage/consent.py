"""Who agreed to which version of the notice about personal data, when, and when that was withdrawn."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, Table

from storage.base import Id, UtcTime, id_column, metadata

consent = Table(
    "consent",
    metadata,
    id_column(),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("given_at", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime, nullable=True),
)


def give(connection: Connection, member_id: int, version: int, now: datetime) -> None:
    """Keep a consent."""
    connection.execute(consent.insert().values(member_id=member_id, version=version, given_at=now))


def withdraw(connection: Connection, member_id: int, now: datetime) -> None:
    """End every consent of a person now."""
    connection.execute(
        consent.update()
        .where(consent.c.member_id == member_id, consent.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )
