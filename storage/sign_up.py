"""Who comes to an activity and who waits, in the order in which they asked."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from storage.base import Id, UtcTime, id_column, metadata

sign_up = Table(
    "sign_up",
    metadata,
    id_column(),
    Column("activity_id", Id, ForeignKey("activity.id"), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("turn", Integer, nullable=False, server_default="0"),
    Column("family", Integer, nullable=False, server_default="0"),
    Column("offered_until", UtcTime, nullable=True),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("activity_id", "member_id"),
    Index("ix_sign_up_waiting", "activity_id", "state", "turn"),
)
"""`turn`: the place in the waiting list, counted up by the activity's own list."""
