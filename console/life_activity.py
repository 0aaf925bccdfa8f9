"""Activities in the console: lists by state, who comes and who waits, the sign-in, and what people thought of it."""

from __future__ import annotations

from collections.abc import Callable

from console.asked import number_in
from console.grammar import Go, Look, Pages, Result, Visit
from console.life_frame import ROWS, framed
from console.lists import Line, Rows, every, saves
from domain.activity import FEEDBACK_FROM, ActivityState
from domain.permission import Action
from domain.refusal import Refusal
from services import activity as service
from services import activity_day, activity_feedback, activity_list, activity_plan, gathering

pages = Pages("life")

HERE = "life/activity/{number}"
EVERYBODY = 1_000_000


@pages.get("life/activities", needs=Action.PLAN_ACTIVITIES)
def activities(visit: Visit) -> Result:
    """List what one's units hold."""
    group, page = group_of(visit), number_in(visit, "page")
    found = activity_list.listed(visit.work, visit.person.id, group, ROWS + 1, page * ROWS)
    facts = {
        "group": group,
        "groups": list(activity_list.GROUPS),
        "activities": [(one, visit.voice.label(f"activity_plan.kind_{one.kind.value}")) for one in found[:ROWS]],
        "page_at": page,
        "more": len(found) > ROWS,
    }
    return framed(visit, "life_activities.html", "activities", facts)


def group_of(look: Look) -> str:
    """Return which list is asked for."""
    group = look.query.get("list", "coming")
    return group if group in activity_list.GROUPS else "coming"


@pages.get("life/activity/{number}", needs=Action.PLAN_ACTIVITIES)
def activity(visit: Visit) -> Result:
    """Show one to whoever holds it: its facts, the counts, the names, and from five answers on what people thought."""
    work, voice, person, number = visit.work, visit.voice, visit.person.id, visit.numbers["number"]
    one, page = service.own(work, person, number, lock=False), number_in(visit, "page")
    sign_in = activity_day.sign_in_of(work, number)
    is_open = one.state is ActivityState.OPEN and sign_in is not None and sign_in.is_open(work.now)
    people = activity_day.listed(work, person, number, page, ROWS)
    over = one.state is ActivityState.OVER
    facts = {
        "one": one,
        "lines": [block.plain for block in service.details(work, voice, one)],
        "state_name": voice.line(f"activity.is_{one.state.value}"),
        "now": activity_day.standing(work, one),
        "signing_in": is_open,
        "people": [(row, _how(visit, row)) for row in people[:ROWS]],
        "feedback": activity_feedback.summary(work, person, number) if over else None,
        "least": FEEDBACK_FROM,
        "begun": work.now >= one.starts_at,
        "soon": work.now >= one.starts_at - activity_day.EARLIEST,
        "page_at": page,
        "more": len(people) > ROWS,
    }
    return framed(visit, "life_activity.html", "activities", facts)


def _how(look: Look, row: activity_day.Listed) -> str:
    state = "there" if row.there else row.row.state.value
    family = look.voice.line("activity.with_family", family=row.row.family) if row.row.family else ""
    return look.voice.line(f"activity.how_{state}", turn=row.row.turn) + family


@saves(pages, HERE + "/export", "sign_ups", back=HERE, needs=Action.PLAN_ACTIVITIES)
def export(look: Look) -> Rows:
    """Return who comes and who waits."""
    number, words = look.numbers["number"], look.words("life")
    one = service.own(look.work, look.person.id, number, lock=False)
    people = activity_day.listed(look.work, look.person.id, number, 0, EVERYBODY)

    def line(row: activity_day.Listed) -> Line:
        return [row.name, _how(look, row), row.row.family, words["yes"] if row.there else ""]

    header = [words[f"column_{name}"] for name in ("name", "state", "family", "came")]
    return Rows(header, *every(people, line), one.title, look.work.organisation.today(one.starts_at))


def _enter(visit: Visit, number: int) -> None:
    person = number_in(visit, "member")
    activity_day.enter_for(visit.work, visit.person.id, number, person)


DEEDS: dict[str, Callable[[Visit, int], object]] = {
    "publish": lambda visit, number: activity_plan.publish(visit.work, visit.person.id, number),
    "discard": lambda visit, number: activity_plan.discard(visit.work, visit.person.id, number),
    "open": lambda visit, number: activity_day.open_sign_in(visit.work, visit.person.id, number),
    "enter_for": _enter,
    "finish": lambda visit, number: activity_day.finish(visit.work, visit.person.id, number),
    "call_off": lambda visit, number: activity_plan.call_off(visit.work, visit.person.id, number),
}


@pages.post("life/activity/{number}", needs=Action.PLAN_ACTIVITIES)
def do(visit: Visit) -> Result:
    """Do what a form of its page says."""
    number, name = visit.numbers["number"], visit.form.get("deed", "")
    if name == "screen" and (found := activity_day.sign_in_of(visit.work, number)) is not None:
        service.own(visit.work, visit.person.id, number)
        gathering.to_screen(visit.work, found, visit.person.id)
        return Go(f"life/activity/{number}/screen")
    if name not in DEEDS:
        raise Refusal("activity.gone")
    DEEDS[name](visit, number)
    return Go("life/activities" if name == "discard" else f"life/activity/{number}", f"activity_{name}")
