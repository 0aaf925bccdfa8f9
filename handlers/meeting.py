"""会议: what is coming, planning in few taps, the notice, and the chair's living card while people sign in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from content import Voice
from domain import moment
from domain.arrival import Pressed, Said, Uploaded
from domain.attendance import KINDS
from domain.call import call
from domain.gathering import Card
from domain.meeting import USUAL_MINUTES, Answer, Meeting, MeetingKind, MeetingState
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply, Text
from handlers import CAPABILITIES
from handlers.grammar import Matter, Routes, Turn, reply
from services import gathering, meeting_notice, permission
from services import meeting as service
from services import meeting_attendance as attendance
from services import meeting_view as view
from services.work import Work

routes = Routes("meeting")

MINE, RUNNING, UNITS = 3, 4, 6
OURS = ("meeting.", "meeting_change.", "attendance.")
STAMP = "%Y%m%d%H%M"


@routes.schedule
def prepare(work: Work) -> None:
    """Write the schedule."""
    meeting_notice.prepare(work)


@routes.tick("look", late_limit=timedelta(hours=4))
def remind(work: Work, _subject: str, _due: datetime) -> None:
    """Remind of what is before the end of the next workday."""
    meeting_notice.remind(work)


@routes.matter
def soon(turn: Turn) -> Iterable[Matter]:
    """Mention the next meeting of the week, and what waits for whoever runs one."""
    if permission.may_anywhere(turn.work, turn.person.id, Action.PLAN_MEETINGS):
        for one in attendance.asked(turn.work, turn.person.id)[:1]:
            words = turn.voice.line("meeting.matter_leave", count=one.count, title=one.meeting.title)
            yield Matter(12, words, turn.button("meeting.look", call("attendance.answers", one.meeting.id)))
    for found, mine in service.coming(turn.work, turn.person.id, 1):
        if found.starts_at < turn.work.now + timedelta(days=7):
            code = "meeting.matter"
            if found.state is MeetingState.OPEN:
                code = "meeting.matter_open"
            elif mine.answer is Answer.NONE:
                code = "meeting.matter_unanswered"
            facts = {} if code == "meeting.matter_open" else {"moment": view.moment(turn.work, turn.voice, found)}
            words = turn.voice.line(code, title=found.title, **facts)
            urgency = 5 if found.state is MeetingState.OPEN else 28
            yield Matter(urgency, words, turn.button("meeting.look", call("meeting.show", found.id)))


@routes.lives
def living(work: Work, voice: Voice, number: int) -> Reply:
    """Draw the chair's card whenever somebody signs in."""
    return view.for_planner(work, voice, service.get(work, number), minutes=_minutes())


def _minutes() -> bool:
    """Whether minutes can be written here; a living card is drawn where there is no turn to ask."""
    return "minutes" in CAPABILITIES


@routes.entry("meeting")
def meetings(turn: Turn, _rest: str) -> Reply:
    """List what one is called to; who may plan gets what she runs, and the way to plan."""
    turn.close()
    coming = service.coming(turn.work, turn.person.id, MINE + RUNNING)
    plans = permission.may_anywhere(turn.work, turn.person.id, Action.PLAN_MEETINGS)
    running = service.running(turn.work, turn.person.id, RUNNING) if plans else []
    mine = [(one, own) for one, own in coming if one.id not in {other.id for other in running}][:MINE]
    blocks: list[Block] = []
    if mine or not running:
        blocks.append(turn.say("meeting.mine" if mine else "meeting.mine_none"))
        blocks += [_line(turn, one, f"meeting.answer_{own.answer.value}") for one, own in mine]
    if running:
        blocks.append(turn.say("meeting.running"))
        blocks += [_line(turn, one, f"meeting.state_{one.state.value}") for one in running]
    shown = [one for one, _ in mine][: 6 - len(running)] + running
    rows = [[_opens(turn, one)] for one in shown]
    last = [turn.button("help.home", call("help.home"))]
    if plans:
        last.insert(0, turn.button("meeting.plan", call("meeting.begin")))
    return reply(*blocks, rows=[*rows, last], edits=True, personal=Personal.OWN)


def _line(turn: Turn, one: Meeting, code: str) -> Text:
    facts = {"moment": view.moment(turn.work, turn.voice, one), "title": one.title, "unit": one.unit_name}
    return turn.say("meeting.line", state=turn.voice.line(code), **facts)


def _opens(turn: Turn, one: Meeting) -> Button:
    day = f"{turn.work.organisation.local(one.starts_at):%m-%d %H:%M}"
    return turn.button("meeting.open_one", call("meeting.show", one.id), title=one.title[:16], day=day)


@routes.button("list")
def show_list(turn: Turn) -> Reply:
    """Show the list from another card."""
    return meetings(turn, "")


@routes.entry("plan_meeting", needs=Action.PLAN_MEETINGS, writes=True, listed=False)
def plan_entry(turn: Turn, _rest: str) -> Reply:
    """Begin to plan, for the word."""
    return begin(turn)


@routes.button("begin")
def begin(turn: Turn) -> Reply:
    """Ask for which unit, unless there is one alone."""
    places = service.places(turn.work, turn.person.id)
    if not places:
        raise Refusal("help.not_yours")
    if len(places) == 1:
        return choose_unit(turn, places[0].id)
    turn.ask("meeting.unit")
    return _ask_unit(turn, turn.say("meeting.which_unit"), "")


def _ask_unit(turn: Turn, words: Text, name: str) -> Reply:
    places = service.places(turn.work, turn.person.id)
    found = [unit for unit in places if name in unit.name] or places
    rows = [[Button(unit.name[:30], call("meeting.unit", unit.id))] for unit in found[:UNITS]]
    return reply(words, rows=[*rows, [_drop(turn)]], edits=True)


def _drop(turn: Turn) -> Button:
    return turn.button("meeting.drop", call("meeting.drop"))


@routes.step("unit", yields=True)
def unit_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take a unit by its name."""
    words = content.text.strip() if isinstance(content, Said) else ""
    places = service.places(turn.work, turn.person.id)
    found = [unit for unit in places if unit.name == words] or [unit for unit in places if words and words in unit.name]
    if len(found) == 1:
        return choose_unit(turn, found[0].id)
    return _ask_unit(turn, turn.say("meeting.unknown_unit", words=words[:40]), words)


@routes.button("unit")
def choose_unit(turn: Turn, unit_id: int) -> Reply:
    """Ask what kind of meeting; a unit that has one kind alone goes on."""
    unit = service.place(turn.work, turn.person.id, unit_id)
    turn.close()
    kinds = KINDS[unit.kind]
    if len(kinds) == 1:
        return choose_kind(turn, unit_id, kinds[0].value)
    buttons = [turn.button(f"meeting.kind_{one.value}", call("meeting.kind", unit_id, one.value)) for one in kinds]
    rows = [buttons[first : first + 2] for first in range(0, len(buttons), 2)]
    return reply(turn.say("meeting.which_kind", unit=unit.name), rows=[*rows, [_drop(turn)]], edits=True)


@routes.button("kind")
def choose_kind(turn: Turn, unit_id: int, kind: str) -> Reply:
    """Take the kind."""
    return plan(turn, unit_id, kind, "")


@routes.button("plan")
def plan(turn: Turn, unit_id: int, kind: str, period: str) -> Reply:
    """Begin at the time, for a unit, a kind and the period that it is due for (or none)."""
    service.check_size(turn.work, service.place(turn.work, turn.person.id, unit_id, kind))
    facts = {"unit": unit_id, "kind": kind, "period": period, "title": ""}
    if kind == MeetingKind.OTHER:
        turn.ask("meeting.name", **facts)
        return reply(turn.say("meeting.which_title"), rows=[[_drop(turn)]], edits=True)
    return _ask_time(turn, {**facts, "title": turn.voice.label(f"meeting.kind_{kind}")})


@routes.step("name")
def name_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take the name of a meeting of no usual kind."""
    words = content.text.strip() if isinstance(content, Said) else ""
    if not words:
        raise Refusal("meeting.empty")
    return _ask_time(turn, {**turn.facts, "title": service.title_of(words)})


def _ask_time(turn: Turn, facts: dict[str, object]) -> Reply:
    kind, unit = MeetingKind(str(facts["kind"])), service.place(turn.work, turn.person.id, int(str(facts["unit"])))
    turn.ask("meeting.time", **facts)
    blocks = [turn.say("meeting.when_ask", title=facts["title"], unit=unit.name)]
    if facts["period"]:
        blocks.append(turn.say("meeting.when_period", period=facts["period"]))
    local = [turn.work.organisation.local(at) for at in service.suggestions(turn.work, unit, kind)]
    rows = [[Button(turn.voice.moment(at), call("meeting.at", f"{at:{STAMP}}"))] for at in local]
    return reply(*blocks, rows=[*rows, [_drop(turn)]], edits=True)


@routes.step("time", yields=True)
def time_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take a typed time, or its day first and then its hour."""
    words = content.text.strip() if isinstance(content, Said) else ""
    now = turn.work.organisation.local(turn.work.now).replace(tzinfo=None)
    kept = date.fromisoformat(turn.facts["day"]) if turn.facts.get("day") else None
    wish = moment.read(words, now)
    found = moment.complete(wish, now, kept)
    if found is not None:
        return _ask_place(turn, found)
    if wish.day is None:
        return reply(turn.say("meeting.when_unread", words=words[:40]), rows=[[_drop(turn)]])
    turn.ask("meeting.time", **{**turn.facts, "day": wish.day.isoformat()})
    return reply(turn.say("meeting.what_time", day=turn.voice.day(wish.day)), rows=[[_drop(turn)]])


@routes.button("at")
def time_chosen(turn: Turn, stamp: str) -> Reply:
    """Take the time of a button."""
    if turn.step not in {"meeting.time", "meeting.place"}:
        raise Refusal("help.expired")
    return _ask_place(turn, service.read_stamp(stamp))


def _ask_place(turn: Turn, local: datetime) -> Reply:
    """Read the time back with what stands against it, and ask where."""
    starts_at = turn.work.organisation.at(local.date(), local.time())
    service.check_time(turn.work, starts_at)
    facts = {**turn.facts, "at": f"{local:{STAMP}}"}
    turn.ask("meeting.place", **facts)
    minutes = USUAL_MINUTES[MeetingKind(facts["kind"])]
    blocks = [
        turn.say("meeting.read_back", moment=turn.voice.moment(local)),
        *view.worries(turn.work, turn.voice, int(facts["unit"]), starts_at, minutes),
        turn.say("meeting.where_ask"),
    ]
    last = service.last_place(turn.work, int(facts["unit"]))
    rows = [[Button(last[:30], call("meeting.same_place"))]] if last else []
    skip = [turn.button("meeting.skip", call("meeting.skip")), turn.button("meeting.time", call("meeting.again"))]
    return reply(*blocks, rows=[*rows, skip, [_drop(turn)]], edits=True)


@routes.button("again")
def time_again(turn: Turn) -> Reply:
    """Ask for the time once more."""
    if turn.step != "meeting.place":
        raise Refusal("help.expired")
    return _ask_time(turn, {key: turn.facts[key] for key in ("unit", "kind", "period", "title")})


@routes.step("place", yields=True)
def place_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take the place, and show the draft."""
    words = content.text.strip() if isinstance(content, Said) else ""
    if not words:
        raise Refusal("meeting.empty")
    return _draft(turn, words)


@routes.button("same_place")
def same_place(turn: Turn) -> Reply:
    """Take the place of the last meeting."""
    if turn.step != "meeting.place":
        raise Refusal("help.expired")
    return _draft(turn, service.last_place(turn.work, int(turn.facts["unit"])))


@routes.button("skip")
def skip_place(turn: Turn) -> Reply:
    """Leave the place open."""
    if turn.step != "meeting.place":
        raise Refusal("help.expired")
    return _draft(turn, "")


def _draft(turn: Turn, where: str) -> Reply:
    facts, kind = turn.facts, str(turn.facts["kind"])
    local = service.read_stamp(str(facts["at"]))
    found = service.plan(
        turn.work,
        turn.person.id,
        int(facts["unit"]),
        kind,
        str(facts["title"]),
        turn.work.organisation.at(local.date(), local.time()),
        where=where,
        counts_for=str(facts["period"]),
        agenda=turn.voice.line(f"meeting.agenda_{kind}").splitlines(),
    )
    turn.close()
    return view.for_planner(turn.work, turn.voice, found, minutes=_minutes())


@routes.button("drop")
def drop(turn: Turn) -> Reply:
    """Plan nothing."""
    if turn.step.startswith("meeting."):
        turn.close()
    return reply(turn.say("meeting.dropped"), rows=[[turn.button("meeting.back", call("meeting.list"))]], edits=True)


@routes.button("show")
def show(turn: Turn, number: int) -> Reply:
    """Show a meeting: to whoever runs it the card of its state, to whoever is called her own."""
    if turn.step.startswith(OURS):
        turn.close()
    found = service.get(turn.work, number)
    if service.may_run(turn.work, turn.person.id, found):
        return _card(turn, found)
    _, mine = attendance.mine(turn.work, turn.person.id, number)
    return view.for_member(turn.work, turn.voice, found, mine)


def _card(turn: Turn, found: Meeting, first: Block | None = None) -> Reply:
    """Draw the planner's card; the chair's keeps living while people sign in."""
    sign_in = gathering.of_subject(turn.work, service.subject(found.id))
    kept = found.state is MeetingState.OPEN and sign_in is not None and sign_in.opened_by == turn.person.id
    if kept and sign_in is not None:
        _keep(turn, sign_in.id)
    leaves = service.keeps(turn.work, turn.person.id, found)
    return view.for_planner(turn.work, turn.voice, found, minutes=_minutes(), first=first, kept=kept, leaves=leaves)


def _keep(turn: Turn, number: int) -> None:
    """Remember where the chair's card is."""
    arrival, content = turn.arrival, turn.arrival.content

    def keep(message: str) -> None:
        gathering.keep_card(turn.work, number, Card(arrival.messenger, arrival.user, arrival.chat, message))

    if isinstance(content, Pressed) and content.message:
        keep(content.message)
    else:
        turn.answered = lambda letter: keep(f"@{letter}")


@routes.button("send")
def send(turn: Turn, number: int) -> Reply:
    """Send the notice."""
    found = meeting_notice.send(turn.work, turn.person.id, number)
    said = turn.say("meeting.sent", count=len(service.attending(turn.work, number)))
    shown, away = _card(turn, found, said), meeting_notice.unreached(turn.work, number)
    if not away:
        return shown
    named = turn.say("meeting.unreached", count=len(away), names="、".join(away))
    return replace(shown, blocks=(said, named, *shown.blocks[1:]), personal=Personal.MEMBERSHIP)


@routes.button("start")
def start(turn: Turn, number: int) -> Reply:
    """Open the sign-in."""
    attendance.open_sign_in(turn.work, turn.person.id, number)
    return _card(turn, service.get(turn.work, number))


@routes.button("end")
def end(turn: Turn, number: int) -> Reply:
    """Ask before a meeting ends: nobody signs in after it."""
    found = service.runs(turn.work, turn.person.id, number)
    sure = turn.button("meeting.end_sure", call("meeting.end_sure", number))
    back = turn.button("meeting.back", call("meeting.show", number))
    return reply(turn.say("meeting.end_ask", title=found.title), rows=[[sure, back]], edits=True)


@routes.button("end_sure")
def end_sure(turn: Turn, number: int) -> Reply:
    """End a meeting."""
    return _card(turn, attendance.end(turn.work, turn.person.id, number))
