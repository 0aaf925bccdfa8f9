"""The schema's history: where a database stands, and bringing it to where this program needs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"


def head() -> str:
    """Return the revision that this program needs: the files are dated, so the last one is the newest."""
    newest = max((FOLDER / "versions").glob("*.py"))
    found = re.search(r'^revision = "([^"]+)"', newest.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"{newest.name} names no revision")
    return found[1]


def current(engine: Engine) -> str | None:
    """Return the revision at which a database stands; None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return found


def _config(connection: Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - 400 ms that a start need not pay

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def upgrade(engine: Engine, to: str = "head") -> None:
    """Bring the schema up, all in one transaction; a failure leaves it as it was."""
    from alembic import command  # noqa: PLC0415 - start-up cost

    _in_one_transaction(engine, lambda config: command.upgrade(config, to))


def downgrade(engine: Engine, to: str = "base") -> None:
    """Take the schema down, for tests and for taking back an upgrade."""
    from alembic import command  # noqa: PLC0415 - start-up cost

    _in_one_transaction(engine, lambda config: command.downgrade(config, to))


def differences(engine: Engine) -> list[object]:
    """Return where the schema differs from the tables that the code declares; empty when they agree."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - only tests need it
    from alembic.migration import MigrationContext  # noqa: PLC0415

    from storage import all_tables  # noqa: PLC0415

    with engine.connect() as connection:
        options = {"include_name": is_ours}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), all_tables()))


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out the search index, which each database makes in its own way (`storage/reading.py`)."""
    return kind != "table" or name is None or not name.startswith("reading_search")


def _in_one_transaction(engine: Engine, change: object) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                change(_config(connection))  # type: ignore[operator]
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
        else:
            with connection.begin():
                change(_config(connection))  # type: ignore[operator]
