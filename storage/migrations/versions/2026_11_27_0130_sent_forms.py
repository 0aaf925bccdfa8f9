"""Forms of the console that were sent, so that each is done once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261127_sent_forms"
down_revision = "20261127_why_somebody_objects"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sent_form",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sent_form"),
    )
    op.create_index("ix_sent_form_sent_at", "sent_form", ["sent_at"])


def downgrade() -> None:
    op.drop_table("sent_form")
