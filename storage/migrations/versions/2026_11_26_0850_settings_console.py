"""What the console sets in the configuration's place, stops of sending, and indexes for what it lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_settings_console"
down_revision = "20261126_points_console"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
BROKEN = sa.text("state IN ('dead', 'failed')")


def upgrade() -> None:
    op.create_table(
        "halt",
        sa.Column("messenger", sa.String(32), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"], name=op.f("fk_halt_by_id_member")),
        sa.PrimaryKeyConstraint("messenger", name=op.f("pk_halt")),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["member.id"], name=op.f("fk_setting_by_id_member")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )
    op.create_index("ix_inbox_broken_id", "inbox", ["id"], sqlite_where=BROKEN, postgresql_where=BROKEN)
    op.add_column("audit", sa.Column("seal", sa.String(64), nullable=False, server_default=""))
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_actor_id_id", "audit", ["actor_id", "id"])
    op.create_index("ix_audit_deed_id", "audit", ["deed", "id"])


def downgrade() -> None:
    op.drop_index("ix_audit_deed_id", "audit")
    op.drop_index("ix_audit_actor_id_id", "audit")
    op.drop_index("ix_audit_at", "audit")
    op.drop_column("audit", "seal")
    op.drop_index("ix_inbox_broken_id", "inbox")
    op.drop_table("setting")
    op.drop_table("halt")
