"""会议记录: agenda and votes while a meeting is held, minutes point by point; `handlers/correction.py` goes on."""

from __future__ import annotations

import re
import unicodedata

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.meeting import Meeting, MeetingState
from domain.minutes import Item
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply, text
from domain.vote import fits, read_votes
from handlers.grammar import Routes, Turn, reply
from services import minutes as service
from services import minutes_closing as closing
from services import minutes_text as composing
from services.minutes import Agenda
from services.vote import bases, rule_of

routes = Routes("minutes")

PAGE = 6
OPEN_STATES = (MeetingState.OPEN, MeetingState.HELD, MeetingState.CIRCULATING)
SHOWN_STATES = (*service.PLANNED, *OPEN_STATES, MeetingState.CLOSED)
_DECISION = re.compile(r"\s*(?:决定|决议|decision)\s*[:：]\s*(.+)", re.DOTALL | re.IGNORECASE)
_REWRITE = re.compile(r"\s*(?:改|edit)\s*第?\s*(\d{1,3})\s*条?\s*[:：,，、]?\s*(.+)", re.DOTALL | re.IGNORECASE)
_RENAME = re.compile(r"\s*(?:议程|item)\s*(\d{1,2})\s*(?:改为|改成|[:=])\s*(.+)", re.IGNORECASE)
_ERASE = re.compile(r"\s*(?:删|删除|delete)\s*第?\s*(\d{1,3})\s*条?\s*", re.IGNORECASE)


@routes.entry("minutes")
def minutes(turn: Turn, _rest: str) -> Reply:
    """Show the meetings whose minutes a person writes, or may read."""
    person = turn.person.id
    own = service.listed(turn.work, person, SHOWN_STATES, PAGE)
    known = {one.id for one in own}
    others = [one for one in service.attended(turn.work, person, PAGE) if one.id not in known]
    rows = [[_named(turn, one, "minutes.open")] for one in own]
    rows += [[_named(turn, one, "correction.show")] for one in others[: max(0, PAGE - len(own))]]
    rows.append([turn.button("help.home", call("help.home"))])
    code = "minutes.choose" if own or others else "minutes.none"
    return reply(turn.say(code), rows=rows, edits=True, personal=Personal.MEMBERSHIP)


def _named(turn: Turn, one: Meeting, name: str) -> Button:
    day = f"{turn.work.organisation.local(one.starts_at):%m-%d}"
    state = turn.voice.label(f"minutes.state_{one.state.value}")
    return turn.button("minutes.named", call(name, one.id), day=day, title=one.title[:16], state=state)


@routes.button("list")
def back_to_list(turn: Turn) -> Reply:
    """Show the meetings from another card."""
    turn.close()
    return minutes(turn, "")


@routes.button("open")
def open_one(turn: Turn, number: int) -> Reply:
    """Show what a meeting's minutes need now."""
    found = service.managed(turn.work, turn.person.id, number)
    if found.state in {MeetingState.CIRCULATING, MeetingState.CLOSED}:
        return turn.registry.buttons["correction.show"](turn, number)
    return draft(turn, number) if found.state is MeetingState.HELD else items(turn, number)


@routes.button("items")
def items(turn: Turn, number: int) -> Reply:
    """Show the agenda; what is typed next is written down at once."""
    found = service.agenda(turn.work, turn.person.id, number)
    if found.meeting.state in service.PLANNED:
        return _planned(turn, found)
    service.writable(turn.work, turn.person.id, number)
    turn.ask("minutes.said", meeting=number)
    return _agenda_card(turn, found)


def _planned(turn: Turn, found: Agenda) -> Reply:
    turn.ask("minutes.title", meeting=found.meeting.id)
    lines = [_line(turn, found, item) for item in found.items]
    rows = [[turn.button("minutes.back", call("minutes.list"))]]
    if found.meeting.state is MeetingState.CALLED:
        rows.insert(0, [turn.button("minutes.tell_agenda", call("meeting_change.tell_agenda", found.meeting.id))])
    return reply(
        turn.say("minutes.agenda", title=found.meeting.title),
        *lines,
        turn.say("minutes.type_items"),
        rows=rows,
        edits=True,
        personal=Personal.MEMBERSHIP,
    )


def _line(turn: Turn, found: Agenda, item: Item) -> Block:
    here = found.at_hand is not None and found.at_hand.id == item.id
    code = "minutes.item_at_hand" if here else "minutes.item_line"
    parts = [turn.voice.label(f"minutes.vote_{item.outcome}")] if item.outcome else []
    if item.decision:
        parts.append(turn.voice.label("minutes.decided"))
    return turn.say(code, place=found.items.index(item) + 1, title=item.title, state=" · ".join(parts))


def _agenda_card(turn: Turn, found: Agenda, *first: Block) -> Reply:
    number = found.meeting.id
    lines = [_line(turn, found, item) for item in found.items] or [turn.say("minutes.no_agenda")]
    rows = [
        [
            turn.button("minutes.vote", call("minutes.vote", number)),
            turn.button("minutes.decision", call("minutes.decide", number)),
        ],
        [
            turn.button("minutes.next", call("minutes.next", number)),
            turn.button("minutes.add", call("minutes.add", number)),
        ],
        [
            turn.button("minutes.finish", call("minutes.draft", number)),
            turn.button("minutes.back", call("minutes.list")),
        ],
    ]
    if not found.items:
        rows = [[turn.button("minutes.add", call("minutes.add", number))], rows[2]]
    return reply(
        *first,
        turn.say("minutes.agenda", title=found.meeting.title),
        *lines,
        turn.say("minutes.type_points", count=len(found.points)),
        rows=rows,
        edits=True,
        personal=Personal.MEMBERSHIP,
    )


@routes.button("write")
def write(turn: Turn, number: int) -> Reply:
    """Take points, one a message, from here on."""
    return items(turn, number)


@routes.button("next")
def next_item(turn: Turn, number: int) -> Reply:
    """Turn to the next item."""
    found = service.next_item(turn.work, turn.person.id, number)
    turn.ask("minutes.said", meeting=number)
    return _agenda_card(turn, found)


@routes.button("add")
def add(turn: Turn, number: int) -> Reply:
    """Ask for an item's title."""
    service.writable(turn.work, turn.person.id, number, planned=True)
    turn.ask("minutes.title", meeting=number)
    return reply(turn.say("minutes.ask_title"), rows=[[turn.button("minutes.cancel", call("minutes.items", number))]])


@routes.step("title", yields=True)
def title_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Put typed words on the agenda; each line is an item."""
    number = int(turn.facts["meeting"])
    for line in _words(content).splitlines() or [""]:
        if not _renamed(turn, number, line):
            service.add_item(turn.work, turn.person.id, number, line)
    return items(turn, number)


def _renamed(turn: Turn, number: int, words: str) -> bool:
    """Give an item another title where that is what the words say."""
    found = _RENAME.fullmatch(unicodedata.normalize("NFKC", words[:12]) + words[12:])
    if found is None:
        return False
    service.rename_item(turn.work, turn.person.id, number, int(found[1]), found[2])
    return True


def _words(content: Said | Uploaded) -> str:
    return content.text.strip() if isinstance(content, Said) else content.caption.strip()


@routes.button("vote")
def vote(turn: Turn, number: int) -> Reply:
    """Say by what a vote counts and how many are there, and ask for the numbers."""
    found = service.agenda(turn.work, turn.person.id, number)
    service.writable(turn.work, turn.person.id, number)
    if found.at_hand is None:
        raise Refusal("minutes.no_item")
    basis = service.basis_of(turn.work, found.meeting, found.at_hand)
    service.check_basis(turn.work, turn.person.id, found.meeting, basis)
    turn.ask("minutes.said", meeting=number, mode="vote")
    should, present = service.voters(turn.work, number)
    facts = {
        "title": found.at_hand.title,
        "kind": turn.voice.label(f"vote.{basis.name}"),
        "rule": rule_of(turn.voice, basis),
        "should": should,
        "present": present,
        "quorum": basis.quorum.needed(should),
    }
    others = [
        turn.button(f"vote.{one}", call("minutes.basis", number, one))
        for one in _others(turn, found.meeting, basis.name)
    ]
    rows = [*([others] if others else []), [turn.button("minutes.back", call("minutes.items", number))]]
    said = turn.say("minutes.vote_ballot" if basis.secret else "minutes.vote_hands", **facts)
    return reply(said, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


def _others(turn: Turn, meeting: Meeting, name: str) -> list[str]:
    return [one for one in bases(turn.work) if one != name and fits(one, meeting.quorum)]


@routes.button("basis")
def basis(turn: Turn, number: int, name: str) -> Reply:
    """Let the item be voted on by another basis."""
    service.set_basis(turn.work, turn.person.id, number, name)
    return vote(turn, number)


@routes.button("decide")
def decide(turn: Turn, number: int) -> Reply:
    """Ask for the words of the decision."""
    found = service.agenda(turn.work, turn.person.id, number)
    service.writable(turn.work, turn.person.id, number)
    if found.at_hand is None:
        raise Refusal("minutes.no_item")
    turn.ask("minutes.said", meeting=number, mode="decision")
    rows = [[turn.button("minutes.back", call("minutes.items", number))]]
    said = turn.say("minutes.ask_decision", title=found.at_hand.title)
    return reply(said, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


@routes.step("said", yields=True)
def said(turn: Turn, content: Said | Uploaded) -> Reply:
    """Write down what is typed: votes, a decision, another wording of a point, else a point."""
    number, mode, words = int(turn.facts["meeting"]), turn.facts.get("mode", ""), _words(content)
    counts = read_votes(words)
    decided = _DECISION.fullmatch(words)
    if mode == "vote" or counts is not None:
        if counts is None:
            raise Refusal("minutes.votes_unread")
        return _voted(turn, number, counts)
    if mode == "decision" or decided:
        item = service.decide(turn.work, turn.person.id, number, decided[1] if decided else words)
        return _next_card(turn, number, turn.say("minutes.decision_kept", title=item.title))
    if _renamed(turn, number, words):
        return items(turn, number)
    plain = unicodedata.normalize("NFKC", words[:12]) + words[12:]
    rewritten, erased = _REWRITE.fullmatch(plain), _ERASE.fullmatch(plain)
    if rewritten or erased:
        return _reworded(turn, number, rewritten, erased)
    place, point = service.note(turn.work, turn.person.id, number, words)
    return _noted(turn, number, place, point, words)


def _voted(turn: Turn, number: int, counts: dict[str, int]) -> Reply:
    service.vote(turn.work, turn.person.id, number, counts)
    found = service.agenda(turn.work, turn.person.id, number)
    item = found.at_hand
    kept = composing.vote_words(turn.work, turn.voice, found.meeting, item) if item else ""
    return _next_card(turn, number, turn.say("minutes.vote_kept", title=item.title if item else "", words=kept))


def _next_card(turn: Turn, number: int, *first: Block) -> Reply:
    turn.ask("minutes.said", meeting=number)
    return _agenda_card(turn, service.agenda(turn.work, turn.person.id, number), *first)


def _reworded(turn: Turn, number: int, rewritten: re.Match[str] | None, erased: re.Match[str] | None) -> Reply:
    if rewritten:
        point = service.rewrite(turn.work, turn.person.id, number, int(rewritten[1]), rewritten[2])
        return _noted(turn, number, int(rewritten[1]), point, rewritten[2])
    place = int(erased[1]) if erased else 0
    service.rewrite(turn.work, turn.person.id, number, place, "")
    return _next_card(turn, number, turn.say("minutes.erased", place=place))


def _noted(turn: Turn, number: int, place: int, point: int, words: str) -> Reply:
    turn.ask("minutes.said", meeting=number)
    rows = [
        [
            turn.button("minutes.erase", call("minutes.erase", number, point)),
            turn.button("minutes.next", call("minutes.next", number)),
        ],
        [
            turn.button("minutes.agenda", call("minutes.items", number)),
            turn.button("minutes.finish", call("minutes.draft", number)),
        ],
    ]
    return reply(turn.say("minutes.noted", place=place, words=words[:60]), rows=rows, personal=Personal.MEMBERSHIP)


@routes.button("erase")
def erase(turn: Turn, number: int, point: int) -> Reply:
    """Take a point away again, by its id: the button pressed twice takes one."""
    place = service.erase(turn.work, turn.person.id, number, point)
    return _next_card(turn, number, turn.say("minutes.erased", place=place))


@routes.button("draft")
def draft(turn: Turn, number: int) -> Reply:
    """Show the draft, and what can be done with it."""
    found = service.managed(turn.work, turn.person.id, number)
    if found.state in service.READABLE:
        return turn.registry.buttons["correction.show"](turn, number)
    if found.state not in service.GOING_ON:
        raise service.too_soon(found)
    turn.close()
    rows = [
        [
            turn.button("minutes.write_on", call("minutes.write", number)),
            turn.button("minutes.word", call("document.minutes", number)),
        ],
        [turn.button("minutes.back", call("minutes.list"))],
    ]
    code = "minutes.draft_open"
    if found.state is MeetingState.HELD:
        rows.insert(0, [turn.button("minutes.circulate", call("minutes.circulate", number))])
        code = "minutes.draft"
    elif found.state is MeetingState.OPEN:
        rows.insert(0, [turn.button("minutes.end", call("meeting.end", number))])
    return reply(
        turn.say(code),
        text(composing.compose(turn.work, found)),
        rows=rows,
        edits=True,
        personal=Personal.MEMBERSHIP,
    )


@routes.button("circulate")
def circulate(turn: Turn, number: int) -> Reply:
    """Lay the draft before those present."""
    found = closing.circulate(turn.work, turn.person.id, number)
    turn.close()
    until = turn.voice.moment(turn.work.organisation.local(found.corrections_until or turn.work.now))
    count = len(closing.standing(turn.work, found).waited_for)
    rows = [[turn.button("minutes.back", call("minutes.list"))]]
    return reply(turn.say("minutes.circulated", until=until, count=count), rows=rows, edits=True)
