"""An officer's demands as a list to be filtered, searched and turned, and counted by state and by rating.

Counts come from an index alone. A search reads the words of one officer's demands, once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from domain.demand import OPEN, Case, State
from storage.demand import DUE, FIRST_ANSWER, WARNS, as_case, demand

_OPEN = demand.c.state.in_([state.value for state in OPEN])


@dataclass(frozen=True, slots=True)
class Wish:
    """What an officer wants to see: demands at these units, in these states, with these words in them."""

    officer_id: int
    units: tuple[int, ...]
    states: tuple[State, ...]
    words: str = ""
    near: datetime | None = None
    """Only those whose next limit was near or past at this moment."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many demands of an officer lie at a unit in a state, rated so (empty: not)."""

    unit_id: int
    state: State
    rating: str
    count: int


def tallies(connection: Connection, officer_id: int) -> list[Tally]:
    """Return all that lies on an officer's desk, counted; what lies at no unit is on no desk."""
    columns = (demand.c.unit_id, demand.c.state, demand.c.rating)
    rows = connection.execute(
        select(*columns, func.count())
        .where(demand.c.officer_id == officer_id, demand.c.unit_id.is_not(None))
        .group_by(*columns)
    )
    return [Tally(row[0], State(row[1]), row[2] or "", row[3]) for row in rows]


def _where(query: Select[Any], wish: Wish) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [
        demand.c.officer_id == wish.officer_id,
        demand.c.state.in_([state.value for state in wish.states]),
        demand.c.unit_id.in_(wish.units),
    ]
    if wish.words:
        conditions.append(
            or_(
                demand.c.number.icontains(wish.words, autoescape=True),
                demand.c.text.icontains(wish.words, autoescape=True),
            )
        )
    if wish.near is not None:
        conditions.append(wish.near >= WARNS)
    return query.where(*conditions)


def _ordered(query: Select[Any], wish: Wish) -> Select[Any]:
    """Put open ones by least time left, others newest first."""
    return query.order_by(*((DUE, demand.c.id) if set(wish.states) <= set(OPEN) else (demand.c.id.desc(),)))


def found(connection: Connection, wish: Wish) -> list[int]:
    """Return the ids of all that a search finds, in the order of the list."""
    return list(connection.scalars(_ordered(_where(select(demand.c.id), wish), wish)))


def some(connection: Connection, numbers: list[int]) -> list[Case]:
    """Return these, in this order."""
    rows = connection.execute(select(demand).where(demand.c.id.in_(numbers)))
    by_id = {row.id: as_case(row) for row in rows}
    return [by_id[number] for number in numbers if number in by_id]


def listed(connection: Connection, wish: Wish, limit: int, offset: int) -> list[Case]:
    """Return a part of the list."""
    query = _ordered(_where(select(demand), wish), wish).limit(limit).offset(offset)
    return [as_case(row) for row in connection.execute(query)]


def exported(connection: Connection, wish: Wish, limit: int) -> list[tuple[Case, datetime | None]]:
    """Return the list, each with its very first answer."""
    query = _ordered(_where(select(demand, FIRST_ANSWER.label("first_answer")), wish), wish).limit(limit)
    return [(as_case(row), row.first_answer) for row in connection.execute(query)]


def count(connection: Connection, wish: Wish) -> int:
    """Return how many the list has."""
    return connection.scalar(_where(select(func.count()).select_from(demand), wish)) or 0
