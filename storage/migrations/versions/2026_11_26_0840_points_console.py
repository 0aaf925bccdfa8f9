"""Rules of points with dates, and entries by hand."""

from __future__ import annotations

revision = "20261126_points_console"
down_revision = "20261126_questions_console"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
