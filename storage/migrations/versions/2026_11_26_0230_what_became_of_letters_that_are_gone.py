"""What campaigns came to, once retention has let their letters go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_retention"
down_revision = "20261126_indexes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaign", sa.Column("gone", sa.Text(), server_default="{}", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("campaign", schema=None) as batch_op:
        batch_op.drop_column("gone")
