"""Long imports and exports."""

from __future__ import annotations

revision = "20261126_jobs"
down_revision = "20261126_settings_console"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
