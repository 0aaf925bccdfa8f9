"""Activities, one row each. `taken` counts the places given away, so that the last one is given once."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from storage.base import Id, UtcTime, id_column, metadata

activity = Table(
    "activity",
    metadata,
    id_column(),
    Column("uid", String(64), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("audience_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("standings", String(200), nullable=False, server_default=""),
    Column("title", String(80), nullable=False),
    Column("place", String(200), nullable=False, server_default=""),
    Column("starts_at", UtcTime, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("deadline", UtcTime, nullable=False),
    Column("capacity", Integer, nullable=False, server_default="0"),
    Column("taken", Integer, nullable=False, server_default="0"),
    Column("family", Boolean, nullable=False, server_default="0"),
    Column("notes", Text, nullable=False, server_default=""),
    Column("cost", String(200), nullable=False, server_default=""),
    Column("theme", String(40), nullable=False, server_default=""),
    Column("in_hours", String(200), nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("created_by", Id, ForeignKey("member.id"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("campaign_id", Id, nullable=True),
    Column("eligible", Integer, nullable=True),
    Index("ix_activity_state_starts", "state", "starts_at"),
    Index("ix_activity_unit_starts", "unit_id", "starts_at"),
)
"""`in_hours`: why it lies in working hours (工会法 art. 41), empty when it does not; `eligible`: how many could come,
counted when it was over."""
