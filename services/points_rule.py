"""The rules of points with dates: who sets them, from when, what they were, and the ledger recounted by them.

They hold for everybody, so they are decided where nobody is above: by the one top Party committee, or where there is no
committee by the one top union. What the configuration says is version 0, and holds until the first dated one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from domain.organisation import PointRule
from domain.permission import Action
from domain.points import LONGEST_REASON, SHORTEST_REASON
from domain.points_rule import (
    HIGHEST_CAP,
    MOST_POINTS,
    RULES,
    Difference,
    Line,
    Rulebook,
    Terms,
    Version,
    difference,
    earliest,
    fits,
    in_force,
    may_start,
    recount,
)
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import audit
from storage import points as ledger
from storage import points_rule as table
from storage.points import Entry

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Step:
    """A version with how it differs from the one that it takes the place of."""

    version: Version
    before: Version
    differences: list[Difference]
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Reckoning:
    """How an entry comes out by the rule of its day."""

    version: Version
    rule: PointRule | None
    before: int
    due: int


@dataclass(slots=True)
class Recount:
    """What recounting the ledger found: lines by rule, those that differ, and running totals that are no sums."""

    lines: int = 0
    differing: list[tuple[Line, int]] = field(default_factory=list)
    unbalanced: int = 0


def note_configuration(work: Work) -> None:
    """Keep what the configuration says when that is new, so that what was awarded by it can be recounted later."""
    known = table.configured(work.connection)
    if not known or known[-1][1] != work.organisation.points:
        table.add(work.connection, None, work.organisation.points, None, "", work.now)


def rulebook(work: Work) -> Rulebook:
    """Return every version and what the configuration has said."""
    return Rulebook(table.dated(work.connection), table.configured(work.connection), work.organisation.points)


def version_on(work: Work, day: date) -> Version:
    """Return the version that holds on a day."""
    return in_force(table.dated(work.connection), day) or _configured(work)


def _configured(work: Work) -> Version:
    return Version(0, 0, None, work.organisation.points)


def steps(work: Work, member_id: int) -> list[Step]:
    """Return every dated version, newest first, each against the one before it in force."""
    versions = table.dated(work.connection)
    allowed = may_set(work, member_id)
    found = []
    for one in versions:
        before = _before(work, versions, one)
        may_withdraw = allowed and one.stands and _is_ahead(work, one)
        found.append(Step(one, before, difference(before.terms, one.terms), may_withdraw))
    return found[::-1][:MOST_SHOWN]


def _before(work: Work, versions: Sequence[Version], one: Version) -> Version:
    """Return what a version takes the place of on its first day."""
    if one.starts is None:
        return _configured(work)
    return in_force([other for other in versions if other.id != one.id], one.starts) or _configured(work)


def _is_ahead(work: Work, one: Version) -> bool:
    return one.starts is not None and one.starts >= earliest(work.organisation, work.now)


def may_set(work: Work, member_id: int) -> bool:
    """Answer whether this person may set the rules."""
    place = permission.seat(work)
    return place is not None and permission.may(work, member_id, Action.SET_POINT_RULES, place)


def demand_setter(work: Work, member_id: int) -> None:
    """Raise the refusal when this person may not set the rules."""
    if not may_set(work, member_id):
        raise Refusal("points.rules_not_yours")


def check(work: Work, member_id: int, starts: date | None, terms: Terms, reason: str) -> list[Difference]:
    """Refuse what may not be set; returns how it differs from what would hold on that day."""
    demand_setter(work, member_id)
    first = earliest(work.organisation, work.now)
    if starts is None or not may_start(work.organisation, work.now, starts):
        raise Refusal("points.rules_start", first=first.isoformat())
    if set(terms) != set(RULES) or not all(fits(one) for one in terms.values()):
        raise Refusal("points.rules_range", most=MOST_POINTS, cap=HIGHEST_CAP)
    if len(reason.strip()) < SHORTEST_REASON:
        raise Refusal("points.rules_reason", shortest=SHORTEST_REASON)
    if len(reason.strip()) > LONGEST_REASON:
        raise Refusal("points.rules_reason_long", longest=LONGEST_REASON)
    versions = table.dated(work.connection)
    if any(one.stands and one.starts == starts for one in versions):
        raise Refusal("points.rules_taken", day=starts.isoformat())
    before = in_force(versions, starts) or _configured(work)
    found = difference(before.terms, terms)
    if not found:
        raise Refusal("points.rules_same", day=starts.isoformat())
    return found


def set_rules(work: Work, member_id: int, starts: date | None, terms: Mapping[str, PointRule], reason: str) -> Version:
    """Set rules that hold from a coming day on."""
    check(work, member_id, starts, terms, reason)
    made = table.add(work.connection, starts, terms, member_id, reason.strip(), work.now)
    if made is None:
        raise Refusal("points.rules_taken", day=starts.isoformat() if starts else "")
    said = {rule: f"{one.points}/{one.daily_cap}" for rule, one in terms.items()}
    facts = {"starts": starts.isoformat() if starts else "", "terms": said, "reason": reason.strip()}
    audit.note(work.connection, work.now, member_id, "point_rules.set", None, version=made, **facts)
    return next(one for one in table.dated(work.connection) if one.id == made)


def coming(work: Work, member_id: int, number: int) -> Version:
    """Return a version that has not started, to whoever may withdraw it."""
    demand_setter(work, member_id)
    found = next((one for one in table.dated(work.connection) if one.id == number), None)
    if found is None:
        raise Refusal("points.rules_gone")
    if not _is_ahead(work, found):
        raise Refusal("points.rules_begun")
    return found


def withdraw(work: Work, member_id: int, number: int) -> bool:
    """Withdraw a version before it starts; False when that was done already."""
    found = coming(work, member_id, number)
    if not table.withdraw(work.connection, number, member_id, work.now):
        return False
    starts = found.starts.isoformat() if found.starts else ""
    audit.note(work.connection, work.now, member_id, "point_rules.withdraw", None, version=number, starts=starts)
    return True


def reckon(work: Work, member_id: int, one: Entry) -> Reckoning | None:
    """Return how an entry by rule comes out by the rule of its day; None for one that was made by hand."""
    if one.rule not in RULES:
        return None
    book = rulebook(work)
    version = in_force(book.versions, one.day) or Version(0, 0, None, book.terms(one.day, one.at))
    found = list(recount(ledger.had_before(work.connection, member_id, one), book))
    return Reckoning(version, version.terms.get(one.rule), sum(due for _, due in found[:-1]), found[-1][1])


def recounted(work: Work) -> Recount:
    """Recount the whole ledger; for those who run the installation, for it reads every line."""
    result = Recount()
    for line, due in recount(ledger.lines(work.connection, RULES), rulebook(work)):
        result.lines += 1
        if line.points != due:
            result.differing.append((line, due))
    result.unbalanced = ledger.unbalanced(work.connection)
    return result
