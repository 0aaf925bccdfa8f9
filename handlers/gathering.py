"""开签到: a secretary opens a sign-in with a code; people sign in; the count lives on the secretary's card."""

from __future__ import annotations

from content import Voice
from content import voice as voice_of
from domain.arrival import Pressed, Said, Uploaded
from domain.call import call
from domain.gathering import Card, Gathering, read_code
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Button, Personal, Reply, Text
from handlers.grammar import Routes, Turn, reply
from services import gathering as service
from services import post
from services.gathering import SignedIn
from services.work import Work

routes = Routes("gathering")

PAGE = 6


@routes.entry("gathering", needs=Action.GATHER, writes=True)
def choose_place(turn: Turn, rest: str) -> Reply:
    """Ask for which unit; with words after the command, they are the title."""
    places = service.places(turn.work, turn.person.id)
    if not places:
        raise Refusal("help.not_yours")
    turn.ask("gathering.title", title=rest)
    shown = places[:PAGE]
    rows = [[Button(unit.name[:30], call("gathering.place", unit.id))] for unit in shown]
    rows.extend(
        [turn.button("gathering.open_card", call("gathering.show", old.id), title=old.title[:20])]
        for old in service.recent(turn.work, turn.person.id)[:1]
        if old.is_open(turn.work.now) and not old.subject  # a meeting's has its own card
    )
    rows.append([turn.button("gathering.cancel", call("gathering.cancel"))])
    return reply(turn.say("gathering.where"), rows=rows)


@routes.step("title")
def title_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take typed words as the title."""
    words = content.text.strip() if isinstance(content, Said) else ""
    unit = turn.facts.get("unit")
    if unit is None:
        return _place_typed(turn, words)
    return _open(turn, int(unit), words or turn.voice.line("gathering.usual_title"))


def _place_typed(turn: Turn, words: str) -> Reply:
    """Take a unit by its name; what names none of them is told so, with the way out."""
    places = service.places(turn.work, turn.person.id)
    exact = [unit for unit in places if unit.name == words]
    found = exact or [unit for unit in places if words and words in unit.name]
    if len(found) == 1:
        return place(turn, found[0].id)
    rows = [[Button(unit.name[:30], call("gathering.place", unit.id))] for unit in (found or places)[:PAGE]]
    rows.append([turn.button("gathering.cancel", call("gathering.cancel"))])
    code = "gathering.several_units" if found else "gathering.which_unit"
    return reply(turn.say(code, words=words[:40]), rows=rows)


@routes.button("place")
def place(turn: Turn, unit_id: int) -> Reply:
    """Take the unit; ask for a title unless there is one."""
    title = str(turn.facts.get("title", "")) if turn.step == "gathering.title" else ""
    if title:
        return _open(turn, unit_id, title)
    turn.ask("gathering.title", unit=unit_id)
    usual = [turn.button(f"gathering.{name}", call("gathering.named", unit_id, name)) for name in TITLES]
    return reply(
        turn.say("gathering.what"),
        rows=[usual[:2], usual[2:], [turn.button("gathering.cancel", call("gathering.cancel"))]],
        edits=True,
    )


TITLES = ("theme_day", "meeting", "lecture", "activity")


@routes.button("named")
def named(turn: Turn, unit_id: int, name: str) -> Reply:
    """Open it under one of the usual titles."""
    if name not in TITLES:
        raise Refusal("gathering.gone")
    return _open(turn, unit_id, turn.voice.label(f"gathering.{name}"))


@routes.button("cancel")
def cancel(turn: Turn) -> Reply:
    """Open nothing."""
    if not turn.step.startswith("gathering."):
        return turn.registry.buttons["help.passed"](turn)
    turn.close()
    return reply(turn.say("gathering.cancelled"), rows=[[turn.button("help.home", call("help.home"))]], edits=True)


def _open(turn: Turn, unit_id: int, title: str) -> Reply:
    found = service.open_gathering(turn.work, turn.person.id, unit_id, title)
    turn.close()
    return _card(turn, found)


def _card(turn: Turn, found: Gathering) -> Reply:
    """Draw the secretary's card, and remember where it is."""
    arrival, content = turn.arrival, turn.arrival.content

    def keep(message: str) -> None:
        service.keep_card(turn.work, found.id, Card(arrival.messenger, arrival.user, arrival.chat, message))

    if isinstance(content, Pressed) and content.message:
        keep(content.message)
    else:
        turn.answered = lambda letter: keep(f"@{letter}")
    return _drawn(turn, found)


def _drawn(turn: Turn, found: Gathering) -> Reply:
    return _drawn_for(turn.work, turn.voice, found)


def _drawn_for(work: Work, voice: Voice, found: Gathering) -> Reply:
    count = service.count(work, found)
    local = work.organisation.local
    facts = {
        "title": found.title,
        "unit": found.unit_name,
        "there": count.there,
        "expected": count.expected,
        "late": count.late,
        "by_hand": count.by_hand,
    }
    if not found.is_open(work.now):
        rows = [
            [voice.button("gathering.who", call("gathering.who", found.id, 0))],
            [voice.button("help.home", call("help.home"))],
        ]
        return reply(voice.say("gathering.card_closed", **facts), rows=rows, edits=True, personal=Personal.MEMBERSHIP)
    rows = [
        [
            voice.button("gathering.refresh", call("gathering.show", found.id)),
            voice.button("gathering.who", call("gathering.who", found.id, 0)),
        ],
        [
            voice.button("gathering.late", call("gathering.late", found.id)),
            voice.button("gathering.close", call("gathering.close", found.id)),
        ],
    ]
    return reply(
        voice.say("gathering.card", code=found.code(work.now), late_at=f"{local(found.late_at):%H:%M}", **facts),
        rows=rows,
        edits=True,
        personal=Personal.MEMBERSHIP,
    )


@routes.button("show")
def show(turn: Turn, number: int) -> Reply:
    """Draw the card anew."""
    return _card(turn, service.runs(turn.work, turn.person.id, number))


@routes.button("late")
def late(turn: Turn, number: int) -> Reply:
    """Count whoever comes from now on as late."""
    return _card(turn, service.late_from_now(turn.work, turn.person.id, number))


@routes.button("close")
def close(turn: Turn, number: int) -> Reply:
    """Close the sign-in."""
    return _card(turn, service.close(turn.work, turn.person.id, number))


@routes.button("who")
def who_is_missing(turn: Turn, number: int, page: int) -> Reply:
    """Show who is not there, to the secretary alone; a tap signs somebody in by hand."""
    found = service.runs(turn.work, turn.person.id, number)
    people = service.missing(turn.work, turn.person.id, number, page, PAGE)
    is_open = found.is_open(turn.work.now)
    rows = (
        [
            [turn.button("gathering.by_hand", call("gathering.enter", number, who), name=name)]
            for who, name in people[:PAGE]
        ]
        if is_open
        else []
    )
    if len(people) > PAGE:
        rows.append([turn.button("gathering.more", call("gathering.who", number, page + 1))])
    rows.append([turn.button("gathering.back", call("gathering.show", number))])
    code = "gathering.missing" if people else "gathering.nobody_missing"
    names = "、".join(name for _, name in people[:PAGE])
    words = turn.say(code, names=names) if people else turn.say(code)
    return reply(words, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


@routes.button("enter")
def enter(turn: Turn, number: int, member_id: int) -> Reply:
    """Sign somebody in from the list."""
    service.enter_for(turn.work, turn.person.id, number, member_id)
    return who_is_missing(turn, number, 0)


@routes.entry("attend", writes=True, listed=False)
def attend(turn: Turn, rest: str) -> Reply:
    """Sign in at a gathering by its code."""
    code = read_code(rest)
    home = [[turn.button("help.home", call("help.home"))]]
    signed = service.sign_in(turn.work, turn.person.id, code) if code else None
    if signed is None:
        return reply(turn.say("gathering.wrong_code"), rows=home)
    if not signed.repeated:
        _live(turn, signed)
    if signed.stale:
        return reply(turn.say("gathering.stale_code", title=signed.gathering.title), rows=home, personal=Personal.OWN)
    return reply(_words(turn, signed), rows=home, personal=Personal.OWN)


def _words(turn: Turn, signed: SignedIn) -> Text:
    facts = {"title": signed.gathering.title, "time": f"{turn.work.organisation.local(signed.at):%H:%M}"}
    if signed.repeated:
        return turn.say("gathering.again", **facts)
    if signed.late:
        return turn.say("gathering.done_late", **facts)
    if signed.awarded and signed.awarded.points:
        return turn.say("gathering.done_points", points=signed.awarded.points, **facts)
    return turn.say("gathering.done", **facts)


def _live(turn: Turn, signed: SignedIn) -> None:
    """Let the count on the secretary's card live; drawings that have not left yet are replaced, not added to.

    The card of a meeting or an activity is drawn by its own capability, in the language of whoever opened it.
    """
    found = signed.gathering
    card = service.card_of(turn.work, found.id)
    if card is None:
        return
    noun, _, number = found.subject.partition(":")
    voice = voice_of(service.language_of(turn.work, found))
    draw = turn.registry.living.get(noun)
    drawn = draw(turn.work, voice, int(number)) if draw else _drawn_for(turn.work, voice, found)
    post.redraw(turn.work, card.messenger, card.account, card.chat, card.message, drawn)
