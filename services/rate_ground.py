"""What figures are computed from: meetings that were held, obligations, activities, and who may be shown alone.

All sums are of whole numbers. Folding is decided for the whole organisation at once, so that no two views can be
subtracted from each other; meetings and obligations are looked up for the units that are asked for alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from domain import rate as rules
from domain.meeting import Held
from domain.member import Unit, UnitKind
from domain.obligation import Obligation
from domain.period import Cycle, Period, ending_between
from domain.rate import Owed, Rate
from domain.rate_fold import Cell, cells, fold, lineage
from services import obligation, rule
from services.work import Work
from storage import activity as activities
from storage import held as meetings
from storage import rate as table

PARTICIPATION, STANDARDISATION, ACTIVITY = "participation", "standardisation", "activity"
FIGURES = (PARTICIPATION, STANDARDISATION, ACTIVITY)
T = TypeVar("T", Held, Owed)


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that the figures of a period are computed from."""

    span: Period
    version: str
    units: Mapping[int, Unit]
    """All, those too that are no longer active."""
    held: Mapping[int, Sequence[Held]]
    """Unit -> what was held at it and beneath."""
    owed: Mapping[int, Sequence[Owed]]
    took_part: Mapping[str, frozenset[int]]
    """Path -> who of the unit took part in an activity; `eligible`: who could have."""
    eligible: Mapping[str, frozenset[int]]
    folds: Mapping[str, Mapping[int, int]]
    """Figure -> unit -> the unit that shows it; `near`: the same for who may see the list behind the figure."""
    near: Mapping[str, Mapping[int, int]]


def ground(work: Work, span: Period, top: Unit | None = None) -> Ground:
    """Look up what the figures of a unit and all beneath it come from (None: of all units)."""
    units = table.every_unit(work.connection)
    paths = {unit.id: unit.path for unit in units}
    within = [unit for unit in units if top is None or unit.within(top)]
    took_part, able = _activities(work, span)
    months = [_called(work, month) for month in ending_between(Cycle.MONTH, span.first, span.last)]
    small = {
        PARTICIPATION: cells(set[tuple[str, int]]().union(*months)),
        STANDARDISATION: cells(_by_branch(table.party(work.connection), units)),
        ACTIVITY: able,
    }
    least = work.organisation.smallest_group
    near = {figure: fold(some, least, complement=False) for figure, some in small.items()}
    folds = near | {
        PARTICIPATION: fold(small[PARTICIPATION], least, hidden=_hidden(months, least)),
        ACTIVITY: fold(able, least, distinct=True),
    }
    return Ground(
        span,
        f"{rules.DEFINITION} + {rule.book(work).version}",
        {unit.id: unit for unit in units},
        _at_and_beneath(_held(work, within, span), paths),
        _at_and_beneath(_obligations(work, within, span), paths),
        took_part,
        {cell.path: cell.people for cell in able},
        folds,
        near,
    )


def _hidden(months: Iterable[Iterable[tuple[str, int]]], least: int) -> frozenset[int]:
    """Return the units that some month hides: a longer time less its other months would show that month."""
    shown = [fold(cells(some), least) for some in months]
    return frozenset(unit for one in shown for unit, into in one.items() if into != unit)


def _at_and_beneath(rows: Iterable[T], paths: Mapping[int, str]) -> dict[int, list[T]]:
    found: dict[int, list[T]] = {}
    for row in rows:
        for number in numbers_above(paths[row.unit_id]):
            found.setdefault(number, []).append(row)
    return found


def numbers_above(path: str) -> list[int]:
    """Return the ids in a path, from the root down to the unit itself."""
    return [int(part) for part in path.split("/") if part]


def in_order(unit: Unit) -> list[int]:
    """Sort units as the tree was built: parents first, and the ninth before the tenth."""
    return numbers_above(unit.path)


def _by_branch(pairs: Iterable[tuple[str, int]], units: Iterable[Unit]) -> Iterator[tuple[str, int]]:
    """Give the people of a group to its branch: groups owe nothing of their own."""
    branches = {unit.path for unit in units if unit.kind is UnitKind.PARTY_BRANCH}
    for path, person in pairs:
        above = [one for one in lineage(path) if one in branches]
        yield (above[-1] if above else path), person


def _moments(work: Work, span: Period) -> tuple[datetime, datetime]:
    return work.organisation.start_of(span.first), work.organisation.start_of(span.last + timedelta(days=1))


def _called(work: Work, span: Period) -> set[tuple[str, int]]:
    return table.called(work.connection, *_moments(work, span), _keys(span))


def _keys(span: Period) -> list[str]:
    return [
        one.key for cycle in Cycle if cycle is not Cycle.TERM for one in ending_between(cycle, span.first, span.last)
    ]


def by_month(work: Work, unit: Unit, span: Period) -> list[tuple[Period, Rate | None]]:
    """Return the participation rate of a unit and all beneath it in each month, for who may see everybody's name there.

    None: too few people for a figure. A month in which nothing was held has an empty one.
    """
    everything, found = held(work, unit, span), []
    for month in ending_between(Cycle.MONTH, span.first, span.last):
        some = [one for one in everything if rules.day_counted(one, work.organisation.today(one.starts_at)) in month]
        rate = rules.participation(some)
        people = 0
        if not rate.empty:
            people = table.called_beneath(work.connection, unit.path, *_moments(work, month), _keys(month))
        found.append((month, rate if rate.empty or people >= work.organisation.smallest_group else None))
    return found


def _held(work: Work, within: Sequence[Unit], span: Period) -> list[Held]:
    rows = meetings.between(work.connection, [unit.id for unit in within], *_moments(work, span))
    return [one for one in rows if rules.day_counted(one, work.organisation.today(one.starts_at)) in span]


def held(work: Work, top: Unit, span: Period) -> list[Held]:
    """Return what was held in a period at a unit and beneath it."""
    return _held(work, [one for one in table.every_unit(work.connection) if one.within(top)], span)


def owed(work: Work, top: Unit, span: Period) -> list[Owed]:
    """Return what a unit and all beneath it owe, and that ends in a period."""
    return _obligations(work, [one for one in table.every_unit(work.connection) if one.within(top)], span)


def took_part(work: Work, top: Unit, span: Period) -> frozenset[int]:
    """Return who of a unit took part in an activity of a period, and could have."""
    over = activities.over_between(work.connection, ["/"], *_moments(work, span))
    people = table.at(work.connection, top.path, activities.participants(work.connection, [one.id for one in over]))
    return table.among(work.connection, {(one.audience_path, one.standings) for one in over}, people)


def _activities(work: Work, span: Period) -> tuple[dict[str, frozenset[int]], list[Cell]]:
    over = activities.over_between(work.connection, ["/"], *_moments(work, span))
    able = cells(table.eligible(work.connection, {(one.audience_path, one.standings) for one in over}))
    people = activities.participants(work.connection, [one.id for one in over])
    took_part = {cell.path: cell.people for cell in cells(table.places(work.connection, people))}
    return took_part, able


def _obligations(work: Work, within: Sequence[Unit], span: Period) -> list[Owed]:
    """Return what these units owe and that ends in a period.

    Kind by kind: what lies beneath a unit that is asked for counts as its own, unless it is asked for beside it.
    """
    kinds = {kind for pack in rule.book(work).packs for one in pack.rules for kind in one.units}
    found = []
    for kind in sorted(kinds):
        some = [unit for unit in within if unit.kind is kind]
        found += [_owed(one) for one in obligation.of_units(work, some, span.first, span.last)]
    return found


def _owed(one: Obligation) -> Owed:
    period, state = one.period, one.state.value
    return Owed(
        one.unit_id, one.rule.id, period.key, period.last, state, one.due, one.rule.hard, one.recorded, one.missing
    )
