"""Figures of organisational life: what is shown of a unit and a period, to whom, and the list behind each figure.

Groups under five are folded for everybody. A larger one that would betray a small one beside it is folded in tables,
and for whoever may not see the names there: for a secretary, who has the list, hiding her own branch's sum would
protect nobody. Obligations are not persons: of them small branches alone are folded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from domain import rate as rules
from domain.member import Unit
from domain.period import Cycle, Period, period_of
from domain.permission import Action, Grant, allows
from domain.rate import Owed, Rate, read_span
from domain.refusal import Refusal
from services import permission
from services import rule as rulebook
from services import words as speech
from services.rate_ground import (
    ACTIVITY,
    PARTICIPATION,
    STANDARDISATION,
    held,
    in_order,
    numbers_above,
    owed,
    took_part,
)
from services.rate_kept import Measured, measure
from services.work import Work
from storage import rate as table
from storage import unit as units

_LISTS = {
    PARTICIPATION: (Action.PLAN_MEETINGS, Action.SET_OBLIGATIONS),
    STANDARDISATION: (Action.PLAN_MEETINGS, Action.SET_OBLIGATIONS),
    ACTIVITY: (Action.PLAN_ACTIVITIES,),
}
"""Who may see the list behind a figure: whoever may do one of these at the unit."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure, or the unit in whose figure it is contained because its own would be of too few people."""

    rate: Rate | None
    into: Unit | None = None
    """None beside no rate: there is no unit above with enough people either."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is shown of a unit in a period; `types` are the parts of the standardisation rate, by rule and period."""

    unit: Unit
    span: Period
    rates: Mapping[str, Shown]
    types: Mapping[tuple[str, str], Rate] = field(default_factory=dict)


def shown(found: Measured, unit: Unit, near: Collection[str] = ()) -> Figures:
    """Return what may be shown of a unit. `near`: the figures whose lists this reader may see at it."""
    rates: dict[str, Shown] = {}
    for figure, rate in found.rates[unit.id].items():
        into = (found.near if figure in near else found.folds)[figure].get(unit.id, unit.id)
        rates[figure] = Shown(rate, unit) if into == unit.id else Shown(None, found.units.get(into))
    types = found.types[unit.id] if rates[STANDARDISATION].rate is not None else {}
    return Figures(unit, found.span, rates, types)


def by_type(figures: Figures) -> dict[str, Rate]:
    """Return the parts of the standardisation rate by rule, all periods together."""
    found: dict[str, Rate] = {}
    for (rule, _), part in sorted(figures.types.items()):
        found[rule] = found.get(rule, Rate()) + part
    return found


def places(work: Work, member_id: int) -> list[Unit]:
    """Return the highest units whose figures this person may see."""
    return permission.scope(work, member_id, Action.SEE_UNIT_FIGURES)


def place(work: Work, member_id: int, unit_id: int) -> Unit:
    """Return a unit whose figures this person may see (0: the first of them); raises the refusal for any other."""
    if not unit_id:
        own = places(work, member_id)
        if not own:
            raise Refusal("rate.not_yours")
        return own[0]
    unit = units.get(work.connection, unit_id)
    if unit is None or not permission.may(work, member_id, Action.SEE_UNIT_FIGURES, unit):
        raise Refusal("rate.not_yours")
    return unit


def read_period(work: Work, words: str) -> Period:
    """Return the period that is meant (nothing: this quarter); raises the refusal when it can't be read."""
    span = read_span(words) if words else period_of(Cycle.QUARTER, work.today)
    if span is None:
        raise Refusal("rate.no_period", words=words[:20])
    return span


MOST = 300
"""The figures of more units are not computed in a chat, where everybody else would wait: the command line has them."""


def is_large(work: Work, unit: Unit) -> bool:
    """Whether too many units lie beneath it for a chat."""
    return len(units.beneath(work.connection, unit.path)) > MOST


def _demand_few(work: Work, unit: Unit, span: Period) -> None:
    if is_large(work, unit):
        raise Refusal("rate.too_many", unit=unit.name, most=MOST, period=span.key)


def chat_place(work: Work, member_id: int, unit_id: int, period: str) -> tuple[Unit, Period]:
    """Return a unit and a period whose figures are computed in a chat; raises the refusal for any other."""
    unit, span = place(work, member_id, unit_id), read_period(work, period)
    _demand_few(work, unit, span)
    return unit, span


def figures(work: Work, member_id: int, unit_id: int, period: str) -> Figures:
    """Return what is shown of one of this person's units."""
    unit, span = chat_place(work, member_id, unit_id, period)
    return shown(measure(work, span, unit), unit, lists(work, member_id, unit))


def beneath(work: Work, member_id: int, unit_id: int, period: str) -> tuple[Unit, list[Figures]]:
    """Return one of this person's units and the figures of the units right beneath it, in the order of the tree.

    Of a large one there are the names of these alone.
    """
    unit, span = place(work, member_id, unit_id), read_period(work, period)
    below = [one for one in units.beneath(work.connection, unit.path) if _right_beneath(one, unit)]
    below.sort(key=in_order)
    if is_large(work, unit):
        return unit, [Figures(one, span, {}) for one in below]
    found = measure(work, span, unit)
    return unit, [shown(found, one, lists(work, member_id, one)) for one in below]


def together(
    work: Work, member_id: int, found: Measured, unit: Unit, limit: int, offset: int
) -> tuple[Figures, list[Figures]]:
    """Return the figures of one of this person's units, and of a slice of those right beneath it."""
    grants = permission.grants_of(work, member_id)
    below = [one for one in units.beneath(work.connection, unit.path) if _right_beneath(one, unit)]
    below.sort(key=in_order)
    # A unit that is newer than what is kept has no figures yet.
    some = [one for one in below[offset : offset + limit] if one.id in found.rates]
    return shown(found, unit, _lists(grants, unit)), [shown(found, one, _lists(grants, one)) for one in some]


def above(work: Work, member_id: int, unit: Unit) -> Unit | None:
    """Return the unit right above one, when this person may see its figures too."""
    numbers = numbers_above(unit.path)[:-1]
    found = units.get(work.connection, numbers[-1]) if numbers else None
    allowed = found is not None and permission.may(work, member_id, Action.SEE_UNIT_FIGURES, found)
    return found if allowed else None


def _right_beneath(one: Unit, unit: Unit) -> bool:
    return one.path.rsplit("/", 2)[0] + "/" == unit.path


def lists(work: Work, member_id: int, unit: Unit) -> list[str]:
    """Return the figures whose lists this person may see at this unit."""
    return _lists(permission.grants_of(work, member_id), unit)


def _lists(grants: Iterable[Grant], unit: Unit) -> list[str]:
    return [
        figure for figure, actions in _LISTS.items() if any(allows(grants, action, unit.path) for action in actions)
    ]


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of a list: somebody with two counts, or an obligation that is due and not met with what it lacks."""

    name: str
    came: int = 0
    asked: int = 0
    rule: str = ""
    period: str = ""
    missing: tuple[str, ...] = ()


def behind(work: Work, member_id: int, unit_id: int, period: str, figure: str) -> tuple[Unit, Period, list[Listed]]:
    """Return the list behind a figure, by name or in the order of the tree, for who may see it there."""
    unit, span = place(work, member_id, unit_id), read_period(work, period)
    if figure not in lists(work, member_id, unit):
        raise Refusal("rate.no_list", unit=unit.name)
    _demand_few(work, unit, span)
    if figure == PARTICIPATION:
        counted = [one.meeting_id for one in held(work, unit, span) if rules.counts(one)]
        rows = speech.in_order(table.attendance(work.connection, counted), lambda one: one.name)
        return unit, span, [Listed(one.name, one.came, one.asked) for one in rows]
    if figure == STANDARDISATION:
        failed, known = [one for one in owed(work, unit, span) if rules.failed(one)], _known(work, unit)
        failed.sort(key=lambda one: (in_order(known[one.unit_id]), one.last, one.rule))
        return unit, span, [_lacking(known[one.unit_id], one) for one in failed]
    took = took_part(work, unit, span)
    return unit, span, [Listed(name) for name in speech.in_order(table.names(work.connection, took), str)]


def _known(work: Work, unit: Unit) -> dict[int, Unit]:
    return {one.id: one for one in table.every_unit(work.connection) if one.within(unit)}


def _lacking(unit: Unit, one: Owed) -> Listed:
    return Listed(unit.name, rule=one.rule, period=one.period, missing=one.missing or (one.state,))


def rule_name(work: Work, language: str, rule: str) -> str:
    """Return what a rule is called, whenever it was in force."""
    named = [one.name.said(language) for pack in rulebook.book(work).packs for one in pack.rules if one.id == rule]
    return named[-1] if named else rule
