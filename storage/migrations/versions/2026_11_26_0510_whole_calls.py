"""Which call to many a letter was sent in, where such a call has to be repeated whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_calls"
down_revision = "20261126_reads"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("letter", sa.Column("call", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.drop_column("call")
