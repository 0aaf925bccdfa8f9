"""会议材料: minutes, sign-in sheet and notice as Word files, the year's ledger and evidence pack, and own templates."""

from __future__ import annotations

from collections.abc import Callable

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Button, Document, Personal, Reply
from handlers.grammar import Routes, Turn, reply
from services import audit, sheet
from services import document as service
from services import document_pack as packing
from services import document_template as templates
from services import meeting as meetings
from services.document import Made
from services.work import Work

routes = Routes("document")

PAGE = 6
_MAKERS: dict[str, Callable[[Work, int, int], Made]] = {
    "minutes": service.of_minutes,
    "notice": service.notice,
}


def _leaves(turn: Turn) -> service.Leaves:
    """Let sheets say who was on leave at meetings that this person keeps, and at no other."""
    return lambda one: meetings.keeps(turn.work, turn.person.id, one)


@routes.entry("documents", needs=Action.PLAN_MEETINGS)
def documents(turn: Turn, rest: str) -> Reply:
    """Ask whose year."""
    places = packing.places(turn.work, turn.person.id)
    found = [unit for unit in places if rest and rest in unit.name] or places
    if not found:
        raise Refusal("help.not_yours")
    if len(found) == 1:
        return year(turn, found[0].id, turn.work.today.year)
    this = turn.work.today.year
    rows = [[Button(unit.name[:30], call("document.year", unit.id, this))] for unit in found[:PAGE]]
    rows.append([turn.button("help.home", call("help.home"))])
    code = "document.where_more" if len(found) > PAGE else "document.where"
    return reply(turn.say(code), rows=rows, edits=True)


@routes.button("start")
def start(turn: Turn) -> Reply:
    """Ask again from another card."""
    turn.close()
    return documents(turn, "")


@routes.button("year")
def year(turn: Turn, unit_id: int, number: int) -> Reply:
    """Show what can be taken away of a unit's year."""
    unit = packing.demand_unit(turn.work, turn.person.id, unit_id)
    turn.close()
    count = packing.count(turn.work, unit, number)
    other = number - 1 if number == turn.work.today.year else turn.work.today.year
    rows = [
        [
            turn.button("document.ledger", call("document.ledger", unit_id, number)),
            turn.button("document.pack", call("document.pack", unit_id, number)),
        ],
        [
            turn.button("document.other_year", call("document.year", unit_id, other), year=other),
            turn.button("document.templates", call("document.templates", unit_id)),
        ],
        [turn.button("help.home", call("help.home"))],
    ]
    said = turn.say("document.year", unit=unit.name, year=number, count=count)
    return reply(said, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


def _handed(turn: Turn, made: Made, mime: str, back: Button, what: str = "paper", rows: int = 1) -> Reply:
    audit.saved(turn.work, turn.person.id, what, rows)
    number = service.keep(turn.work, made, mime)
    shown = Document(number, made.name)
    return reply(turn.say("document.here", name=made.name), shown, rows=[[back]], personal=Personal.MEMBERSHIP)


@routes.button("ledger")
def ledger(turn: Turn, unit_id: int, number: int) -> Reply:
    """Hand over the year's ledger."""
    unit = packing.demand_unit(turn.work, turn.person.id, unit_id)
    back = turn.button("document.back", call("document.year", unit_id, number))
    made, rows = packing.ledger(turn.work, unit, number, packing.MOST_AT_ONCE), packing.of_year(turn.work, unit, number)
    return _handed(turn, made, sheet.XLSX, back, "ledger", len(rows))


@routes.button("pack")
def pack(turn: Turn, unit_id: int, number: int) -> Reply:
    """Hand over the evidence pack."""
    unit = packing.demand_unit(turn.work, turn.person.id, unit_id)
    made = packing.pack(turn.work, unit, number, most=packing.MOST_AT_ONCE, leaves=_leaves(turn))
    back = turn.button("document.back", call("document.year", unit_id, number))
    return _handed(turn, made, "application/zip", back, "pack", len(packing.of_year(turn.work, unit, number)))


def _one(turn: Turn, kind: str, number: int) -> Reply:
    return _back_to_list(turn, _MAKERS[kind](turn.work, turn.person.id, number))


def _back_to_list(turn: Turn, made: Made) -> Reply:
    return _handed(turn, made, templates.DOCX, turn.button("document.back", call("minutes.list")))


@routes.button("minutes")
def minutes(turn: Turn, number: int) -> Reply:
    """Hand over a meeting's minutes."""
    return _one(turn, "minutes", number)


@routes.button("sign_in")
def sign_in(turn: Turn, number: int) -> Reply:
    """Hand over a meeting's sign-in sheet."""
    return _back_to_list(turn, service.sign_in(turn.work, turn.person.id, number, _leaves(turn)))


@routes.button("notice")
def notice(turn: Turn, number: int) -> Reply:
    """Hand over a meeting's notice."""
    return _one(turn, "notice", number)


@routes.button("templates")
def choose_template(turn: Turn, unit_id: int) -> Reply:
    """Show which templates a unit uses."""
    unit = packing.demand_unit(turn.work, turn.person.id, unit_id)
    turn.close()
    own = templates.own_kinds(turn.work, turn.person.id, unit_id)
    rows = [[_kind_button(turn, unit_id, kind, own=kind in own)] for kind in templates.KINDS]
    rows.append([turn.button("document.back", call("document.year", unit_id, turn.work.today.year))])
    return reply(turn.say("document.templates", unit=unit.name), rows=rows, edits=True)


def _kind_button(turn: Turn, unit_id: int, kind: str, *, own: bool) -> Button:
    name = turn.voice.label(f"document.{kind}")
    target = call("document.template", unit_id, kind)
    return turn.button("document.own", target, kind=name) if own else turn.button("document.usual", target, kind=name)


@routes.button("template")
def template(turn: Turn, unit_id: int, kind: str) -> Reply:
    """Hand over the template in use, and wait for a changed one."""
    body = templates.current(turn.work, turn.person.id, unit_id, kind)
    own = kind in templates.own_kinds(turn.work, turn.person.id, unit_id)
    turn.ask("document.file", unit=unit_id, kind=kind)
    name = turn.voice.label(f"document.{kind}")
    number = service.keep(turn.work, Made(f"{name}.docx", body))
    rows = [[turn.button("document.restore", call("document.restore", unit_id, kind))]] if own else []
    rows.append([turn.button("document.back", call("document.templates", unit_id))])
    names = "、".join(f"{{{{ {one} }}}}" for one in service.sample(turn.work, kind))
    said = turn.say("document.send_template", kind=name, names=names)
    return reply(said, Document(number, f"{name}.docx"), rows=rows)


@routes.step("file")
def file_sent(turn: Turn, content: Said | Uploaded) -> Reply:
    """Try the template that was sent, and keep it when it works."""
    unit_id, kind = int(turn.facts["unit"]), str(turn.facts["kind"])
    if not isinstance(content, Uploaded):
        raise Refusal("document.not_a_file")
    if content.attachment is None:
        raise Refusal("document.file_lost")
    facts = service.sample(turn.work, kind)
    templates.replace(turn.work, turn.person.id, unit_id, kind, content.attachment, facts)
    turn.close()
    back = [[turn.button("document.back", call("document.templates", unit_id))]]
    return reply(turn.say("document.template_kept", kind=turn.voice.label(f"document.{kind}")), rows=back)


@routes.button("restore")
def restore(turn: Turn, unit_id: int, kind: str) -> Reply:
    """Use the shipped template again."""
    templates.restore(turn.work, turn.person.id, unit_id, kind)
    return choose_template(turn, unit_id)
