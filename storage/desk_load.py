"""What those who oversee are counted: the load of officers, categories, weeks, how long first answers took.

Every question is bounded: by what is open, by a time with an index, or by a number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from domain.demand import OPEN
from storage.demand import DUE, WARNS, demand
from storage.unit import unit

_OPEN = demand.c.state.in_([state.value for state in OPEN])
_PLACED = demand.outerjoin(unit, unit.c.id == demand.c.unit_id)


class Kind(NamedTuple):
    """Counts of one category."""

    category: str
    askers: int
    """So many people are behind the others."""
    filed: int
    open: int
    near: int
    over: int


def _seen(paths: Sequence[str]) -> ColumnElement[bool]:
    """Take what lies at units beneath these paths, and what lies nowhere: that is everybody's who oversees."""
    return or_(demand.c.unit_id.is_(None), *(unit.c.path.startswith(path, autoescape=True) for path in paths))


def loads(connection: Connection, now: datetime, paths: Sequence[str]) -> list[tuple[int, int, int, int, int]]:
    """Return (officer, unit, open, near a limit, past one) of all who have open demands there."""
    rows = connection.execute(
        select(
            demand.c.officer_id,
            demand.c.unit_id,
            func.count(),
            func.count().filter(and_(now >= WARNS, now < DUE)),
            func.count().filter(now >= DUE),
        )
        .select_from(_PLACED)
        .where(_OPEN, demand.c.officer_id.is_not(None), demand.c.unit_id.is_not(None), _seen(paths))
        .group_by(demand.c.officer_id, demand.c.unit_id)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def first_answers(
    connection: Connection, since: datetime, paths: Sequence[str], limit: int
) -> list[tuple[int | None, int | None, str, datetime, datetime]]:
    """Return (officer, unit, category, filed, first answered) of the newest that were never opened again."""
    columns = (demand.c.officer_id, demand.c.unit_id, demand.c.category, demand.c.filed_at, demand.c.answered_at)
    rows = connection.execute(
        select(*columns)
        .select_from(_PLACED)
        .where(demand.c.filed_at >= since, demand.c.answered_at.is_not(None), demand.c.round == 1, _seen(paths))
        .order_by(demand.c.filed_at.desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def kinds(connection: Connection, now: datetime, since: datetime, paths: Sequence[str]) -> list[Kind]:
    """Return counts by category of what is open or was filed since."""
    rows = connection.execute(
        select(
            demand.c.category,
            func.count(demand.c.author_id.distinct()),
            func.count().filter(demand.c.filed_at >= since),
            func.count().filter(_OPEN),
            func.count().filter(and_(_OPEN, now >= WARNS, now < DUE)),
            func.count().filter(and_(_OPEN, now >= DUE)),
        )
        .select_from(_PLACED)
        .where(or_(_OPEN, demand.c.filed_at >= since), _seen(paths))
        .group_by(demand.c.category)
    )
    return [Kind(*row) for row in rows]


def between(connection: Connection, column: str, moments: Sequence[datetime], paths: Sequence[str]) -> tuple[int, ...]:
    """Return how many have this time (`filed_at` or `closed_at`) between each two of these moments, in their order."""
    at = demand.c[column]
    spans = [func.count().filter(and_(at >= first, at < last)) for first, last in pairwise(moments)]
    row = connection.execute(
        select(*spans).select_from(_PLACED).where(at >= moments[0], at < moments[-1], _seen(paths))
    ).one()
    return tuple(row)
