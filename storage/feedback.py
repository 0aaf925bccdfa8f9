"""What people thought of an activity. Who answered and what was answered are two tables without a common key."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, PrimaryKeyConstraint, String, Table

from storage.base import Id, metadata

feedback_given = Table(
    "feedback_given",
    metadata,
    Column("activity_id", Id, ForeignKey("activity.id"), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    PrimaryKeyConstraint("activity_id", "member_id"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("activity_id", Id, ForeignKey("activity.id"), nullable=False, index=True),
    Column("stars", Integer, nullable=False, server_default="0"),
    Column("words", String(300), nullable=False, server_default=""),
)
"""`id` is drawn, so that rows have no order; no moment is kept. Stars and words of one person are two rows."""
