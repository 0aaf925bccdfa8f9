"""Own readings and how question files were read."""

from __future__ import annotations

revision = "20261126_questions_console"
down_revision = "20261126_gatherings_console"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
