"""核对会议记录: those present find the draft right or say what is wrong; wishes are settled, minutes closed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.meeting import Meeting, MeetingState
from domain.reply import Block, Button, Personal, Reply, text
from handlers.grammar import Matter, Routes, Turn, reply
from services import minutes as service
from services import minutes_closing as closing
from services import minutes_text as composing
from services.work import Work

routes = Routes("correction")


@routes.matter
def corrections_wait(turn: Turn) -> Iterable[Matter]:
    """Mention corrections that somebody waits to see settled."""
    for number, count in list(service.waiting(turn.work, turn.person.id).items())[:1]:
        words = turn.voice.line("correction.matter", count=count)
        yield Matter(20, words, turn.button("correction.all", call("correction.all", number)))


@routes.tick("term", late_limit=closing.LATE_LIMIT)
def term(work: Work, subject: str, _due: datetime) -> None:
    """Close what nobody wants otherwise."""
    closing.term_ends(work, int(subject))


@routes.button("show")
def show(turn: Turn, number: int) -> Reply:
    """Show circulated or closed minutes to whoever may read them."""
    found = service.readable(turn.work, turn.person.id, number)
    turn.close()
    manages = service.may_manage(turn.work, turn.person.id, found)
    if found.state is MeetingState.CLOSED:
        return _closed(turn, found, manages=manages)
    if found.state in service.GOING_ON:
        return turn.registry.buttons["minutes.draft"](turn, number)
    if found.state is not MeetingState.CIRCULATING:
        raise service.too_soon(found)
    stands = closing.standing(turn.work, found)
    until = turn.voice.moment(turn.work.organisation.local(found.corrections_until or turn.work.now))
    rows: list[list[Button]] = [list(closing.member_row(turn.voice, number))]
    said = turn.say("correction.notice", title=found.title, until=until)
    if manages:
        facts = {"agreed": stands.agreed, "asked": stands.asked, "open": len(stands.open)}
        said = turn.say("correction.stands", until=until, **facts)
        rows = [[turn.button("correction.all", call("correction.all", number))]] if stands.open else []
        rows.append(
            [
                turn.button("correction.close", call("correction.close", number)),
                turn.button("correction.correct", call("correction.correct", number)),
            ]
        )
        rows.append([turn.button("correction.take_back", call("correction.take_back", number))])
        if turn.person.id in stands.waited_for:
            rows.append([turn.button("correction.agree", call("correction.agree", number))])
    rows.append([turn.button("correction.back", call("minutes.list"))])
    words = text(composing.compose(turn.work, found))
    return reply(said, words, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


def _closed(turn: Turn, found: Meeting, *, manages: bool) -> Reply:
    blocks: list[Block] = [text(composing.compose(turn.work, found))]
    for one in closing.addenda(turn.work, found):
        at = turn.voice.moment(turn.work.organisation.local(one.at))
        blocks.append(turn.say("correction.addendum", at=at, name=one.name, words=one.text))
    code = "correction.closed" if closing.intact(turn.work, found) else "correction.closed_broken"
    blocks.append(turn.say(code, digest=found.digest))
    rows = [[turn.button("correction.word", call("document.minutes", found.id))]]
    if manages:
        rows[0].append(turn.button("correction.sign_in", call("document.sign_in", found.id)))
        rows.append([turn.button("correction.add", call("correction.add", found.id))])
    rows.append([turn.button("correction.back", call("minutes.list"))])
    return reply(*blocks, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


@routes.button("agree")
def agree(turn: Turn, number: int) -> Reply:
    """Find the draft right."""
    found = closing.agree(turn.work, turn.person.id, number)
    home = [[turn.button("help.home", call("help.home"))]]
    return reply(turn.say("correction.agreed", title=found.title), rows=home, edits=True, personal=Personal.MEMBERSHIP)


@routes.button("correct")
def correct(turn: Turn, number: int) -> Reply:
    """Ask what should be otherwise."""
    closing.correctable(turn.work, turn.person.id, number)
    turn.ask("correction.said", meeting=number)
    cancel = [[turn.button("correction.cancel", call("correction.show", number))]]
    return reply(turn.say("correction.ask"), rows=cancel)


@routes.step("said")
def said(turn: Turn, content: Said | Uploaded) -> Reply:
    """Hand the wish to whoever writes the minutes."""
    number = int(turn.facts["meeting"])
    words = content.text if isinstance(content, Said) else content.caption
    made = closing.correct(turn.work, turn.person.id, number, words)
    turn.close()
    rows = [
        [turn.button("correction.another", call("correction.correct", number))],
        [turn.button("help.home", call("help.home"))],
    ]
    lines = closing.correction_lines(turn.voice, made)
    return reply(turn.say("correction.handed_in"), *lines, rows=rows, personal=Personal.MEMBERSHIP)


@routes.button("all")
def corrections(turn: Turn, number: int) -> Reply:
    """Show the first wish that is not settled, beside what it is about."""
    found = service.managed(turn.work, turn.person.id, number)
    return _next(turn, found)


def _next(turn: Turn, found: Meeting, *first: Block) -> Reply:
    if found.state is MeetingState.CLOSED:
        return _closed(turn, found, manages=True)
    stands = closing.standing(turn.work, found)
    back = [turn.button("correction.back", call("correction.show", found.id))]
    if not stands.open:
        rows = [[turn.button("correction.close", call("correction.close", found.id))], back]
        facts = {"agreed": stands.agreed, "asked": stands.asked}
        said = turn.say("correction.all_settled", **facts)
        return reply(*first, said, rows=rows, edits=True, personal=Personal.MEMBERSHIP)
    wish = stands.open[0]
    said = turn.say("correction.one", name=wish.name, title=found.title, left=len(stands.open) - 1)
    lines = closing.correction_lines(turn.voice, wish, closing.since(turn.work, wish))
    rows = [list(closing.settle_row(turn.voice, wish)), back]
    return reply(*first, said, *lines, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


@routes.button("settle")
def settle(turn: Turn, number: int, taken: int) -> Reply:
    """Take or decline a wish, and show the next one."""
    found = closing.settle(turn.work, turn.person.id, number, taken=bool(taken))
    return _next(turn, found, turn.say("correction.taken" if taken else "correction.declined"))


@routes.button("close")
def close(turn: Turn, number: int) -> Reply:
    """Close the minutes."""
    return _closed(turn, closing.close(turn.work, turn.person.id, number), manages=True)


@routes.button("take_back")
def take_back(turn: Turn, number: int) -> Reply:
    """Take the draft back to write on, and show it as it stands."""
    found = closing.take_back(turn.work, turn.person.id, number)
    shown = turn.registry.buttons["minutes.draft"](turn, number)
    said = turn.say("correction.back_in_hand", title=found.title)
    return Reply((said, *shown.blocks), edits=True, personal=shown.personal)


@routes.button("add")
def add(turn: Turn, number: int) -> Reply:
    """Ask for an addendum."""
    service.managed(turn.work, turn.person.id, number)
    turn.ask("correction.addendum", meeting=number)
    cancel = [[turn.button("correction.cancel", call("correction.show", number))]]
    return reply(turn.say("correction.ask_addendum"), rows=cancel)


@routes.step("addendum")
def addendum_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Add to closed minutes."""
    number = int(turn.facts["meeting"])
    words = content.text if isinstance(content, Said) else content.caption
    closing.add(turn.work, turn.person.id, number, words)
    return show(turn, number)
