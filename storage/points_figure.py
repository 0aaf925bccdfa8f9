"""Figures of units about points, a month at a time: counts alone, written once when the month is over.

What is of too few people is not written at all, so that no backup and no query knows it either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    and_,
    func,
    select,
)

from domain.member import Unit
from domain.points import MANUAL
from domain.points_figure import Deed, Figure, Part
from storage.base import Id, UtcTime, insert_new, metadata
from storage.member import member, membership
from storage.points import tally
from storage.unit import COLUMNS, as_unit, unit

closing = Table(
    "points_closing",
    metadata,
    Column("month", Date, primary_key=True),
    Column("closed_at", UtcTime, nullable=False),
    Column("smallest", Integer, nullable=False),
)
"""The months that have been counted, and of how many people at least their figures are."""

figure = Table(
    "points_figure",
    metadata,
    Column("month", Date, ForeignKey("points_closing.month"), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False, index=True),
    Column("people", Integer, nullable=False),
    Column("into_id", Id, nullable=False),
    Column("participants", Integer, nullable=False),
    Column("turns", Integer, nullable=False),
    Column("points", Integer, nullable=False),
    PrimaryKeyConstraint("month", "unit_id"),
)
"""`into_id`: itself, or the unit in whose figure it is counted (0: none); then the counts are 0 and mean nothing."""

part = Table(
    "points_figure_part",
    metadata,
    Column("month", Date, ForeignKey("points_closing.month"), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("rule", String(32), nullable=False),
    Column("turns", Integer, nullable=False),
    Column("participants", Integer, nullable=False),
    PrimaryKeyConstraint("month", "unit_id", "rule"),
)


@dataclass(frozen=True, slots=True)
class Closed:
    """A month that was counted."""

    month: date
    at: datetime
    smallest: int


def first_day(connection: Connection) -> date | None:
    """Return the first day of the ledger."""
    found: date | None = connection.scalar(select(func.min(tally.c.day)))
    return found


def closed(connection: Connection) -> list[Closed]:
    """Return the months that were counted, newest first."""
    query = select(closing.c.month, closing.c.closed_at, closing.c.smallest).order_by(closing.c.month.desc())
    return [Closed(*row) for row in connection.execute(query)]


def belongs(connection: Connection) -> list[tuple[str, int]]:
    """Return (path of the unit, person) of all who have not left.

    Those who have are few, and taken out here: joining everybody to their row would take three times as long.
    """
    gone = set(connection.scalars(select(member.c.id).where(member.c.left_at.is_not(None))))
    paths = {row[0]: row[1] for row in connection.execute(select(unit.c.id, unit.c.path))}
    rows = connection.execute(select(membership.c.unit_id, membership.c.member_id)).all()
    return [(paths[unit_id], person) for unit_id, person in rows if person not in gone]


def deeds(connection: Connection, first: date, after: date) -> list[Deed]:
    """Return what each did by rule from one day to before another."""
    rows = connection.execute(
        select(tally.c.member_id, tally.c.rule, func.count(), func.sum(tally.c.points))
        .where(tally.c.day >= first, tally.c.day < after, tally.c.rule != MANUAL)
        .group_by(tally.c.member_id, tally.c.rule)
    ).all()
    return [Deed(row[0], row[1], row[2], int(row[3])) for row in rows]


def keep(connection: Connection, one: Closed, figures: Iterable[Figure]) -> bool:
    """Write a month's figures; False when it has some already."""
    row = connection.execute(
        insert_new(connection, closing)
        .values(month=one.month, closed_at=one.at, smallest=one.smallest)
        .returning(closing.c.month)
    ).first()
    if row is None:
        return False
    rows, parts = [], []
    for found in figures:
        values: dict[str, object] = {"participants": found.participants, "turns": found.turns, "points": found.points}
        key: dict[str, object] = {"month": one.month, "unit_id": found.unit_id}
        rows.append({**key, "people": found.people, "into_id": found.into, **values})
        parts += [
            {**key, "rule": rule, "turns": some.turns, "participants": some.participants}
            for rule, some in sorted(found.parts.items())
        ]
    for table, values_of in ((figure, rows), (part, parts)):
        if values_of:
            connection.execute(table.insert(), values_of)
    return True


def of_unit(connection: Connection, unit_id: int, limit: int) -> list[tuple[date, Figure]]:
    """Return the figures of one unit, newest month first."""
    query = _FIGURES.where(figure.c.unit_id == unit_id).order_by(figure.c.month.desc()).limit(limit)
    rows = connection.execute(query).all()
    parts: dict[date, dict[str, Part]] = {}
    months = [row[0] for row in rows]
    wanted = and_(part.c.unit_id == unit_id, part.c.month.in_(months))
    for month, rule, turns, people in connection.execute(
        select(part.c.month, part.c.rule, part.c.turns, part.c.participants).where(wanted)
    ):
        parts.setdefault(month, {})[rule] = Part(turns, people)
    return [(row[0], Figure(*row[1:], parts.get(row[0], {}))) for row in rows]


_FIGURES = select(
    figure.c.month,
    figure.c.unit_id,
    figure.c.people,
    figure.c.into_id,
    figure.c.participants,
    figure.c.turns,
    figure.c.points,
)


def of_month(connection: Connection, month: date, units: Sequence[int]) -> dict[int, Figure]:
    """Return the figures of some units in a month."""
    parts: dict[int, dict[str, Part]] = {}
    rows = connection.execute(
        select(part.c.unit_id, part.c.rule, part.c.turns, part.c.participants).where(
            part.c.month == month, part.c.unit_id.in_(list(units))
        )
    )
    for unit_id, rule, turns, people in rows:
        parts.setdefault(unit_id, {})[rule] = Part(turns, people)
    found = connection.execute(_FIGURES.where(figure.c.month == month, figure.c.unit_id.in_(list(units))))
    return {row[1]: Figure(*row[1:], parts.get(row[1], {})) for row in found}


def beneath(connection: Connection, path: str, depth: int, limit: int, offset: int) -> list[Unit]:
    """Return units beneath a path in the order of the tree. `depth`: right beneath it alone; 0: all, and itself."""
    query = select(*COLUMNS).where(unit.c.path.startswith(path, autoescape=True), unit.c.active)
    if depth:
        parent = int(path.rsplit("/", 2)[1])
        query = select(*COLUMNS).where(unit.c.parent_id == parent, unit.c.active)
    rows = connection.execute(query.order_by(unit.c.path).limit(limit).offset(offset))
    return [as_unit(tuple(row)) for row in rows]


def names(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Return the names of units by id."""
    query = select(unit.c.id, unit.c.name).where(unit.c.id.in_(list(numbers)))
    return {row[0]: row[1] for row in connection.execute(query)}
