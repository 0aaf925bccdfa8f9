"""Finding people by the sound of their names; what stands in the table already gets its keys in steps after a start."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_people_console"
down_revision = "20261126_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("member", sa.Column("sound", sa.String(400), nullable=True))
    op.create_index("ix_member_left_at", "member", ["left_at", "employee_no", "name", "sound"])
    op.create_index(
        "ix_member_soundless",
        "member",
        ["id"],
        sqlite_where=sa.text("sound IS NULL"),
        postgresql_where=sa.text("sound IS NULL"),
    )
    op.drop_index("ix_membership_unit_id", table_name="membership")
    op.create_index("ix_membership_unit_id", "membership", ["unit_id", "member_id"])


def downgrade() -> None:
    op.drop_index("ix_membership_unit_id", table_name="membership")
    op.create_index("ix_membership_unit_id", "membership", ["unit_id"])
    op.drop_index("ix_member_soundless", table_name="member")
    op.drop_index("ix_member_left_at", table_name="member")
    op.drop_column("member", "sound")
