"""An officer's demands as a list to be filtered, searched and turned; counts by state and by rating."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, false, func, or_, select

from domain.demand import OPEN, Case, State
from storage.demand import DUE, FIRST_ANSWER, WARNS, as_case, demand
from storage.unit import unit

_OPEN = demand.c.state.in_([state.value for state in OPEN])


@dataclass(frozen=True, slots=True)
class Wish:
    """What an officer wants to see: demands at units beneath these paths, in these states, with these words in them."""

    officer_id: int
    paths: tuple[str, ...]
    states: tuple[State, ...]
    words: str = ""
    near: datetime | None = None
    """Only those whose next limit was near or past at this moment."""


def _where(query: Select[Any], wish: Wish) -> Select[Any]:
    lies = or_(false(), *(unit.c.path.startswith(path, autoescape=True) for path in wish.paths))
    states = [state.value for state in wish.states]
    conditions: list[ColumnElement[bool]] = [
        demand.c.officer_id == wish.officer_id,
        demand.c.state.in_(states),
        lies,
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
    return query.select_from(demand.join(unit, unit.c.id == demand.c.unit_id)).where(*conditions)


def listed(connection: Connection, wish: Wish, limit: int, offset: int) -> list[tuple[Case, datetime | None]]:
    """Return a part of the list, each with its first answer: open ones by least time left, others newest first."""
    order = (DUE, demand.c.id) if set(wish.states) <= set(OPEN) else (demand.c.id.desc(),)
    query = _where(select(demand, FIRST_ANSWER.label("first_answer")), wish).order_by(*order)
    return [(as_case(row), row.first_answer) for row in connection.execute(query.limit(limit).offset(offset))]


def counted(connection: Connection, wish: Wish) -> dict[State, int]:
    """Return how many there are in each of the states."""
    rows = connection.execute(_where(select(demand.c.state, func.count()), wish).group_by(demand.c.state))
    return {State(row[0]): row[1] for row in rows}


def ratings(connection: Connection, wish: Wish) -> dict[str, int]:
    """Return how many were rated how; those without a rating under an empty word."""
    rows = connection.execute(_where(select(demand.c.rating, func.count()), wish).group_by(demand.c.rating))
    return {row[0] or "": row[1] for row in rows}
