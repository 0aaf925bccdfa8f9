"""What units owe by the rules, how each of it stands, and what people decide about it; whole batches at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice

from domain import obligation as rules
from domain.basis import Basis
from domain.meeting import Held
from domain.member import Unit
from domain.obligation import Entry, Facts, Kind, Obligation, Planned, State, Told
from domain.period import TERM, Cycle, Period, ending_between, read_period, years_after
from domain.permission import Action
from domain.refusal import Refusal
from domain.rule import Book, Rule, Vote
from services import permission, rule
from services.work import Work
from storage import audit, held
from storage import basis as bases
from storage import obligation as table
from storage import unit as units_table

BATCH = 200
"""So many units are looked at with one set of statements."""
SHORTEST_REASON = 2
TEN_YEARS = timedelta(days=3653)


@dataclass(slots=True)
class _Batch:
    """Everything known about some units, looked up together. What a group did is its branch's."""

    entries: dict[tuple[int, str, str], list[Entry]] = field(default_factory=lambda: defaultdict(list))
    held: dict[tuple[int, str, str], list[tuple[Held, date]]] = field(default_factory=lambda: defaultdict(list))
    planned: dict[tuple[int, str, str], list[Planned]] = field(default_factory=lambda: defaultdict(list))
    written: dict[int, dict[str, Basis]] = field(default_factory=dict)
    now: dict[int, Basis] = field(default_factory=dict)
    starts: dict[int, date] = field(default_factory=dict)

    def basis(self, number: int, month: str) -> Basis:
        """Return what a unit was when a period began: as written, else as written next, else as it is now."""
        written = self.written.get(number)
        if not written:
            return self.now[number]
        exact = written.get(month)
        return exact or next((one for key, one in written.items() if key >= month), self.now[number])


def of_units(
    work: Work, units: Sequence[Unit], first: date, last: date, only: Collection[str] = ()
) -> list[Obligation]:
    """Return what these units owe in the periods that end from `first` to `last`, by unit, rule and time.

    Whoever calls this has looked at permissions. `only`: by these rules alone.
    """
    book, found = rule.book(work), []
    wanted = [one for one in _periods(book, first, last) if not only or one.rule.id in only]
    terms = [one for one in _terms(book, work.today) if not only or one.id in only]
    start = min((one.period.first for one in wanted), default=first)
    for some in _batches(units):
        batch = _look_up(work, some, start, last)
        for unit in some:
            found += [_judged(batch, unit, due, work.today) for due in wanted]
            found += [_term(work, batch, unit, one, first, last) for one in terms]
    return [one for one in found if one is not None]


def _batches(units: Iterable[Unit]) -> Iterator[list[Unit]]:
    rest = iter(units)
    while some := list(islice(rest, BATCH)):
        yield some


@dataclass(frozen=True, slots=True)
class _Due:
    """A rule in a period at whose beginning it was in force."""

    rule: Rule
    period: Period
    month: str
    vote: Vote | None


def _periods(book: Book, first: date, last: date) -> list[_Due]:
    """Return each rule with the periods at whose beginning it was in force."""
    found = []
    for number in book.ids:
        for cycle in book.cycles_of(number):
            if cycle is not Cycle.TERM:
                for period in ending_between(cycle, first, last):
                    one = book.in_force(number, period.first)
                    if one is not None and one.cycle is cycle:
                        vote = book.vote(one.vote, period.first) if one.vote else None
                        found.append(_Due(one, period, f"{period.first:%Y-%m}", vote))
    return found


def _terms(book: Book, today: date) -> list[Rule]:
    found = (book.in_force(number, today) for number in book.ids)
    return [one for one in found if one is not None and one.cycle is Cycle.TERM]


def _look_up(work: Work, units: Sequence[Unit], first: date, last: date) -> _Batch:
    local, numbers = work.organisation.local, [one.id for one in units]
    home = {number: number for number in numbers}
    for branch, groups in table.groups_of(work.connection, numbers, every=True).items():
        home.update({group.id: branch for group in groups})
    batch = _Batch(written=bases.known(work.connection, numbers))
    batch.now = bases.compute(work.connection, units, work.today, work.now)
    for entry in table.entries(work.connection, numbers):
        batch.entries[entry.unit_id, entry.rule, entry.period].append(entry)
    start, end = work.organisation.start_of(first), work.organisation.start_of(last + timedelta(days=1))
    for one in held.between(work.connection, list(home), start, end):
        day = local(one.starts_at).date()
        for key in rules.keys_of(one.counts_for, day):
            batch.held[home[one.unit_id], one.kind.value, key].append((one, day))
    for coming in table.planned(work.connection, list(home)):
        for key in rules.keys_of(coming.counts_for, local(coming.starts_at).date()):
            batch.planned[home[coming.unit_id], coming.kind, key].append(coming)
    firsts = table.first_held(work.connection, list(home))
    _set_starts(work, batch, numbers, {home[number]: local(at).date() for number, at in firsts.items()})
    return batch


def _set_starts(work: Work, batch: _Batch, numbers: Sequence[int], firsts: dict[int, date]) -> None:
    """Note from when on each unit is recorded here: of what was before that nothing is said."""
    for number in numbers:
        month = next(iter(batch.written.get(number, {})), f"{work.today:%Y-%m}")
        batch.starts[number] = min(date.fromisoformat(f"{month}-01"), firsts.get(number, date.max))
    for number, _, key in batch.entries:
        if key != TERM:
            batch.starts[number] = min(batch.starts[number], read_period(key).first)


def _judged(batch: _Batch, unit: Unit, due: _Due, today: date) -> Obligation | None:
    one, period = due.rule, due.period
    basis = batch.basis(unit.id, due.month)
    if one.stops_at(unit.kind, basis):
        return None
    keys = [(unit.id, kind.value, period.key) for kind in one.kinds]
    told = [
        Told(each.meeting_id, each.unit_id, day, rules.missing_of(one, due.vote, each, period, day))
        for key in keys
        for each, day in batch.held.get(key, ())
    ]
    planned = [each for key in keys for each in batch.planned.get(key, ())]
    entries = batch.entries.get((unit.id, one.id, period.key), ())
    facts = Facts(tuple(told), tuple(planned), tuple(entries), unit.id, basis.groups)
    found = rules.judge(one, period, facts, today)
    recorded = period.last >= batch.starts[unit.id]
    state = State.OPEN if found.state is State.OVERDUE and not recorded else found.state
    return Obligation(
        unit.id, unit.name, one, period, state, due=recorded and period.last < today, recorded=recorded,
        missing=found.missing, meetings=found.meetings, times=found.times, needed=found.needed,
        planned=found.planned, entry=found.entry,
    )  # fmt: skip


def _term(work: Work, batch: _Batch, unit: Unit, one: Rule, first: date, last: date) -> Obligation | None:
    """Return how the term of a branch stands: it runs from the last election that was entered."""
    entries = batch.entries.get((unit.id, one.id, TERM), [])
    elected = [each for each in entries if each.kind is Kind.DECLARED and each.on_day is not None]
    current = first <= work.today <= last
    if one.stops_at(unit.kind, batch.now[unit.id]):
        return None
    newest = max(elected, key=lambda each: (each.on_day or date.min, each.id), default=None)
    if newest is None or newest.on_day is None:
        period = Period(TERM, work.today, last)
        return Obligation(unit.id, unit.name, one, period, State.OPEN, due=False, recorded=False) if current else None
    period = Period(TERM, newest.on_day, years_after(newest.on_day, one.years) - timedelta(days=1))
    over = period.last < work.today
    if not (first <= period.last <= last or (over and current)):
        return None
    since = tuple(each for each in entries if each.kind is not Kind.DECLARED and each.id > newest.id)
    found = rules.judge(one, period, Facts(entries=since, unit_id=unit.id), work.today)
    entry = found.entry or newest
    return Obligation(unit.id, unit.name, one, period, found.state, due=over, entry=entry)


def one_of(work: Work, unit: Unit, rule_id: str, key: str) -> Obligation:
    """Return one obligation; raises the refusal when there is none such."""
    try:
        first, last = (work.today, work.today + TEN_YEARS) if key == TERM else (read_period(key).last,) * 2
    except ValueError:
        raise Refusal("obligation.gone") from None
    found = [one for one in of_units(work, [unit], first, last, {rule_id}) if one.period.key == key]
    if not found:
        raise Refusal("obligation.gone")
    return found[0]


def unit_of(work: Work, member_id: int, unit_id: int) -> Unit:
    """Return the unit whose obligations a person may set; raises the refusal for any other."""
    unit = units_table.get(work.connection, unit_id)
    if unit is None:
        raise Refusal("obligation.gone")
    permission.demand_permission(work, member_id, Action.SET_OBLIGATIONS, unit)
    return unit


def exempt(work: Work, member_id: int, unit_id: int, rule_id: str, period: str, reason: str) -> Obligation:
    """Let an obligation not be due, for a reason: it leaves the denominator."""
    return _enter(work, member_id, unit_id, rule_id, period, Kind.EXEMPT, reason, None)


def declare(
    work: Work, member_id: int, unit_id: int, rule_id: str, period: str, reason: str, on_day: date
) -> Obligation:
    """Enter by hand that it was held or done on a day. `reason`: what stands on paper."""
    if on_day > work.today:
        raise Refusal("obligation.not_yet")
    return _enter(work, member_id, unit_id, rule_id, period, Kind.DECLARED, reason, on_day)


def correct(work: Work, member_id: int, unit_id: int, rule_id: str, period: str, reason: str) -> Obligation:
    """Set it to met in full, for a reason: e.g. the paper minutes and list were looked at."""
    return _enter(work, member_id, unit_id, rule_id, period, Kind.CORRECTED, reason, None)


def _enter(
    work: Work, member_id: int, unit_id: int, rule_id: str, period: str, kind: Kind, reason: str, on_day: date | None
) -> Obligation:
    unit = unit_of(work, member_id, unit_id)
    table.lock(work.connection, unit_id)
    now = one_of(work, unit, rule_id, period)
    if kind is not Kind.DECLARED and now.period.first > work.today:
        raise Refusal("obligation.not_begun")
    if on_day is not None and period != TERM and on_day not in now.period:
        raise Refusal("obligation.outside", first=now.period.first, last=now.period.last)
    if _entered(work, now, kind, on_day):
        raise Refusal("obligation.entered_before")
    words = reason.strip()
    if len(words) < SHORTEST_REASON:
        raise Refusal("obligation.why")
    words = words[: table.LONGEST_REASON]
    kept = {"on_day": on_day, "reason": words, "member_id": member_id, "now": work.now}
    table.add(work.connection, unit_id, rule_id, period, kind, **kept)  # type: ignore[arg-type]
    # Why stands with the entry, for those whom the branch concerns, and not in the trail.
    facts = {"unit": unit_id, "rule": rule_id, "period": period}
    audit.note(work.connection, work.now, member_id, f"obligation.{kind.value}", None, **facts)
    return one_of(work, unit, rule_id, period)


def _entered(work: Work, now: Obligation, kind: Kind, on_day: date | None) -> bool:
    """Whether the same was decided before: of a term since its election, of what is due several times as often."""
    found = [
        one
        for one in table.entries(work.connection, [now.unit_id])
        if (one.rule, one.period) == (now.rule.id, now.period.key)
    ]
    declared = [one for one in found if one.kind is Kind.DECLARED]
    if kind is Kind.DECLARED:
        again = any(one.on_day == on_day for one in declared)
        return again if now.period.key == TERM else len(declared) >= now.needed
    since = max(((one.on_day or date.min, one.id) for one in declared), default=(date.min, 0))[1]
    return any(one.kind is kind and (now.period.key != TERM or one.id > since) for one in found)


def withdraw(work: Work, member_id: int, unit_id: int, rule_id: str, period: str, reason: str) -> Obligation:
    """Withdraw the decision that made the state what it is; it stays readable."""
    unit = unit_of(work, member_id, unit_id)
    now = one_of(work, unit, rule_id, period)
    if len(reason.strip()) < SHORTEST_REASON:
        raise Refusal("obligation.why")
    if now.entry is None or not table.withdraw(work.connection, now.entry.id, member_id, work.now):
        raise Refusal("obligation.nothing_entered")
    facts = {"unit": unit_id, "rule": rule_id, "period": period, "kind": now.entry.kind.value}
    audit.note(work.connection, work.now, member_id, "obligation.withdraw", None, reason=reason.strip(), **facts)
    return one_of(work, unit, rule_id, period)


def basis_now(work: Work, units: Sequence[Unit]) -> dict[int, Basis]:
    """Return what these units are now."""
    found: dict[int, Basis] = {}
    for some in _batches(units):
        found.update(bases.compute(work.connection, some, work.today, work.now))
    return found


def moment(work: Work, one: Planned) -> datetime:
    """Return when a planned meeting begins, on the organisation's clock."""
    return work.organisation.local(one.starts_at)
