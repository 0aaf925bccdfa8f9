"""Statements that every turn runs, compiled once and handed straight to the driver.

SQLAlchemy spends about 40 µs on a compiled statement, its cache key and its result object; the driver itself 5. A turn
has ten of them, so this is where half of its time went. Types are still converted by SQLAlchemy's own processors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Date
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.expression import Executable

Processor = Callable[[Any], Any] | None


class _Compiled:
    """One statement in one dialect's SQL."""

    __slots__ = ("binds", "defaults", "plain", "positional", "results", "sql")

    def __init__(self, statement: Any, dialect: Dialect) -> None:  # noqa: ANN401 - any Core statement
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self.positional = bool(compiled.positional)
        processors = {name: _processor(bind.type, dialect) for name, bind in compiled.binds.items()}
        names = compiled.positiontup if compiled.positional else list(compiled.binds)
        self.binds: list[tuple[str, Processor]] = [(name, processors[name]) for name in names]
        self.defaults = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        columns = statement.exported_columns if statement.is_select else statement._returning  # noqa: SLF001
        self.results: list[Processor] = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ]
        self.plain = not any(self.results)

    def parameters(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what the driver takes
        values = {**self.defaults, **given} if self.defaults else given
        if self.positional:
            return [values[name] if ready is None else ready(values[name]) for name, ready in self.binds]
        return {name: values[name] if ready is None else ready(values[name]) for name, ready in self.binds}


def _processor(kind: Any, dialect: Dialect) -> Processor:  # noqa: ANN401 - a column's type
    if dialect.name == "sqlite" and type(kind) is Date:
        return _day  # SQLAlchemy's own formats a dictionary
    ready: Processor = kind.dialect_impl(dialect).bind_processor(dialect)
    return ready


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


class Prepared:
    """A Core statement with named bind parameters, all of which must be given."""

    def __init__(self, statement: Executable | Mapping[str, Executable]) -> None:
        """Take one statement, or one for each dialect name."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def _for(self, connection: Connection) -> _Compiled:
        name = connection.dialect.name
        found = self._compiled.get(name)
        if found is None:
            statement = self._statement[name] if isinstance(self._statement, Mapping) else self._statement
            found = self._compiled[name] = _Compiled(statement, connection.dialect)
        return found

    def rows(self, connection: Connection, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it and return every row, converted; driver errors come out as SQLAlchemy's."""
        compiled = self._for(connection)
        if not connection.in_transaction():
            connection.begin()
        ready = compiled.parameters(parameters)
        cursor: Any = connection.connection.dbapi_connection.cursor()  # type: ignore[union-attr]
        try:
            cursor.execute(compiled.sql, ready)
            found: list[tuple[Any, ...]] = cursor.fetchall() if compiled.results else []
        except connection.dialect.loaded_dbapi.Error as error:
            # SQLAlchemy wraps it, and drops a connection that is gone. Running it again there would hide what it was:
            # after a deadlock PostgreSQL only says that the transaction is over.
            connection._handle_dbapi_exception(error, compiled.sql, ready, cursor, None)  # noqa: SLF001
        finally:
            cursor.close()
        if compiled.plain:
            return found
        return [
            tuple(
                [
                    value if processor is None else processor(value)
                    for value, processor in zip(row, compiled.results, strict=True)
                ]
            )
            for row in found
        ]

    def first(self, connection: Connection, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Run it and return the first row, or None."""
        found = self.rows(connection, parameters)
        return found[0] if found else None
