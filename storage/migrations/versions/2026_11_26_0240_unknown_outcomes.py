"""Letters count their claims, and the tries after which nobody knew whether they had arrived."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_unknowns"
down_revision = "20261126_retention"
branch_labels = None
depends_on = None

UNKNOWN = sa.text("unknowns > 0")


def upgrade() -> None:
    for name in ("claims", "unknowns"):
        op.add_column("letter", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "ix_letter_unknown_campaign_id", "letter", ["campaign_id"], sqlite_where=UNKNOWN, postgresql_where=UNKNOWN
    )


def downgrade() -> None:
    op.drop_index("ix_letter_unknown_campaign_id", table_name="letter")
    for name in ("unknowns", "claims"):
        op.drop_column("letter", name)
