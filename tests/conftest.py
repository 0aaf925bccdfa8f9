"""Real databases for every test: SQLite in a file, and PostgreSQL started from a pip package by the fixtures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from handlers.grammar import Registry, open_registry
from storage import all_tables
from storage.engine import Database, open_engine
from tests.postgres import Server, start_server
from tests.talk import Company


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with every table and no row."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = open_engine(f"sqlite:///{path}")
    all_tables().create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server for this session, or a skip that says why there is none."""
    server = start_server()
    if server is None:
        pytest.skip("no PostgreSQL: install the test requirements, or set TEST_DATABASE_URL")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres: Server) -> str:
    """A database on it with every table and no row."""
    url = postgres.create(f"dangqun_{os.getpid()}")
    engine = open_engine(url)
    all_tables().create_all(engine)
    engine.dispose()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database with every table, of each kind in turn."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgres_url")
    engine = open_engine(url)
    names = ", ".join(f'"{table.name}"' for table in all_tables().sorted_tables)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    engine.dispose()
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The door to it."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def registry() -> Registry:
    """Every capability."""
    return open_registry()


@pytest.fixture
def company(database: Database, registry: Registry) -> Company:
    """The test enterprise, on a Monday morning."""
    return Company(database, registry)
