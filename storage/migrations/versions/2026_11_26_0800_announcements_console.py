"""Approving announcements before they are sent."""

from __future__ import annotations

revision = "20261126_announcements_console"
down_revision = "20261126_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
