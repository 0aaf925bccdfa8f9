"""Indexes leave out what they are never asked for: updates that are heard, and answers, which are for no member."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_indexes"
down_revision = "20261123_points_month"
branch_labels = None
depends_on = None

NEW = sa.text("state = 'new'")
SOMEBODY = sa.text("member_id IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_inbox_state_id", table_name="inbox")
    op.create_index("ix_inbox_new_id", "inbox", ["id"], sqlite_where=NEW, postgresql_where=NEW)
    op.drop_index("ix_letter_member_id_created_at", table_name="letter")
    op.create_index(
        "ix_letter_member_id_created_at",
        "letter",
        ["member_id", "created_at"],
        sqlite_where=SOMEBODY,
        postgresql_where=SOMEBODY,
    )


def downgrade() -> None:
    op.drop_index("ix_letter_member_id_created_at", table_name="letter")
    op.create_index("ix_letter_member_id_created_at", "letter", ["member_id", "created_at"])
    op.drop_index("ix_inbox_new_id", table_name="inbox")
    op.create_index("ix_inbox_state_id", "inbox", ["state", "id"])
