"""Approving announcements before they are sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_announcements_console"
down_revision = "20261126_sessions"
branch_labels = None
depends_on = None


_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WAITING, _SENT = sa.text("state = 'waiting'"), sa.text("send_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "announcement_eyes",
        sa.Column("unit_id", _ID, autoincrement=False, nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("off_by", _ID, nullable=True),
        sa.Column("set_by", _ID, nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_announcement_eyes_unit_id_unit")),
        sa.ForeignKeyConstraint(["off_by"], ["member.id"], name=op.f("fk_announcement_eyes_off_by_member")),
        sa.ForeignKeyConstraint(["set_by"], ["member.id"], name=op.f("fk_announcement_eyes_set_by_member")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_announcement_eyes")),
    )
    op.create_table(
        "announcement_approval",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("announcement_id", _ID, nullable=False),
        sa.Column("sign", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(16), server_default="", nullable=False),
        sa.Column("decided_by", _ID, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.String(400), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"], ["announcement.id"], name=op.f("fk_announcement_approval_announcement_id_announcement")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["member.id"], name=op.f("fk_announcement_approval_decided_by_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement_approval")),
    )
    op.create_index("ix_announcement_approval_announcement_id", "announcement_approval", ["announcement_id"])
    op.create_index(
        "ix_announcement_waiting", "announcement", ["unit_id"], sqlite_where=_WAITING, postgresql_where=_WAITING
    )
    op.create_index(
        "ix_announcement_author_id_send_at",
        "announcement",
        ["author_id", "send_at"],
        sqlite_where=_SENT,
        postgresql_where=_SENT,
    )
    op.create_index("ix_gathering_opened_at", "gathering", ["opened_at"])


def downgrade() -> None:
    op.drop_index("ix_gathering_opened_at", "gathering")
    op.drop_index("ix_announcement_author_id_send_at", "announcement")
    op.drop_index("ix_announcement_waiting", "announcement")
    op.drop_table("announcement_approval")
    op.drop_table("announcement_eyes")
