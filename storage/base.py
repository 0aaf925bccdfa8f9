"""The ground under all tables: one metadata with stable constraint names, and time that is always UTC."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, DateTime, Integer, MetaData, Table
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts rowids by itself only for INTEGER."""


_LENGTH = len("2026-11-23 08:00:00.000000")


class _Newest(threading.local):
    """A turn writes one moment many times over: each thread remembers how it wrote the last one."""

    value: datetime | None = None
    text = ""


_newest = _Newest()


def _as_text(value: datetime | None) -> str | None:
    """Return a moment as SQLAlchemy stores it in SQLite."""
    if value is None:
        return None
    if value is not _newest.value:
        _newest.text, _newest.value = _formatted(value), value
    return _newest.text


def _formatted(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone: {value}")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:_LENGTH]


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime in UTC. A naive one is refused: nobody knows what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Return a direct way for SQLite, whose own goes through three functions for each of a turn's many times."""
        return _as_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; SQLite keeps no zone, so it gets none."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"a time without a zone: {value}"
            raise ValueError(msg)
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC back, aware."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def id_column() -> Column[Any]:
    """Return the primary key that the database counts."""
    return Column("id", Id, primary_key=True, autoincrement=True)


def insert_new(connection: Connection, table: Table) -> SqliteInsert | PostgresInsert:
    """Return an insert that leaves rows alone which a unique key already holds.

    Ask `.returning(...)` whether a row came in: psycopg's rowcount is -1 here.
    """
    insert = sqlite_insert if connection.dialect.name == "sqlite" else postgres_insert
    return insert(table).on_conflict_do_nothing()
