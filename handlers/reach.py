"""送达: whom of one's unit messages reach, why the others not, and a code for who never bound an account."""

from __future__ import annotations

from domain.call import call
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply, text
from handlers.grammar import Routes, Turn, reply
from services import permission
from services import reach as service

routes = Routes("reach")

LISTED = 8


def _home(turn: Turn) -> Button:
    return turn.button("help.home", call("help.home"))


@routes.entry("reach", needs=Action.SEE_UNIT_FIGURES)
def reach(turn: Turn, _rest: str) -> Reply:
    """Show the first of one's units."""
    return unit(turn, 0)


@routes.button("unit")
def unit(turn: Turn, number: int) -> Reply:
    """Show a unit's figures."""
    found = service.figures(turn.work, turn.person.id, number)
    if found is None:
        raise Refusal("reach.not_yours")
    least = turn.work.organisation.smallest_group
    lines = [
        turn.voice.line(f"reach.{name}", count=getattr(found, name))
        for name in ("unbound", "consent", "closed", "muting")
        if getattr(found, name)
    ]
    if found.muting is None:
        lines.append(turn.voice.line("reach.muting_few", least=least))
    lines += [
        turn.voice.line(f"reach.{name}", count=getattr(found, name), days=service.DAYS)
        for name in ("failed", "unknown", "capped")
        if getattr(found, name)
    ]
    said = turn.say("reach.head", unit=found.unit.name, people=found.people, reachable=found.reachable)
    blocks: list[Block] = [said, text("\n".join(lines))] if lines else [said, turn.say("reach.all_well")]
    told = [
        line for one in service.announced(turn.work, turn.voice, turn.person.id, number) for line in _told(turn, one)
    ]
    if told:
        blocks.append(text("\n".join(told)))
    rows = []
    if found.people > found.reachable:
        rows.append([turn.button("reach.who", call("reach.who", found.unit.id, 0))])
    others = [one for one in service.units(turn.work, turn.person.id) if one.id != found.unit.id]
    rows += [[Button(one.name, call("reach.unit", one.id))] for one in others[:LISTED]]
    return reply(*blocks, rows=[*rows, [_home(turn)]], edits=True, personal=Personal.MEMBERSHIP)


def _told(turn: Turn, one: service.Announced) -> list[str]:
    head = turn.voice.line("reach.announced", moment=one.moment, sent=one.sent, confirmed=one.confirmed)
    return [head, *(f"  {line}" for line in one.readers)]


@routes.button("who")
def who(turn: Turn, number: int, page: int) -> Reply:
    """Name whom nothing reaches, for somebody to speak to them; who never bound gets a code."""
    page = max(0, min(page, 10_000))
    found = service.unreached(turn.work, turn.person.id, number, page, LISTED)
    lines = [
        turn.voice.line("reach.one", name=name, why=turn.voice.label(f"reach.why_{why}")) for _, name, why in found
    ]
    rows: list[list[Button]] = []
    if permission.may_anywhere(turn.work, turn.person.id, Action.INVITE):
        codes = [
            turn.button("reach.code", call("invite.issue", person), name=name)
            for person, name, why in found
            if why == "unbound"
        ]
        rows += [codes[place : place + 2] for place in range(0, len(codes), 2)]
    turning = []
    if page:
        turning.append(turn.button("reach.newer", call("reach.who", number, page - 1)))
    if len(found) == LISTED:
        turning.append(turn.button("reach.older", call("reach.who", number, page + 1)))
    back = [turn.button("reach.back", call("reach.unit", number)), _home(turn)]
    said = turn.say("reach.listed" if found else "reach.nobody")
    blocks: list[Block] = [said, text("\n".join(lines))] if lines else [said]
    return reply(*blocks, rows=[*rows, turning, back], edits=True, personal=Personal.MEMBERSHIP)
