"""What is due (应办): for each unit, rule and period its state, computed from what was held, planned and entered.

An obligation belongs to the period in whose last days it falls due. The rate (规范率) is what was met in full ÷ what
was due, and says what it leaves out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from domain.meeting import Held
from domain.period import MONTHS, Period, period_of
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


def keys_of(counts_for: str, day: date) -> tuple[str, ...]:
    """Return the keys of the periods for which a meeting counts: the one it makes up for, or all in which it lies."""
    return (counts_for,) if counts_for else tuple(period_of(cycle, day).key for cycle in MONTHS)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about one unit, rule and period."""

    told: tuple[Told, ...] = ()
    planned: tuple[Planned, ...] = ()
    entries: tuple[Entry, ...] = ()
    unit_id: int = 0
    groups: int = 0
    """How many groups there are, each of which must meet when the rule is about groups."""


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
    needed = room_of(rule, facts)
    if not (facts.told or facts.planned or facts.entries):
        return Found(State.OVERDUE if today > period.last else State.OPEN, needed=needed)
    newest = {kind: _newest(facts.entries, kind) for kind in Kind}
    best, times = _best(rule, facts)
    numbers = tuple(number for one in best for number in one.meetings)
    for kind, state in ((Kind.EXEMPT, State.EXEMPT), (Kind.CORRECTED, State.MET)):
        if newest[kind] is not None:
            return Found(state, meetings=numbers, times=times, needed=needed, entry=newest[kind])
    planned = _next(rule, facts)
    declared = [entry for entry in facts.entries if entry.kind is Kind.DECLARED]
    if not rule.met:
        state = State.MET if len(declared) >= needed else State.OVERDUE if today > period.last else State.OPEN
        return Found(state, times=len(declared), needed=needed, entry=newest[Kind.DECLARED])
    lacking = {str(part) for one in best for part in one.missing}
    by_hand = declared[: max(0, needed - times)]
    for entry in by_hand:
        late = entry.on_day is None or entry.on_day not in period
        lacking |= {part.value for part in rule.met if part is not Part.ON_TIME or late}
    times += len(by_hand)
    if times < needed:
        lacking.add(TIMES)
    missing = tuple(key for key in (TIMES, *(part.value for part in Part)) if key in lacking)
    by = newest[Kind.DECLARED] if by_hand else None
    state = _state(period, times, missing, planned, today)
    if state in {State.OPEN, State.PLANNED, State.OVERDUE, State.MET}:
        missing = ()
    return Found(state, missing, numbers, times, needed, planned, by)


def _state(period: Period, times: int, missing: Sequence[str], planned: Planned | None, today: date) -> State:
    over = today > period.last
    if not missing:
        return State.MET
    if not times:
        return State.OVERDUE if over else State.PLANNED if planned else State.OPEN
    if tuple(missing) == (Part.MINUTES.value,) and today <= period.last + GRACE:
        return State.HELD
    return State.PLANNED if planned and not over else State.PARTLY


def _newest(entries: Iterable[Entry], kind: Kind) -> Entry | None:
    return max((one for one in entries if one.kind is kind), key=lambda one: (one.at, one.id), default=None)


@dataclass(frozen=True, slots=True)
class _Time:
    """What counts as once: a meeting, or one of each group."""

    unit_id: int
    missing: frozenset[Part]
    meetings: tuple[int, ...]
    day: date

    @property
    def rank(self) -> tuple[object, ...]:
        """Those first that do most."""
        return len(self.missing - {Part.MINUTES}), len(self.missing), self.day, self.meetings


def _best(rule: Rule, facts: Facts) -> tuple[list[_Time], int]:
    """Return the times that do most for it, and how many these are: each group may fill its own places alone.

    What is kept at the branch itself stands for any group; for a duty of the branch groups stand together alone.
    """
    times = [_Time(one.unit_id, one.missing, (one.meeting_id,), one.day) for one in facts.told]
    if not rule.needs_groups:
        own = [one for one in times if one.unit_id == facts.unit_id]
        times = [*own, *_together(facts, [one for one in times if one.unit_id != facts.unit_id])]
    room, chosen = room_of(rule, facts), list[_Time]()
    had: Counter[int] = Counter()
    for one in sorted(times, key=lambda one: one.rank):
        alone = one.unit_id != facts.unit_id
        if len(chosen) < room and not (alone and had[one.unit_id] == rule.count):
            had[one.unit_id] += 1
            chosen.append(one)
    return chosen, len(chosen)


def _together(facts: Facts, of_groups: Iterable[_Time]) -> list[_Time]:
    """Return how often each of the groups held one, the best of each together; a group alone is not the branch."""
    by_group: dict[int, list[_Time]] = {}
    for one in sorted(of_groups, key=lambda one: one.rank):
        by_group.setdefault(one.unit_id, []).append(one)
    found = []
    for number in range(max(map(len, by_group.values()), default=0)):
        nth = sorted((some[number] for some in by_group.values() if len(some) > number), key=lambda one: one.rank)
        if 0 < facts.groups <= len(nth):
            some = nth[: facts.groups]
            missing = frozenset[Part]().union(*(one.missing for one in some))
            meetings = tuple(one.meetings[0] for one in some)
            found.append(_Time(facts.unit_id, missing, meetings, max(one.day for one in some)))
    return found


def _next(rule: Rule, facts: Facts) -> Planned | None:
    """Return the meeting that is planned next: of groups only when each of them has planned or held one."""
    planned = facts.planned
    groups = ({one.unit_id for one in facts.told} | {one.unit_id for one in planned}) - {facts.unit_id}
    if not rule.needs_groups and not 0 < facts.groups <= len(groups):
        planned = tuple(one for one in planned if one.unit_id == facts.unit_id)
    return min(planned, key=lambda one: one.starts_at, default=None)


def room_of(rule: Rule, facts: Facts) -> int:
    """Return how many meetings are needed."""
    return rule.count * max(1, facts.groups) if rule.needs_groups else rule.count


@dataclass(frozen=True, slots=True)
class Standardisation:
    """The standardisation rate: numerator ÷ denominator, and what is left out and why."""

    met: int
    due: int
    exempt: int
    running: int
    """Their term has not passed."""
    checking: int
    """Held, and the term in which those present correct its minutes runs."""
    unrecorded: int
    """Ended before anything was recorded here."""
    advice: int
    """Not hard rules."""

    @property
    def share(self) -> Fraction | None:
        """Return the rate; None where nothing was due."""
        return Fraction(self.met, self.due) if self.due else None


def standardisation(obligations: Iterable[Obligation]) -> Standardisation:
    """Return the rate of these. Each is counted in exactly one place."""
    met = due = exempt = running = checking = unrecorded = advice = 0
    for one in obligations:
        if not one.rule.hard:
            advice += 1
        elif one.state is State.EXEMPT:
            exempt += 1
        elif not one.recorded:
            unrecorded += 1
        elif not one.due:
            running += 1
        elif one.state is State.HELD:
            checking += 1
        else:
            due += 1
            met += one.state is State.MET
    return Standardisation(met, due, exempt, running, checking, unrecorded, advice)


_DAY = re.compile(
    r"(?:(\d{4})\s*[年/.-])?\s*(\d{1,2})\s*[月/.-]\s*(\d{1,2})\s*[日号]?(?!\d)[\s，,。：:；;]*(.*)", re.DOTALL
)


def read_declaration(words: str, today: date) -> tuple[date, str] | None:
    """Read a day and what stands behind it: `11月20日 纸质记录`, `2026-11-20 …`; None when it names no such day.

    A day without a year is the last one before tomorrow.
    """
    found = _DAY.match(unicodedata.normalize("NFKC", words).strip())
    if found is None:
        return None
    year = int(found[1]) if found[1] else today.year
    try:
        day = date(year, int(found[2]), int(found[3]))
        if not found[1] and day > today:
            day = day.replace(year=year - 1)
    except ValueError:
        return None
    return day, found[4].strip()
