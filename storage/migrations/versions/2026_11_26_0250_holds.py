"""A messenger that asked to be left alone is left alone by whoever sends next, too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.base import UtcTime

revision = "20261126_holds"
down_revision = "20261126_unknowns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hold",
        sa.Column("messenger", sa.String(length=32), nullable=False),
        sa.Column("since", UtcTime(timezone=True), nullable=False),
        sa.Column("until", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("messenger", name=op.f("pk_hold")),
    )


def downgrade() -> None:
    op.drop_table("hold")
