"""Statements that every turn runs, compiled once and handed straight to the driver.

SQLAlchemy spends about 40 µs on a compiled statement, its cache key and its result object; the driver itself 5. A turn
has ten of them, so this is where half of its time went. Types are still converted by SQLAlchemy's own processors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Date
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.expression import Executable

Processor = Callable[[Any], Any] | None


class _Compiled:
    """One statement in one dialect's SQL."""

    __slots__ = ("_converted", "_defaults", "_named", "_take", "results", "returns", "sql")

    def __init__(self, statement: Any, dialect: Dialect) -> None:  # noqa: ANN401 - any Core statement
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        names = list(compiled.positiontup if compiled.positional else compiled.binds)
        processors = {name: _processor(bind.type, dialect) for name, bind in compiled.binds.items()}
        self._converted = [(n, ready) for n, name in enumerate(names) if (ready := processors[name]) is not None]
        self._take: Callable[[Mapping[str, Any]], Sequence[Any]] = (
            itemgetter(*names) if len(names) > 1 else _only(names)
        )
        self._named = None if compiled.positional else names
        self._defaults = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        columns = statement.exported_columns if statement.is_select else statement._returning  # noqa: SLF001
        results = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self.returns = bool(results)
        self.results: list[tuple[int, Any]] = [(n, ready) for n, ready in enumerate(results) if ready is not None]

    def parameters(self, given: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what the driver takes
        ready = list(self._take({**self._defaults, **given} if self._defaults else given))
        for place, convert in self._converted:
            ready[place] = convert(ready[place])
        return ready if self._named is None else dict(zip(self._named, ready, strict=True))


def _only(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
    """Return what takes one parameter, or none: `itemgetter` gives no tuple then."""
    return lambda given: [given[name] for name in names]


def _processor(kind: Any, dialect: Dialect) -> Processor:  # noqa: ANN401 - a column's type
    if dialect.name == "sqlite" and type(kind) is Date:
        return _day  # SQLAlchemy's own formats a dictionary
    ready: Processor = kind.dialect_impl(dialect).bind_processor(dialect)
    return ready


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _converted(row: tuple[Any, ...], processors: list[tuple[int, Any]]) -> tuple[Any, ...]:
    values = list(row)
    for place, convert in processors:
        values[place] = convert(values[place])
    return tuple(values)


class Prepared:
    """A Core statement with named bind parameters, all of which must be given."""

    def __init__(self, statement: Executable | Mapping[str, Executable]) -> None:
        """Take one statement, or one for each dialect name."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def _compile(self, connection: Connection) -> _Compiled:
        name = connection.dialect.name
        statement = self._statement[name] if isinstance(self._statement, Mapping) else self._statement
        compiled = self._compiled[name] = _Compiled(statement, connection.dialect)
        return compiled

    def _run(
        self, connection: Connection, parameters: Mapping[str, Any]
    ) -> tuple[_Compiled, list[tuple[Any, ...]], int]:
        """Run it; driver errors come out as SQLAlchemy's."""
        compiled = self._compiled.get(connection.dialect.name) or self._compile(connection)
        if not connection.in_transaction():
            connection.begin()
        ready = compiled.parameters(parameters)
        cursor: Any = connection.connection.dbapi_connection.cursor()  # type: ignore[union-attr]
        try:
            cursor.execute(compiled.sql, ready)
            found: list[tuple[Any, ...]] = cursor.fetchall() if compiled.returns else []
            touched: int = cursor.rowcount
        except connection.dialect.loaded_dbapi.Error as error:
            # SQLAlchemy wraps it, and drops a connection that is gone. Running it again there would hide what it was:
            # after a deadlock PostgreSQL only says that the transaction is over.
            connection._handle_dbapi_exception(error, compiled.sql, ready, cursor, None)  # noqa: SLF001
        finally:
            cursor.close()
        return compiled, found, touched

    def rows(self, connection: Connection, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Run it and return every row, converted."""
        compiled, found, _ = self._run(connection, parameters)
        return [_converted(row, compiled.results) for row in found] if compiled.results else found

    def touched(self, connection: Connection, parameters: Mapping[str, Any]) -> int:
        """Run it and return how many rows it changed, which costs less than to have them returned."""
        return self._run(connection, parameters)[2]

    def first(self, connection: Connection, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Run it and return the first row, or None."""
        found = self.rows(connection, parameters)
        return found[0] if found else None
