"""Notes, canned replies and merging at the requests desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_requests_console"
down_revision = "20261126_announcements_console"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    columns = ["officer_id", "state", "unit_id", "rating"]
    op.create_index("ix_demand_officer_id_state_unit_id_rating", "demand", columns)
    columns = ["filed_at", "unit_id", "category", "author_id"]
    op.create_index("ix_demand_filed_at_unit_id_category_author_id", "demand", columns)
    op.create_index("ix_demand_closed_at_unit_id", "demand", ["closed_at", "unit_id"])
    op.create_table(
        "demand_note",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("demand_id", _ID, nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("author_id", _ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.ForeignKeyConstraint(["demand_id"], ["demand.id"], name=op.f("fk_demand_note_demand_id_demand")),
        sa.ForeignKeyConstraint(["author_id"], ["member.id"], name=op.f("fk_demand_note_author_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demand_note")),
        sa.UniqueConstraint("token", name=op.f("uq_demand_note_token")),
    )
    op.create_index("ix_demand_note_demand_id_id", "demand_note", ["demand_id", "id"])
    op.create_table(
        "canned_reply",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("unit_id", _ID, nullable=False),
        sa.Column("title", sa.String(40), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("changed_by", _ID, nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("retired_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_canned_reply_unit_id_unit")),
        sa.ForeignKeyConstraint(["changed_by"], ["member.id"], name=op.f("fk_canned_reply_changed_by_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_reply")),
    )
    op.create_index("ix_canned_reply_unit_id_retired_at", "canned_reply", ["unit_id", "retired_at"])
    op.create_table(
        "demand_merge",
        sa.Column("demand_id", _ID, autoincrement=False, nullable=False),
        sa.Column("lead_id", _ID, nullable=False),
        sa.Column("by_id", _ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["demand_id"], ["demand.id"], name=op.f("fk_demand_merge_demand_id_demand")),
        sa.ForeignKeyConstraint(["lead_id"], ["demand.id"], name=op.f("fk_demand_merge_lead_id_demand")),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"], name=op.f("fk_demand_merge_by_id_member")),
        sa.PrimaryKeyConstraint("demand_id", name=op.f("pk_demand_merge")),
    )
    op.create_index(op.f("ix_demand_merge_lead_id"), "demand_merge", ["lead_id"])


def downgrade() -> None:
    op.drop_table("demand_merge")
    op.drop_table("canned_reply")
    op.drop_table("demand_note")
    op.drop_index("ix_demand_closed_at_unit_id", "demand")
    op.drop_index("ix_demand_filed_at_unit_id_category_author_id", "demand")
    op.drop_index("ix_demand_officer_id_state_unit_id_rating", "demand")
