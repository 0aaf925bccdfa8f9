"""What people decided about obligations: exemptions, declarations, corrections. What is met is computed, not kept."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, String, Table

from storage.base import Id, UtcTime, id_column, metadata

entry = Table(
    "obligation_entry",
    metadata,
    id_column(),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("period", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("on_day", Date, nullable=True),
    Column("reason", String(300), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime, nullable=True),
    Column("withdrawn_by", Id, ForeignKey("member.id"), nullable=True),
    Index("ix_obligation_entry_unit", "unit_id", "period"),
)
"""`kind`: `exempt`, `declared` (held or done, entered by hand), `corrected` (a computed state set right)."""
