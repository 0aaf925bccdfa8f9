"""The day of an activity: the reminder before it, the sign-in at it, who is there, and its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain import activity as rules
from domain.activity import Activity, ActivityState, SignUp, SignUpState
from domain.gathering import USUAL_GRACE, Gathering
from domain.refusal import Refusal
from domain.schedule import Rule
from services import activity, activity_feedback, activity_sign_up, calendar, gathering, timetable
from services.activity_plan import END
from services.gathering import Count
from services.work import Work
from storage import activity as table
from storage import gathering as gatherings
from storage import schedule as schedules
from storage import sign_up as sign_ups
from storage import unit as units

LOOK = "activity.look"
LOOKS_AT = "09:40"
EARLIEST = timedelta(hours=2)
"""So long before it begins people may sign in."""
_LISTED = (SignUpState.IN, SignUpState.OFFERED, SignUpState.WAITING)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an activity stands, for whoever holds it."""

    coming: int
    family: int
    offered: int
    waiting: int
    idle: int
    """Places that are free though somebody waits who could have one: nobody could be asked in time."""
    there: Count | None
    """None: nobody has opened the sign-in."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list of names."""

    member_id: int
    name: str
    row: SignUp
    there: bool


def prepare(work: Work) -> None:
    """Write the schedule: one look every workday."""
    timetable.keep(work, LOOK, Rule("workdays", at=LOOKS_AT))


def remind(work: Work) -> None:
    """Remind, on the last workday before it, those who come; what lies on days off is reminded of before them."""
    if not calendar.is_workday(work, work.today):
        return
    following = work.today + timedelta(days=1)
    while not calendar.is_workday(work, following):
        following += timedelta(days=1)
    start_of = work.organisation.start_of
    first, last = start_of(work.today + timedelta(days=1)), start_of(following + timedelta(days=1))
    for one in table.between(work.connection, first, last, (ActivityState.PUBLISHED,)):
        activity.tell(work, one, (SignUpState.IN,), "activities.remind")


def get(work: Work, number: int) -> Activity:
    """Return an activity whose sign-in is open; whoever calls this has looked at permissions."""
    found = table.get(work.connection, number)
    if found is None:
        raise Refusal("activity.gone")
    return found


def sign_in_of(work: Work, number: int) -> Gathering | None:
    """Return the sign-in of an activity."""
    return gathering.of_subject(work, activity_sign_up.subject_of(number))


def standing(work: Work, one: Activity) -> Standing:
    """Count who comes, waits and is there."""
    counts = sign_ups.counts(work.connection, one.id)
    found = sign_in_of(work, one.id)
    coming, family = counts.get(SignUpState.IN, (0, 0))
    return Standing(
        coming,
        family,
        counts.get(SignUpState.OFFERED, (0, 0))[0],
        counts.get(SignUpState.WAITING, (0, 0))[0],
        _idle(work, one),
        gathering.count(work, found) if found else None,
    )


def _idle(work: Work, one: Activity) -> int:
    if one.state not in rules.LIVE or not one.left:
        return 0
    return one.left if rules.next_to_ask(one.capacity, one.taken, sign_ups.waiting(work.connection, one.id)) else 0


def open_sign_in(work: Work, member_id: int, number: int) -> Gathering:
    """Let people sign in; opened before, it is returned."""
    one = activity.own(work, member_id, number, rules.LIVE)
    begins = one.starts_at - EARLIEST
    if work.now < begins:
        raise Refusal("activity.too_early", hours=EARLIEST.seconds // 3600)
    unit = units.get(work.connection, one.unit_id)
    if unit is None:
        raise Refusal("activity.gone")
    people = sign_ups.people(work.connection, number, rules.COMING)
    late_at = max(one.starts_at, work.now) + USUAL_GRACE
    table.change(work.connection, number, (ActivityState.PUBLISHED,), state=ActivityState.OPEN.value)
    subject = activity_sign_up.subject_of(number)
    return gathering.open_listed(work, member_id, unit, one.title, subject, people, late_at)


def listed(work: Work, member_id: int, number: int, page: int, size: int) -> list[Listed]:
    """Return who comes and who waits, for the planner alone; one more than `size` when there are more."""
    activity.own(work, member_id, number, lock=False)
    found = sign_in_of(work, number)
    there = gatherings.there(work.connection, found.id) if found else {}
    rows = sign_ups.named(work.connection, number, _LISTED, size + 1, max(page, 0) * size)
    return [Listed(row.member_id, name, row, row.member_id in there) for name, row in rows]


def enter_for(work: Work, planner: int, number: int, member_id: int) -> None:
    """Sign somebody in from the list (代签), marked as such."""
    activity.own(work, planner, number, (ActivityState.OPEN,))
    found = sign_in_of(work, number)
    if found is None or not found.is_open(work.now):
        raise Refusal("gathering.closed")
    if not gatherings.is_called(work.connection, found.id, member_id):
        raise Refusal("activity.not_listed")
    gathering.enter(work, found, member_id, planner)


def finish(work: Work, member_id: int, number: int) -> Activity:
    """End it; twice is once."""
    one = activity.own(work, member_id, number)
    if one.state is ActivityState.OVER:
        return one
    if one.state not in rules.LIVE or work.now < one.starts_at:
        raise Refusal("activity.not_begun")
    return end(work, one)


def end(work: Work, one: Activity) -> Activity:
    """End it, count who could have come, and ask those who came what they think of it."""
    eligible = table.count_eligible(work.connection, one)
    values = {"state": ActivityState.OVER.value, "eligible": eligible}
    if not table.change(work.connection, one.id, rules.LIVE, **values):
        return one
    schedules.stop(work.connection, END, str(one.id))
    schedules.stop(work.connection, activity_sign_up.EXPIRE, str(one.id))
    found = sign_in_of(work, one.id)
    if found is not None:
        gathering.finish(work, found)
    activity_feedback.ask(work, one)
    return table.get(work.connection, one.id) or one


def fall_due(work: Work, number: int) -> None:
    """End what nobody ended."""
    one = table.lock(work.connection, number)
    if one is not None and one.state in rules.LIVE and one.ends_at + rules.AFTER <= work.now:
        end(work, one)
