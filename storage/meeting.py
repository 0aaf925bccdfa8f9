"""Meetings, one row each. Who is called: `storage/attendee.py`; what was said and decided: `storage/minutes.py`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from storage.base import Id, UtcTime, id_column, metadata

meeting = Table(
    "meeting",
    metadata,
    id_column(),
    Column("uid", String(64), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("title", String(80), nullable=False),
    Column("place", String(200), nullable=False, server_default=""),
    Column("starts_at", UtcTime, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("chair_id", Id, ForeignKey("member.id"), nullable=False),
    Column("created_by", Id, ForeignKey("member.id"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("counts_for", String(16), nullable=False, server_default=""),
    Column("quorum", String(16), nullable=False, server_default=""),
    Column("campaign_id", Id, nullable=True),
    Column("item_id", Id, nullable=True),
    Column("opened_at", UtcTime, nullable=True),
    Column("ended_at", UtcTime, nullable=True),
    Column("corrections_until", UtcTime, nullable=True),
    Column("closed_at", UtcTime, nullable=True),
    Column("closed_text", Text, nullable=False, server_default=""),
    Column("digest", String(64), nullable=False, server_default=""),
    Index("ix_meeting_unit_starts", "unit_id", "starts_at"),
    Index("ix_meeting_state_starts", "state", "starts_at"),
)
