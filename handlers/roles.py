"""职责管理: who holds which role where; giving, ending, and noting that somebody has left."""

from __future__ import annotations

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.member import Person
from domain.permission import Action, Role
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply
from handlers.grammar import Routes, Turn, reply
from services import roles as service

routes = Routes("roles")

SHOWN = 6


@routes.entry("roles", needs=Action.MANAGE_ROLES, writes=True)
def roles(turn: Turn, rest: str) -> Reply:
    """Ask about whom, or look for the name or number after the command."""
    if rest:
        return _find(turn, rest)
    turn.ask("roles.who")
    return reply(turn.say("roles.ask"), rows=[[_home(turn)]])


def _home(turn: Turn) -> Button:
    return turn.button("help.home", call("help.home"))


@routes.step("who", yields=True, numbers=True)
def who(turn: Turn, content: Said | Uploaded) -> Reply:
    """Look for the person."""
    return _find(turn, content.text if isinstance(content, Said) else "")


def _find(turn: Turn, words: str) -> Reply:
    found = service.find(turn.work, turn.person.id, words)
    if not found:
        turn.ask("roles.who")
        return reply(turn.say("roles.unknown", words=words[:40]), rows=[[_home(turn)]])
    if len(found) > 1:
        turn.ask("roles.who")
        rows = [[Button(f"{one.name} {one.employee_no}", call("roles.show", one.id))] for one in found[:SHOWN]]
        said = turn.say("roles.which_more" if len(found) > SHOWN else "roles.which")
        return reply(said, rows=[*rows, [_home(turn)]], personal=Personal.MEMBERSHIP)
    turn.close()
    return _card(turn, found[0])


def _called(turn: Turn, role: Role) -> str:
    return turn.voice.label(f"permission.{role.value}")


@routes.button("show")
def show(turn: Turn, number: int) -> Reply:
    """Show a person's roles."""
    return _card(turn, service.person(turn.work, turn.person.id, number))


def _card(turn: Turn, person: Person, notice: Block | None = None) -> Reply:
    held = service.held(turn.work, person.id)
    lines = "\n".join(f"· {_called(turn, one.role)}（{one.unit.name}）" for one in held)
    rows = [
        [
            turn.button(
                "roles.end",
                call("roles.end", person.id, one.role.value, one.unit.id),
                role=_called(turn, one.role),
                unit=one.unit.name[:16],
            )
        ]
        for one in held[:4]
    ]
    rows.append([turn.button("roles.add", call("roles.add", person.id))])
    rows.append([turn.button("roles.depart", call("roles.depart", person.id)), _home(turn)])
    said = turn.say("roles.card", name=person.name, number=person.employee_no)
    body = turn.say("roles.held", roles=lines) if held else turn.say("roles.none")
    return reply(*([notice] if notice else []), said, body, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


@routes.button("add")
def add(turn: Turn, number: int) -> Reply:
    """Choose a role."""
    person = service.person(turn.work, turn.person.id, number)
    buttons = [Button(_called(turn, role), call("roles.at", number, role.value, 0)) for role in Role]
    rows = [buttons[place : place + 2] for place in range(0, len(buttons), 2)]
    rows[-1].append(turn.button("roles.back", call("roles.show", number)))
    return reply(turn.say("roles.which_role", name=person.name), rows=rows, edits=True, personal=Personal.MEMBERSHIP)


def _role(words: str) -> Role:
    if words not in {role.value for role in Role}:
        raise Refusal("help.expired")
    return Role(words)


@routes.button("at")
def at(turn: Turn, number: int, role: str, page: int) -> Reply:
    """Choose the unit."""
    person = service.person(turn.work, turn.person.id, number)
    places = service.places(turn.work, turn.person.id, _role(role))
    if not places:
        raise Refusal("roles.no_place")
    page = max(0, min(page, (len(places) - 1) // SHOWN))
    rows = [
        [Button(unit.name[:30], call("roles.give", number, role, unit.id))]
        for unit in places[page * SHOWN : (page + 1) * SHOWN]
    ]
    last = [turn.button("roles.back", call("roles.show", number))]
    if len(places) > SHOWN:
        to = page + 1 if (page + 1) * SHOWN < len(places) else 0
        last.append(turn.button("roles.more", call("roles.at", number, role, to)))
    said = turn.say("roles.which_unit", name=person.name, role=_called(turn, Role(role)))
    return reply(said, rows=[*rows, last], edits=True, personal=Personal.MEMBERSHIP)


@routes.button("give")
def give(turn: Turn, number: int, role: str, unit: int) -> Reply:
    """Give the role; a second press says that it is held."""
    person = service.person(turn.work, turn.person.id, number)
    given = service.give(turn.work, turn.person.id, number, _role(role), unit)
    return _card(turn, person, turn.say("roles.given" if given else "roles.given_before"))


@routes.button("end")
def end(turn: Turn, number: int, role: str, unit: int) -> Reply:
    """End the role; a second press says that it is over."""
    person = service.person(turn.work, turn.person.id, number)
    ended = service.end(turn.work, turn.person.id, number, _role(role), unit)
    return _card(turn, person, turn.say("roles.ended" if ended else "roles.ended_before"))


@routes.button("depart")
def depart(turn: Turn, number: int) -> Reply:
    """Ask before noting that somebody has left."""
    person = service.person(turn.work, turn.person.id, number)
    rows = [
        [
            turn.button("roles.depart_sure", call("roles.depart_sure", number)),
            turn.button("roles.back", call("roles.show", number)),
        ]
    ]
    return reply(turn.say("roles.depart_ask", name=person.name), rows=rows, edits=True, personal=Personal.MEMBERSHIP)


@routes.button("depart_sure")
def depart_sure(turn: Turn, number: int) -> Reply:
    """Note that somebody has left."""
    person = service.person(turn.work, turn.person.id, number)
    service.depart(turn.work, turn.person.id, number)
    said = turn.say("roles.departed", name=person.name)
    return reply(said, rows=[[_home(turn)]], edits=True, personal=Personal.MEMBERSHIP)
