"""Points entered by hand, with a reason that the person sees; and averages of groups, never a list of people."""

from __future__ import annotations

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.permission import Action
from domain.points import read_amount
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply
from handlers.grammar import Routes, Turn, reply
from services import ledger as service
from services import points_manual as manual

routes = Routes("award")

SHOWN = 6


@routes.entry("award", needs=Action.AWARD_POINTS, writes=True)
def begin(turn: Turn, rest: str) -> Reply:
    """Ask for whom; `/award A001 5 理由` says everything at once."""
    if rest:
        return _person(turn, rest)
    turn.ask("award.person")
    return reply(turn.say("award.who"), rows=[[_cancel(turn)]])


def _cancel(turn: Turn) -> Button:
    return turn.button("award.cancel", call("award.cancel"))


@routes.step("person", yields=True, numbers=True)
def person_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take a name or a number, perhaps with points and reason behind it."""
    return _person(turn, content.text if isinstance(content, Said) else "")


def _person(turn: Turn, words: str) -> Reply:
    who, _, more = words.strip().partition(" ")
    people = manual.find_person(turn.work, turn.person.id, who)
    if len(people) > 1:
        rows = [
            [Button(f"{person.name} {person.employee_no}", call("award.choose", person.id))]
            for person in people[:SHOWN]
        ]
        turn.ask("award.amount", more=more)
        said = turn.say("award.namesakes_more" if len(people) > SHOWN else "award.namesakes")
        return reply(said, rows=[*rows, [_cancel(turn)]], personal=Personal.MEMBERSHIP)
    return _amount(turn, people[0].id, people[0].name, more)


@routes.button("choose")
def choose(turn: Turn, member_id: int) -> Reply:
    """Take one of the namesakes."""
    more = str(turn.facts.get("more", ""))
    return _amount(turn, member_id, "", more)


def _amount(turn: Turn, member_id: int, name: str, words: str) -> Reply:
    read = read_amount(words) if words else None
    if read is None:
        turn.ask("award.amount", person=member_id)
        return reply(turn.say("award.how_many", name=name), rows=[[_cancel(turn)]], personal=Personal.MEMBERSHIP)
    amount, reason = read
    person = manual.check_manual(turn.work, turn.person.id, member_id, amount, reason)
    source = manual.new_source()
    turn.ask("award.confirm", person=member_id, amount=amount, reason=reason, source=source)
    return reply(
        turn.say("award.sure", name=person.name, number=person.employee_no, points=f"{amount:+d}", reason=reason),
        rows=[[turn.button("award.yes", call("award.do", turn.version)), _cancel(turn)]],
        personal=Personal.MEMBERSHIP,
    )


@routes.step("amount", yields=True, numbers=True)
def amount_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take points and reason."""
    words = content.text if isinstance(content, Said) else ""
    if "person" not in turn.facts:
        raise Refusal("award.namesakes_first")
    if read_amount(words) is None:
        raise Refusal("award.unread")
    return _amount(turn, int(turn.facts["person"]), "", words)


@routes.step("confirm", yields=True)
def confirm_typed(turn: Turn, _content: Said | Uploaded) -> Reply:
    """Only the button enters points; other words are asked to press it or to cancel."""
    return reply(
        turn.say("award.press"),
        rows=[[turn.button("award.yes", call("award.do", turn.version)), _cancel(turn)]],
        personal=Personal.MEMBERSHIP,
    )


@routes.button("do")
def do(turn: Turn, version: int) -> Reply:
    """Enter the points."""
    turn.check_version(version)
    if turn.step != "award.confirm":
        raise Refusal("award.press")
    facts = turn.facts
    member_id, amount, reason = int(facts["person"]), int(facts["amount"]), str(facts["reason"])
    manual.enter(turn.work, turn.person.id, member_id, amount, reason, str(facts["source"]))
    turn.close()
    return reply(turn.say("award.done"), rows=[[turn.button("help.home", call("help.home"))]], edits=True)


@routes.button("cancel")
def cancel(turn: Turn) -> Reply:
    """Enter nothing."""
    if not turn.step.startswith("award."):
        return turn.registry.buttons["help.passed"](turn)
    turn.close()
    return reply(turn.say("award.cancelled"), rows=[[turn.button("help.home", call("help.home"))]], edits=True)


@routes.entry("averages", needs=Action.SEE_UNIT_FIGURES)
def averages(turn: Turn, _rest: str) -> Reply:
    """Show this month's averages of groups of at least five."""
    first, shown, hidden = service.averages(turn.work, turn.person.id)
    smallest = turn.work.organisation.smallest_group
    blocks: list[Block] = [turn.say("award.averages", since=turn.voice.day(first), smallest=smallest)]
    blocks += [
        turn.say(
            "award.average",
            unit=one.unit.name,
            average=f"{one.points / one.people:.1f}",
            points=one.points,
            people=one.people,
        )
        for one in shown
    ]
    if hidden:
        blocks.append(turn.say("award.hidden", count=hidden, smallest=smallest))
    return reply(*blocks, rows=[[turn.button("help.home", call("help.home"))]], personal=Personal.MEMBERSHIP)
