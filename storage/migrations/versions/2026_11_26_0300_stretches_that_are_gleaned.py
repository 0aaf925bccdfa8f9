"""Stretches that are gone through once more; a lane for what is urgent; waiting redrawings found by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261126_gleaning"
down_revision = "20261126_holds"
branch_labels = None
depends_on = None


WAITING = sa.text("edits IS NOT NULL AND state = 'ready'")


def upgrade() -> None:
    # Broadcasts make room for what is urgent.
    op.execute("UPDATE letter SET lane = 3 WHERE lane = 2")
    op.execute("UPDATE stretch SET lane = 3 WHERE lane = 2")
    op.create_index(
        "ix_letter_messenger_recipient_edits",
        "letter",
        ["messenger", "recipient", "edits"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    with op.batch_alter_table("stretch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gleaning", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_index("ix_letter_messenger_recipient_edits", table_name="letter")
    op.execute("UPDATE letter SET lane = 2 WHERE lane = 3")
    op.execute("UPDATE stretch SET lane = 2 WHERE lane = 3")
    with op.batch_alter_table("stretch", schema=None) as batch_op:
        batch_op.drop_column("gleaning")
