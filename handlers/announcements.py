"""公告: what one was sent and confirms; and for authors how each announcement stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from content import voice
from domain.announcement import GRACE, Announcement, State
from domain.arrival import Pressed
from domain.call import call
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Block, Button, Choices, Personal, Reply, text
from handlers.grammar import Matter, Routes, Turn, reply
from services import announcement as writing
from services import announcement_chart, announcement_recall, permission, post
from services import announcements as service
from services import chart as charts
from services import reach as reaching
from services.work import Work

routes = Routes("announcements")

LISTED = 5
MISSED = 8
LIVING = 2000
"""The author's card of more people is not redrawn at each confirmation; there is a button for that."""
_TITLE = 24


def _home(turn: Turn) -> Button:
    return turn.button("help.home", call("help.home"))


@routes.tick("late", late_limit=timedelta(days=30))
def late(work: Work, subject: str, _due: datetime) -> None:
    """Stop and ask the author: the rest of it is late."""
    service.late(work, int(subject))


@routes.tick("recalled", late_limit=timedelta(days=30))
def recalled(work: Work, subject: str, _due: datetime) -> None:
    """Redraw more of what was recalled."""
    announcement_recall.go_on(work, subject)


@routes.matter
def to_confirm(turn: Turn) -> Iterable[Matter]:
    """Mention what waits for a confirmation, the oldest first."""
    waiting = service.unconfirmed(turn.work, turn.person.id)
    if waiting:
        words = turn.voice.line("announcements.matter", count=len(waiting), title=writing.title(waiting[0]))
        yield Matter(20, words, turn.button("announcements.read_it", call("announcements.read", waiting[0].id)))


@routes.entry("notices")
def notices(turn: Turn, _rest: str) -> Reply:
    """List what one was sent."""
    return received(turn, 0)


@routes.button("received")
def received(turn: Turn, page: int) -> Reply:
    """List what one was sent, newest first."""
    page = max(0, min(page, 1000))
    found = service.received(turn.work, turn.person.id, page, LISTED)
    if not found:
        return reply(turn.say("announcements.none"), rows=[[_home(turn)]], edits=True)
    rows = [[Button(writing.title(one, _TITLE), call("announcements.read", one.id))] for one in found]
    turning = []
    if page:
        turning.append(turn.button("announcements.newer", call("announcements.received", page - 1)))
    if len(found) == LISTED:
        turning.append(turn.button("announcements.older", call("announcements.received", page + 1)))
    return reply(turn.say("announcements.received"), rows=[*rows, turning, [_home(turn)]], edits=True)


@routes.button("read")
def read(turn: Turn, number: int) -> Reply:
    """Show an announcement that one was sent."""
    one = service.readable(turn.work, turn.person.id, number)
    at = service.confirmed_at(turn.work, turn.person.id, number)
    shown = writing.letter(turn.voice, one, _moment(turn, at) if at else "")
    rows = [*_rows_of(shown), [turn.button("announcements.all", call("announcements.received", 0)), _home(turn)]]
    blocks = [block for block in shown.blocks if not isinstance(block, Choices)]
    return reply(*blocks, rows=rows)


def _rows_of(shown: Reply) -> list[tuple[Button, ...]]:
    return [row for block in shown.blocks if isinstance(block, Choices) for row in block.rows]


def _moment(turn: Turn, at: object) -> str:
    return f"{turn.work.organisation.local(at):%m-%d %H:%M}"  # type: ignore[arg-type]


@routes.button("confirm")
def confirm(turn: Turn, number: int) -> Reply:
    """Confirm having seen it; twice is once."""
    one, at, first = service.confirm(turn.work, turn.person.id, number)
    if first:
        _redraw_author(turn, one)
    return writing.letter(turn.voice, one, _moment(turn, at))


def _redraw_author(turn: Turn, one: Announcement) -> None:
    """Keep the author's card living; a drawing that has not left yet is replaced by this newer one."""
    where = service.card_of(turn.work, one.id) if one.audience <= LIVING else None
    if where is not None:
        theirs = replace(turn, voice=voice(service.language_of(turn.work, one)))
        post.redraw(turn.work, *where, _card(theirs, one))


@routes.button("mine")
def mine(turn: Turn) -> Reply:
    """List what one wrote."""
    found = writing.written(turn.work, turn.person.id, LISTED)
    rows = [[Button(writing.title(one, _TITLE), call("announcements.show", one.id))] for one in found]
    last = [_home(turn)]
    if permission.may_anywhere(turn.work, turn.person.id, Action.ANNOUNCE):
        last.insert(0, turn.button("announcements.write", call("help.go", "announce")))
    said = turn.say("announcements.mine" if found else "announcements.none_written")
    return reply(said, rows=[*rows, last], edits=True)


@routes.button("show")
def show(turn: Turn, number: int) -> Reply:
    """Show the author how an announcement stands, and remember where the card is."""
    one = writing.own(turn.work, turn.person.id, number)
    if one.state is State.DRAFT:
        return turn.registry.buttons["announcement.draft"](turn, number)
    content, arrival = turn.arrival.content, turn.arrival

    def keep(message: str) -> None:
        service.keep_card(turn.work, one.id, arrival.messenger, arrival.user, arrival.chat, message)

    if isinstance(content, Pressed) and content.message:
        keep(content.message)
    else:
        turn.answered = lambda letter: keep(f"@{letter}")
    return _card(turn, one)


def _card(turn: Turn, one: Announcement) -> Reply:
    made = service.progress(turn.work, one)
    unit = one.unit_name
    blocks: list[Block] = [turn.say("announcements.title", title=writing.title(one, 40), unit=unit)]
    if one.urgent:
        blocks.append(turn.say("announcements.urgent", reason=one.urgent))
    blocks += _standing(turn, one)
    if made.sent:
        facts = {"confirmed": made.confirmed, "sent": made.sent, "audience": made.audience}
        blocks.append(turn.say("announcements.progress", **facts))
        if one.campaign_id is not None:
            blocks += [text(line) for line in reaching.readers(turn.work, turn.voice, one.campaign_id)]
    if one.campaign_id is not None:
        blocks += _remarks(turn, made)
    return reply(*blocks, rows=_actions(turn, one, made), edits=True, personal=Personal.MEMBERSHIP)


def _standing(turn: Turn, one: Announcement) -> list[Block]:
    """Say how it stands, unless it is simply sent."""
    moment = turn.voice.moment(turn.work.organisation.local(one.send_at or turn.work.now))
    if one.state is State.WAITING and one.send_at is None:
        return [turn.say("announcement_approval.sent_to", unit=one.unit_name)]
    said = {
        State.WAITING: lambda: turn.say("announcement_approval.waiting_until", moment=moment),
        State.SCHEDULED: lambda: turn.say("announcements.planned", moment=moment),
        State.LATE: lambda: turn.say("announcements.late", moment=moment),
        State.RECALLED: lambda: turn.say("announcements.recalled"),
        State.PAUSED: lambda: turn.say("announcements.paused"),
    }.get(one.state)
    if said is not None:
        return [said()]
    if one.send_at is not None and turn.work.now < one.send_at:
        return [turn.say("announcements.grace", seconds=int(GRACE.total_seconds()))]
    return []


def _remarks(turn: Turn, made: service.Progress) -> list[Block]:
    found: list[Block] = []
    if made.waiting:
        found.append(turn.say("announcements.waiting", count=made.waiting))
    if made.unbound:
        found.append(turn.say("announcements.unbound", count=made.unbound))
    if made.unknown:
        found.append(turn.say("announcements.unknown", count=made.unknown))
    if made.unanswered > made.unknown:
        found.append(turn.say("announcements.unanswered", count=made.unanswered))
    if made.closed or made.failed:
        found.append(turn.say("announcements.failed", count=made.closed + made.failed))
    return found


@routes.button("missed")
def missed(turn: Turn, number: int, page: int) -> Reply:
    """Name whom it has not reached and why; who never bound an account can be given a code at once."""
    page = max(0, min(page, 10_000))
    if writing.own(turn.work, turn.person.id, number).audience >= writing.COUNTED:
        raise Refusal("announcements.too_many", most=writing.COUNTED)
    found = service.missed(turn.work, turn.person.id, number, page, MISSED)
    lines = [
        turn.voice.line("announcements.missed_one", name=one.name, why=turn.voice.label(f"announcements.why_{one.why}"))
        for one in found
    ]
    rows: list[list[Button]] = []
    if permission.may_anywhere(turn.work, turn.person.id, Action.INVITE):
        codes = [
            turn.button("announcements.code", call("invite.issue", one.member_id), name=one.name)
            for one in found
            if one.why == "unbound"
        ]
        rows += [codes[place : place + 2] for place in range(0, len(codes), 2)]
    turning = []
    if page:
        turning.append(turn.button("announcements.newer", call("announcements.missed", number, page - 1)))
    if len(found) == MISSED:
        turning.append(turn.button("announcements.older", call("announcements.missed", number, page + 1)))
    back = [turn.button("announcement.back", call("announcements.show", number))]
    said = turn.say("announcements.missed") if found else turn.say("announcements.missed_none")
    blocks: list[Block] = [said, text("\n".join(lines))] if lines else [said]
    return reply(*blocks, rows=[*rows, turning, back], edits=True, personal=Personal.MEMBERSHIP)


def _actions(turn: Turn, one: Announcement, made: service.Progress) -> list[list[Button]]:
    number = one.id

    def button(name: str) -> Button:
        return turn.button(f"announcements.{name}", call(f"announcements.{name}", number))

    last = [turn.button("announcement.list", call("announcements.mine")), _home(turn)]
    if one.state in {State.SCHEDULED, State.LATE}:
        now = turn.button("announcement.send", call("announcement.send", number))
        return [[now, turn.button("announcements.edit", call("announcement.draft", number))], last]
    if one.state is State.RECALLED:
        return [last]
    if one.state is State.WAITING:
        return [[turn.button("announcement_approval.withdraw", call("announcement_approval.withdraw", number))], last]
    rows = [[turn.button("announcements.refresh", call("announcements.show", number))]]
    if one.state is State.SENT and made.names and one.reminded_at is None and made.confirmed < made.sent:
        rows[0].append(button("remind"))
    if made.unbound or made.closed or made.failed or made.unknown:
        rows[0].append(turn.button("announcements.who_missed", call("announcements.missed", number, 0)))
    if made.confirmed:
        rows.append([button("chart")])
    second = [button("recall")]
    if one.state is State.PAUSED:
        second.insert(0, button("resume"))
    elif made.waiting:
        second.insert(0, button("pause"))
    return [*rows, second, last]


@routes.button("chart")
def chart(turn: Turn, number: int) -> Reply:
    """Draw who confirmed it by unit; the words under the picture say the same."""
    one = writing.own(turn.work, turn.person.id, number)
    found = announcement_chart.confirmations(turn.work, turn.voice, turn.person.id, one)
    rows = [[turn.button("announcement.back", call("announcements.show", number))]]
    return reply(*charts.drawn(turn.work, str(number), found), rows=rows, personal=Personal.MEMBERSHIP)


@routes.button("pause")
def pause(turn: Turn, number: int) -> Reply:
    """Stop what has not left yet."""
    return _card(turn, service.pause(turn.work, turn.person.id, number))


@routes.button("resume")
def resume(turn: Turn, number: int) -> Reply:
    """Let what was stopped leave."""
    return _card(turn, service.resume(turn.work, turn.person.id, number))


@routes.button("recall")
def recall(turn: Turn, number: int) -> Reply:
    """Ask before recalling what has arrived; what is still in its grace goes at once."""
    one = writing.own(turn.work, turn.person.id, number)
    if one.send_at is not None and turn.work.now < one.send_at:
        return recall_sure(turn, number)
    rows = [
        [
            turn.button("announcements.recall_sure", call("announcements.recall_sure", number)),
            turn.button("announcement.back", call("announcements.show", number)),
        ]
    ]
    return reply(turn.say("announcements.recall_ask"), rows=rows, edits=True)


@routes.button("recall_sure")
def recall_sure(turn: Turn, number: int) -> Reply:
    """Recall it."""
    return _card(turn, service.recall(turn.work, turn.person.id, number))


@routes.button("remind")
def remind(turn: Turn, number: int) -> Reply:
    """Remind those who have not confirmed; once."""
    count = service.remind(turn.work, turn.person.id, number)
    if count is None:
        raise Refusal("announcements.reminded_before")
    drawn = _card(turn, writing.own(turn.work, turn.person.id, number))
    said = turn.say("announcements.reminded", count=count)
    return Reply((said, *drawn.blocks), edits=True, personal=drawn.personal)
