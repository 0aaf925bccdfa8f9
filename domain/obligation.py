"""What is due (应办): for each unit, rule and period its state, computed from what was held, planned and entered.

An obligation belongs to the period in whose last days it falls due. The rate (规范率) is what was met in full ÷ what
was due, and says what it leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from domain.meeting import Held
from domain.period import Period
from domain.rule import Base, Part, Rule, Vote

GRACE = timedelta(days=14)
"""So long after the end of a period minutes may still be with those present, before they are missing."""
TIMES = "times"
"""Fewer meetings than the rule asks for (or not each group)."""


class State(StrEnum):
    """How an obligation stands."""

    OPEN = "open"
    """Nothing yet, and its term has not passed."""
    PLANNED = "planned"
    HELD = "held"
    """Held, and its minutes are being written."""
    MET = "met"
    PARTLY = "partly"
    """Held, and something is missing."""
    OVERDUE = "overdue"
    EXEMPT = "exempt"


class Kind(StrEnum):
    """What people decide about an obligation; each needs a reason."""

    EXEMPT = "exempt"
    DECLARED = "declared"
    """Held or done, entered by hand: of a meeting it says that it was held, and no more."""
    CORRECTED = "corrected"
    """Met in full, whatever was computed: the records were looked at on paper."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Such a decision, not withdrawn."""

    id: int
    unit_id: int
    rule: str
    period: str
    kind: Kind
    on_day: date | None
    reason: str
    member_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Planned:
    """A meeting that is called and not over."""

    meeting_id: int
    unit_id: int
    kind: str
    starts_at: datetime
    counts_for: str


@dataclass(frozen=True, slots=True)
class Told:
    """One meeting that was held, as one rule looks at it: what is missing."""

    meeting_id: int
    unit_id: int
    day: date
    missing: frozenset[Part]


@dataclass(frozen=True, slots=True)
class Obligation:
    """What one unit owes by one rule in one period."""

    unit_id: int
    unit_name: str
    rule: Rule
    period: Period
    state: State
    due: bool
    """Its term has passed, and it counts in the rate (unless it is exempt)."""
    recorded: bool = True
    """False: the period ended before anything of this unit was recorded here; nothing is said of it."""
    missing: tuple[str, ...] = ()
    """Of `Part` and `TIMES`, when it is `held` or `partly`."""
    meetings: tuple[int, ...] = ()
    """The meetings that count for it."""
    times: int = 0
    """How many of these were held (declared ones too)."""
    needed: int = 1
    planned: Planned | None = None
    entry: Entry | None = None
    """The decision that made the state what it is."""

    @property
    def settled(self) -> bool:
        """Whether there is nothing to do about it."""
        return self.state in {State.MET, State.EXEMPT, State.HELD, State.PLANNED}


def missing_of(rule: Rule, vote: Vote | None, held: Held, period: Period, day: date) -> frozenset[Part]:
    """Return what a meeting lacks of what its rule asks for. `day`: the organisation's day on which it began."""
    there = {
        Part.ON_TIME: day in period,
        Part.QUORUM: vote is None or _has_quorum(vote, held),
        Part.MINUTES: held.has_minutes,
        Part.SIGN_IN: held.signed_in,
    }
    return frozenset(part for part in rule.met if not there[part])


def _has_quorum(vote: Vote, held: Held) -> bool:
    if vote.quorum_of is Base.COMMITTEE:
        return vote.has_quorum(held.came, held.should)
    return vote.has_quorum(held.voting_came, held.voting)


def belongs(rule: Rule, period: Period, kind: str, counts_for: str, day: date) -> bool:
    """Whether a meeting counts for a rule in a period: held in it, or made up for it."""
    if kind not in {one.value for one in rule.kinds}:
        return False
    return counts_for == period.key if counts_for else day in period


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about one unit, rule and period."""

    told: tuple[Told, ...] = ()
    planned: tuple[Planned, ...] = ()
    entries: tuple[Entry, ...] = ()
    groups: tuple[int, ...] = ()
    """The groups of which each must meet, when the rule is about groups."""
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """What the facts come to."""

    state: State
    missing: tuple[str, ...] = ()
    meetings: tuple[int, ...] = ()
    times: int = 0
    needed: int = 1
    planned: Planned | None = None
    entry: Entry | None = None


def judge(rule: Rule, period: Period, facts: Facts, today: date) -> Found:
    """Compute the state. Another meeting, or another part of one, never makes it worse."""
    needed = rule.count * max(1, len(facts.groups)) if rule.needs_groups else rule.count
    newest = {kind: _newest(facts.entries, kind) for kind in Kind}
    best, times = _best(rule, facts)
    numbers = tuple(one.meeting_id for one in best)
    for kind, state in ((Kind.EXEMPT, State.EXEMPT), (Kind.CORRECTED, State.MET)):
        if newest[kind] is not None:
            return Found(state, meetings=numbers, times=times, needed=needed, entry=newest[kind])
    planned = min(facts.planned, key=lambda one: one.starts_at, default=None)
    declared = [entry for entry in facts.entries if entry.kind is Kind.DECLARED]
    if not rule.met:
        if declared:
            return Found(State.MET, times=len(declared), needed=needed, entry=newest[Kind.DECLARED])
        return Found(State.OVERDUE if today > period.last else State.OPEN, needed=needed)
    lacking = {str(part) for one in best for part in one.missing}
    by_hand = declared[: max(0, needed - times)]
    for entry in by_hand:
        late = entry.on_day is None or entry.on_day not in period
        lacking |= {part.value for part in rule.met if part is not Part.ON_TIME or late}
    times += len(by_hand)
    if times < needed:
        lacking.add(TIMES)
    missing = tuple(key for key in (TIMES, *(part.value for part in Part)) if key in lacking)
    entry = newest[Kind.DECLARED] if by_hand else None
    state = _state(period, times, missing, planned, today)
    if state in {State.OPEN, State.PLANNED, State.OVERDUE, State.MET}:
        missing = ()
    return Found(state, missing, numbers, times, needed, planned, entry)


def _state(period: Period, times: int, missing: Sequence[str], planned: Planned | None, today: date) -> State:
    over = today > period.last
    if not missing:
        return State.MET
    if not times:
        return State.OVERDUE if over else State.PLANNED if planned else State.OPEN
    if tuple(missing) == (Part.MINUTES.value,) and today <= period.last + GRACE:
        return State.HELD
    if planned and not over:
        return State.PLANNED
    return State.OPEN if TIMES in missing and not over and len(missing) == 1 else State.PARTLY


def _newest(entries: Iterable[Entry], kind: Kind) -> Entry | None:
    return max((one for one in entries if one.kind is kind), key=lambda one: (one.at, one.id), default=None)


def _best(rule: Rule, facts: Facts) -> tuple[list[Told], int]:
    """Return the meetings that do most for it, and how often what is needed was held: a group counts for itself."""
    ranked = sorted(facts.told, key=lambda one: (len(one.missing), one.day, one.meeting_id))
    if not (rule.needs_groups and facts.groups):
        chosen = ranked[: rule.count]
        return chosen, len(chosen)
    chosen, had = [], dict.fromkeys(facts.groups, 0)
    for one in ranked:
        # One that is kept at the branch itself stands for a group that has none of its own.
        place = one.unit_id if one.unit_id in had else min(had, key=lambda group: (had[group], group))
        if had[place] < rule.count:
            had[place] += 1
            chosen.append(one)
    return chosen, len(chosen)


@dataclass(frozen=True, slots=True)
class Rate:
    """The standardisation rate: numerator ÷ denominator, and what is left out and why."""

    met: int
    due: int
    exempt: int
    running: int
    """Their term has not passed."""
    unrecorded: int
    """Ended before anything was recorded here."""
    advice: int
    """Not hard rules."""

    @property
    def share(self) -> Fraction | None:
        """Return the rate; None where nothing was due."""
        return Fraction(self.met, self.due) if self.due else None


def rate(obligations: Iterable[Obligation]) -> Rate:
    """Return the rate of these. Each is counted in exactly one place."""
    met = due = exempt = running = unrecorded = advice = 0
    for one in obligations:
        if not one.rule.hard:
            advice += 1
        elif one.state is State.EXEMPT:
            exempt += 1
        elif not one.recorded:
            unrecorded += 1
        elif not one.due:
            running += 1
        else:
            due += 1
            met += one.state is State.MET
    return Rate(met, due, exempt, running, unrecorded, advice)
