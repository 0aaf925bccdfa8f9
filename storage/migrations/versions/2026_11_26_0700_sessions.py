"""Links into the console, and its sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_sessions"
down_revision = "20261126_life"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "console_link",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("roles", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_console_link_member_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_link")),
        sa.UniqueConstraint("digest", name=op.f("uq_console_link_digest")),
    )
    op.create_index(op.f("ix_console_link_member_id"), "console_link", ["member_id"])
    op.create_table(
        "console_session",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("roles", sa.String(64), nullable=False),
        sa.Column("form_key", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_console_session_member_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_console_session_digest")),
    )
    op.create_index(op.f("ix_console_session_member_id"), "console_session", ["member_id"])


def downgrade() -> None:
    op.drop_table("console_session")
    op.drop_table("console_link")
