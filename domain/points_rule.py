"""Rules of points with dates: which holds on a day, from when a new one may, how two differ, and the ledger recounted.

A rule never changes for a day that has begun: what was earned stays, and what is earned is told beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.organisation import Organisation, PointRule

RULES = ("checkin", "gathering", "quiz", "learning")
MOST_POINTS, HIGHEST_CAP = 100, 1_000
AHEAD = timedelta(days=366)
"""A new rule starts within so long."""
NIGHT = timedelta(minutes=10)
"""So long before a day begins nothing is decided about it any more: what is being stored must be stored by then."""

Terms = Mapping[str, PointRule]


@dataclass(frozen=True, slots=True)
class Version:
    """The rules from a day on. Number 0 is what the configuration says; `id` 0 when no row says it."""

    id: int
    number: int
    starts: date | None
    terms: Terms
    made_at: datetime | None = None
    by: str = ""
    reason: str = ""
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""

    @property
    def stands(self) -> bool:
        """Whether it has not been withdrawn."""
        return self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class Difference:
    """How one rule differs; None: it is in one of the two alone."""

    rule: str
    before: PointRule | None
    after: PointRule | None


def earliest(organisation: Organisation, now: datetime) -> date:
    """Return the first day from which rules may still be set: tomorrow, and the day after it just before midnight."""
    return organisation.today(now + NIGHT) + timedelta(days=1)


def may_start(organisation: Organisation, now: datetime, starts: date) -> bool:
    """Answer whether rules may start on this day."""
    return earliest(organisation, now) <= starts <= organisation.today(now) + AHEAD


def fits(one: PointRule) -> bool:
    """Answer whether a rule is one: 0 switches it off, and a day's cap holds one deed at least."""
    return 0 <= one.points <= MOST_POINTS and one.points <= one.daily_cap <= HIGHEST_CAP


def in_force(versions: Iterable[Version], day: date) -> Version | None:
    """Return the dated version that holds on a day; None: the configuration does."""
    begun = [one for one in versions if one.stands and one.starts is not None and one.starts <= day]
    return max(begun, key=lambda one: (one.starts or day, one.id), default=None)


def difference(before: Terms, after: Terms) -> list[Difference]:
    """Return what differs."""
    rules = [rule for rule in (*RULES, *sorted({*before, *after} - {*RULES})) if rule in before or rule in after]
    pairs = [Difference(rule, before.get(rule), after.get(rule)) for rule in rules]
    return [one for one in pairs if one.before != one.after]


def brings(terms: Terms, rule: str, before: int) -> int:
    """Return what a deed brings to somebody who has had so many points by this rule on that day."""
    one = terms.get(rule)
    return 0 if one is None or one.points <= 0 else max(0, min(one.points, one.daily_cap - before))


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Every version, and what the configuration said from which moment on, to find what held for an entry."""

    versions: Sequence[Version]
    configured: Sequence[tuple[datetime, Terms]]
    """Oldest first."""
    now: Terms
    """What the configuration says today."""

    def terms(self, day: date, at: datetime) -> Terms:
        """Return what held for an entry of this day that was written at this moment."""
        dated = in_force(self.versions, day)
        if dated is not None:
            return dated.terms
        seen = [terms for moment, terms in self.configured if moment <= at]
        return seen[-1] if seen else self.configured[0][1] if self.configured else self.now


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the ledger, as far as recounting needs it."""

    id: int
    member_id: int
    rule: str
    points: int
    day: date
    at: datetime


def recount(lines: Iterable[Line], book: Rulebook) -> Iterator[tuple[Line, int]]:
    """Yield each entry by rule with what it should have brought; entries of a person, day and rule in their order.

    Caps are counted with what should have been brought, so that one wrong line does not make all after it wrong.
    """
    had: dict[str, int] = {}
    whose: tuple[int, date] | None = None
    for line in lines:
        if whose != (line.member_id, line.day):
            whose, had = (line.member_id, line.day), {}
        due = brings(book.terms(line.day, line.at), line.rule, had.get(line.rule, 0))
        had[line.rule] = had.get(line.rule, 0) + due
        yield line, due
