"""减免名单: who is not held to organisational life by art. 23, for the secretary; from when, and never why."""

from __future__ import annotations

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.reply import Button, Personal, Reply
from handlers.grammar import Routes, Turn, reply
from services import relief as service

routes = Routes("relief")

PAGE = 4
SHOWN = 6


@routes.button("list")
def listed(turn: Turn, unit_id: int, page: int) -> Reply:
    """Show who is relieved in a branch; a tap ends it."""
    turn.close()
    unit = service.branch(turn.work, turn.person.id, unit_id)
    people = service.relieved(turn.work, turn.person.id, unit_id)
    page = page if 0 <= page * PAGE < len(people) else 0
    shown = people[page * PAGE : (page + 1) * PAGE]
    rows: list[list[Button]] = [
        [turn.button("relief.end", call("relief.end", unit_id, person), name=name[:20])] for person, name in shown
    ]
    if len(people) > PAGE:
        following = page + 1 if (page + 1) * PAGE < len(people) else 0
        rows.append([turn.button("relief.more", call("relief.list", unit_id, following))])
    rows.append([turn.button("relief.add", call("relief.add", unit_id))])
    back = call("obligation.year", unit_id, turn.work.today.year)
    rows.append([turn.button("relief.back", back)])
    code = "relief.head" if people else "relief.nobody"
    facts = {"count": len(people)} if people else {}
    return reply(turn.say(code, unit=unit.name, **facts), rows=rows, edits=True, personal=Personal.MEMBERSHIP)


@routes.button("add")
def add(turn: Turn, unit_id: int) -> Reply:
    """Ask whom to relieve."""
    unit = service.branch(turn.work, turn.person.id, unit_id)
    turn.ask("relief.who", unit=unit_id)
    rows = [[turn.button("relief.back", call("relief.list", unit_id, 0))]]
    return reply(turn.say("relief.ask", unit=unit.name), rows=rows, edits=True, personal=Personal.MEMBERSHIP)


@routes.step("who", numbers=True)
def who_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take a number or a name; of several one is chosen."""
    unit_id, said = int(turn.facts["unit"]), content.text if isinstance(content, Said) else ""
    found = service.candidates(turn.work, turn.person.id, unit_id, said)
    rows = [[turn.button("relief.back", call("relief.list", unit_id, 0))]]
    if not found:
        return reply(turn.say("relief.unknown", words=said[:40]), rows=rows)
    choices = [
        [turn.button("relief.give", call("relief.give", unit_id, one.id), name=one.name[:20], number=one.employee_no)]
        for one in found[:SHOWN]
    ]
    return reply(
        turn.say("relief.sure_more" if len(found) > SHOWN else "relief.sure"),
        rows=[*choices, *rows],
        personal=Personal.MEMBERSHIP,
    )


@routes.button("give")
def give(turn: Turn, unit_id: int, person: int) -> Reply:
    """Relieve somebody from today on."""
    service.relieve(turn.work, turn.person.id, person)
    return _after(turn, unit_id, person, "relief.given")


@routes.button("end")
def end(turn: Turn, unit_id: int, person: int) -> Reply:
    """Hold somebody to organisational life again, from today on."""
    service.unrelieve(turn.work, turn.person.id, person)
    return _after(turn, unit_id, person, "relief.ended")


def _after(turn: Turn, unit_id: int, person: int, code: str) -> Reply:
    shown = listed(turn, unit_id, 0)
    said = turn.say(code, name=service.name_of(turn.work, person))
    return Reply((said, *shown.blocks), edits=True, personal=shown.personal)
