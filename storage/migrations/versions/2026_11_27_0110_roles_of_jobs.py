"""With which roles a job was asked for; what was made before has none written down, and has to be made again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261127_roles_of_jobs"
down_revision = "20261126_people_console"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job", sa.Column("roles", sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("job", "roles")
