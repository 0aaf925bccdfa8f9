"""Rules of points with dates, who answered an objection, and figures of units by month."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_points_console"
down_revision = "20261126_questions_console"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "points_version",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("starts", sa.Date(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_member_id", _ID, nullable=True),
        sa.Column("reason", sa.String(200), server_default="", nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(["by_member_id"], ["member.id"], name=op.f("fk_points_version_by_member_id_member")),
        sa.ForeignKeyConstraint(
            ["withdrawn_by_id"], ["member.id"], name=op.f("fk_points_version_withdrawn_by_id_member")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_version")),
    )
    stands = sa.text("withdrawn_at IS NULL")
    op.create_index(
        "uq_points_version_starts",
        "points_version",
        ["starts"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )
    op.create_table(
        "points_rule",
        sa.Column("version_id", _ID, nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("daily_cap", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["points_version.id"], name=op.f("fk_points_rule_version_id_points_version")
        ),
        sa.PrimaryKeyConstraint("version_id", "rule", name=op.f("pk_points_rule")),
    )
    op.create_table(
        "points_closing",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("smallest", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_points_closing")),
    )
    op.create_table(
        "points_figure",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("unit_id", _ID, nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("into_id", _ID, nullable=False),
        sa.Column("participants", sa.Integer(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["month"], ["points_closing.month"], name=op.f("fk_points_figure_month_points_closing")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_points_figure_unit_id_unit")),
        sa.PrimaryKeyConstraint("month", "unit_id", name=op.f("pk_points_figure")),
    )
    op.create_index(op.f("ix_points_figure_unit_id"), "points_figure", ["unit_id"])
    op.create_table(
        "points_figure_part",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("unit_id", _ID, nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("participants", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["month"], ["points_closing.month"], name=op.f("fk_points_figure_part_month_points_closing")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_points_figure_part_unit_id_unit")),
        sa.PrimaryKeyConstraint("month", "unit_id", "rule", name=op.f("pk_points_figure_part")),
    )
    by_hand = sa.text("by_member_id IS NOT NULL")
    op.create_index(
        "ix_points_entry_by_member_id_id",
        "points_entry",
        ["by_member_id", "id"],
        sqlite_where=by_hand,
        postgresql_where=by_hand,
    )
    with op.batch_alter_table("objection") as batch:
        batch.add_column(sa.Column("answered_by_id", _ID, nullable=True))
        batch.create_foreign_key(op.f("fk_objection_answered_by_id_member"), "member", ["answered_by_id"], ["id"])
        batch.create_index(op.f("ix_objection_answered_by_id"), ["answered_by_id"])
    unanswered = sa.text("answered_at IS NULL")
    op.create_index("ix_objection_open", "objection", ["id"], sqlite_where=unanswered, postgresql_where=unanswered)


def downgrade() -> None:
    op.drop_index("ix_objection_open", "objection")
    with op.batch_alter_table("objection") as batch:
        batch.drop_index(op.f("ix_objection_answered_by_id"))
        batch.drop_constraint(op.f("fk_objection_answered_by_id_member"), type_="foreignkey")
        batch.drop_column("answered_by_id")
    op.drop_index("ix_points_entry_by_member_id_id", "points_entry")
    op.drop_table("points_figure_part")
    op.drop_table("points_figure")
    op.drop_table("points_closing")
    op.drop_table("points_rule")
    op.drop_index("uq_points_version_starts", "points_version")
    op.drop_table("points_version")
