"""Why somebody objects to points, in their own words; who objected before gave no reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261127_why_somebody_objects"
down_revision = "20261127_roles_of_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("objection", sa.Column("words", sa.String(500), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("objection", "words")
