"""points by month."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.base import Id

revision = "20261123_points_month"
down_revision = "20261123_spending"
branch_labels = None
depends_on = None

_MONTH = {"sqlite": "date(day, 'start of month')", "postgresql": "CAST(date_trunc('month', day) AS date)"}


def upgrade() -> None:
    op.create_table(
        "points_month",
        sa.Column("member_id", Id, nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_points_month_member_id_member")),
        sa.PrimaryKeyConstraint("member_id", "month", name=op.f("pk_points_month")),
    )
    month = _MONTH[op.get_bind().dialect.name]
    op.execute(
        "INSERT INTO points_month (member_id, month, points) "  # noqa: S608 - one of two constants
        f"SELECT member_id, {month}, SUM(points) FROM points_tally GROUP BY member_id, {month}"
    )


def downgrade() -> None:
    op.drop_table("points_month")
