"""Home card, help, cancel, a person to ask, and what is said when nothing else fits."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from domain.call import call
from domain.member import NOTICE_VERSION
from domain.reply import Button, Personal, Reply
from handlers.grammar import Entry, Matter, Routes, Turn, reply
from services import member, permission, post, sign_in

routes = Routes("help")

MATTERS = 3
PLAIN = ("demand", "learn", "quiz", "points")
"""What everybody's home card offers."""
OFFICE = ("announce", "desk", "gathering", "roster", "roles", "invite")
"""What it offers beside that to those with a role, the first two that they may do."""
SHOWN = 3


def allowed(turn: Turn, name: str) -> Entry | None:
    """Return an entry that exists and that this person may use."""
    entry = turn.registry.entries.get(name)
    if entry is None or (
        entry.needs is not None and not permission.may_anywhere(turn.work, turn.person.id, entry.needs)
    ):
        return None
    return entry


def _go(turn: Turn, entry: Entry) -> Button:
    return Button(turn.voice.help[entry.name], call("help.go", entry.name))


def _home_button(turn: Turn) -> Button:
    return turn.button("help.home", call("help.home"))


@routes.button("home")
def home(turn: Turn) -> Reply:
    """Show the home card: today's one to three things, then the ways in."""
    person = turn.caller.person
    if person is None or person.consent < NOTICE_VERSION:
        return turn.registry.entries["start"].run(turn, "")
    turn.close()
    matters = sorted(chain.from_iterable(f(turn) for r in turn.registry.routes for f in r.matters), key=_urgency)
    hour = turn.work.organisation.local(turn.work.now).hour
    greeting = "help.morning" if hour < 12 else "help.afternoon" if hour < 18 else "help.evening"  # noqa: PLR2004
    hello = turn.say(greeting, name=person.name, day=turn.voice.day(turn.work.today))
    if matters:
        lines = "\n".join(f"· {matter.words}" for matter in matters[:MATTERS])
        today = turn.say("help.today", matters=lines)
    else:
        today = turn.say("help.nothing")
    rows = [[matter.button] for matter in matters[:MATTERS]]
    offered = {button.call for row in rows for button in row}
    office = [entry for name in OFFICE if (entry := allowed(turn, name)) is not None][:2]
    plain = [entry for name in PLAIN if (entry := allowed(turn, name)) is not None]
    room = 7 - len(rows)
    ways = [_go(turn, entry) for entry in (*office, *plain)]
    ways = [way for way in ways if way.call not in offered][:room]
    ways.append(turn.button("help.all", call("help.go", "help")))
    rows += [ways[place : place + 2] for place in range(0, len(ways), 2)]
    return reply(hello, today, rows=rows, edits=True, personal=Personal.OWN)


def _urgency(matter: Matter) -> int:
    return matter.urgency


@routes.entry("home", guests=True, listed=False)
def home_entry(turn: Turn, _rest: str) -> Reply:
    """Show the home card for a word."""
    return home(turn)


@routes.button("go")
def go(turn: Turn, name: str) -> Reply:
    """Open an entry from a card. What needs a role is asked for again."""
    entry = turn.registry.entries.get(name)
    if entry is None:
        return expired(turn)
    if not entry.guests and allowed(turn, name) is None:
        return not_yours(turn)
    turn.close()
    return entry.run(turn, "")


@routes.entry("help", guests=True)
def show_help(turn: Turn, _rest: str) -> Reply:
    """List what this person can do here, by command."""
    person = turn.caller.person
    if person is None or person.consent < NOTICE_VERSION:
        return turn.registry.entries["start"].run(turn, "")
    plain: list[str] = []
    office: list[str] = []
    for entry in turn.registry.entries.values():
        if entry.listed and allowed(turn, entry.name) is not None:
            line = f"/{entry.name}  {turn.voice.help[entry.name]}"
            (plain if entry.needs is None else office).append(line)
    blocks = [turn.say("help.list", entries="\n".join(plain))]
    if office:
        blocks.append(turn.say("help.office", entries="\n".join(office)))
    rows = [[turn.button("help.person", call("help.person")), _home_button(turn)]]
    return reply(*blocks, turn.say("help.by_words"), rows=rows, personal=Personal.OWN)


@routes.entry("cancel", guests=True)
def cancel(turn: Turn, _rest: str) -> Reply:
    """Drop the open question; nothing of it is kept."""
    waiting = bool(turn.step)
    turn.close()
    return reply(turn.say("help.cancelled" if waiting else "help.nothing_open"), rows=[[_home_button(turn)]])


@routes.entry("person", listed=False)
def person_entry(turn: Turn, _rest: str) -> Reply:
    """Name a person to ask, for the word."""
    return ask_person(turn)


@routes.button("person")
def ask_person(turn: Turn) -> Reply:
    """Name those who can be asked, and the way to write to one."""
    found = member.helpers(turn.work, turn.person)
    lines = "\n".join(
        f"· {name}，{turn.voice.label(f'permission.{role.value}')}" + (f"（{unit}）" if unit else "")
        for name, role, unit in found[:5]
    )
    said = turn.say("help.helpers", people=lines) if lines else turn.say("help.no_helpers")
    rows = [[turn.button("help.write", call("help.go", "demand")), _home_button(turn)]]
    return reply(said, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


@routes.button("distress")
def distress(turn: Turn) -> Reply:
    """Answer somebody in distress: whom to call now, and colleagues to ask. An open question stays open.

    Whom to call is a letter of its own: it is never behind a link, however personal the rest is.
    """
    person, arrival = turn.caller.person, turn.arrival
    first = reply(turn.say("help.distress"))
    if person is None or person.consent < NOTICE_VERSION:
        return first
    post.answer(turn.work, arrival.messenger, arrival.user, arrival.chat, first)
    return replace(ask_person(turn), edits=False)


@routes.button("no_command")
def no_command(turn: Turn, names: str) -> Reply:
    """Answer a command that does not exist: those with nearly this name, and all of them."""
    person = turn.caller.person
    if person is None or person.consent < NOTICE_VERSION:
        return turn.registry.entries["start"].run(turn, "")
    near = [entry for name in names.split(",") if (entry := allowed(turn, name)) is not None and entry.listed]
    rows = [[_go(turn, entry)] for entry in near]
    rows.append([turn.button("help.all", call("help.go", "help")), _home_button(turn)])
    return reply(turn.say("help.no_command"), rows=rows)


@routes.button("expired")
def expired(turn: Turn) -> Reply:
    """Answer a button that nobody has any more."""
    return reply(turn.say("help.expired"), rows=[[_home_button(turn)]])


@routes.button("passed")
def passed(turn: Turn) -> Reply:
    """Answer the Cancel of a question that is not open any more: it stops nothing, and must not say that it did."""
    return reply(turn.say("help.passed"), rows=[[_home_button(turn)]], edits=True)


@routes.button("file")
def unexpected_file(turn: Turn) -> Reply:
    """Answer a file that nobody waits for."""
    return reply(turn.say("help.unexpected_file"), rows=[[_home_button(turn)]])


@routes.button("place")
def place(turn: Turn) -> Reply:
    """Answer a place that nobody waits for."""
    person = turn.caller.person
    if person is None or person.consent < NOTICE_VERSION:
        return turn.registry.entries["start"].run(turn, "")
    return reply(
        turn.say("help.no_place"), rows=[[turn.button("help.write", call("help.go", "demand")), _home_button(turn)]]
    )


@routes.button("not_yours")
def not_yours(turn: Turn) -> Reply:
    """Answer an entry that needs a role."""
    return reply(turn.say("help.not_yours"), rows=[[_home_button(turn)]])


@routes.button("group")
def group(turn: Turn, payload: str) -> Reply:
    """Point from a group to the private chat."""
    link = turn.link(payload)
    rows = [[Button(turn.voice.label("help.private"), url=link)]] if link else []
    return reply(turn.say("help.group"), rows=rows)


@routes.button("link")
def new_link(turn: Turn, number: int) -> Reply:
    """Say again what stood behind a link, in a new letter, whose link opens anew; to nobody but its own reader."""
    again = sign_in.again(turn.work, turn.arrival.messenger, turn.arrival.user, number)
    return expired(turn) if again is None else again


@routes.button("confirm")
def confirm(turn: Turn, name: str) -> Reply:
    """Ask before a guess does anything."""
    rows = [[turn.button("help.yes", call("help.go", name)), turn.button("help.no", call("help.nearest", name))]]
    return reply(turn.say("help.confirm", entry=turn.voice.help.get(name, name)), rows=rows)


@routes.button("nearest")
def nearest(turn: Turn, names: str) -> Reply:
    """Name the nearest entries, and a person to ask."""
    wanted = list(dict.fromkeys([*filter(None, names.split(",")), *OFFICE[:2], *PLAIN, "checkin"]))
    found = [entry for name in wanted if (entry := allowed(turn, name)) is not None and entry.listed]
    rows = [[_go(turn, entry)] for entry in found[:SHOWN]]
    rows.append([turn.button("help.person", call("help.person")), _home_button(turn)])
    return reply(turn.say("help.nearest"), rows=rows)
