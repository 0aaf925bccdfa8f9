"""A demand: its states, who moves it where, its number, its limits in time, and the suggestion of a category."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.refusal import Refusal

REOPEN_WITHIN = timedelta(days=30)
"""How long after closing a demand may be opened again, and rated."""
RATING_CHANGES_WITHIN = timedelta(days=1)


class State(StrEnum):
    """Where a demand stands."""

    FILED = "filed"
    """Nobody has answered yet (in this round)."""
    WORKING = "working"
    ASKED = "asked"
    """The officer asked back; the employee's words are awaited."""
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


OPEN = (State.FILED, State.WORKING, State.ASKED)


class Act(StrEnum):
    """Something done to a demand; each is an event in its history."""

    FILE = "file"
    ROUTE = "route"
    """The program found an officer, because there was none (any more)."""
    ANSWER = "answer"
    ASK = "ask"
    REASSIGN = "reassign"
    CLOSE = "close"
    ADD = "add"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    RATE = "rate"
    MERGE = "merge"
    """It is dealt with together with another of the same kind from now on; `PART`: alone again."""
    PART = "part"


OFFICER_ACTS = frozenset({Act.ANSWER, Act.ASK, Act.REASSIGN, Act.CLOSE})


class Rating(StrEnum):
    """What the employee thinks of how it was dealt with. None is not an opinion, least of all a good one."""

    SATISFIED = "satisfied"
    FAIRLY = "fairly"
    DISSATISFIED = "dissatisfied"


_MOVES: Mapping[tuple[State, Act], State] = {
    **{(state, Act.ANSWER): State.WORKING for state in OPEN},
    **{(state, Act.ASK): State.ASKED for state in OPEN},
    **{(state, Act.CLOSE): State.CLOSED for state in OPEN},
    **{(state, Act.WITHDRAW): State.WITHDRAWN for state in OPEN},
    **{(state, Act.REASSIGN): state for state in OPEN},
    **{(state, Act.ROUTE): state for state in OPEN},
    **{(state, act): state for state in OPEN for act in (Act.MERGE, Act.PART)},
    (State.FILED, Act.ADD): State.FILED,
    (State.WORKING, Act.ADD): State.WORKING,
    (State.ASKED, Act.ADD): State.WORKING,
    (State.CLOSED, Act.REOPEN): State.FILED,
    (State.CLOSED, Act.RATE): State.CLOSED,
}
_NOT_NOW = {
    State.FILED: "demand.is_open",
    State.WORKING: "demand.is_open",
    State.ASKED: "demand.is_open",
    State.CLOSED: "demand.is_closed",
    State.WITHDRAWN: "demand.is_withdrawn",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """The two moments by which something must have happened, and when the officer is reminded of each."""

    first_warn_at: datetime
    first_by: datetime
    finish_warn_at: datetime
    finish_by: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A demand as it stands. The last day of a limit ends at the moment given here."""

    id: int
    number: str
    author_id: int
    category: str
    text: str
    state: State
    round: int
    """1, and one more with each reopening."""
    filed_at: datetime
    limits: Limits
    officer_id: int | None = None
    role: str = ""
    """The role in which the officer handles it."""
    unit_id: int | None = None
    """The unit at which the officer holds that role."""
    avoided_id: int | None = None
    """An officer whom the employee does not want: accusations are not passed to the accused."""
    answered_at: datetime | None = None
    """The first answer of this round."""
    closed_at: datetime | None = None
    rating: Rating | None = None
    rated_at: datetime | None = None
    news: bool = False
    """Something came from the officer that the employee has not looked at."""

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state in OPEN

    @property
    def due(self) -> datetime:
        """The limit that comes next."""
        return self.limits.first_by if self.answered_at is None else self.limits.finish_by

    @property
    def warns_at(self) -> datetime:
        """From when the next limit is near."""
        return self.limits.first_warn_at if self.answered_at is None else self.limits.finish_warn_at


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the history; it is never changed. `actor_id` None: the program itself."""

    id: int
    at: datetime
    actor_id: int | None
    act: Act
    text: str = ""
    to_id: int | None = None
    files: int = 0


def moved(case: Case, act: Act, now: datetime) -> Case:
    """Return the case after a plain act. Raises the refusal that says why it can't be done now."""
    to = _MOVES.get((case.state, act))
    if to is None:
        raise Refusal(_NOT_NOW[case.state], number=case.number)
    answered = case.answered_at
    if act in {Act.ANSWER, Act.ASK, Act.CLOSE} and answered is None:
        answered = now
    closed = now if act is Act.CLOSE else case.closed_at
    news = case.news or act in OFFICER_ACTS
    return replace(case, state=to, answered_at=answered, closed_at=closed, news=news)


def reopened(case: Case, now: datetime, limits: Limits) -> Case:
    """Return the case opened again, with new limits and without its rating (which stays in the history)."""
    after = moved(case, Act.REOPEN, now)
    if not may_reopen(case, now):
        raise Refusal("demand.reopen_late", number=case.number, days=REOPEN_WITHIN.days)
    return replace(
        after,
        round=case.round + 1,
        limits=limits,
        answered_at=None,
        closed_at=None,
        rating=None,
        rated_at=None,
    )


def may_reopen(case: Case, now: datetime) -> bool:
    """Answer whether a closed case is young enough to be opened again."""
    return case.state is State.CLOSED and case.closed_at is not None and now <= case.closed_at + REOPEN_WITHIN


def may_rate(case: Case, now: datetime) -> bool:
    """Answer whether the employee may rate now: once after closing, and change it for a day."""
    if case.state is not State.CLOSED:
        return False
    if case.rated_at is not None:
        return now <= case.rated_at + RATING_CHANGES_WITHIN
    return may_reopen(case, now)


def rated(case: Case, rating: Rating, now: datetime) -> Case:
    """Return the case with this rating; the day for changing counts from the first one."""
    after = moved(case, Act.RATE, now)
    if not may_rate(case, now):
        raise Refusal("demand.rated_already" if case.rated_at else "demand.rate_late", number=case.number)
    return replace(after, rating=rating, rated_at=case.rated_at or now)


def number_of(day: date, count: int) -> str:
    """Return the number of the day's so-many-th demand."""
    return f"SQ-{day:%Y%m%d}-{count:04d}"


@dataclass(frozen=True, slots=True)
class Terms:
    """How many working days the organisation gives itself, and the calendar days that a regulation allows at most."""

    first_days: int
    finish_days: int
    first_outer: int
    finish_outer: int
    first_warn: int
    """The reminder comes so many working days before the last one."""
    finish_warn: int


def working_day(start: date, count: int, off: AbstractSet[date]) -> date:
    """Return the count-th working day after `start`; `off`: the days on which nobody works."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= day not in off
    return day


def limits(terms: Terms, filed_on: date, off: AbstractSet[date], start_of: Callable[[date], datetime]) -> Limits:
    """Return the limits of a demand filed on this day; the regulation's calendar days cut the working days short."""

    def pair(days: int, warn: int, outer: int) -> tuple[datetime, datetime]:
        last = min(working_day(filed_on, days, off), filed_on + timedelta(days=outer))
        warned = min(working_day(filed_on, max(1, days - warn), off), last)
        return start_of(warned), start_of(last + timedelta(days=1))

    first_warn_at, first_by = pair(terms.first_days, terms.first_warn, terms.first_outer)
    finish_warn_at, finish_by = pair(terms.finish_days, terms.finish_warn, terms.finish_outer)
    return Limits(first_warn_at, first_by, finish_warn_at, max(finish_by, first_by))


def suggest(said: Iterable[str], sentence: str, vocabulary: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the categories that the words point to, likeliest first; none that no word points to.

    `said`: the sentence cut into words. A whole word says twice what a mere run of characters does.
    """
    heard, whole = {word.lower() for word in said}, sentence.lower()
    scores = {
        code: sum(2 if word in heard else 1 for word in words if word in heard or (len(word) > 1 and word in whole))
        for code, words in vocabulary.items()
    }
    order = list(vocabulary)
    return sorted((code for code in order if scores[code]), key=lambda code: (-scores[code], order.index(code)))
