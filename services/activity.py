"""Looking at activities: which are whose, who may plan where, how one reads, and its calendar file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from content import Voice
from domain import activity as rules
from domain.activity import Activity, ActivityState, SignUp, SignUpState
from domain.call import call
from domain.member import Unit
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Block, Choices, Document, Personal, Reply, Text
from services import attachment, calendar, ics, permission, post
from services.work import Work
from storage import activity as table
from storage import member as members
from storage import sign_up as sign_ups
from storage import unit as units

AHEAD = timedelta(days=60)
"""So far ahead `/activities` looks."""
URGENT = timedelta(days=1)
"""A change so near to the beginning passes quiet hours."""
TOLD = (SignUpState.IN, SignUpState.OFFERED, SignUpState.WAITING)
LATELY = timedelta(days=14)
"""So long what is over stays in a planner's list."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An activity as one person sees it. `ahead`: how many wait before this person."""

    activity: Activity
    state: SignUpState | None
    row: SignUp | None
    ahead: int
    conflicts: tuple[Activity, ...]
    eligible: bool


def places(work: Work, member_id: int) -> list[Unit]:
    """Return the units for which this person may plan an activity, from the top down."""
    found: dict[int, Unit] = {}
    for top in permission.scope(work, member_id, Action.PLAN_ACTIVITIES):
        found.update({unit.id: unit for unit in units.beneath(work.connection, top.path)})
    return list(found.values())


def own(
    work: Work, member_id: int, number: int, states: tuple[ActivityState, ...] = (), *, lock: bool = True
) -> Activity:
    """Return an activity to whoever may plan at its unit, and lock it; a draft to its author alone.

    With `states` it must be in one of them. `lock`: False for whoever looks at it alone.
    """
    found = (table.lock if lock else table.get)(work.connection, number)
    unit = units.get(work.connection, found.unit_id) if found else None
    if found is None or unit is None or not permission.may(work, member_id, Action.PLAN_ACTIVITIES, unit):
        raise Refusal("activity.gone")
    if found.state is ActivityState.DRAFT and found.created_by != member_id:
        raise Refusal("activity.gone")
    if states and found.state not in states:
        raise Refusal("activity.not_any_more")
    return found


def planned(work: Work, member_id: int, limit: int) -> list[Activity]:
    """Return this planner's drafts and what her units hold, soonest first; what was over lately comes last."""
    here = [unit.id for unit in places(work, member_id)]
    if not here:
        return []
    since = work.now - LATELY
    drafts = table.drafts_of(work.connection, member_id, limit)
    live = table.of_units(work.connection, here, rules.LIVE, since, limit)
    over = table.of_units(work.connection, here, (ActivityState.OVER,), since, limit)
    return [*sorted([*drafts, *live], key=_begins), *reversed(over)][:limit]


def _begins(one: Activity) -> datetime:
    return one.starts_at


def signed_up(work: Work, member_id: int) -> list[tuple[Activity, SignUpState]]:
    """Return what a person has signed up for and has not ended, soonest first."""
    found = table.of_member(work.connection, member_id, work.now - timedelta(days=1))
    return [(one, state) for one, state in found if one.ends_at > work.now]


def open_to(work: Work, member_id: int) -> list[Activity]:
    """Return what a person may sign up for and has not, soonest first."""
    found = table.between(work.connection, work.now, work.now + AHEAD, (ActivityState.PUBLISHED,))
    if not found:
        return []
    paths = [unit.path for unit in members.units_of(work.connection, member_id)]
    standings = members.standings_of(work.connection, member_id)
    mine = {one.id for one, _ in signed_up(work, member_id)}
    return [
        one for one in found if one.id not in mine and one.deadline > work.now and rules.fits(one, paths, standings)
    ]


def may_come(work: Work, member_id: int, one: Activity) -> bool:
    """Answer whether a person is one of those whom it is for."""
    paths = [unit.path for unit in members.units_of(work.connection, member_id)]
    return rules.fits(one, paths, members.standings_of(work.connection, member_id))


def seen(work: Work, member_id: int, number: int) -> Seen:
    """Return an activity as this person sees it; whom it is not for and who never signed up sees nothing of it."""
    one = table.get(work.connection, number)
    row = sign_ups.get(work.connection, number, member_id) if one else None
    eligible = one is not None and may_come(work, member_id, one)
    if one is None or one.state is ActivityState.DRAFT or not (eligible or row):
        raise Refusal("activities.gone")
    state = row.state if row and row.state is not SignUpState.WITHDRAWN else None
    ahead = sign_ups.before(work.connection, number, row.turn) if row and state is SignUpState.WAITING else 0
    return Seen(one, state, row, ahead, tuple(conflicts(work, member_id, one)), eligible)


def conflicts(work: Work, member_id: int, one: Activity) -> list[Activity]:
    """Return what else a person holds a place at in the same hours."""
    mine = table.of_member(work.connection, member_id, one.starts_at - timedelta(days=2))
    return [
        other for other, state in mine if other.id != one.id and state in rules.COMING and rules.overlap(one, other)
    ]


def needs_reason(work: Work, starts_at: datetime, minutes: int) -> bool:
    """Answer whether it would lie in working hours."""
    local = work.organisation.local(starts_at)
    return rules.in_hours(local, minutes, lambda day: calendar.is_workday(work, day))


def calendar_file(work: Work, voice: Voice, one: Activity) -> Document:
    """Return the activity for a calendar; a cancelled one takes itself off."""
    words = "\n".join(block.plain for block in details(work, voice, one, lasting=True))
    occasion = ics.Occasion(
        one.uid,
        one.sequence,
        one.title,
        one.place,
        one.starts_at,
        one.minutes,
        words,
        cancelled=one.state is ActivityState.CANCELLED,
    )
    name = voice.line("activities.file", title=one.title[:40])
    return Document(attachment.keep(work, name, ics.MIME, ics.write(work, occasion)), name)


def line(work: Work, voice: Voice, one: Activity) -> str:
    """Return when it is and what it is called, for lists."""
    return voice.line("activities.line", when=voice.moment(work.organisation.local(one.starts_at)), title=one.title)


def details(work: Work, voice: Voice, one: Activity, *, lasting: bool = False) -> list[Text]:
    """Return what everybody may read of it. `lasting`: without what changes while nobody is sent a newer file."""
    local = work.organisation.local
    blocks: list[Text] = [
        voice.say(
            "activities.details",
            title=one.title,
            kind=voice.label(f"activity_plan.kind_{one.kind.value}"),
            unit=one.unit_name,
            when=voice.moment(local(one.starts_at)),
            minutes=one.minutes,
            place=one.place or voice.line("activities.no_place"),
            cost=one.cost or voice.line("activities.no_cost"),
        )
    ]
    if not lasting:
        blocks += _ways(work, voice, one)
    if one.family:
        blocks.append(voice.say("activities.family", most=rules.MOST_FAMILY))
    if one.notes:
        blocks.append(voice.say("activities.notes", notes=one.notes))
    if one.in_hours:
        blocks.append(voice.say("activities.in_hours", reason=one.in_hours))
    return blocks


def _ways(work: Work, voice: Voice, one: Activity) -> list[Text]:
    """Say who may sign up until when, and how many places there are."""
    who = voice.say(
        "activities.who",
        unit=one.audience_name,
        circle=voice.label(f"activity_plan.circle_{rules.circle_of(one.standings).value}"),
        deadline=voice.moment(work.organisation.local(one.deadline)),
    )
    if not one.capacity:
        return [who, voice.say("activities.no_limit")]
    return [who, voice.say("activities.limit", capacity=one.capacity, left=one.left)]


def tell_change(work: Work, one: Activity, before: Activity, code: str) -> None:
    """Tell all who signed up or wait that it has changed, with a newer calendar file; near its beginning at once."""
    near = min(one.starts_at, before.starts_at) - work.now < URGENT
    tell(work, one, TOLD, code, file=True, kind="activity_urgent" if near else "activity_own")


def tell(
    work: Work,
    one: Activity,
    states: tuple[SignUpState, ...],
    code: str,
    *,
    file: bool = False,
    kind: str = "activity_own",
) -> None:
    """Tell those who stand so to it of something; with `file` the calendar file comes along."""
    people = sign_ups.people(work.connection, one.id, states)

    def compose(voice: Voice) -> Reply:
        blocks: list[Block] = [voice.say(code, title=one.title), *details(work, voice, one)]
        if file:
            blocks.append(calendar_file(work, voice, one))
        look = voice.button("activities.look", call("activities.show", one.id))
        return Reply((*blocks, Choices(((look,),))), personal=Personal.OWN)

    if people:
        post.push(work, people, kind, compose, subject=str(one.id))
