"""Stretches that are gone through once more for people without a letter."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_gleaning"
down_revision = "20261126_holds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("stretch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gleaning", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("stretch", schema=None) as batch_op:
        batch_op.drop_column("gleaning")
