"""Counts of readers, as far as messengers tell."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.base import UtcTime

revision = "20261126_reads"
down_revision = "20261126_visits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reads",
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("messenger", sa.String(32), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_reads_campaign_id_campaign")),
        sa.PrimaryKeyConstraint("campaign_id", "messenger", name=op.f("pk_reads")),
    )


def downgrade() -> None:
    op.drop_table("reads")
