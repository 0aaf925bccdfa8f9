"""What those who oversee are counted: the load of officers, categories, weeks, how long first answers took.

Every question is bounded: by what is open, by a time with an index, or by a number of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, false, func, literal, or_, select, true, union_all

from domain.demand import OPEN
from storage.demand import DUE, WARNS, demand
from storage.member import member, membership
from storage.unit import unit

_MEMBERSHIPS = 20
"""Nobody belongs to more units."""
_OPEN = demand.c.state.in_([state.value for state in OPEN])


class Kind(NamedTuple):
    """Counts of one category."""

    askers: int
    """At least so many people are behind the others."""
    filed: int
    open: int
    near: int
    over: int


class Answer(NamedTuple):
    """How long a demand, in whose hands it is now, waited for its first answer."""

    officer_id: int | None
    unit_id: int | None
    category: str
    filed_at: datetime
    answered_at: datetime


def _is_root(path: str) -> bool:
    """Answer whether everything lies beneath a path: it names one unit."""
    return path.strip("/").isdigit()


def _seen(paths: Sequence[str]) -> ColumnElement[bool]:
    """Take what lies at units beneath these paths, and what lies nowhere: that is everybody's who oversees."""
    if any(_is_root(path) for path in paths):
        return true()
    beneath = select(unit.c.id).where(or_(false(), *(unit.c.path.startswith(path, autoescape=True) for path in paths)))
    return or_(demand.c.unit_id.is_(None), demand.c.unit_id.in_(beneath))


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
        .where(_OPEN, demand.c.officer_id.is_not(None), demand.c.unit_id.is_not(None), _seen(paths))
        .group_by(demand.c.officer_id, demand.c.unit_id)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def first_answers(connection: Connection, since: datetime, paths: Sequence[str], limit: int) -> list[Answer]:
    """Return the first answers of the newest demands that were never opened again, of those filed since."""
    columns = (demand.c.officer_id, demand.c.unit_id, demand.c.category, demand.c.filed_at, demand.c.answered_at)
    rows = connection.execute(
        select(*columns)
        .where(demand.c.filed_at >= since, demand.c.answered_at.is_not(None), demand.c.round == 1, _seen(paths))
        .order_by(demand.c.filed_at.desc())
        .limit(limit)
    )
    return [Answer(*row) for row in rows]


def kinds(connection: Connection, now: datetime, since: datetime, paths: Sequence[str]) -> dict[str, Kind]:
    """Return counts by category of what was filed since (from an index alone), and of what is open."""
    category, askers = demand.c.category, func.count(demand.c.author_id.distinct())
    near, over = and_(now >= WARNS, now < DUE), now >= DUE
    counts = (askers, func.count(), func.count().filter(near), func.count().filter(over))
    opened = connection.execute(select(category, *counts).where(_OPEN, _seen(paths)).group_by(category))
    found = {row[0]: Kind(row[1], 0, *row[2:]) for row in opened}
    lately = connection.execute(
        select(category, askers, func.count()).where(demand.c.filed_at >= since, _seen(paths)).group_by(category)
    )
    for code, people_, filed in lately:
        before = found.get(code, Kind(0, 0, 0, 0, 0))
        # Who is behind both is not counted twice: perhaps too few are counted, never too many.
        found[code] = before._replace(askers=max(before.askers, people_), filed=filed)
    return found


def between(
    connection: Connection, column: str, moments: Sequence[datetime], paths: Sequence[str]
) -> list[tuple[int, int]]:
    """Return (how many, of how many people) have this time between each two of these moments, in their order.

    `column`: `filed_at` or `closed_at`. Each is a stretch of an index.
    """
    at, seen = demand.c[column], _seen(paths)
    spans = [
        select(
            literal(place).label("place"),
            func.count().label("count"),
            func.count(demand.c.author_id.distinct()).label("askers"),
        ).where(at >= first, at < last, seen)
        for place, (first, last) in enumerate(pairwise(moments))
    ]
    rows = connection.execute(union_all(*spans))
    return [(count, askers) for _, count, askers in sorted(tuple(row) for row in rows)]


def askers(
    connection: Connection, column: str, spans: Mapping[int, tuple[datetime, datetime]], paths: Sequence[str]
) -> dict[int, set[int]]:
    """Return by place the people whose demands have this time between these moments; asked only where they are few."""
    at, seen, found = demand.c[column], _seen(paths), dict[int, set[int]]()
    pieces = [
        select(literal(place), demand.c.author_id).where(at >= first, at < last, seen).distinct()
        for place, (first, last) in spans.items()
    ]
    for place, author in connection.execute(union_all(*pieces)) if pieces else ():
        found.setdefault(place, set()).add(author)
    return found


def people(connection: Connection, paths: Sequence[str], most: int) -> int:
    """Return how many belong to units beneath these paths, if they are fewer than `most`: else about so many."""
    beneath = select(unit.c.id).where(or_(false(), *(unit.c.path.startswith(path, autoescape=True) for path in paths)))
    some = (
        select(membership.c.member_id)
        .join(member, member.c.id == membership.c.member_id)
        .where(membership.c.unit_id.in_(beneath), member.c.left_at.is_(None))
        .limit(most * _MEMBERSHIPS)
        .subquery()
    )
    return connection.scalar(select(func.count(some.c.member_id.distinct()))) or 0
