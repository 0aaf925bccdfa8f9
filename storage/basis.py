"""What a unit was in a month, which decides the rules that apply to it: old periods keep the facts of their time."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, PrimaryKeyConstraint, String, Table

from storage.base import Id, UtcTime, metadata

basis = Table(
    "basis",
    metadata,
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("month", String(7), nullable=False),
    Column("formal", Integer, nullable=False),
    Column("probationary", Integer, nullable=False),
    Column("relieved", Integer, nullable=False),
    Column("groups", Integer, nullable=False),
    Column("committee", Integer, nullable=False),
    Column("joint", Boolean, nullable=False, server_default="0"),
    Column("written_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("unit_id", "month"),
)
"""`month` is `2026-11`; `committee` counts the secretary and the committee members."""
