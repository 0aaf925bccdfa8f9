"""The rule packs that have been in force here, whole, each from the moment it was first seen."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from storage.base import UtcTime, id_column, metadata

rule_pack = Table(
    "rule_pack",
    metadata,
    id_column(),
    Column("digest", String(64), nullable=False, unique=True),
    Column("version", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
)
