"""An activity as one form: all of it checked before anything is written, and people told once of all that changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import activity as rules
from domain.activity import Activity, ActivityKind, ActivityState, Circle
from domain.member import Unit
from domain.refusal import Refusal
from services import activity, activity_plan, activity_sign_up
from services.activity_plan import CHANGEABLE, Plan
from services.work import Work

SHOWN_UNITS = 200
"""So many units stand in a form; of more they are looked for by name."""
_MINUTE = timedelta(minutes=1)
_TOLD = ("title", "place", "cost", "notes", "starts_at", "minutes", "in_hours")
"""What those who signed up are told of when it changes."""


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the form. `deadline` None: as usual; `unit_id`, `circle`: who may come, 0 and None: as it was."""

    words: Mapping[str, str]
    """By field: `title`, `place`, `cost`, `notes`, `in_hours`."""
    starts_at: datetime
    minutes: int
    deadline: datetime | None = None
    capacity: int = 0
    family: bool = False
    unit_id: int = 0
    circle: Circle | None = None


def places(work: Work, member_id: int, wanted: str) -> list[Unit]:
    """Return units for which this person may plan, with these words in the name; at most `SHOWN_UNITS`."""
    return [unit for unit in activity.places(work, member_id) if wanted in unit.name][:SHOWN_UNITS]


def create(work: Work, member_id: int, plan_unit: int, kind: ActivityKind, theme: str, form: Form) -> Activity:
    """Keep a draft of the whole form."""
    activity_plan.unit_of(work, member_id, plan_unit)
    values = _checked(work, member_id, form, None, activity_plan.minutes_of(theme))
    title, reason = str(values["title"]), str(values["in_hours"])
    plan = Plan(plan_unit, kind, title, form.starts_at, reason, theme=theme, minutes=form.minutes)
    made = activity_plan.draft(work, member_id, plan)
    return activity_plan.changed_to(work, member_id, made, values)


def change(work: Work, member_id: int, number: int, form: Form) -> Activity:
    """Give a draft, or what is published, all that stands in the form; who signed up hears of it in one letter."""
    one = activity.own(work, member_id, number, CHANGEABLE)
    values = _checked(work, member_id, form, one, one.minutes)
    told = any(values.get(name, getattr(one, name)) != getattr(one, name) for name in _TOLD)
    changed = activity_plan.changed_to(work, member_id, one, values, told=told)
    # Places that have come free, and one that nobody could be asked for in time.
    activity_sign_up.ask_next(work, number)
    return changed


def _checked(work: Work, member_id: int, form: Form, one: Activity | None, usual_minutes: int) -> dict[str, object]:
    """Return the columns; raises the refusal of whatever can't be kept."""
    check = activity_plan.check_words
    values: dict[str, object] = {name: check(name, form.words.get(name, "")) for name in _TOLD[:4]}
    # The form knows minutes alone: a time that is the same on it is no change.
    kept = one is not None and abs(form.starts_at - one.starts_at) < _MINUTE
    starts_at = one.starts_at if one is not None and kept else form.starts_at
    if not kept:
        activity_plan.check_time(work, starts_at)
    if form.minutes not in rules.LENGTHS and form.minutes != usual_minutes:
        raise Refusal("help.expired")
    values |= {
        "starts_at": starts_at,
        "minutes": form.minutes,
        "in_hours": activity_plan.check_hours(work, starts_at, form.minutes, form.words.get("in_hours", "")),
        "deadline": _deadline(work, form, one, starts_at),
        "capacity": activity_plan.check_capacity(form.capacity),
    }
    if one is not None and form.capacity and form.capacity < one.taken:
        raise Refusal("activity_plan.taken", taken=one.taken)
    if one is None or one.state is ActivityState.DRAFT:
        values |= {"family": form.family, **_whom(work, member_id, form)}
    return values


def _whom(work: Work, member_id: int, form: Form) -> dict[str, object]:
    found: dict[str, object] = {}
    if form.unit_id:
        found["audience_id"] = activity_plan.unit_of(work, member_id, form.unit_id).id
    if form.circle is not None:
        found["standings"] = activity_plan.joined(form.circle)
    return found


def _deadline(work: Work, form: Form, one: Activity | None, starts_at: datetime) -> datetime:
    """Return when signing up ends; one that was not touched goes along with another beginning, as in the chat."""
    local = work.organisation.local
    usual = rules.usual_deadline(local(starts_at), local(work.now))
    if form.deadline is None:
        return usual
    if one is not None and abs(form.deadline - one.deadline) < _MINUTE:
        if starts_at == one.starts_at:
            return one.deadline
        before = rules.usual_deadline(local(one.starts_at), local(work.now))
        return one.deadline if one.deadline != before and work.now < one.deadline <= starts_at else usual
    if not work.now < form.deadline <= starts_at:
        raise Refusal("activity_plan.bad_deadline")
    return form.deadline
