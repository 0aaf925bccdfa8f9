"""Long imports and exports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_jobs"
down_revision = "20261126_settings_console"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNFINISHED = "state IN ('waiting', 'running')"


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("owner_id", _ID, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cancelling", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("holder", sa.String(64), server_default="", nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(64), server_default="", nullable=False),
        sa.Column("said", sa.Text(), server_default="{}", nullable=False),
        sa.Column("name", sa.String(200), server_default="", nullable=False),
        sa.Column("mime", sa.String(100), server_default="", nullable=False),
        sa.Column("size", sa.Integer(), server_default="0", nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["member.id"], name=op.f("fk_job_owner_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_owner_id", "job", ["owner_id", "id"])
    op.create_index("ix_job_ended_at", "job", ["ended_at"])
    where = {"sqlite_where": sa.text(_UNFINISHED), "postgresql_where": sa.text(_UNFINISHED)}
    op.create_index("ix_job_unfinished", "job", ["id"], **where)


def downgrade() -> None:
    op.drop_table("job")
