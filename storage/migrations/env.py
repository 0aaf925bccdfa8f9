"""Alembic's entry: runs the migrations on the connection that `storage/migrate.py` hands over."""

from __future__ import annotations

from alembic import context

from storage import all_tables
from storage.migrate import is_ours

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=all_tables(),
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    user_module_prefix="",
    include_name=is_ours,
)
with context.begin_transaction():
    context.run_migrations()
