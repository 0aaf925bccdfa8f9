"""积分: one's own bars and totals, why each entry came, and objecting to one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from content import Voice
from domain.arrival import Said, Uploaded
from domain.call import call
from domain.points import LONGEST_WORDS, SHORTEST_WORDS, bar, read_amount
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply
from handlers.grammar import Matter, Routes, Turn, reply
from services import ledger as service
from services import points_figure as figures
from services import points_objection as objections
from services import points_rule as rules
from services.demand_category import OTHER, class_of
from services.work import Work

routes = Routes("points")

PAGE = 5


@routes.schedule
def prepare(work: Work) -> None:
    """Keep what the configuration says, and write the schedule of the unit figures."""
    rules.note_configuration(work)
    figures.prepare(work)


@routes.tick("month", late_limit=figures.LATE_LIMIT)
def month(work: Work, _subject: str, _due: datetime) -> None:
    """Write down the figures of a month that is over."""
    figures.close_next(work)


def _signed(points: int) -> str:
    return f"+{points}" if points > 0 else str(points)


def _rule(voice: Voice, rule: str) -> str:
    code = f"points.rule_{rule}"
    return voice.label(code) if code in voice.labels else rule


@routes.entry("points")
def overview(turn: Turn, _rest: str) -> Reply:
    """Show today's bars and the totals."""
    found = service.overview(turn.work, turn.person.id)
    blocks: list[Block] = [turn.say("points.today", day=turn.voice.day(turn.work.today))]
    for one in found.bars:
        code = "points.bar" if one.cap else "points.bar_manual"
        drawn = bar(one.points, one.cap)
        facts = {"rule": _rule(turn.voice, one.rule), "bar": drawn, "points": one.points, "cap": one.cap}
        blocks.append(turn.say(code, **facts) if one.cap else turn.say(code, rule=facts["rule"], points=one.points))
    blocks.append(turn.say("points.totals", month=found.month, quarter=found.quarter, year=found.year))
    return reply(
        *blocks,
        rows=[
            [turn.button("points.history", call("points.history", 0))],
            [turn.button("help.home", call("help.home"))],
        ],
        personal=Personal.OWN,
    )


@routes.button("show")
def show(turn: Turn) -> Reply:
    """Go back to the bars."""
    card = overview(turn, "")
    return Reply(card.blocks, edits=True, personal=card.personal)


@routes.button("history")
def history(turn: Turn, before: int) -> Reply:
    """List own entries, newest first; a tap says why."""
    entries = service.history(turn.work, turn.person.id, before, PAGE)
    rows: list[list[Button]] = [
        [
            turn.button(
                "points.entry",
                call("points.why", entry.id),
                day=f"{entry.day:%m-%d}",
                rule=_rule(turn.voice, entry.rule),
                points=_signed(entry.points),
            )
        ]
        for entry in entries[:PAGE]
    ]
    if len(entries) > PAGE:
        rows.append([turn.button("points.older", call("points.history", entries[PAGE - 1].id))])
    rows.append([turn.button("points.back", call("points.show"))])
    words = turn.say("points.history") if entries else turn.say("points.no_history")
    return reply(words, rows=rows, edits=True, personal=Personal.OWN)


@routes.button("why")
def why(turn: Turn, number: int) -> Reply:
    """Say why an entry came, and offer to object."""
    entry, maker, objection = service.own_entry(turn.work, turn.person.id, number)
    moment = turn.voice.moment(turn.work.organisation.local(entry.at))
    facts = {"rule": _rule(turn.voice, entry.rule), "points": _signed(entry.points), "moment": moment}
    reckoned = rules.reckon(turn.work, turn.person.id, entry)
    if entry.reason:
        blocks: list[Block] = [turn.say("points.why_manual", reason=entry.reason, name=maker or "—", **facts)]
    elif reckoned is not None and reckoned.rule is not None:
        each, cap = reckoned.rule.points, reckoned.rule.daily_cap
        blocks = [turn.say("points.why_rule", each=each, cap=cap, **facts)]
        if reckoned.version.starts is not None:
            starts = turn.voice.day(reckoned.version.starts)
            blocks.append(turn.say("points.why_version", number=reckoned.version.number, day=starts))
    else:
        blocks = [turn.say("points.why_old_rule", **facts)]
    if entry.points == 0:
        blocks.append(turn.say("points.why_zero"))
    rows = [[turn.button("points.back", call("points.history", 0))]]
    if objection is None:
        rows.insert(0, [turn.button("points.object", call("points.object", number))])
    else:
        code = f"points.objection_{objection.outcome or 'open'}"
        blocks.append(turn.say(code, reason=objection.reason) if objection.outcome else turn.say(code))
        if objection.words:
            blocks.append(turn.say("points.own_words", words=objection.words))
    return reply(*blocks, rows=rows, edits=True, personal=_class(objection.words if objection else "", Personal.OWN))


def _class(words: str, usual: Personal) -> Personal:
    """Return how personal a card is on which these words of an objection stand: they are like those of a request."""
    return class_of(OTHER, words) if words else usual


@routes.button("object")
def object_to(turn: Turn, number: int) -> Reply:
    """Ask why, once; nothing is filed before the answer."""
    _, _, objection = service.own_entry(turn.work, turn.person.id, number)
    if objection is not None:
        return why(turn, number)
    turn.ask("points.words", entry=number)
    return reply(
        turn.say("points.object_why", shortest=SHORTEST_WORDS, longest=LONGEST_WORDS),
        rows=[
            [turn.button("points.object_plain", call("points.object_plain", number))],
            [turn.button("points.object_not", call("points.object_not", number))],
        ],
        edits=True,
        personal=Personal.OWN,
    )


@routes.button("object_plain")
def object_plain(turn: Turn, number: int) -> Reply:
    """Object without a reason; it goes to the secretary."""
    objections.object_to(turn.work, turn.person.id, number)
    return _asked(turn, number)


@routes.button("object_not")
def object_not(turn: Turn, number: int) -> Reply:
    """Object to nothing."""
    return _asked(turn, number)


@routes.step("words", yields=True)
def words_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Object for the reason that was typed."""
    number = int(turn.facts["entry"])
    said = objections.check_words(content.text if isinstance(content, Said) else "")
    objections.object_to(turn.work, turn.person.id, number, said)
    card = _asked(turn, number)
    return Reply(card.blocks, personal=card.personal)


def _asked(turn: Turn, number: int) -> Reply:
    """Ask no longer, and show the entry again."""
    if turn.step == "points.words":
        turn.close()
    return why(turn, number)


@routes.matter
def waiting(turn: Turn) -> Iterable[Matter]:
    """Put objections that wait for an answer on the secretary's home card."""
    for number in objections.waiting(turn.work, turn.person.id)[:1]:
        yield Matter(20, turn.voice.line("points.matter"), turn.button("points.look", call("points.answer", number)))


@routes.button("answer")
def answer(turn: Turn, number: int) -> Reply:
    """Show an objection to whoever must answer it."""
    objection, entry, person = objections.of(turn.work, turn.person.id, number)
    facts = {
        "name": person.name,
        "rule": _rule(turn.voice, entry.rule),
        "points": _signed(entry.points),
        "moment": turn.voice.moment(turn.work.organisation.local(entry.at)),
    }
    home = [turn.button("help.home", call("help.home"))]
    personal = _class(objection.words, Personal.MEMBERSHIP)
    said = [turn.say("points.their_words" if objection.words else "points.no_words", words=objection.words)]
    if objection.outcome:
        return reply(turn.say("points.answered_already", **facts), *said, rows=[home], edits=True, personal=personal)
    turn.ask("points.reason", objection=number)
    return reply(turn.say("points.answer_how", **facts), *said, rows=[home], edits=True, personal=personal)


@routes.step("reason", numbers=True)
def reason_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take `维持 理由` or `+2 理由` as the answer to an objection."""
    words = content.text.strip() if isinstance(content, Said) else ""
    number = int(turn.facts["objection"])
    read = read_amount(words)
    kept = next((word for word in ("维持", "keep") if words.lower().startswith(word)), None)
    if kept is not None:
        correction, reason = 0, words[len(kept) :].strip(" ，,：:")
    elif read is not None and read[0] != 0:
        correction, reason = read
    else:
        raise Refusal("points.answer_unread")
    answered = objections.answer(turn.work, turn.person.id, number, correction, reason)
    turn.close()
    code = "points.answered" if answered else "points.answered_before"
    return reply(turn.say(code), rows=[[turn.button("help.home", call("help.home"))]], personal=Personal.MEMBERSHIP)
