"""Notes, canned replies and merging at the requests desk."""

from __future__ import annotations

revision = "20261126_requests_console"
down_revision = "20261126_announcements_console"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
