"""Tokens and notes of messengers; room for the longer names that they give to messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.base import UtcTime

revision = "20261126_tokens"
down_revision = "20261126_gleaning"
branch_labels = None
depends_on = None

SHORT, LONG = sa.String(128), sa.String(512)


def upgrade() -> None:
    op.create_table(
        "token",
        sa.Column("messenger", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.Column("fetched_at", UtcTime(), nullable=False),
        sa.Column("fetching_until", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("messenger", "name", name=op.f("pk_token")),
    )
    op.create_index("ix_token_until", "token", ["until"])
    _widen(SHORT, LONG)


def downgrade() -> None:
    _widen(LONG, SHORT)
    op.drop_index("ix_token_until", table_name="token")
    op.drop_table("token")


def _widen(old: sa.String, new: sa.String) -> None:
    """Change the columns; SQLite keeps no lengths, and copying its largest table for nothing would take long."""
    if op.get_bind().dialect.name == "sqlite":
        return
    for name, nullable in (("message", False), ("edits", True)):
        op.alter_column("letter", name, existing_type=old, type_=new, existing_nullable=nullable)
