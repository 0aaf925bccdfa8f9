"""Changing a planned meeting: time, place, name, agenda, and cancelling it; whoever was told is told again."""

from __future__ import annotations

from datetime import date, datetime

from domain import moment
from domain.arrival import Said, Uploaded
from domain.call import call
from domain.meeting import Meeting, MeetingState
from domain.refusal import Refusal
from domain.reply import Button, Reply
from handlers.grammar import Routes, Turn, reply
from services import meeting as service
from services import meeting_notice as notice
from services import meeting_view as view

routes = Routes("meeting_change")

STAMP = "%Y%m%d%H%M"


def _back(turn: Turn, number: int) -> Button:
    return turn.button("meeting.back", call("meeting.show", number))


def _shown(turn: Turn, number: int) -> Reply:
    turn.close()
    return turn.registry.buttons["meeting.show"](turn, number)


def _open(turn: Turn, number: int) -> Meeting:
    """Return a meeting that can still be changed, to whoever runs it."""
    found = service.runs(turn.work, turn.person.id, number)
    service.demand_state(found, MeetingState.DRAFT, MeetingState.CALLED)
    return found


@routes.button("menu")
def menu(turn: Turn, number: int) -> Reply:
    """Ask what to change."""
    found = _open(turn, number)
    names = ("time", "place", "title", "agenda", "length", "cancel")
    buttons = [turn.button(f"meeting.{name}", call(f"meeting_change.{name}", number)) for name in names]
    rows = [buttons[:2], buttons[2:4], buttons[4:], [_back(turn, number)]]
    return reply(turn.say("meeting_change.edit_ask", title=found.title), rows=rows, edits=True)


@routes.button("time")
def time(turn: Turn, number: int) -> Reply:
    """Ask for another time."""
    found = _open(turn, number)
    turn.ask("meeting_change.time", meeting=number)
    words = turn.say("meeting.when_ask", title=found.title, unit=found.unit_name)
    return reply(words, rows=[[_back(turn, number)]], edits=True)


@routes.step("time", yields=True)
def time_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take another time; after the notice it is read back before everybody is told."""
    words = content.text.strip() if isinstance(content, Said) else ""
    number = int(turn.facts["meeting"])
    found = _open(turn, number)
    now = turn.work.organisation.local(turn.work.now).replace(tzinfo=None)
    kept = date.fromisoformat(turn.facts["day"]) if turn.facts.get("day") else None
    wish = moment.read(words, now)
    local = moment.complete(wish, now, kept)
    if local is None and wish.day is None:
        return reply(turn.say("meeting.when_unread", words=words[:40]), rows=[[_back(turn, number)]])
    if local is None:
        day = turn.voice.day(wish.day or now.date())
        turn.ask("meeting_change.time", meeting=number, day=str(wish.day))
        return reply(turn.say("meeting.what_time", day=day), rows=[[_back(turn, number)]])
    return _moved(turn, found, local)


def _moved(turn: Turn, found: Meeting, local: datetime) -> Reply:
    starts_at = turn.work.organisation.at(local.date(), local.time())
    service.check_time(turn.work, starts_at)
    worries = view.worries(turn.work, turn.voice, found.unit_id, starts_at, found.minutes, found.id)
    if found.state is MeetingState.DRAFT and not worries:
        notice.change(turn.work, turn.person.id, found.id, starts_at=starts_at)
        return _shown(turn, found.id)
    told = found.state is MeetingState.CALLED
    code, label = (
        ("meeting_change.moved_ask", "meeting_change.move") if told else ("meeting.read_back", "meeting_change.keep")
    )
    sure = turn.button(label, call("meeting_change.move", found.id, f"{local:{STAMP}}"))
    words = turn.say(code, moment=turn.voice.moment(local))
    waits = view.delay(turn.work, turn.voice, found) if told else []
    return reply(words, *worries, *waits, rows=[[sure], [_back(turn, found.id)]], edits=True)


@routes.button("move")
def move(turn: Turn, number: int, stamp: str) -> Reply:
    """Move a meeting to the time that was read back."""
    local = service.read_stamp(stamp)
    starts_at = turn.work.organisation.at(local.date(), local.time())
    notice.change(turn.work, turn.person.id, number, starts_at=starts_at)
    return _shown(turn, number)


@routes.button("place")
def place(turn: Turn, number: int) -> Reply:
    """Ask for another place."""
    found = _open(turn, number)
    turn.ask("meeting_change.place", meeting=number)
    now = found.place or turn.voice.line("meeting.nowhere")
    return reply(turn.say("meeting_change.place_ask", place=now), rows=[[_back(turn, number)]], edits=True)


@routes.step("place", yields=True)
def place_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take another place."""
    number = int(turn.facts["meeting"])
    notice.change(turn.work, turn.person.id, number, where=_words(content))
    return _shown(turn, number)


def _words(content: Said | Uploaded) -> str:
    words = content.text.strip() if isinstance(content, Said) else ""
    if not words:
        raise Refusal("meeting.empty")
    return words


@routes.button("title")
def title(turn: Turn, number: int) -> Reply:
    """Ask for another name."""
    found = _open(turn, number)
    turn.ask("meeting_change.title", meeting=number)
    return reply(turn.say("meeting_change.title_ask", title=found.title), rows=[[_back(turn, number)]], edits=True)


@routes.step("title")
def title_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take another name."""
    number = int(turn.facts["meeting"])
    notice.change(turn.work, turn.person.id, number, title=_words(content))
    return _shown(turn, number)


@routes.button("length")
def length(turn: Turn, number: int) -> Reply:
    """Ask how long it takes."""
    found = _open(turn, number)
    buttons = [
        turn.button("meeting_change.minutes", call("meeting_change.minutes", number, minutes), minutes=minutes)
        for minutes in notice.LENGTHS
    ]
    rows = [buttons[:3], buttons[3:], [_back(turn, number)]]
    return reply(turn.say("meeting_change.length_ask", minutes=found.minutes), rows=rows, edits=True)


@routes.button("minutes")
def minutes(turn: Turn, number: int, count: int) -> Reply:
    """Take how long it takes."""
    notice.change(turn.work, turn.person.id, number, minutes=count)
    return _shown(turn, number)


@routes.button("agenda")
def agenda(turn: Turn, number: int) -> Reply:
    """Show the agenda, and ask for another."""
    _open(turn, number)
    turn.ask("meeting_change.agenda", meeting=number)
    listed = service.agenda(turn.work, number)
    items = view.numbered(listed)
    words = turn.say("meeting_change.agenda_ask", items=items) if listed else turn.say("meeting_change.agenda_none")
    return reply(words, rows=[[_back(turn, number)]], edits=True)


@routes.step("agenda")
def agenda_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take another agenda, a line an item."""
    number = int(turn.facts["meeting"])
    found = service.set_agenda(turn.work, turn.person.id, number, _words(content).splitlines())
    if found.state is not MeetingState.CALLED:
        return _shown(turn, number)
    turn.close()
    items = view.numbered(service.agenda(turn.work, number))
    tell = turn.button("meeting_change.tell_agenda", call("meeting_change.tell_agenda", number))
    return reply(turn.say("meeting_change.agenda_kept", items=items), rows=[[tell], [_back(turn, number)]])


@routes.button("tell_agenda")
def tell_agenda(turn: Turn, number: int) -> Reply:
    """Tell those called of the agenda as it is now."""
    count = notice.tell_agenda(turn.work, turn.person.id, number)
    turn.close()
    found = service.get(turn.work, number)
    waits = view.delay(turn.work, turn.voice, found)
    return reply(turn.say("meeting_change.agenda_sent", count=count), *waits, rows=[[_back(turn, number)]], edits=True)


@routes.button("cancel")
def cancel(turn: Turn, number: int) -> Reply:
    """Ask before a meeting is cancelled."""
    found = service.runs(turn.work, turn.person.id, number)
    service.demand_cancellable(turn.work, found)
    sure = turn.button("meeting_change.cancel_sure", call("meeting_change.cancel_sure", number))
    return reply(
        turn.say("meeting_change.cancel_ask", title=found.title), rows=[[sure], [_back(turn, number)]], edits=True
    )


@routes.button("cancel_sure")
def cancel_sure(turn: Turn, number: int) -> Reply:
    """Cancel a meeting."""
    found = notice.cancel(turn.work, turn.person.id, number)
    turn.close()
    back = turn.button("meeting.back", call("meeting.list"))
    waits = view.delay(turn.work, turn.voice, found) if found.sequence else []
    return reply(turn.say("meeting_change.cancelled", title=found.title), *waits, rows=[[back]], edits=True)
