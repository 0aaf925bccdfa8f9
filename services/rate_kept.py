"""Figures of a large organisation, worked out once for all who look, and kept for a while with the moment they are of.

Folding looks at everybody, wherever the unit that is asked for lies: in a group of a hundred thousand people that takes
seconds. What is kept are counts of units, no person; it lives in the memory of this process alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from domain import rate as rules
from domain.member import Unit
from domain.period import Period
from domain.rate import Owed, Rate
from services import rule as rulebook
from services.rate_ground import ACTIVITY, PARTICIPATION, STANDARDISATION, Ground, ground
from services.work import Work
from storage import rate as table

FRESH = timedelta(minutes=10)
"""Worked out anew when somebody looks after this;"""
SHOWN = timedelta(hours=2)
"""until this, what is kept is shown meanwhile."""
MANY_UNITS, MANY_PEOPLE = 300, 3_000
"""Beyond either, figures are worked out beside the page."""
SPANS = 12
"""So many periods are kept."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of all units of a period (or of those at and beneath one), before anybody looks at them."""

    span: Period
    units: Mapping[int, Unit]
    rates: Mapping[int, Mapping[str, Rate]]
    types: Mapping[int, Mapping[tuple[str, str], Rate]]
    """The parts of the standardisation rate, by rule and period."""
    folds: Mapping[str, Mapping[int, int]]
    near: Mapping[str, Mapping[int, int]]
    at: datetime


_kept: WeakKeyDictionary[Engine, OrderedDict[tuple[Period, str, int], Measured]] = WeakKeyDictionary()
_door = Lock()


def measure(work: Work, span: Period, top: Unit | None = None) -> Measured:
    """Work out the figures of a unit and all beneath it (None: of all units)."""
    found = ground(work, span, top)
    within = [unit for unit in found.units.values() if top is None or unit.within(top)]
    return Measured(
        span,
        found.units,
        {unit.id: _rates(found, unit) for unit in within},
        {unit.id: _types(found, unit) for unit in within},
        found.folds,
        found.near,
        work.now,
    )


def _rates(found: Ground, unit: Unit) -> dict[str, Rate]:
    took_part, able = (side.get(unit.path, frozenset()) for side in (found.took_part, found.eligible))
    return {
        PARTICIPATION: rules.participation(found.held.get(unit.id, []), found.version),
        STANDARDISATION: rules.standardisation(found.owed.get(unit.id, []), found.version),
        ACTIVITY: rules.activity(took_part, able, rules.DEFINITION),
    }


def _types(found: Ground, unit: Unit) -> dict[tuple[str, str], Rate]:
    parts: dict[tuple[str, str], list[Owed]] = {}
    for one in found.owed.get(unit.id, []):
        parts.setdefault((one.rule, one.period), []).append(one)
    return {key: rules.standardisation(some, found.version) for key, some in sorted(parts.items())}


def is_large(work: Work) -> bool:
    """Answer whether figures of this organisation take longer than a page may."""
    return table.has_more(work.connection, MANY_UNITS, MANY_PEOPLE)


def kept(work: Work, span: Period) -> tuple[Measured | None, bool]:
    """Return what is kept of a period, if anything that may be shown is, and whether it is still fresh."""
    with _door:
        found = _kept.get(work.connection.engine, OrderedDict()).get(_key(work, span))
    if found is None or not timedelta(0) <= work.now - found.at < SHOWN:
        return None, False
    if work.organisation.today(found.at) != work.today:
        return None, False
    return found, work.now - found.at < FRESH


def keep(work: Work, span: Period) -> None:
    """Work out all figures of a period and keep them, unless somebody else has just done so."""
    if kept(work, span)[1]:
        return
    found = measure(work, span)
    with _door:
        spans = _kept.setdefault(work.connection.engine, OrderedDict())
        spans[_key(work, span)] = found
        spans.move_to_end(_key(work, span))
        while len(spans) > SPANS:
            spans.popitem(last=False)


def _key(work: Work, span: Period) -> tuple[Period, str, int]:
    return span, rulebook.book(work).version, work.organisation.smallest_group
