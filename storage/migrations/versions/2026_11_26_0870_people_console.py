"""Finding people by the sound of their names."""

from __future__ import annotations

revision = "20261126_people_console"
down_revision = "20261126_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
