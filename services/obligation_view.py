"""Who sees which obligations: a secretary her branch's, a group leader the group meetings, a committee counts first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from domain.member import Unit, UnitKind
from domain.obligation import Entry, Kind, Obligation, State
from domain.period import Cycle, Period
from domain.permission import Action, Grant, allows
from domain.refusal import Refusal
from domain.rule import Rule
from services import obligation, permission
from services.work import Work
from storage import member as members
from storage import obligation as table
from storage import unit as units

BACK = timedelta(days=92)
"""What was not met stays among the next ones for so long; afterwards it stands in the year alone."""
MOST = 500
"""So many branches beneath a committee are looked at in one turn."""
ACTIONS = (Action.SET_OBLIGATIONS, Action.PLAN_MEETINGS)


@dataclass(frozen=True, slots=True)
class Place:
    """A branch whose obligations somebody sees; `group`: as the leader of this group, who sees its meetings alone."""

    branch: Unit
    group: Unit | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How the branches beneath a committee stand by one rule in one period."""

    rule: Rule
    period: Period
    states: Counter[State]
    behind: tuple[str, ...] = ()
    """Names of those that have not met it: only once its term has passed."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What a committee sees of the branches directly beneath it."""

    committee: Unit
    branches: int
    left_out: int
    running: list[Tally] = field(default_factory=list)
    passed: list[Tally] = field(default_factory=list)
    too_few: int = 0


def _held(work: Work, member_id: int) -> list[Grant]:
    found = permission.grants_of(work, member_id)
    return [one for one in found if any(allows([one], action, one.path) for action in ACTIONS)]


def places(work: Work, member_id: int) -> list[Place]:
    """Return the branches that are somebody's own: those at which (or at a group of which) a role is held."""
    found: dict[int, Place] = {}
    led: list[Place] = []
    for grant in _held(work, member_id):
        unit = units.get(work.connection, grant.unit_id)
        if unit is not None and unit.kind is UnitKind.PARTY_BRANCH:
            found[unit.id] = Place(unit)
        elif unit is not None and unit.kind is UnitKind.PARTY_GROUP:
            above = units.get(work.connection, int(unit.path.strip("/").split("/")[-2]))
            if above is not None and above.kind is UnitKind.PARTY_BRANCH:
                led.append(Place(above, unit))
    return [*found.values(), *(place for place in led if place.branch.id not in found)]


def committees(work: Work, member_id: int) -> list[Unit]:
    """Return the committees at which a person may set obligations: what lies beneath is looked at from above."""
    grants = [one for one in _held(work, member_id) if allows([one], Action.SET_OBLIGATIONS, one.path)]
    found = [units.get(work.connection, number) for number in dict.fromkeys(one.unit_id for one in grants)]
    return [unit for unit in found if unit is not None and unit.kind is UnitKind.PARTY_COMMITTEE]


def branches(work: Work, member_id: int, words: str, limit: int, offset: int) -> list[Unit]:
    """Return a slice of the branches whose obligations a person may set, by these words in their names."""
    paths = [one.path for one in permission.scope(work, member_id, Action.SET_OBLIGATIONS)]
    return units.matching(work.connection, paths, (UnitKind.PARTY_BRANCH,), words, limit, offset)


def any_branch(work: Work, member_id: int) -> bool:
    """Answer whether there is a Party branch whose obligations this person sees: the union's officers have none."""
    return bool(places(work, member_id) or committees(work, member_id) or branches(work, member_id, "", 1, 0))


def place_of(work: Work, member_id: int, unit_id: int) -> Place:
    """Return a branch as this person sees it; raises the refusal for any other unit."""
    own = next((one for one in places(work, member_id) if one.branch.id == unit_id), None)
    if own is not None:
        return own
    unit = obligation.unit_of(work, member_id, unit_id)
    if unit.kind is not UnitKind.PARTY_BRANCH:
        raise Refusal("obligation.gone")
    return Place(unit)


def seen(work: Work, place: Place, rule_id: str, period: str) -> Obligation:
    """Return one obligation of a place; a group leader sees those of groups alone."""
    found = obligation.one_of(work, place.branch, rule_id, period)
    if place.group is not None and not found.rule.needs_groups:
        raise Refusal("obligation.gone")
    return found


def entries(work: Work, one: Obligation) -> list[tuple[Entry, str]]:
    """Return what was decided about an obligation and not withdrawn, each with the name of who did."""
    rows = table.entries(work.connection, [one.unit_id])
    mine = [row for row in rows if (row.rule, row.period) == (one.rule.id, one.period.key)]
    names = members.names_of(work.connection, [row.member_id for row in mine])
    return [(row, names.get(row.member_id, "")) for row in mine]


def deeds(work: Work, member_id: int, unit: Unit, one: Obligation) -> list[str]:
    """Return what this person can decide about it now: `declare`, `correct`, `exempt`, `withdraw`."""
    if not permission.may(work, member_id, Action.SET_OBLIGATIONS, unit):
        return []
    if one.rule.cycle is Cycle.TERM:
        able = {"declare": True, "exempt": one.recorded and one.state is not State.EXEMPT}
    elif one.entry is not None:
        able = {"correct": one.entry.kind is Kind.DECLARED and one.state is not State.MET}
    else:
        begun = one.period.first <= work.today
        able = dict.fromkeys(("declare", "correct", "exempt"), begun and one.state is not State.MET)
    able["withdraw"] = one.entry is not None
    return [name for name, yes in able.items() if yes]


def is_late(one: Obligation) -> bool:
    """Whether its term has passed and it is not settled."""
    return one.due and one.state in {State.OVERDUE, State.PARTLY}


def current(work: Work, own: Sequence[Place]) -> list[Obligation]:
    """Return what is due in the periods that are running, and what is left of those just past, most urgent first."""
    whole = {place.branch.id for place in own if place.group is None}
    last = date(work.today.year + 1, 1, 31)
    found = obligation.of_units(work, list({p.branch.id: p.branch for p in own}.values()), work.today - BACK, last)
    begun = [one for one in found if one.period.first <= work.today and (one.period.last >= work.today or is_late(one))]
    seen = [one for one in begun if one.unit_id in whole or one.rule.needs_groups]
    return sorted(seen, key=_urgency)


def _urgency(one: Obligation) -> tuple[object, ...]:
    return (one.settled, not one.rule.hard, not one.recorded, one.period.last, one.unit_id, one.period.first)


def to_do(found: Sequence[Obligation]) -> list[Obligation]:
    """Return of these what somebody still has to do something about; advice is left out."""
    return [one for one in found if not one.settled and one.rule.hard]


def beneath(work: Work, committee: Unit) -> list[Unit]:
    """Return the branches directly beneath a committee: those of its sub-committees are theirs."""
    inside = units.beneath(work.connection, committee.path)
    others = [one.path for one in inside if one.kind is UnitKind.PARTY_COMMITTEE and one.id != committee.id]
    found = [one for one in inside if one.kind is UnitKind.PARTY_BRANCH]
    return [one for one in found if not one.path.startswith(tuple(others))] if others else found


def overview(work: Work, committee: Unit) -> Overview:
    """Return how the branches beneath a committee stand: counts, and names once a term has passed."""
    branches = beneath(work, committee)
    shown = branches[:MOST]
    found = obligation.of_units(work, shown, work.today - BACK, date(work.today.year, 12, 31))
    few = sum(one.too_few and not one.joint for one in obligation.basis_now(work, shown).values())
    tallies: dict[tuple[str, str], list[Obligation]] = {}
    for one in found:
        if one.rule.hard and one.recorded and one.period.first <= work.today:
            tallies.setdefault((one.rule.id, one.period.key), []).append(one)
    view = Overview(committee, len(branches), len(branches) - len(shown), too_few=few)
    for some in tallies.values():
        behind = tuple(one.unit_name for one in some if is_late(one))
        tally = Tally(some[0].rule, some[0].period, Counter(one.state for one in some), behind)
        if work.today <= tally.period.last:
            view.running.append(tally)
        elif behind:
            view.passed.append(tally)
    view.passed.sort(key=lambda tally: tally.period.last, reverse=True)
    return view


def plan_unit(own: Sequence[Place], one: Obligation) -> int:
    """Return at which unit a meeting for it is planned: a leader's group, else the branch."""
    led = [p.group.id for p in own if p.group is not None and p.branch.id == one.unit_id]
    return led[0] if led and one.rule.needs_groups else one.unit_id


def groups_of(work: Work, branch: Unit) -> list[Unit]:
    """Return the active groups of a branch."""
    return table.groups_of(work.connection, [branch.id]).get(branch.id, [])


def name_of(work: Work, number: int) -> str:
    """Return somebody's name."""
    return members.names_of(work.connection, [number]).get(number, "")
