"""What the console sets in the configuration's place."""

from __future__ import annotations

revision = "20261126_settings_console"
down_revision = "20261126_points_console"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
