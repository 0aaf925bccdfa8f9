"""Figures of organisational life: of a unit and a period, from what was held, what was due and who took part.

All sums are of whole numbers. Folding is decided for the whole organisation at once, so that no two views can be
subtracted from each other. Groups under five are folded for everybody; a larger one that would betray a small one
beside it is folded in tables, and for whoever may not see the names there: for a secretary, who has the list, hiding
her own branch's sum would protect nobody. Obligations are not persons: of them small branches alone are folded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from domain import rate as rules
from domain.meeting import Held
from domain.member import Unit, UnitKind
from domain.obligation import Obligation
from domain.period import Cycle, Period, period_of
from domain.permission import Action, allows
from domain.rate import Owed, Rate, read_span
from domain.rate_fold import Cell, cells, fold, lineage
from domain.refusal import Refusal
from services import obligation, permission
from services import rule as rulebook
from services.work import Work
from storage import activity as activities
from storage import held as meetings
from storage import rate as table
from storage import unit as units

PARTICIPATION, STANDARDISATION, ACTIVITY = "participation", "standardisation", "activity"
FIGURES = (PARTICIPATION, STANDARDISATION, ACTIVITY)
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


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that the figures of a period are computed from, once for all units."""

    span: Period
    units: Mapping[str, Unit]
    """By path."""
    held: Sequence[Held]
    obligations: Sequence[Owed]
    took_part: Mapping[str, frozenset[int]]
    """Path -> who of the unit took part in an activity; `eligible`: who could have."""
    eligible: Mapping[str, frozenset[int]]
    folds: Mapping[str, Mapping[int, int]]
    """Figure -> unit -> the unit that shows it; `near`: the same for who may see the list behind the figure."""
    near: Mapping[str, Mapping[int, int]]
    rates: Mapping[str, Mapping[int, Rate]]
    types: Mapping[int, Mapping[tuple[str, str], Rate]]


def ground(work: Work, span: Period, top: Unit | None = None) -> Ground:
    """Look everything up. Obligations are computed for `top` and beneath alone (None: for all)."""
    everything = table.every_unit(work.connection)
    paths = {unit.id: path for path, unit in everything.items()}
    held = _held(work, list(paths), span)
    counted = [one.meeting_id for one in held if one.kind in rules.REQUIRED and one.signed_in]
    took_part, able = _activities(work, span)
    within = units.beneath(work.connection, top.path if top else "/")
    obligations = _obligations(work, within, span)
    called, party = (
        cells(table.called(work.connection, counted)),
        cells(_by_branch(table.party(work.connection), everything)),
    )
    least, version = work.organisation.smallest_group, _version(work)
    small = {PARTICIPATION: called, STANDARDISATION: party, ACTIVITY: able}
    near = {figure: fold(units_of, least, complement=False) for figure, units_of in small.items()}
    folds = near | {PARTICIPATION: fold(called, least), ACTIVITY: fold(able, least, distinct=True)}
    types = _typed(obligations, paths, version)
    rates = {
        PARTICIPATION: _attended(held, paths, version),
        STANDARDISATION: {unit_id: rules.total(parts.values()) for unit_id, parts in types.items()},
        ACTIVITY: {
            cell.unit_id: rules.activity(took_part.get(cell.path, frozenset()), cell.people, rules.DEFINITION)
            for cell in able
        },
    }
    eligible = {cell.path: cell.people for cell in able}
    return Ground(span, everything, held, obligations, took_part, eligible, folds, near, rates, types)


def _by_branch(pairs: Iterable[tuple[str, int]], known: Mapping[str, Unit]) -> Iterator[tuple[str, int]]:
    """Give the people of a group to its branch: groups owe nothing of their own."""
    for path, person in pairs:
        above = [one for one in lineage(path) if one in known and known[one].kind is UnitKind.PARTY_BRANCH]
        yield (above[-1] if above else path), person


def _held(work: Work, numbers: Sequence[int], span: Period) -> list[Held]:
    first = work.organisation.start_of(span.first)
    until = work.organisation.start_of(span.last + timedelta(days=1))
    rows = meetings.between(work.connection, numbers, first, until)
    return [one for one in rows if rules.day_counted(one, work.organisation.today(one.starts_at)) in span]


def _activities(work: Work, span: Period) -> tuple[dict[str, frozenset[int]], list[Cell]]:
    first = work.organisation.start_of(span.first)
    until = work.organisation.start_of(span.last + timedelta(days=1))
    over = activities.over_between(work.connection, ["/"], first, until)
    able = cells(table.eligible(work.connection, {(one.audience_path, one.standings) for one in over}))
    people = activities.participants(work.connection, [one.id for one in over])
    took_part = {cell.path: cell.people for cell in cells(table.places(work.connection, people))}
    return took_part, able


def _obligations(work: Work, within: Sequence[Unit], span: Period) -> list[Owed]:
    """Return what these units owe and that ends in a period.

    Kind by kind: what lies beneath a unit that is asked for counts as its own, unless it is asked for beside it.
    """
    kinds = {kind for pack in rulebook.book(work).packs for rule in pack.rules for kind in rule.units}
    found = []
    for kind in sorted(kinds):
        some = [unit for unit in within if unit.kind is kind]
        found += [_owed(one) for one in obligation.of_units(work, some, span.first, span.last)]
    return found


def _owed(one: Obligation) -> Owed:
    rule, period, state = one.rule, one.period, one.state.value
    return Owed(
        one.unit_id, rule.id, period.key, period.last, state, one.due, rule.hard, one.recorded, missing=one.missing
    )


def _version(work: Work) -> str:
    return f"{rules.DEFINITION} + {rulebook.book(work).version}"


def _attended(held: Iterable[Held], paths: Mapping[int, str], version: str) -> dict[int, Rate]:
    by_unit: dict[int, list[Held]] = {}
    for one in held:
        by_unit.setdefault(one.unit_id, []).append(one)
    found: dict[int, Rate] = {}
    for unit_id, rows in by_unit.items():
        own = rules.participation(rows, version)
        for above in _above(paths[unit_id]):
            found[above] = found.get(above, Rate()) + own
    return found


def _typed(
    obligations: Iterable[Owed], paths: Mapping[int, str], version: str
) -> dict[int, dict[tuple[str, str], Rate]]:
    own: dict[tuple[int, str, str], list[Owed]] = {}
    for one in obligations:
        own.setdefault((one.unit_id, one.rule, one.period), []).append(one)
    found: dict[int, dict[tuple[str, str], Rate]] = {}
    for (unit_id, rule, period), rows in own.items():
        part = rules.standardisation(rows, version)
        for above in _above(paths[unit_id]):
            parts = found.setdefault(above, {})
            parts[rule, period] = parts.get((rule, period), Rate()) + part
    return found


def _above(path: str) -> list[int]:
    return [int(one.rsplit("/", 2)[1]) for one in lineage(path)]


def shown(found: Ground, unit: Unit, near: Collection[str] = ()) -> Figures:
    """Return what may be shown of a unit. `near`: the figures whose lists this reader may see at it."""
    by_id = {one.id: one for one in found.units.values()}
    rates: dict[str, Shown] = {}
    for figure in FIGURES:
        into = (found.near if figure in near else found.folds)[figure].get(unit.id, unit.id)
        rate = found.rates[figure].get(unit.id, Rate())
        rates[figure] = Shown(rate, unit) if into == unit.id else Shown(None, by_id.get(into))
    parts = found.types.get(unit.id, {}) if rates[STANDARDISATION].rate is not None else {}
    return Figures(unit, found.span, rates, parts)


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


def figures(work: Work, member_id: int, unit_id: int, period: str) -> Figures:
    """Return what is shown of one of this person's units."""
    unit, span = place(work, member_id, unit_id), read_period(work, period)
    return shown(ground(work, span, unit), unit, lists(work, member_id, unit))


def beneath(work: Work, member_id: int, unit_id: int, period: str) -> tuple[Unit, list[Figures]]:
    """Return one of this person's units and the figures of the units right beneath it, in the order of the tree."""
    unit, span = place(work, member_id, unit_id), read_period(work, period)
    below = [one for one in units.beneath(work.connection, unit.path) if _right_beneath(one, unit)]
    found = ground(work, span, unit)
    below.sort(key=in_order)
    return unit, [shown(found, one, lists(work, member_id, one)) for one in below]


def above(work: Work, member_id: int, unit: Unit) -> Unit | None:
    """Return the unit right above one, when this person may see its figures too."""
    numbers = _above(unit.path)[:-1]
    found = units.get(work.connection, numbers[-1]) if numbers else None
    allowed = found is not None and permission.may(work, member_id, Action.SEE_UNIT_FIGURES, found)
    return found if allowed else None


def in_order(unit: Unit) -> list[int]:
    """Sort units as the tree was built: parents first, and the ninth before the tenth."""
    return _above(unit.path)


def _right_beneath(one: Unit, unit: Unit) -> bool:
    return one.path.rsplit("/", 2)[0] + "/" == unit.path


def lists(work: Work, member_id: int, unit: Unit) -> list[str]:
    """Return the figures whose lists this person may see at this unit."""
    grants = permission.grants_of(work, member_id)
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
    found = ground(work, span, unit)
    by_id = {one.id: one for one in found.units.values() if one.within(unit)}
    if figure == PARTICIPATION:
        counted = [
            one.meeting_id
            for one in found.held
            if one.unit_id in by_id and one.kind in rules.REQUIRED and one.signed_in
        ]
        rows = table.attendance(work.connection, counted)
        return unit, span, [Listed(one.name, one.came, one.asked) for one in rows]
    if figure == STANDARDISATION:
        failed = [one for one in found.obligations if one.unit_id in by_id and rules.failed(one)]
        failed.sort(key=lambda one: (in_order(by_id[one.unit_id]), one.last, one.rule))
        return unit, span, [_lacking(by_id[one.unit_id], one) for one in failed]
    took = found.took_part.get(unit.path, frozenset()) & found.eligible.get(unit.path, frozenset())
    return unit, span, [Listed(name) for name in sorted(table.names(work.connection, took))]


def _lacking(unit: Unit, one: Owed) -> Listed:
    return Listed(unit.name, rule=one.rule, period=one.period, missing=one.missing or (one.state,))


def rule_name(work: Work, language: str, rule: str) -> str:
    """Return what a rule is called, whenever it was in force."""
    named = [one.name.said(language) for pack in rulebook.book(work).packs for one in pack.rules if one.id == rule]
    return named[-1] if named else rule
