"""Check-in at gatherings from the projector's page."""

from __future__ import annotations

revision = "20261126_gatherings_console"
down_revision = "20261126_requests_console"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
