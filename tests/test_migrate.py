"""Migrations: up, down and up again on both databases, and what they make is what the code declares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text

from storage import all_tables, migrate
from storage.engine import open_engine
from tests.postgres import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """An empty database."""
    if request.param == "sqlite":
        return open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    postgres: Server = request.getfixturevalue("postgres")
    return open_engine(postgres.create(f"migrate_{os.getpid()}"))


def test_up_down_and_up(engine: Engine) -> None:
    assert migrate.current(engine) is None
    migrate.upgrade(engine)
    assert migrate.current(engine) == migrate.head()
    assert migrate.differences(engine) == []
    migrate.downgrade(engine)
    left = set(inspect(engine).get_table_names()) - {"alembic_version"}
    assert not left
    migrate.upgrade(engine)
    assert migrate.differences(engine) == []
    with engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM reading_search"))


def test_every_declared_table_is_made(engine: Engine) -> None:
    migrate.upgrade(engine)
    assert set(all_tables().tables) <= set(inspect(engine).get_table_names())


def test_the_revisions_are_one_line(engine: Engine) -> None:
    names = sorted(path.name for path in (migrate.FOLDER / "versions").glob("*.py"))
    assert names
    assert all(name[:4].isdigit() for name in names)
    migrate.upgrade(engine)
    migrate.upgrade(engine)
    assert migrate.current(engine) == migrate.head()
