"""Who is called to a meeting, why, and what each answered. Being there is `presence` (`storage/gathering.py`)."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, PrimaryKeyConstraint, String, Table

from storage.base import Id, UtcTime, metadata

attendee = Table(
    "attendee",
    metadata,
    Column("meeting_id", Id, ForeignKey("meeting.id"), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False, index=True),
    Column("duty", String(16), nullable=False),
    Column("votes", Boolean, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("answer", String(16), nullable=False, server_default="none"),
    Column("answered_at", UtcTime, nullable=True),
    Column("leave", String(16), nullable=False, server_default=""),
    Column("decided_by", Id, ForeignKey("member.id"), nullable=True),
    Column("adjusted", String(200), nullable=False, server_default=""),
    Column("adjusted_by", Id, ForeignKey("member.id"), nullable=True),
    PrimaryKeyConstraint("meeting_id", "member_id"),
)
