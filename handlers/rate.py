"""组织生活数据: three rates of a unit and a period, what they come from, and names only for who may see them."""

from __future__ import annotations

from domain.call import call
from domain.member import Unit
from domain.period import Cycle, period_of
from domain.permission import Action
from domain.rate import before
from domain.reply import Block, Button, Document, Personal, Picture, Reply, text
from handlers.grammar import Routes, Turn, reply
from services import attachment, audit, chart, rate_chart, sheet
from services import rate as service
from services import rate_report as report
from services import rate_words as words
from services.rate import Figures, Listed
from services.rate_ground import FIGURES, PARTICIPATION, STANDARDISATION
from services.rate_kept import measure

routes = Routes("rate")

UNITS, LINES = 5, 12


@routes.entry("figures", needs=Action.SEE_UNIT_FIGURES)
def figures(turn: Turn, rest: str) -> Reply:
    """Show the first of one's units in this quarter, or in the period that is named."""
    named = rest.strip()
    return show(turn, 0, named if any(letter.isdigit() for letter in named) else "")


@routes.button("show")
def show(turn: Turn, number: int, period: str) -> Reply:
    """Show a unit's figures in a period."""
    unit, asked = service.place(turn.work, turn.person.id, number), service.read_period(turn.work, period)
    if service.is_large(turn.work, unit):
        ways = [turn.button("rate.below", call("rate.below", unit.id, asked.key, 0)), _back(turn, unit, asked.key)]
        facts = {"unit": unit.name, "most": service.MOST, "period": asked.key}
        return reply(turn.say("rate.too_many", **facts), rows=[ways], edits=True)
    found = service.figures(turn.work, turn.person.id, number, period)
    span, blocks = found.span, [_head(turn, found)]
    for figure in FIGURES:
        code, facts = words.said(turn.work, turn.voice, figure, found.rates[figure])
        blocks.append(turn.say(code, **facts))
        lines = words.details(turn.work, turn.voice, figure, found)
        if lines:
            blocks.append(text("\n".join(lines)))
    blocks.append(text(words.version(turn.voice, found)))
    return reply(*blocks, rows=_rows(turn, found.unit, span.key), edits=True)


def _head(turn: Turn, found: Figures) -> Block:
    period = words.period_name(turn.voice, found.span)
    return turn.say("rate.head", unit=found.unit.name, period=period, first=found.span.first, last=found.span.last)


def _rows(turn: Turn, unit: Unit, key: str) -> list[list[Button]]:
    now = {cycle: period_of(cycle, turn.work.today) for cycle in (Cycle.MONTH, Cycle.QUARTER, Cycle.YEAR)}
    periods = [
        turn.button(f"rate.{cycle.value}", call("rate.show", unit.id, span.key))
        for cycle, span in now.items()
        if span.key != key
    ]
    earlier = before(service.read_period(turn.work, key))
    periods.append(turn.button("rate.before", call("rate.show", unit.id, earlier.key)))
    more = [turn.button("rate.picture", call("rate.picture", unit.id, key))]
    lists = service.lists(turn.work, turn.person.id, unit)
    if lists:
        more.append(turn.button("rate.list", call("rate.list", unit.id, key, lists[0], 0)))
    ways = [turn.button("rate.below", call("rate.below", unit.id, key, 0)), _back(turn, unit, key)]
    return [periods, more, ways]


def _back(turn: Turn, unit: Unit, key: str) -> Button:
    """Return the way up: to the unit above, where its figures may be seen, else home."""
    above = service.above(turn.work, turn.person.id, unit)
    if above is None:
        return turn.button("help.home", call("help.home"))
    return turn.button("rate.back", call("rate.below", above.id, key, 0))


@routes.button("below")
def below(turn: Turn, number: int, period: str, page: int) -> Reply:
    """List the units right beneath one, in the order of the tree; after those of the highest, one's other units."""
    unit, found = service.beneath(turn.work, turn.person.id, number, period)
    own = service.places(turn.work, turn.person.id)
    others = [one for one in own if one.id != unit.id] if unit.id in {one.id for one in own} else []
    ways = [one.unit for one in found] + others
    page = max(0, min(page, max(0, len(ways) - 1) // UNITS))
    here = found[page * UNITS : (page + 1) * UNITS]
    span = service.read_period(turn.work, period)
    name = words.period_name(turn.voice, span)
    said = turn.say("rate.below", unit=unit.name, period=name) if found else turn.say("rate.below_none", unit=unit.name)
    lines = [turn.say("rate.below_one", unit=one.unit.name, what=words.brief(turn.voice, one)) for one in here]
    shown = ways[page * UNITS : (page + 1) * UNITS]
    rows = [[Button(one.name[:30], call("rate.show", one.id, span.key))] for one in shown]
    turning = _turning(turn, "rate.below", (unit.id, span.key), page, more=len(ways) > (page + 1) * UNITS)
    back = [turn.button("rate.back", call("rate.show", unit.id, span.key))]
    return reply(said, *lines, rows=[*rows, turning, back], edits=True)


def _turning(turn: Turn, name: str, facts: tuple[int | str, ...], page: int, *, more: bool) -> list[Button]:
    turning = []
    if page:
        turning.append(turn.button("rate.newer", call(name, *facts, page - 1)))
    if more:
        turning.append(turn.button("rate.older", call(name, *facts, page + 1)))
    return turning


@routes.button("list")
def listed(turn: Turn, number: int, period: str, figure: str, page: int) -> Reply:
    """Show the list behind a figure to whoever plans its meetings or activities."""
    unit, span, found = service.behind(turn.work, turn.person.id, number, period, figure)
    page = max(0, min(page, max(0, len(found) - 1) // LINES))
    here = found[page * LINES : (page + 1) * LINES]
    blocks: list[Block] = [
        turn.say(f"rate.list_{figure}", unit=unit.name, period=words.period_name(turn.voice, span)),
        text("\n".join(_line(turn, figure, one) for one in here)) if here else turn.say("rate.list_none"),
    ]
    others = [
        turn.button(f"rate.{one}", call("rate.list", unit.id, span.key, one, 0))
        for one in service.lists(turn.work, turn.person.id, unit)
        if one != figure
    ]
    facts = (unit.id, span.key, figure)
    turning = _turning(turn, "rate.list", facts, page, more=len(found) > (page + 1) * LINES)
    back = [turn.button("rate.back", call("rate.show", unit.id, span.key))]
    rows = [*([one] for one in others), turning, back]
    return reply(*blocks, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


def _line(turn: Turn, figure: str, one: Listed) -> str:
    if figure == PARTICIPATION:
        return turn.voice.line("rate.person", name=one.name, came=one.came, asked=one.asked)
    if figure == STANDARDISATION:
        missing = "、".join(words.lack(turn.voice, code) for code in one.missing)
        rule = service.rule_name(turn.work, turn.voice.language, one.rule)
        return turn.voice.line("rate.obligation", unit=one.name, rule=rule, period=one.period, missing=missing)
    return one.name


@routes.button("picture")
def picture(turn: Turn, number: int, period: str) -> Reply:
    """Draw the figures; the words under the picture say the same."""
    found = service.figures(turn.work, turn.person.id, number, period)
    body, said = report.drawn(turn.work, turn.voice, found)
    kept = attachment.keep(turn.work, f"{found.span.key}.png", "image/png", body)
    facts = (found.unit.id, found.span.key)
    first = [turn.button("rate.export", call("rate.export", *facts))]
    if PARTICIPATION in service.lists(turn.work, turn.person.id, found.unit):
        first.append(turn.button("rate.months", call("rate.months", *facts)))
    return reply(Picture(kept, said), text(said), rows=[first, [turn.button("rate.back", call("rate.show", *facts))]])


@routes.button("months")
def months(turn: Turn, number: int, period: str) -> Reply:
    """Draw who was called and who came in each month of the year, for whoever may see the list behind the figure."""
    unit, span = service.place(turn.work, turn.person.id, number), service.read_period(turn.work, period)
    rows = [[turn.button("rate.back", call("rate.show", unit.id, span.key))]]
    found = rate_chart.participation(turn.work, turn.voice, turn.person.id, unit, span)
    if found is None or found.nought:
        return reply(turn.say("rate.months_none", unit=unit.name), rows=rows)
    return reply(*chart.drawn(turn.work, span.key, found), rows=rows, personal=Personal.MEMBERSHIP)


@routes.button("export")
def export(turn: Turn, number: int, period: str) -> Reply:
    """Give the unit and all beneath it as a table of numbers."""
    unit, span = service.chat_place(turn.work, turn.person.id, number, period)
    measured = measure(turn.work, span, unit)
    body = report.xlsx(turn.work, turn.voice, span, unit, measured)
    name = turn.voice.line("rate.file", unit=unit.name.replace("/", "-"), period=span.key)
    kept = attachment.keep(turn.work, name, sheet.XLSX, body)
    audit.saved(turn.work, turn.person.id, "rates", report.size(measured, unit))
    least = turn.work.organisation.smallest_group
    said = turn.say("rate.exported", unit=unit.name, period=words.period_name(turn.voice, span), least=least)
    back = [turn.button("rate.back", call("rate.show", unit.id, span.key))]
    return reply(Document(kept, name), said, rows=[back])
