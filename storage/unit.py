"""The organisation tree, one row a unit, with its path from the root."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Boolean, Column, Connection, ForeignKey, Index, String, Table, func, or_, select

from domain.member import Unit, UnitKind
from storage.base import Id, id_column, metadata

LONGEST_CODE = 64

unit = Table(
    "unit",
    metadata,
    id_column(),
    Column("code", String(LONGEST_CODE), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("parent_id", Id, ForeignKey("unit.id"), nullable=True),
    Column("path", String(400), nullable=False),
    Column("active", Boolean, nullable=False, server_default="1"),
    Index("ix_unit_path", "path"),
)

COLUMNS = (unit.c.id, unit.c.code, unit.c.name, unit.c.kind, unit.c.path)


def as_unit(row: Sequence[object]) -> Unit:
    """Make a unit of the values of `COLUMNS`."""
    number, code, name, kind, path = row
    return Unit(int(str(number)), str(code), str(name), UnitKind(str(kind)), str(path))


def add(connection: Connection, code: str, name: str, kind: UnitKind, parent: Unit | None) -> Unit:
    """Create a unit beneath its parent."""
    row = connection.execute(
        unit.insert()
        .values(code=code, name=name, kind=kind, parent_id=parent.id if parent else None, path="", active=True)
        .returning(unit.c.id)
    ).one()
    path = f"{parent.path if parent else '/'}{row[0]}/"
    connection.execute(unit.update().where(unit.c.id == row[0]).values(path=path))
    return Unit(row[0], code, name, kind, path)


def get(connection: Connection, number: int) -> Unit | None:
    """Return a unit by its id."""
    row = connection.execute(select(*COLUMNS).where(unit.c.id == number)).first()
    return None if row is None else as_unit(tuple(row))


def some(connection: Connection, numbers: Iterable[int]) -> dict[int, Unit]:
    """Return units by id."""
    rows = connection.execute(select(*COLUMNS).where(unit.c.id.in_(list(numbers))))
    return {row[0]: as_unit(tuple(row)) for row in rows}


def by_code(connection: Connection, code: str) -> Unit | None:
    """Return a unit by its code."""
    row = connection.execute(select(*COLUMNS).where(unit.c.code == code)).first()
    return None if row is None else as_unit(tuple(row))


def names(connection: Connection, codes: Iterable[str]) -> dict[str, str]:
    """Return the names of the units with these codes."""
    rows = connection.execute(select(unit.c.code, unit.c.name).where(unit.c.code.in_(list(codes))))
    return {row[0]: row[1] for row in rows}


def beneath(connection: Connection, path: str) -> list[Unit]:
    """Return the unit with this path and all active ones under it, parents first."""
    rows = connection.execute(
        select(*COLUMNS).where(unit.c.path.startswith(path, autoescape=True), unit.c.active).order_by(unit.c.path)
    )
    return [as_unit(tuple(row)) for row in rows]


def count_beneath(connection: Connection, path: str) -> int:
    """Return how many those are."""
    query = select(func.count()).where(unit.c.path.startswith(path, autoescape=True), unit.c.active)
    return connection.scalar(query) or 0


def matching(
    connection: Connection, paths: Sequence[str], kinds: Sequence[UnitKind], words: str, limit: int, offset: int
) -> list[Unit]:
    """Return a slice of the active units of these kinds at or beneath these paths with these words in the name."""
    if not paths or not kinds:
        return []
    query = select(*COLUMNS).where(
        or_(*(unit.c.path.startswith(path, autoescape=True) for path in paths)),
        unit.c.kind.in_([kind.value for kind in kinds]),
        unit.c.active,
    )
    if words:
        query = query.where(unit.c.name.contains(words, autoescape=True))
    rows = connection.execute(query.order_by(unit.c.path).limit(limit).offset(offset))
    return [as_unit(tuple(row)) for row in rows]
