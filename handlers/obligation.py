"""应办: what a branch owes, by which article, how it stands; exemptions, declarations, corrections; the year."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.member import Unit, UnitKind
from domain.obligation import Kind, Obligation, State, read_declaration
from domain.period import TERM
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Picture, Reply, text
from handlers.grammar import Matter, Routes, Turn, reply
from services import attachment, permission
from services import obligation as service
from services import obligation_reminder as reminder
from services import obligation_view as view
from services import obligation_words as words
from services import obligation_year as years
from services.obligation_view import Overview, Place, Tally
from services.work import Work

routes = Routes("obligation")

PAGE = 2
NAMES = 6
"""So many branches are named in a line; the others are counted."""
SPAN = 30
"""The year is shown so far back and ahead of today's."""
DEEDS = ("exempt", "correct", "declare", "withdraw")
PLAN = "meeting.plan"
"""The button of the meetings: unit, rule, period."""


@routes.schedule
def prepare(work: Work) -> None:
    """Write the schedules, and look whether the rules are new."""
    reminder.prepare(work)


@routes.tick("basis", late_limit=timedelta(hours=20))
def basis(work: Work, _subject: str, _due: datetime) -> None:
    """Write what branches are this month."""
    reminder.write_basis(work)


@routes.tick("remind", late_limit=timedelta(hours=10))
def remind(work: Work, _subject: str, due: datetime) -> None:
    """Remind secretaries of what ends soon or has just ended."""
    reminder.remind(work, due)


@routes.tick("changes", late_limit=timedelta(days=30))
def changes(work: Work, subject: str, _due: datetime) -> None:
    """Tell secretaries what new rules change for their branches."""
    reminder.tell_changes(work, subject)


@routes.matter
def next_one(turn: Turn) -> Iterable[Matter]:
    """Mention what is to be done, to whoever has a branch."""
    if not permission.may_anywhere(turn.work, turn.person.id, Action.SET_OBLIGATIONS):
        return
    own = [place for place in view.places(turn.work, turn.person.id) if place.group is None]
    waiting = view.to_do(view.current(turn.work, own)) if own else []
    if waiting:
        first = waiting[0]
        facts = {
            "name": first.rule.name.said(turn.voice.language),
            "period": words.period_name(turn.voice, first.period),
        }
        said = turn.voice.line("obligation.matter", count=len(waiting), **facts)
        yield Matter(35, said, turn.button("obligation.look", call("obligation.list", 0)))


@routes.entry("due", needs=Action.PLAN_MEETINGS)
def due(turn: Turn, _rest: str) -> Reply:
    """Show the next ones; a committee without a branch of its own sees the counts beneath it."""
    if not view.places(turn.work, turn.person.id):
        committees = view.committees(turn.work, turn.person.id)
        if committees:
            return below(turn, committees[0].id)
    return listed(turn, 0)


@routes.button("list")
def listed(turn: Turn, page: int) -> Reply:
    """Show the next ones of one's own branches, some to a card."""
    turn.close()
    own = view.places(turn.work, turn.person.id)
    committees = view.committees(turn.work, turn.person.id)
    if not own:
        rows = [
            [turn.button("obligation.below", call("obligation.below", one.id), unit=one.name[:20])]
            for one in committees
        ]
        return reply(turn.say("obligation.none"), rows=[*rows[:6], [_home(turn)]], edits=True, personal=Personal.OWN)
    found = view.current(turn.work, own)
    waiting = view.to_do(found)
    page = page if 0 <= page * PAGE < len(waiting) else 0
    shown = waiting[page * PAGE : (page + 1) * PAGE]
    units = turn.voice.line("obligation.and").join(dict.fromkeys((p.group or p.branch).name for p in own))
    blocks: list[Block] = [turn.say("obligation.head", units=units)]
    blocks += [_item(turn, one, several=len(own) > 1) for one in shown]
    if found and not waiting:
        blocks.append(turn.say("obligation.nothing"))
    if found:
        advice = sum(not one.rule.hard for one in found)
        blocks.append(turn.say("obligation.others", count=len(found) - len(waiting) - advice, advice=advice))
    blocks += _too_few(turn, own)
    rows = [_item_buttons(turn, own, one) for one in shown]
    return reply(
        *blocks, rows=[*rows, *_ways(turn, own, committees, page, len(waiting))], edits=True, personal=Personal.OWN
    )


def _ways(turn: Turn, own: Sequence[Place], committees: Sequence[Unit], page: int, waiting: int) -> list[list[Button]]:
    """Return the buttons beneath the list."""
    year = turn.work.today.year
    whole = [place.branch for place in own if place.group is None]
    more: list[Button] = []
    if waiting > PAGE:
        following = page + 1 if (page + 1) * PAGE < waiting else 0
        more.append(turn.button("obligation.more", call("obligation.list", following)))
    if len(whole) == 1:
        more.append(turn.button("obligation.year", call("obligation.year", whole[0].id, year)))
    elif whole:
        more.append(turn.button("obligation.year", call("obligation.which")))
    last = [
        turn.button("obligation.below", call("obligation.below", one.id), unit=one.name[:20]) for one in committees[:1]
    ]
    return [more, [*last, _home(turn)]]


def _home(turn: Turn) -> Button:
    return turn.button("help.home", call("help.home"))


def _facts(turn: Turn, one: Obligation) -> dict[str, object]:
    return {
        "name": one.rule.name.said(turn.voice.language),
        "period": words.period_name(turn.voice, one.period),
    }


def _item(turn: Turn, one: Obligation, *, several: bool) -> Block:
    facts = {
        "state": words.state(turn.voice, one, turn.work),
        "article": words.article(turn.voice, one.rule),
        **_facts(turn, one),
    }
    if several:
        return turn.say("obligation.item_unit", unit=one.unit_name, **facts)
    return turn.say("obligation.item", **facts)


def _item_buttons(turn: Turn, own: Sequence[Place], one: Obligation) -> list[Button]:
    opened = turn.button("obligation.open", _show(one), **_facts(turn, one))
    led = view.plan_unit(own, one)
    plan = (
        []
        if one.rule.needs_groups and led == one.unit_id
        else _plan(turn, one, led, turn.voice.label("obligation.plan"))
    )
    return [opened, *plan]


def _plan(turn: Turn, one: Obligation, unit_id: int, label: str) -> list[Button]:
    """Return the button that starts planning, where meetings can be planned and one is wanted."""
    if PLAN not in turn.registry.buttons or not one.rule.met or one.settled:
        return []
    return [Button(label, call(PLAN, unit_id, one.rule.id, one.period.key))]


def _show(one: Obligation) -> str:
    return call("obligation.show", one.unit_id, one.rule.id, one.period.key)


def _deed(turn: Turn, code: str, deed: str, one: Obligation) -> Button:
    return turn.button(code, call("obligation.ask", deed, one.unit_id, one.rule.id, one.period.key))


def _too_few(turn: Turn, own: Sequence[Place]) -> list[Block]:
    branches = list({place.branch.id: place.branch for place in own}.values())
    now = service.basis_now(turn.work, branches)
    return [
        turn.say("obligation.few", unit=one.name, formal=now[one.id].formal)
        for one in branches
        if now[one.id].too_few and not now[one.id].joint
    ]


@routes.button("show")
def show(turn: Turn, unit_id: int, rule_id: str, period: str) -> Reply:
    """Show one obligation: the rule, its article, how far it can be trusted, and what may be done."""
    turn.close()
    own = view.places(turn.work, turn.person.id)
    place = next((one for one in own if one.branch.id == unit_id), None)
    unit = place.branch if place else service.unit_of(turn.work, turn.person.id, unit_id)
    one = service.one_of(turn.work, unit, rule_id, period)
    if place is not None and place.group is not None and not one.rule.needs_groups:
        raise Refusal("obligation.gone")
    return _detail(turn, unit, one, place)


def _detail(turn: Turn, unit: Unit, one: Obligation, place: Place | None) -> Reply:
    rule, voice = one.rule, turn.voice
    state = words.state(voice, one, turn.work)
    trust = voice.label(f"obligation.trust_{rule.trust.value.lower()}")
    basis = {"article": words.article(voice, rule), "trust": trust, "first": voice.day(rule.applies_from)}
    blocks: list[Block] = [turn.say("obligation.detail", unit=unit.name, state=state, **_facts(turn, one))]
    if one.needed > 1:
        blocks.append(turn.say("obligation.counted", needed=one.needed, times=one.times))
    blocks += [
        turn.say("obligation.rule_text", text=rule.text.said(voice.language)),
        turn.say("obligation.basis", **basis),
    ]
    if rule.lead.zh:
        blocks.append(turn.say("obligation.lead", lead=rule.lead.said(voice.language)))
    if one.entry is not None:
        who = view.name_of(turn.work, one.entry.member_id)
        day = voice.day(turn.work.organisation.local(one.entry.at).date())
        kind = voice.label(f"obligation.kind_{one.entry.kind.value}")
        blocks.append(turn.say("obligation.entry", who=who, day=day, kind=kind, reason=one.entry.reason))
    rows = [*_plan_rows(turn, unit, one, place), *_deeds(turn, unit, one)]
    rows.append([turn.button("obligation.back", call("obligation.list", 0))])
    return reply(*blocks, rows=rows, edits=True, personal=Personal.MEMBERSHIP)


def _plan_rows(turn: Turn, unit: Unit, one: Obligation, place: Place | None) -> list[list[Button]]:
    if place is not None and place.group is not None:
        return [_plan(turn, one, place.group.id, turn.voice.label("obligation.plan"))]
    if not one.rule.needs_groups:
        return [_plan(turn, one, unit.id, turn.voice.label("obligation.plan"))]
    return [
        _plan(turn, one, group.id, turn.voice.label("obligation.plan_group", group=group.name[:20]))
        for group in view.groups_of(turn.work, unit)[:3]
    ]


def _deeds(turn: Turn, unit: Unit, one: Obligation) -> list[list[Button]]:
    """Return what somebody who may set obligations can decide about it."""
    if not permission.may(turn.work, turn.person.id, Action.SET_OBLIGATIONS, unit):
        return []
    if one.period.key == TERM:
        first = [_deed(turn, "obligation.elected", "declare", one)]
        if one.recorded and one.state is not State.EXEMPT:
            first.append(_deed(turn, "obligation.exempt", "exempt", one))
        return [first, [_deed(turn, "obligation.withdraw", "withdraw", one)] if one.entry else []]
    if one.entry is not None:
        again = [_deed(turn, "obligation.correct", "correct", one)] if one.entry.kind is Kind.DECLARED else []
        if one.state is State.MET:
            again = []
        return [[*again, _deed(turn, "obligation.withdraw", "withdraw", one)]]
    if one.state is State.MET:
        return []
    return [
        [
            _deed(turn, "obligation.declare", "declare", one),
            _deed(turn, "obligation.correct", "correct", one),
        ],
        [_deed(turn, "obligation.exempt", "exempt", one)],
    ]


@routes.button("ask")
def ask(turn: Turn, deed: str, unit_id: int, rule_id: str, period: str) -> Reply:
    """Ask for the words behind a decision: why, or on which day and what it rests on."""
    if deed not in DEEDS:
        raise Refusal("obligation.gone")
    unit = service.unit_of(turn.work, turn.person.id, unit_id)
    one = service.one_of(turn.work, unit, rule_id, period)
    turn.ask("obligation.reason", deed=deed, unit=unit_id, rule=rule_id, period=period)
    rows = [[turn.button("obligation.cancel", _show(one))]]
    return reply(turn.say(f"obligation.ask_{deed}", **_facts(turn, one)), rows=rows, edits=True, personal=Personal.OWN)


@routes.step("reason")
def reason_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take the reason (and the day), and keep the decision."""
    said = content.text if isinstance(content, Said) else ""
    deed, unit_id = str(turn.facts["deed"]), int(turn.facts["unit"])
    where = (turn.work, turn.person.id, unit_id, str(turn.facts["rule"]), str(turn.facts["period"]))
    if deed == "declare":
        read = read_declaration(said, turn.work.today)
        if read is None:
            raise Refusal("obligation.unread_day")
        one = service.declare(*where, read[1], read[0])
    else:
        one = {"exempt": service.exempt, "correct": service.correct, "withdraw": service.withdraw}[deed](*where, said)
    turn.close()
    place = next((p for p in view.places(turn.work, turn.person.id) if p.branch.id == unit_id), None)
    shown = _detail(turn, service.unit_of(turn.work, turn.person.id, unit_id), one, place)
    return Reply((turn.say("obligation.entered"), *shown.blocks), personal=shown.personal)


@routes.button("which")
def which(turn: Turn) -> Reply:
    """Choose whose year to see."""
    year = turn.work.today.year
    branches = [place.branch for place in view.places(turn.work, turn.person.id) if place.group is None]
    rows = [
        [turn.button("obligation.year_of", call("obligation.year", one.id, year), unit=one.name[:20])]
        for one in branches[:7]
    ]
    rows.append([turn.button("obligation.back", call("obligation.list", 0))])
    units = turn.voice.line("obligation.and").join(one.name for one in branches)
    return reply(turn.say("obligation.head", units=units), rows=rows, edits=True, personal=Personal.OWN)


@routes.button("year")
def year_at_a_glance(turn: Turn, unit_id: int, year: int) -> Reply:
    """Show a branch's year as a picture, and the same in words."""
    unit = service.unit_of(turn.work, turn.person.id, unit_id)
    if unit.kind is not UnitKind.PARTY_BRANCH or abs(year - turn.work.today.year) > SPAN:
        raise Refusal("obligation.gone")
    found, voice, today = years.of_year(turn.work, unit, year), turn.voice, turn.work.today
    blocks: list[Block] = [turn.say("obligation.year", unit=unit.name, year=year)]
    if found.rows:
        body = years.draw(voice, found, today)
        number = attachment.keep(turn.work, f"{year}.png", "image/png", body)
        blocks.insert(0, Picture(number, voice.line("obligation.alt", unit=unit.name, year=year)))
        blocks += [text("\n".join(years.lines(voice, found, today))), text(years.rate_line(voice, found))]
    else:
        blocks.append(turn.say("obligation.year_empty"))
    rows = [
        [
            turn.button("obligation.year_before", call("obligation.year", unit.id, year - 1), year=year - 1),
            turn.button("obligation.year_after", call("obligation.year", unit.id, year + 1), year=year + 1),
        ],
        [
            turn.button("obligation.relief", call("relief.list", unit.id, 0)),
            turn.button("obligation.back", call("obligation.list", 0)),
        ],
    ]
    return reply(*blocks, rows=rows, personal=Personal.OWN)


@routes.button("below")
def below(turn: Turn, unit_id: int) -> Reply:
    """Show a committee how the branches beneath it stand: counts, and names once a term has passed."""
    committee = next((one for one in view.committees(turn.work, turn.person.id) if one.id == unit_id), None)
    if committee is None:
        raise Refusal("obligation.gone")
    found = view.overview(turn.work, committee)
    blocks: list[Block] = [turn.say("obligation.below", unit=committee.name, count=found.branches)]
    if found.left_out:
        blocks.append(turn.say("obligation.below_left", left=found.left_out))
    if found.too_few:
        blocks.append(turn.say("obligation.below_few", count=found.too_few))
    blocks += _tallies(turn, found)
    others = [one for one in view.committees(turn.work, turn.person.id) if one.id != unit_id]
    rows = [
        [turn.button("obligation.below", call("obligation.below", one.id), unit=one.name[:20])] for one in others[:5]
    ]
    own = [turn.button("obligation.back", call("obligation.list", 0))] if view.places(turn.work, turn.person.id) else []
    return reply(*blocks, rows=[*rows, [*own, _home(turn)]], edits=True, personal=Personal.MEMBERSHIP)


def _tallies(turn: Turn, found: Overview) -> list[Block]:
    running = [_tally(turn, one, "obligation.tally_running") for one in found.running]
    passed = [_tally(turn, one, "obligation.tally_passed") for one in found.passed[:12]]
    blocks: list[Block] = []
    if running:
        blocks += [turn.say("obligation.below_running"), text("\n".join(running))]
    if passed:
        blocks += [turn.say("obligation.below_passed"), text("\n".join(passed))]
    elif found.branches:
        blocks.append(turn.say("obligation.below_fine"))
    return blocks


def _tally(turn: Turn, one: Tally, code: str) -> str:
    states = one.states
    facts: dict[str, object] = {
        "name": one.rule.name.said(turn.voice.language),
        "period": words.period_name(turn.voice, one.period),
        "met": states[State.MET],
    }
    if code == "obligation.tally_running":
        planned = states[State.PLANNED] + states[State.HELD]
        return turn.voice.line(code, planned=planned, open=states[State.OPEN] + states[State.PARTLY], **facts)
    names = turn.voice.line("obligation.and").join(one.behind[:NAMES])
    if len(one.behind) > NAMES:
        names = turn.voice.line("obligation.more_names", names=names, count=len(one.behind))
    return turn.voice.line(code, all=sum(states.values()) - states[State.EXEMPT], names=names, **facts)
