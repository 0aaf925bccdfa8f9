"""The draft of an activity: its summary, what else can be changed in it, who may come, and publishing it."""

from __future__ import annotations

from content.activities import theme as theme_of
from domain.activity import LENGTHS, Activity, ActivityState, Circle, circle_of
from domain.call import call
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply
from handlers.grammar import Routes, Turn, reply
from services import activity as service
from services import activity_plan

routes = Routes("activity_draft")


@routes.button("summary")
def summary(turn: Turn, number: int) -> Reply:
    """Show a draft."""
    return _summary(turn, service.own(turn.work, turn.person.id, number, (ActivityState.DRAFT,)))


def _summary(turn: Turn, one: Activity) -> Reply:
    """Show the draft as its readers will see it, and what can be done."""
    turn.close()
    theme = theme_of(one.theme) if one.theme else None
    blocks: list[Block] = [turn.say("activity_draft.summary"), *service.details(turn.work, turn.voice, one)]
    if theme is not None:
        blocks.append(activity_plan.idea(turn.voice, theme))
    number = one.id
    family = "activity_draft.family_off" if one.family else "activity_draft.family_on"
    rows = [
        [
            turn.button("activity_draft.publish", call("activity_draft.publish", number)),
            turn.button("activity_draft.discard", call("activity_draft.discard", number)),
        ],
        [_change(turn, number, "when"), _change(turn, number, "place")],
        [
            _change(turn, number, "capacity"),
            turn.button("activity_draft.whom", call("activity_plan.change", number, "unit")),
        ],
        [
            turn.button(family, call("activity_draft.family", number)),
            turn.button("activity_draft.more", call("activity_draft.more", number)),
        ],
    ]
    return reply(*blocks, rows=rows, edits=True, personal=Personal.OWN)


def _change(turn: Turn, number: int, field: str) -> Button:
    return turn.button(
        f"activity_draft.change_{field}",
        call("activity_draft.minutes", number) if field == "minutes" else call("activity_plan.change", number, field),
    )


@routes.button("more")
def more(turn: Turn, number: int) -> Reply:
    """Show what else can be changed; of what is published, everything that can."""
    one = service.own(turn.work, turn.person.id, number, (ActivityState.DRAFT, ActivityState.PUBLISHED))
    fields = ["title", "minutes", "deadline", "notes", "cost"]
    if one.state is ActivityState.PUBLISHED:
        fields = ["when", "place", "capacity", "title", "deadline", "notes", "cost"]
    buttons = [
        *(_change(turn, number, field) for field in fields),
        turn.button("activity_draft.back", call("activity.show", number)),
    ]
    rows = [buttons[place : place + 2] for place in range(0, len(buttons), 2)]
    code = "activity_draft.what_change" if one.state is ActivityState.DRAFT else "activity_draft.what_change_told"
    return reply(turn.say(code, title=one.title), rows=rows, edits=True)


@routes.button("minutes")
def minutes(turn: Turn, number: int) -> Reply:
    """Ask how long it lasts."""
    buttons = [
        turn.button("activity_draft.lasts", call("activity_draft.lasts", number, length), minutes=length)
        for length in LENGTHS
    ]
    back = turn.button("activity_draft.back", call("activity.show", number))
    return reply(turn.say("activity_draft.ask_minutes"), rows=[buttons[:3], buttons[3:], [back]], edits=True)


@routes.button("lasts")
def lasts(turn: Turn, number: int, minutes: int) -> Reply:
    """Take how long it lasts."""
    return summary(turn, activity_plan.last(turn.work, turn.person.id, number, minutes).id)


@routes.button("family")
def family(turn: Turn, number: int) -> Reply:
    """Let the family come along, or not."""
    return _summary(turn, activity_plan.allow_family(turn.work, turn.person.id, number))


@routes.button("whom")
def whom(turn: Turn, number: int) -> Reply:
    """Choose who may come: what they are, and of which unit."""
    one = service.own(turn.work, turn.person.id, number, (ActivityState.DRAFT,))
    circles = [
        turn.button(f"activity_plan.circle_{circle.value}", call("activity_draft.circle", number, circle.value))
        for circle in Circle
    ]
    here = [unit for unit in service.places(turn.work, turn.person.id) if unit.id != one.audience_id][:3]
    units = [[Button(unit.name[:30], call("activity_draft.to", number, unit.id))] for unit in here]
    rows = [circles[:2], circles[2:], *units, [turn.button("activity_draft.back", call("activity.show", number))]]
    circle = turn.voice.label(f"activity_plan.circle_{circle_of(one.standings).value}")
    return reply(turn.say("activity_draft.ask_whom", unit=one.audience_name, circle=circle), rows=rows, edits=True)


@routes.button("circle")
def circle(turn: Turn, number: int, name: str) -> Reply:
    """Take what people must be."""
    one = service.own(turn.work, turn.person.id, number, (ActivityState.DRAFT,))
    if name not in list(Circle):
        raise Refusal("help.expired")
    found = activity_plan.address_to(turn.work, turn.person.id, number, one.audience_id, Circle(name))
    return _summary(turn, found)


@routes.button("to")
def to(turn: Turn, number: int, unit_id: int) -> Reply:
    """Take the unit whose people may come."""
    one = service.own(turn.work, turn.person.id, number, (ActivityState.DRAFT,))
    found = activity_plan.address_to(turn.work, turn.person.id, number, unit_id, circle_of(one.standings))
    return _summary(turn, found)


@routes.button("publish")
def publish(turn: Turn, number: int) -> Reply:
    """Publish it: people are told and may sign up."""
    one, _ = activity_plan.publish(turn.work, turn.person.id, number)
    turn.close()
    rows = [[turn.button("activity_draft.look", call("activity.show", one.id))]]
    return reply(turn.say("activity_draft.published", title=one.title), rows=rows, edits=True)


@routes.button("discard")
def discard(turn: Turn, number: int) -> Reply:
    """Throw the draft away."""
    activity_plan.discard(turn.work, turn.person.id, number)
    turn.close()
    home = turn.button("help.home", call("help.home"))
    return reply(turn.say("activity_draft.discarded"), rows=[[home]], edits=True)
