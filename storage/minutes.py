"""What a meeting says and decides: agenda items with their votes, points of the minutes, corrections, addenda."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from storage.base import Id, UtcTime, id_column, metadata

item = Table(
    "agenda_item",
    metadata,
    id_column(),
    Column("meeting_id", Id, ForeignKey("meeting.id"), nullable=False, index=True),
    Column("place", Integer, nullable=False),
    Column("title", String(200), nullable=False),
    Column("basis", String(16), nullable=False, server_default=""),
    Column("decision", Text, nullable=False, server_default=""),
    Column("yes", Integer, nullable=True),
    Column("no", Integer, nullable=True),
    Column("abstain", Integer, nullable=True),
    Column("issued", Integer, nullable=True),
    Column("returned", Integer, nullable=True),
    Column("invalid", Integer, nullable=True),
    Column("should", Integer, nullable=True),
    Column("present", Integer, nullable=True),
    Column("outcome", String(16), nullable=False, server_default=""),
    Column("decided_at", UtcTime, nullable=True),
    Column("decided_by", Id, ForeignKey("member.id"), nullable=True),
)
"""`basis`: `""` nothing to vote, `branch`, `committee`, `admission`, `election` (facts of the vote: `domain/vote.py`);
`should` and `present` are the counts with a vote when it was recorded."""

point = Table(
    "minutes_point",
    metadata,
    id_column(),
    Column("meeting_id", Id, ForeignKey("meeting.id"), nullable=False, index=True),
    Column("item_id", Id, nullable=True),
    Column("text", Text, nullable=False),
    Column("by_member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
)

correction = Table(
    "minutes_correction",
    metadata,
    id_column(),
    Column("meeting_id", Id, ForeignKey("meeting.id"), nullable=False, index=True),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("settled_at", UtcTime, nullable=True),
)
"""`state`: `open`, `taken`, `declined`."""

addendum = Table(
    "minutes_addendum",
    metadata,
    id_column(),
    Column("meeting_id", Id, ForeignKey("meeting.id"), nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("by_member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
)
