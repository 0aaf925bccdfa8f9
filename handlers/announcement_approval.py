"""审核公告: what waits for a second pair of eyes, approving it or giving it back with words."""

from __future__ import annotations

from collections.abc import Iterable

from domain.announcement import State
from domain.announcement_approval import LONGEST_REASON
from domain.arrival import Said, Uploaded
from domain.call import call
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Button, Reply
from handlers.grammar import Matter, Routes, Turn, reply
from services import announcement as writing
from services import announcement_review as service
from services import permission

routes = Routes("announcement_approval")

LISTED = 5
_TITLE = 24


@routes.matter
def to_approve(turn: Turn) -> Iterable[Matter]:
    """Mention what waits for this person's eyes."""
    if not permission.may_anywhere(turn.work, turn.person.id, Action.ANNOUNCE):
        return
    waiting = service.count(turn.work, turn.person.id)
    if waiting:
        words = turn.voice.line("announcement_approval.matter", count=waiting)
        yield Matter(15, words, turn.button("announcement_approval.look", call("announcement_approval.list", 0)))


@routes.entry("approvals", needs=Action.ANNOUNCE)
def approvals(turn: Turn, _rest: str) -> Reply:
    """List what waits."""
    return listed(turn, 0)


@routes.button("list")
def listed(turn: Turn, page: int) -> Reply:
    """List what waits for this person, oldest first."""
    page = max(0, min(page, 1000))
    found = service.waiting(turn.work, turn.person.id, LISTED, page)
    home = turn.button("help.home", call("help.home"))
    if not found:
        return reply(turn.say("announcement_approval.none"), rows=[[home]], edits=True)
    rows = [
        [Button(f"{writing.title(one, _TITLE)} · {author}", call("announcement_approval.show", one.id))]
        for one, author in found[:LISTED]
    ]
    turning = []
    if page:
        turning.append(turn.button("announcements.newer", call("announcement_approval.list", page - 1)))
    if len(found) > LISTED:
        turning.append(turn.button("announcements.older", call("announcement_approval.list", page + 1)))
    return reply(turn.say("announcement_approval.list"), rows=[*rows, turning, [home]], edits=True)


@routes.button("show")
def show(turn: Turn, number: int) -> Reply:
    """Show what waits as its readers will see it, with the two answers."""
    found = service.look(turn.work, turn.person.id, number)
    return service.card(turn.work, turn.voice, found.one, found.author, found.sign)


@routes.button("yes")
def yes(turn: Turn, number: int, sign: str) -> Reply:
    """Approve what was seen."""
    state = service.approve(turn.work, turn.person.id, number, sign)
    codes = {State.SENT: "done_sent", State.SCHEDULED: "done_planned", State.LATE: "done_late"}
    return reply(turn.say(f"announcement_approval.{codes[state]}"), rows=_onward(turn))


@routes.button("no")
def no(turn: Turn, number: int, sign: str) -> Reply:
    """Ask why."""
    service.look(turn.work, turn.person.id, number)
    turn.ask("announcement_approval.words", id=number, sign=sign)
    back = turn.button("announcement.back", call("announcement_approval.show", number))
    return reply(turn.say("announcement_approval.ask_why", longest=LONGEST_REASON), rows=[[back]])


@routes.step("words")
def words(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take why, and give it back."""
    if isinstance(content, Uploaded):
        raise Refusal("announcement_approval.reason", longest=LONGEST_REASON, length=0)
    facts = turn.facts
    service.give_back(turn.work, turn.person.id, int(facts["id"]), str(facts["sign"]), content.text)
    turn.close()
    return reply(turn.say("announcement_approval.done_returned"), rows=_onward(turn))


@routes.button("withdraw")
def withdraw(turn: Turn, number: int) -> Reply:
    """Take one's own back, to change it."""
    service.withdraw(turn.work, turn.person.id, number)
    return turn.registry.buttons["announcement.draft"](turn, number)


def _onward(turn: Turn) -> list[list[Button]]:
    home = turn.button("help.home", call("help.home"))
    if not service.count(turn.work, turn.person.id):
        return [[home]]
    return [[turn.button("announcement_approval.more", call("announcement_approval.list", 0)), home]]
