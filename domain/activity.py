"""Activities (活动): kinds, states, places, the waiting list, and who may sign up when."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.member import Standing, UnitKind

MOST_FAMILY = 3
"""So many of the family may come along with one person, where they may."""
HELD = timedelta(hours=12)
"""How long a place that has come free is kept for whoever is asked."""
WORK_FROM, WORK_TO = time(9, 0), time(17, 30)
"""Working hours. 工会法 art. 41: activities lie outside them unless that is agreed with the employer."""
LONGEST_TITLE, LONGEST_PLACE, LONGEST_COST, LONGEST_REASON, LONGEST_NOTES = 80, 200, 200, 200, 500
LONGEST_WORDS = 300
MOST_PLACES = 100_000
LENGTHS = (60, 90, 120, 180, 240, 480)
"""Minutes that buttons offer."""
FURTHEST = timedelta(days=400)
FEEDBACK_FROM = 5
"""With fewer answers nothing of them is shown to anybody."""
FEEDBACK_STEP = 5
"""What is shown is written anew with every fifth answer: two views that differ by one answer would give it away."""
STARS = (1, 2, 3, 4, 5)
AFTER = timedelta(hours=2)
"""An activity that nobody ended is over so long after its end."""


class ActivityKind(StrEnum):
    """What kind of activity it is."""

    THEME_DAY = "theme_day"
    STUDY_TOUR = "study_tour"
    SKILLS = "skills"
    YOUTH = "youth"
    VOLUNTEERING = "volunteering"
    CULTURE_SPORT = "culture_sport"
    LECTURE = "lecture"
    OTHER = "other"


class ActivityState(StrEnum):
    """How far an activity is."""

    DRAFT = "draft"
    PUBLISHED = "published"
    OPEN = "open"
    """People are signing in."""
    OVER = "over"
    CANCELLED = "cancelled"


class SignUpState(StrEnum):
    """How a person stands to an activity."""

    IN = "in"
    WAITING = "waiting"
    OFFERED = "offered"
    """A place has come free and is kept for this person until a moment."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity of a unit, and who may come."""

    id: int
    uid: str
    kind: ActivityKind
    unit_id: int
    unit_name: str
    audience_path: str
    """Everybody at or beneath this unit who is one of `standings` (none: everybody) may come."""
    standings: tuple[Standing, ...]
    title: str
    place: str
    starts_at: datetime
    minutes: int
    deadline: datetime
    capacity: int
    """0: no limit."""
    taken: int
    family: bool
    notes: str
    """Health and safety."""
    cost: str
    """In words; empty: none. No money is collected here."""
    theme: str
    state: ActivityState
    sequence: int
    created_by: int
    in_hours: str = ""
    """Why it lies in working hours; empty: it does not."""
    audience_id: int = 0
    audience_name: str = ""
    campaign_id: int | None = None
    eligible: int | None = None
    """How many could come, counted when it was over."""

    @property
    def left(self) -> int | None:
        """How many places are left; None: there is no limit."""
        return None if not self.capacity else max(self.capacity - self.taken, 0)

    @property
    def ends_at(self) -> datetime:
        """When it is planned to end."""
        return self.starts_at + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class SignUp:
    """One person's row. `turn`: the place in the waiting list, counted from 1; 0: never stood in it."""

    activity_id: int
    member_id: int
    state: SignUpState
    turn: int
    family: int
    offered_until: datetime | None

    @property
    def party(self) -> int:
        """How many places this person and the family need."""
        return 1 + self.family


COMING = (SignUpState.IN, SignUpState.OFFERED)
"""Those who hold places."""
LIVE = (ActivityState.PUBLISHED, ActivityState.OPEN)


class Circle(StrEnum):
    """Which people of a unit may come."""

    ALL = "all"
    PARTY = "party"
    LEAGUE = "league"
    UNION = "union"


STANDINGS: dict[Circle, tuple[Standing, ...]] = {
    Circle.ALL: (),
    Circle.PARTY: (Standing.PARTY_FULL, Standing.PARTY_PROBATIONARY, Standing.PARTY_APPLICANT),
    Circle.LEAGUE: (Standing.LEAGUE,),
    Circle.UNION: (Standing.UNION,),
}
_USUAL = {
    UnitKind.PARTY_COMMITTEE: Circle.PARTY,
    UnitKind.PARTY_BRANCH: Circle.PARTY,
    UnitKind.PARTY_GROUP: Circle.PARTY,
    UnitKind.LEAGUE_BRANCH: Circle.LEAGUE,
    UnitKind.UNION: Circle.UNION,
}


def usual_circle(kind: UnitKind) -> Circle:
    """Return who may come to what a unit of this kind holds, unless its planner says otherwise."""
    return _USUAL.get(kind, Circle.ALL)


def circle_of(standings: Sequence[Standing]) -> Circle:
    """Return the circle that these standings are."""
    return next((one for one, held in STANDINGS.items() if set(held) == set(standings)), Circle.ALL)


def fits(activity: Activity, paths: Iterable[str], standings: Collection[Standing]) -> bool:
    """Answer whether a person of these units (their paths) who is one of these may come."""
    is_one = not activity.standings or bool(set(activity.standings) & set(standings))
    return is_one and any(path.startswith(activity.audience_path) for path in paths)


def hurdle(activity: Activity, now: datetime, *, eligible: bool, family: int) -> str:
    """Return why somebody may not sign up now: the name of a sentence; empty: nothing is in the way.

    While people are signing in, who stands at the door may still come, whatever the deadline was.
    """
    state = activity.state
    checks = (
        ("cancelled", state is ActivityState.CANCELLED),
        ("over", state is ActivityState.OVER),
        ("gone", state not in LIVE),
        ("not_for_you", not eligible),
        ("no_family", bool(family) and not activity.family),
        ("too_much_family", not 0 <= family <= MOST_FAMILY),
        ("too_late", state is ActivityState.PUBLISHED and now >= activity.deadline),
    )
    return next((name for name, stands in checks if stands), "")


def has_room(capacity: int, taken: int, party: int) -> bool:
    """Answer whether so many more may come."""
    return not capacity or taken + party <= capacity


def next_to_ask(capacity: int, taken: int, waiting: Iterable[SignUp]) -> SignUp | None:
    """Return the first in turn whose party fits into what is free; None when nobody's does."""
    return next(iter(to_ask(capacity, taken, waiting)), None)


def to_ask(capacity: int, taken: int, waiting: Iterable[SignUp]) -> list[SignUp]:
    """Return all in turn whose party fits into what is then free: who does not fit now does not fit later either."""
    found = []
    for one in waiting:
        if has_room(capacity, taken, one.party):
            found.append(one)
            taken += one.party
    return found


def held_until(activity: Activity, reached_at: datetime, now: datetime) -> datetime:
    """Return until when a place is kept for whoever is asked now and hears of it at `reached_at`.

    Never beyond the deadline; who hears of it after that has time until the beginning.
    """
    end = activity.deadline if reached_at < activity.deadline else activity.starts_at
    return max(min(reached_at + HELD, end), now)


def shows_anew(answers: int) -> bool:
    """Answer whether what is shown of the feedback is written anew with so many answers."""
    return answers >= FEEDBACK_FROM and answers % FEEDBACK_STEP == 0


def tenths(stars: Sequence[int]) -> int:
    """Return the mean in tenths, rounded half up."""
    return (20 * sum(stars) + len(stars)) // (2 * len(stars))


def overlap(one: Activity, other: Activity) -> bool:
    """Answer whether nobody can be at both."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def in_hours(start: datetime, minutes: int, workday: Callable[[date], bool]) -> bool:
    """Answer whether any of it lies within working hours. `start` is on the organisation's clock."""
    end = start + timedelta(minutes=minutes)
    day = start.date()
    while day <= end.date():
        first, last = (datetime.combine(day, clock, start.tzinfo) for clock in (WORK_FROM, WORK_TO))
        if start < last and first < end and workday(day):
            return True
        day += timedelta(days=1)
    return False


def usual_deadline(start: datetime, now: datetime) -> datetime:
    """Return when signing up usually ends: at six the evening before; too near, it ends as the activity begins.

    Both are on the organisation's clock.
    """
    evening = datetime.combine(start.date() - timedelta(days=1), time(18, 0), start.tzinfo)
    return evening if evening > now + timedelta(hours=1) else start


def usual_times(now: datetime, workday: Callable[[date], bool]) -> tuple[datetime, datetime]:
    """Return two times that lie outside working hours: next Saturday (or day off) morning, a workday's evening."""
    day = now.date() + timedelta(days=1)
    while workday(day) or day.weekday() < 5:  # noqa: PLR2004 - Saturday and Sunday
        day += timedelta(days=1)
    evening = now.date() + timedelta(days=1)
    while not workday(evening):
        evening += timedelta(days=1)
    return (datetime.combine(day, WORK_FROM, now.tzinfo), datetime.combine(evening, time(18, 0), now.tzinfo))


SUITS = frozenset({"party", "union", "league", "women"})
"""The organisations that an idea may suit."""
_SUITS = {
    UnitKind.PARTY_COMMITTEE: "party",
    UnitKind.PARTY_BRANCH: "party",
    UnitKind.PARTY_GROUP: "party",
    UnitKind.LEAGUE_BRANCH: "league",
    UnitKind.UNION: "union",
    UnitKind.WOMEN: "women",
}


@dataclass(frozen=True, slots=True)
class ThemeWords:
    """An idea in one language."""

    title: str
    material: str
    places: str
    checklist: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Theme:
    """An idea for an activity, from the library."""

    ref: str
    minutes: int
    suits: frozenset[str]
    words: Mapping[str, ThemeWords]
    """By language."""


def suitable(themes: Iterable[Theme], kind: UnitKind) -> list[Theme]:
    """Return the ideas for a unit of this kind; a department may use all."""
    whose = _SUITS.get(kind)
    return [one for one in themes if whose is None or whose in one.suits]
