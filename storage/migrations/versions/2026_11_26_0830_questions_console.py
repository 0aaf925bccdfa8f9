"""Own readings and how question files were read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_questions_console"
down_revision = "20261126_gatherings_console"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "question_layout",
        sa.Column("fingerprint", sa.String(32), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_question_layout")),
    )
    op.create_table(
        "upload",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_upload_member_id_member")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("member_id", "purpose", name=op.f("uq_upload_member_id_purpose")),
    )
    op.create_index(op.f("ix_upload_expires_at"), "upload", ["expires_at"])
    op.add_column("question_bank", sa.Column("closed", sa.Boolean(), nullable=False, server_default="0"))
    op.create_index(op.f("ix_question_bank_question_active_question_kind"), "question", ["bank", "active", "kind"])
    op.add_column("reading", sa.Column("own", sa.Boolean(), nullable=False, server_default="0"))
    op.add_column("reading", sa.Column("closed", sa.Boolean(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("reading", "closed")
    op.drop_column("reading", "own")
    op.drop_index(op.f("ix_question_bank_question_active_question_kind"), "question")
    op.drop_column("question_bank", "closed")
    op.drop_index(op.f("ix_upload_expires_at"), "upload")
    op.drop_table("upload")
    op.drop_table("question_layout")
