"""Planning an activity: the draft, what is changed in it, publishing it, changing what is published, calling it off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from content import Voice
from content.activities import theme as theme_of
from domain import activity as rules
from domain.activity import Activity, ActivityKind, ActivityState, Circle, Theme
from domain.announcement import secrecy_mark
from domain.arrival import clean
from domain.call import call
from domain.member import Unit
from domain.push import Audience
from domain.refusal import Refusal
from domain.reply import Choices, Reply, Text
from domain.schedule import Rule
from services import activity, activity_sign_up, calendar, post
from services.work import Work
from storage import activity as table
from storage import audit
from storage import member as members
from storage import schedule as schedules

END = "activity.end"
CHANGEABLE = (ActivityState.DRAFT, ActivityState.PUBLISHED)
_LONGEST = {
    "title": rules.LONGEST_TITLE,
    "place": rules.LONGEST_PLACE,
    "cost": rules.LONGEST_COST,
    "in_hours": rules.LONGEST_REASON,
    "notes": rules.LONGEST_NOTES,
}
_USUAL_MINUTES = 120


@dataclass(frozen=True, slots=True)
class Plan:
    """What a planner has said so far; enough for a draft."""

    unit_id: int
    kind: ActivityKind
    title: str
    starts_at: datetime
    in_hours: str = ""
    place: str = ""
    capacity: int = 0
    theme: str = ""
    minutes: int = 0
    """0: as long as the idea takes, or as usual."""


def unit_of(work: Work, member_id: int, number: int) -> Unit:
    """Return a unit for which this person may plan; raises the refusal for any other."""
    found = next((unit for unit in activity.places(work, member_id) if unit.id == number), None)
    if found is None:
        raise Refusal("activity_plan.no_unit")
    return found


def minutes_of(theme: str) -> int:
    """Return how long an idea takes, or the usual time."""
    found = theme_of(theme) if theme else None
    return found.minutes if found else _USUAL_MINUTES


def check_words(field: str, words: str) -> str:
    """Return the words as they are kept, on one line; refuse what is too long or secret, and a title without words."""
    kept = " ".join(clean(words).split())
    mark = secrecy_mark(words) or secrecy_mark(kept)
    if mark is not None:
        refusal = Refusal("announcement.secret", mark=mark)
        # The update that brought it is not kept either: an activity goes over the internet.
        refusal.forget = True
        raise refusal
    if len(kept) > _LONGEST[field] or (not kept and field == "title"):
        raise Refusal(f"activity_plan.bad_{field}", longest=_LONGEST[field], length=len(kept))
    return kept


def check_time(work: Work, starts_at: datetime) -> None:
    """Refuse what has passed and what is too far ahead."""
    if not work.now < starts_at <= work.now + rules.FURTHEST:
        raise Refusal("activity_plan.bad_time", days=rules.FURTHEST.days)


def check_hours(work: Work, starts_at: datetime, minutes: int, reason: str) -> str:
    """Return why it lies in working hours; empty when it does not."""
    if not activity.needs_reason(work, starts_at, minutes):
        return ""
    kept = check_words("in_hours", reason)
    if not kept:
        raise Refusal("activity_plan.no_reason")
    return kept


def draft(work: Work, member_id: int, plan: Plan) -> Activity:
    """Keep a draft; it is its author's alone."""
    unit = unit_of(work, member_id, plan.unit_id)
    check_time(work, plan.starts_at)
    minutes = plan.minutes or minutes_of(plan.theme)
    local = work.organisation.local
    number = table.add(
        work.connection,
        uid=f"activity-{uuid4().hex}@dangqun",
        kind=plan.kind.value,
        unit_id=unit.id,
        audience_id=unit.id,
        standings=joined(rules.usual_circle(unit.kind)),
        title=check_words("title", plan.title),
        place=check_words("place", plan.place),
        starts_at=plan.starts_at,
        minutes=minutes,
        deadline=rules.usual_deadline(local(plan.starts_at), local(work.now)),
        capacity=check_capacity(plan.capacity),
        theme=plan.theme,
        in_hours=check_hours(work, plan.starts_at, minutes, plan.in_hours),
        state=ActivityState.DRAFT.value,
        created_by=member_id,
        created_at=work.now,
    )
    return activity.own(work, member_id, number)


def joined(circle: Circle) -> str:
    """Return a circle as its standings are kept."""
    return ",".join(one.value for one in rules.STANDINGS[circle])


def check_capacity(number: int) -> int:
    """Refuse more places than anything has."""
    if not 0 <= number <= rules.MOST_PLACES:
        raise Refusal("activity_plan.bad_capacity", most=rules.MOST_PLACES)
    return number


def write(work: Work, member_id: int, number: int, field: str, words: str) -> Activity:
    """Change words of it: `title`, `place`, `cost` or `notes`."""
    one = activity.own(work, member_id, number, CHANGEABLE)
    return changed_to(work, member_id, one, {field: check_words(field, words)}, told=True)


def move(work: Work, member_id: int, number: int, starts_at: datetime, reason: str) -> Activity:
    """Give it another beginning; the deadline goes along unless it still fits."""
    one = activity.own(work, member_id, number, CHANGEABLE)
    check_time(work, starts_at)
    local = work.organisation.local
    usual = rules.usual_deadline(local(one.starts_at), local(work.now))
    kept = one.deadline if one.deadline != usual and work.now < one.deadline <= starts_at else None
    values = {
        "starts_at": starts_at,
        "in_hours": check_hours(work, starts_at, one.minutes, reason),
        "deadline": kept or rules.usual_deadline(local(starts_at), local(work.now)),
    }
    changed = changed_to(work, member_id, one, values, told=True)
    # A place that was left free, for nobody could be asked in time, can be asked for now.
    activity_sign_up.ask_next(work, number)
    return changed


def last(work: Work, member_id: int, number: int, minutes: int) -> Activity:
    """Let it last so long. What would reach into working hours needs a beginning with a reason first."""
    one = activity.own(work, member_id, number, CHANGEABLE)
    if minutes not in rules.LENGTHS:
        raise Refusal("help.expired")
    values = {"minutes": minutes, "in_hours": check_hours(work, one.starts_at, minutes, one.in_hours)}
    return changed_to(work, member_id, one, values, told=True)


def close_at(work: Work, member_id: int, number: int, deadline: datetime) -> Activity:
    """Let signing up end at another moment, before it begins."""
    one = activity.own(work, member_id, number, CHANGEABLE)
    if not work.now < deadline <= one.starts_at:
        raise Refusal("activity_plan.bad_deadline")
    return changed_to(work, member_id, one, {"deadline": deadline})


def limit(work: Work, member_id: int, number: int, capacity: int) -> Activity:
    """Give it so many places (0: no limit), never fewer than are taken; who waits is asked when there are more."""
    one = activity.own(work, member_id, number, CHANGEABLE)
    if capacity and capacity < one.taken:
        raise Refusal("activity_plan.taken", taken=one.taken)
    changed = changed_to(work, member_id, one, {"capacity": check_capacity(capacity)})
    activity_sign_up.ask_next(work, number)
    return changed


def allow_family(work: Work, member_id: int, number: int) -> Activity:
    """Let the family come along, or not any more; while it is a draft."""
    one = activity.own(work, member_id, number, (ActivityState.DRAFT,))
    return changed_to(work, member_id, one, {"family": not one.family})


def address_to(work: Work, member_id: int, number: int, unit_id: int, circle: Circle) -> Activity:
    """Choose who may come: of which unit, and what they are; while it is a draft."""
    one = activity.own(work, member_id, number, (ActivityState.DRAFT,))
    unit = unit_of(work, member_id, unit_id)
    return changed_to(work, member_id, one, {"audience_id": unit.id, "standings": joined(circle)})


def changed_to(work: Work, member_id: int, one: Activity, values: dict[str, object], *, told: bool = False) -> Activity:
    """Write it; of what is published those who signed up are told, with a newer calendar file."""
    if all(getattr(one, name, None) == value for name, value in values.items()):
        return one
    if told and one.state is ActivityState.PUBLISHED:
        values = {**values, "sequence": one.sequence + 1}
    table.change(work.connection, one.id, CHANGEABLE, **values)
    after = activity.own(work, member_id, one.id)
    if after.state is ActivityState.PUBLISHED:
        _end_at(work, after)
        if told:
            activity.tell_change(work, after, one, "activities.changed")
    return after


def _end_at(work: Work, one: Activity) -> None:
    """Let the clock end it when nobody does."""
    moment = one.ends_at + rules.AFTER
    local = work.organisation.local(moment)
    rule = Rule("once", at=f"{local:%H:%M}", on=local.date().isoformat())
    schedules.put(work.connection, END, str(one.id), rule.to_json(), moment)


def publish(work: Work, member_id: int, number: int) -> tuple[Activity, int]:
    """Let people sign up, and tell whom it is for; returns it with how many letters were written or laid."""
    one = activity.own(work, member_id, number)
    if one.state is not ActivityState.DRAFT:
        return one, 0
    unit_of(work, member_id, one.audience_id)
    check_time(work, one.starts_at)
    if one.deadline <= work.now:
        raise Refusal("activity_plan.bad_deadline")
    if not members.some_of(work.connection, one.audience_path, one.standings, 1):
        raise Refusal("activity_plan.nobody", unit=one.audience_name)
    table.change(work.connection, number, (ActivityState.DRAFT,), state=ActivityState.PUBLISHED.value)
    audit.note(work.connection, work.now, member_id, "activity_publish", None, id=number, unit=one.audience_id)
    one = activity.own(work, member_id, number)
    whom = Audience(one.audience_path, one.standings)
    posted = post.push(work, whom, "activity", lambda voice: invitation(work, voice, one), subject=str(number))
    table.change(work.connection, number, rules.LIVE, campaign_id=posted.campaign)
    _end_at(work, one)
    return one, posted.letters


def invitation(work: Work, voice: Voice, one: Activity) -> Reply:
    """Return what people read when it is published; signing up is one tap from here."""
    buttons = (
        voice.button("activities.join", call("activities.join", one.id, 0)),
        voice.button("activities.look", call("activities.show", one.id)),
    )
    return Reply((voice.say("activities.new"), *activity.details(work, voice, one), Choices((buttons,))))


def discard(work: Work, member_id: int, number: int) -> None:
    """Throw a draft away."""
    activity.own(work, member_id, number, (ActivityState.DRAFT,))
    table.change(work.connection, number, (ActivityState.DRAFT,), state=ActivityState.CANCELLED.value)


def call_off(work: Work, member_id: int, number: int) -> Activity:
    """Cancel what is published: those who signed up are told, with a calendar file that takes it off. Twice is once."""
    one = activity.own(work, member_id, number)
    if one.state is ActivityState.CANCELLED:
        return one
    values = {"state": ActivityState.CANCELLED.value, "sequence": one.sequence + 1}
    if not table.change(work.connection, number, (ActivityState.PUBLISHED,), **values):
        raise Refusal("activity.not_any_more")
    schedules.stop(work.connection, END, str(number))
    schedules.stop(work.connection, activity_sign_up.EXPIRE, str(number))
    audit.note(work.connection, work.now, member_id, "activity_called_off", None, id=number)
    after = activity.own(work, member_id, number)
    activity.tell_change(work, after, one, "activities.called_off")
    return after


def unit_named(work: Work, member_id: int, words: str) -> list[Unit]:
    """Return the units for which a person may plan and whose name is this, or else has these words in it."""
    here = activity.places(work, member_id)
    exact = [unit for unit in here if unit.name == words]
    return exact or [unit for unit in here if words and words in unit.name]


def usual_times(work: Work) -> tuple[datetime, datetime]:
    """Return two times outside working hours, on the organisation's clock."""
    return rules.usual_times(work.organisation.local(work.now), lambda day: calendar.is_workday(work, day))


def idea(voice: Voice, one: Theme) -> Text:
    """Return what an idea needs."""
    words = one.words[voice.language]
    return voice.say(
        "activity_plan.idea",
        title=words.title,
        material=words.material,
        places=words.places,
        minutes=one.minutes,
        checklist="\n".join(f"□ {item}" for item in words.checklist),
    )
