"""Browsers that are signed in by a link for some hours, and the links that have been opened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.base import Id, UtcTime

revision = "20261126_visits"
down_revision = "20261126_tokens"
branch_labels = None
depends_on = None

VISITS = sa.text("until IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "sign_in",
        sa.Column("letter_id", Id, autoincrement=False, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("letter_id", name="pk_sign_in"),
    )
    op.create_index("ix_sign_in_at", "sign_in", ["at"])
    with op.batch_alter_table("address", schema=None) as batch_op:
        batch_op.add_column(sa.Column("until", UtcTime(), nullable=True))
    op.create_index("ix_address_until", "address", ["until"], sqlite_where=VISITS, postgresql_where=VISITS)


def downgrade() -> None:
    op.drop_index("ix_address_until", table_name="address")
    # Whoever knows no visits would take them for accounts.
    op.execute("UPDATE address SET member_id = NULL, bound_at = NULL WHERE until IS NOT NULL")
    with op.batch_alter_table("address", schema=None) as batch_op:
        batch_op.drop_column("until")
    op.drop_table("sign_in")
