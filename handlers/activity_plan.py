"""Planning an activity step by step: unit, kind, an idea or a title, time, place, places; then a summary to change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from content.activities import theme as theme_of
from content.activities import themes
from domain.activity import Activity, ActivityKind, ActivityState, Theme, suitable
from domain.arrival import Said, Uploaded
from domain.call import call
from domain.moment import read_when
from domain.refusal import Refusal
from domain.reply import Button, Reply
from handlers.grammar import Routes, Turn, reply
from services import activity as service
from services import activity_plan
from services.activity_plan import Plan

routes = Routes("activity_plan")

SHOWN = 6
IDEAS = 5
KINDS = tuple(kind for kind in ActivityKind if kind is not ActivityKind.OTHER)
CAPACITIES = (20, 30, 50, 0)
WORDS = ("title", "place", "cost", "notes")


def _facts(turn: Turn) -> dict[str, Any]:
    """Return what was said so far; a button of a conversation that is not open any more is refused."""
    if not turn.step.startswith("activity_plan."):
        raise Refusal("help.expired")
    return dict(turn.facts)


def _cancel(turn: Turn) -> Button:
    return turn.button("activity_plan.cancel", call("activity_plan.cancel"))


@routes.button("cancel")
def cancel(turn: Turn) -> Reply:
    """Plan nothing."""
    if not turn.step.startswith("activity_plan."):
        return turn.registry.buttons["help.passed"](turn)
    turn.close()
    home = turn.button("help.home", call("help.home"))
    return reply(turn.say("activity_plan.cancelled"), rows=[[home]], edits=True)


@routes.button("start")
def start(turn: Turn, title: str) -> Reply:
    """Begin; with a single unit it is not asked for."""
    places = service.places(turn.work, turn.person.id)
    if not places:
        raise Refusal("help.not_yours")
    facts: dict[str, Any] = {"title": activity_plan.check_words("title", title)} if title.strip() else {}
    if len(places) == 1:
        facts["unit"] = places[0].id
    return _go_on(turn, facts)


def _go_on(turn: Turn, facts: dict[str, Any]) -> Reply:
    """Ask for what is missing; with nothing missing there is a draft."""
    if facts.get("id"):
        return _moved(turn, facts)
    wanted = (("unit", _ask_unit), ("kind", _ask_kind), ("title", _ask_title), ("at", _ask_when))
    for name, ask in wanted:
        if name not in facts:
            return ask(turn, facts)
    at = datetime.fromisoformat(facts["at"])
    if "in_hours" not in facts and service.needs_reason(
        turn.work, at, activity_plan.minutes_of(facts.get("theme", ""))
    ):
        return _ask_reason(turn, facts)
    for name in ("place", "capacity"):
        if name not in facts:
            return _ask_place(turn, facts) if name == "place" else _ask_capacity(turn, facts)
    plan = Plan(
        facts["unit"],
        ActivityKind(facts["kind"]),
        facts["title"],
        at,
        facts.get("in_hours", ""),
        facts["place"],
        facts["capacity"],
        facts.get("theme", ""),
    )
    return _shown(turn, activity_plan.draft(turn.work, turn.person.id, plan))


def _ask_unit(turn: Turn, facts: dict[str, Any]) -> Reply:
    turn.ask("activity_plan.unit", **facts)
    rows = [
        [Button(unit.name[:30], call("activity_plan.unit", unit.id))]
        for unit in service.places(turn.work, turn.person.id)[:SHOWN]
    ]
    return reply(turn.say("activity_plan.which_unit"), rows=[*rows, [_cancel(turn)]], edits=True)


@routes.button("unit")
def unit(turn: Turn, number: int) -> Reply:
    """Take the unit."""
    found = activity_plan.unit_of(turn.work, turn.person.id, number)
    return _go_on(turn, {**_facts(turn), "unit": found.id})


@routes.step("unit", yields=True)
def unit_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take a unit by its name; when it is being addressed, as the one whose people may come."""
    words = content.text.strip() if isinstance(content, Said) else ""
    found = activity_plan.unit_named(turn.work, turn.person.id, words)
    if len(found) != 1:
        raise Refusal("activity_plan.several_units" if found else "activity_plan.no_such_unit", words=words[:40])
    if turn.facts.get("id"):
        return turn.registry.buttons["activity_draft.to"](turn, int(turn.facts["id"]), found[0].id)
    return unit(turn, found[0].id)


def _ask_kind(turn: Turn, facts: dict[str, Any]) -> Reply:
    turn.ask("activity_plan.kind", **facts)
    kinds = [turn.button(f"activity_plan.kind_{kind.value}", call("activity_plan.kind", kind.value)) for kind in KINDS]
    rows = [[*kinds, _cancel(turn)][place : place + 2] for place in range(0, len(KINDS) + 1, 2)]
    return reply(turn.say("activity_plan.which_kind"), rows=rows, edits=True)


@routes.button("kind")
def kind(turn: Turn, name: str) -> Reply:
    """Take the kind; for a theme day ideas are offered."""
    if name not in [one.value for one in KINDS]:
        raise Refusal("help.expired")
    facts = {**_facts(turn), "kind": name}
    if name == ActivityKind.THEME_DAY.value and "title" not in facts:
        turn.ask("activity_plan.title", **facts)
        return ideas(turn, 0)
    return _go_on(turn, facts)


@routes.step("kind", yields=True)
def kind_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take typed words as the title of something of another kind."""
    title = activity_plan.check_words("title", _said(content))
    return _go_on(turn, {**turn.facts, "kind": ActivityKind.OTHER.value, "title": title})


def _suitable(turn: Turn) -> list[Theme]:
    found = activity_plan.unit_of(turn.work, turn.person.id, int(_facts(turn).get("unit", 0)))
    return suitable(themes(), found.kind)


@routes.button("ideas")
def ideas(turn: Turn, page: int) -> Reply:
    """Show ideas, some at a time; a title of one's own may be typed."""
    found = _suitable(turn)
    page = max(0, min(page, (len(found) - 1) // IDEAS))
    shown = found[page * IDEAS : (page + 1) * IDEAS]
    rows = [[Button(_words(turn, one)[:40], call("activity_plan.idea", one.ref, page))] for one in shown]
    following = page + 1 if len(found) > (page + 1) * IDEAS else 0
    rows.append([turn.button("activity_plan.more_ideas", call("activity_plan.ideas", following)), _cancel(turn)])
    return reply(turn.say("activity_plan.ideas", count=len(found)), rows=rows, edits=True)


def _words(turn: Turn, one: Theme) -> str:
    return one.words[turn.voice.language].title


@routes.button("idea")
def idea(turn: Turn, ref: str, page: int) -> Reply:
    """Show what an idea needs."""
    one = theme_of(ref)
    if one is None:
        raise Refusal("help.expired")
    rows = [
        [turn.button("activity_plan.use", call("activity_plan.use", ref))],
        [turn.button("activity_plan.back", call("activity_plan.ideas", page)), _cancel(turn)],
    ]
    return reply(activity_plan.idea(turn.voice, one), rows=rows, edits=True)


@routes.button("use")
def use(turn: Turn, ref: str) -> Reply:
    """Take the idea."""
    one = theme_of(ref)
    if one is None:
        raise Refusal("help.expired")
    return _go_on(turn, {**_facts(turn), "theme": ref, "title": _words(turn, one)})


def _said(content: Said | Uploaded) -> str:
    return content.text.strip() if isinstance(content, Said) else ""


def _ask_words(turn: Turn, facts: dict[str, Any], step: str, *more: Button) -> Reply:
    """Ask for words; a thing that is being changed has the way back to it."""
    turn.ask(f"activity_plan.{step}", **facts)
    number = facts.get("id")
    last = _back(turn, int(number)) if number else _cancel(turn)
    return reply(turn.say(f"activity_plan.ask_{step}"), rows=[list(more), [last]], edits=True)


def _ask_title(turn: Turn, facts: dict[str, Any]) -> Reply:
    more = () if facts.get("id") else (turn.button("activity_plan.see_ideas", call("activity_plan.ideas", 0)),)
    return _ask_words(turn, facts, "title", *more)


def _ask_when(turn: Turn, facts: dict[str, Any]) -> Reply:
    buttons = [
        Button(turn.voice.moment(moment), call("activity_plan.at", int(moment.timestamp()) // 60))
        for moment in activity_plan.usual_times(turn.work)
    ]
    return _ask_words(turn, facts, "when", *buttons)


@routes.button("at")
def at(turn: Turn, minute: int) -> Reply:
    """Take the beginning of a button."""
    facts = {name: value for name, value in _facts(turn).items() if name != "in_hours"}
    moment = datetime.fromtimestamp(minute * 60, UTC)
    activity_plan.check_time(turn.work, moment)
    return _go_on(turn, {**facts, "at": moment.isoformat()})


@routes.step("when", yields=True)
def when(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take a typed beginning."""
    moment = read_when(_said(content), turn.work.organisation.local(turn.work.now))
    if moment is None:
        raise Refusal("activity_plan.unread_when")
    return at(turn, int(moment.timestamp()) // 60)


def _ask_reason(turn: Turn, facts: dict[str, Any]) -> Reply:
    agree = turn.button("activity_plan.agreed", call("activity_plan.agreed"))
    return _ask_words(turn, facts, "reason", agree, turn.button("activity_plan.again", call("activity_plan.again")))


@routes.button("again")
def again(turn: Turn) -> Reply:
    """Choose another beginning."""
    return _ask_when(turn, {name: value for name, value in _facts(turn).items() if name not in {"at", "in_hours"}})


@routes.button("agreed")
def agreed(turn: Turn) -> Reply:
    """Take the usual reason."""
    return _go_on(turn, {**_facts(turn), "in_hours": turn.voice.label("activity_plan.agreed")})


@routes.step("reason")
def reason(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take why it lies in working hours."""
    words = activity_plan.check_words("in_hours", _said(content))
    if not words:
        raise Refusal("activity_plan.no_reason")
    return _go_on(turn, {**turn.facts, "in_hours": words})


def _ask_place(turn: Turn, facts: dict[str, Any]) -> Reply:
    return _ask_words(turn, facts, "place", turn.button("activity_plan.no_place", call("activity_plan.no_place")))


@routes.button("no_place")
def no_place(turn: Turn) -> Reply:
    """Leave the place open."""
    return _go_on(turn, {**_facts(turn), "place": ""})


def _ask_capacity(turn: Turn, facts: dict[str, Any]) -> Reply:
    buttons = [
        turn.button("activity_plan.places", call("activity_plan.capacity", count), count=count)
        if count
        else turn.button("activity_plan.no_limit", call("activity_plan.capacity", 0))
        for count in CAPACITIES
    ]
    return _ask_words(turn, facts, "capacity", *buttons)


@routes.button("capacity")
def capacity(turn: Turn, count: int) -> Reply:
    """Take how many may come; 0: no limit."""
    facts = _facts(turn)
    if facts.get("id"):
        return _shown(turn, activity_plan.limit(turn.work, turn.person.id, int(facts["id"]), count))
    return _go_on(turn, {**facts, "capacity": count})


@routes.step("capacity", yields=True, numbers=True)
def capacity_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take a typed number of places."""
    words = _said(content).rstrip("人个 ")
    if not words.isdecimal() or not 0 < len(words) <= SHOWN:
        raise Refusal("activity_plan.unread_capacity")
    return capacity(turn, int(words))


def _step_of_words(field: str) -> Callable[[Turn, Said | Uploaded], Reply]:
    """Make the step that takes words of the plan, or changes them in what is planned."""

    def take(turn: Turn, content: Said | Uploaded) -> Reply:
        words = activity_plan.check_words(field, _said(content))
        if turn.facts.get("id"):
            number = int(turn.facts["id"])
            return _shown(turn, activity_plan.write(turn.work, turn.person.id, number, field, words))
        return _go_on(turn, {**turn.facts, field: words})

    return take


for _field in WORDS:
    routes.step(_field)(_step_of_words(_field))


def _back(turn: Turn, number: int) -> Button:
    return turn.button("activity_plan.back", call("activity.show", number))


def _shown(turn: Turn, one: Activity) -> Reply:
    """Show what was changed: the summary of a draft, the card of what is published."""
    turn.close()
    return turn.registry.buttons["activity.show"](turn, one.id)


def _moved(turn: Turn, facts: dict[str, Any]) -> Reply:
    """Give what is planned another beginning; within working hours the reason is asked for first."""
    number, moment = int(facts["id"]), datetime.fromisoformat(facts["at"])
    one = service.own(turn.work, turn.person.id, number)
    if "in_hours" not in facts and service.needs_reason(turn.work, moment, one.minutes):
        return _ask_reason(turn, facts)
    words = str(facts.get("in_hours", ""))
    return _shown(turn, activity_plan.move(turn.work, turn.person.id, number, moment, words))


@routes.button("change")
def change(turn: Turn, number: int, field: str) -> Reply:
    """Ask for another value of one field."""
    one = service.own(turn.work, turn.person.id, number, (ActivityState.DRAFT, ActivityState.PUBLISHED))
    facts: dict[str, Any] = {"id": one.id}
    if field == "when":
        return _ask_when(turn, facts)
    if field == "capacity":
        return _ask_capacity(turn, facts)
    if field == "unit":
        turn.ask("activity_plan.unit", **facts)
        return turn.registry.buttons["activity_draft.whom"](turn, number)
    if field not in {*WORDS, "deadline"}:
        raise Refusal("help.expired")
    return _ask_words(turn, facts, field)


@routes.step("deadline", yields=True)
def deadline(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take a typed end of signing up."""
    moment = read_when(_said(content), turn.work.organisation.local(turn.work.now))
    if moment is None:
        raise Refusal("activity_plan.unread_when")
    number = int(turn.facts["id"])
    return _shown(turn, activity_plan.close_at(turn.work, turn.person.id, number, moment.astimezone(UTC)))
