"""What organisers say of people at gatherings, and a unit's gatherings as a list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_gatherings_console"
down_revision = "20261126_requests_console"
branch_labels = None
depends_on = None


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "gathering_mark",
        sa.Column("gathering_id", _id(), nullable=False),
        sa.Column("member_id", _id(), nullable=False),
        sa.Column("mark", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("by_member_id", _id(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_member_id"], ["member.id"], name=op.f("fk_gathering_mark_by_member_id_member")),
        sa.ForeignKeyConstraint(
            ["gathering_id"], ["gathering.id"], name=op.f("fk_gathering_mark_gathering_id_gathering")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_gathering_mark_member_id_member")),
        sa.PrimaryKeyConstraint("gathering_id", "member_id", name=op.f("pk_gathering_mark")),
    )
    op.create_index("ix_gathering_unit_id", "gathering", ["unit_id"])
    op.create_index("ix_presence_gathering_id_at", "presence", ["gathering_id", "at"])


def downgrade() -> None:
    op.drop_index("ix_presence_gathering_id_at", "presence")
    op.drop_index("ix_gathering_unit_id", "gathering")
    op.drop_table("gathering_mark")
