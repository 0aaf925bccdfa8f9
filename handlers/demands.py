"""我的诉求: the employee's own demands; their state and history, more words, withdrawing, rating, reopening."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from domain import demand as rules
from domain.arrival import Said, Uploaded
from domain.call import call
from domain.demand import Act, Case, State
from domain.demand_draft import LONGEST, Draft
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply, text
from handlers.grammar import Matter, Routes, Turn, reply
from services import demand as service
from services import demand_view

routes = Routes("demands")
_NUMBER = re.compile(r"SQ-?([0-9]{8})-?([0-9]{4,9})", re.IGNORECASE)
_RATINGS = (("demands.satisfied", "satisfied"), ("demands.fairly", "fairly"), ("demands.dissatisfied", "dissatisfied"))


def _card(*blocks: Block, rows: Iterable[list[Button]] = (), personal: Personal = Personal.REQUEST) -> Reply:
    return reply(*blocks, rows=[row for row in rows if row], edits=True, personal=personal)


@routes.entry("demands")
def listing(turn: Turn, rest: str) -> Reply:
    """List the person's own demands, or show the one whose number was said."""
    found = _NUMBER.search(rest)
    if found is not None:
        return show(turn, service.own_by_number(turn.work, turn.person.id, f"SQ-{found[1]}-{found[2]}").id, 0)
    return page(turn, 0)


@routes.button("page")
def page(turn: Turn, number: int) -> Reply:
    """Show a page of the list."""
    shown = service.mine(turn.work, turn.person.id, number)
    rows = []
    for case in shown.cases:
        kind, state = demand_view.kind(turn.voice, case), demand_view.state(turn.voice, case)
        label = turn.voice.label("demands.line", number=case.number, category=kind, state=state)
        rows.append([Button(label, call("demands.show", case.id, 0))])
    turning = []
    if shown.page > 0:
        turning.append(turn.button("demands.newer", call("demands.page", shown.page - 1)))
    if shown.page + 1 < shown.pages:
        turning.append(turn.button("demands.older", call("demands.page", shown.page + 1)))
    home = [turn.button("demand.home", call("help.home"))]
    if not shown.cases:
        files = turn.button("demands.file_one", call("demands.file"))
        return _card(turn.say("demands.none_yet"), rows=[[files], home])
    words = turn.say("demands.list", page=shown.page + 1, pages=shown.pages)
    return _card(words, rows=[*rows, turning, home])


@routes.button("file")
def file(turn: Turn) -> Reply:
    """Start a demand from the empty list."""
    return turn.registry.entries["demand"].run(turn, "")


@routes.button("show")
def show(turn: Turn, number: int, page: int) -> Reply:
    """Show one demand: where it stands, what comes next, by when, and the conversation."""
    seen = service.look(turn.work, turn.person.id, number, page)
    case, voice = seen.case, turn.voice
    head: list[Block] = [
        turn.say(
            "demands.head",
            number=case.number,
            category=demand_view.category(voice, case),
            state=demand_view.state(voice, case),
        )
    ]
    if seen.officer is not None:
        head.append(turn.say("demands.officer", officer=demand_view.officer(voice, seen.officer)))
    head.append(demand_view.next_step(voice, turn.work, case))
    head += demand_view.timeline(voice, turn.work, case, seen.events, seen.names, turn.person.id)
    older = []
    if seen.page + 1 < seen.pages:
        older.append(turn.button("demands.older", call("demands.show", case.id, seen.page + 1)))
    if seen.page > 0:
        older.append(turn.button("demands.newer", call("demands.show", case.id, seen.page - 1)))
    if seen.files:
        older.append(turn.button("demands.files", call("demands.files", case.id), count=seen.files))
    back = [turn.button("demands.back", call("demands.page", 0))]
    personal = demand_view.class_of(case, *(one.text for one in seen.events))
    return _card(*head, rows=[*_deeds(turn, case), older, back], personal=personal)


def _deeds(turn: Turn, case: Case) -> list[list[Button]]:
    """Return what the employee may do with it now."""
    if case.open:
        return [
            [
                turn.button("demands.add", call("demands.write", case.id, Act.ADD.value)),
                turn.button("demands.withdraw", call("demands.withdraw", case.id, 0)),
            ]
        ]
    rows = []
    if rules.may_rate(case, turn.work.now):
        rows.append([turn.button(code, call("demands.rate", case.id, value)) for code, value in _RATINGS])
    if rules.may_reopen(case, turn.work.now):
        rows.append([_reopen(turn, case)])
    return rows


def _reopen(turn: Turn, case: Case) -> Button:
    return turn.button("demands.reopen", call("demands.write", case.id, Act.REOPEN.value))


@routes.button("files")
def files(turn: Turn, number: int) -> Reply:
    """Show the files of one's own demand."""
    case = service.own(turn.work, turn.person.id, number)
    blocks = demand_view.file_blocks(service.files(turn.work, case), turn.voice)
    rows = [[turn.button("demands.back_to_case", call("demands.show", case.id, 0))]]
    words = turn.say("demands.files", number=case.number)
    return reply(words, *blocks, rows=rows, personal=demand_view.class_of(case))


@routes.button("write")
def write(turn: Turn, number: int, act: str) -> Reply:
    """Wait for words and files for this demand: an addition, or why it is opened again."""
    case = service.own(turn.work, turn.person.id, number)
    if act == Act.ADD.value:
        rules.moved(case, Act.ADD, turn.work.now)
    elif act == Act.REOPEN.value:
        rules.reopened(case, turn.work.now, case.limits)
    else:
        raise Refusal("help.expired")
    turn.ask("demands.words", **Draft(token=secrets.token_hex(8), case=case.id, act=act).facts)
    code = "demands.ask_words" if act == Act.ADD.value else "demands.ask_reason"
    return _card(turn.say(code, number=case.number), rows=[_stop(turn, case.id)], personal=demand_view.class_of(case))


def _stop(turn: Turn, number: int) -> list[Button]:
    return [turn.button("demand.cancel", call("demands.stop", number))]


@routes.step("words", yields=True, places=True)
def words(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take words or a file, and show what would be sent."""
    draft = Draft.of(turn.facts)
    if isinstance(content, Said) and draft.text and content.text.strip() == turn.voice.label("demands.send"):
        return send(turn, turn.version, draft.token)
    return _preview(turn, draft.heard(content))


@routes.button("clip")
def clip(turn: Turn) -> Reply:
    """Go on with as many words as fit."""
    return _preview(turn, _draft(turn).clipped)


def _draft(turn: Turn) -> Draft:
    if turn.step != "demands.words":
        raise Refusal("help.expired")
    return Draft.of(turn.facts)


def _preview(turn: Turn, draft: Draft, notice: str = "") -> Reply:
    case = service.own(turn.work, turn.person.id, draft.case)
    turn.ask("demands.words", **draft.facts)
    personal = demand_view.class_of(case, draft.text)
    problem = draft.problem(files_suffice=draft.act == Act.ADD.value)
    if problem:
        short = [turn.button("demand.clip", call("demands.clip"), most=LONGEST)] if len(draft.text) > LONGEST else []
        return _card(turn.say(problem, count=len(draft.text)), rows=[short, _stop(turn, case.id)], personal=personal)
    blocks: list[Block] = [turn.say(notice)] if notice else []
    blocks.append(turn.say("demands.preview", number=case.number))
    if draft.text:
        blocks.append(text(draft.text))
    if draft.files:
        blocks.append(turn.say("demand.with_files", count=len(draft.files)))
    sends = turn.button("demands.send", call("demands.send", turn.version, draft.token))
    return _card(*blocks, rows=[[sends], _stop(turn, case.id)], personal=personal)


@routes.button("send")
def send(turn: Turn, version: int, token: str) -> Reply:
    """Send what the preview shows; once."""
    draft = _draft_of(turn, token)
    if draft is None:
        return _card(turn.say("demands.sent_before"), rows=[[turn.button("demands.back", call("demands.page", 0))]])
    late = turn.expires_at is not None and turn.expires_at <= turn.work.now
    if version != turn.version or late:
        return _preview(turn, draft, notice="demand.look_again")
    case = service.write(turn.work, turn.person.id, draft)
    turn.close()
    code = "demands.sent" if draft.act == Act.ADD.value else "demands.reopened"
    day = demand_view.last_day(turn.voice, turn.work, case.due)
    rows = [[turn.button("demands.back_to_case", call("demands.show", case.id, 0))]]
    return _card(turn.say(code, number=case.number, day=day), rows=rows)


def _draft_of(turn: Turn, token: str) -> Draft | None:
    """Return the open draft with this token; None when it was sent already."""
    if turn.step == "demands.words" and turn.facts.get("token") == token:
        return Draft.of(turn.facts)
    if service.written_before(turn.work, turn.person.id, token):
        return None
    raise Refusal("help.expired")


@routes.button("stop")
def stop(turn: Turn, number: int) -> Reply:
    """Throw the words away and go back to the demand."""
    if turn.step == "demands.words":
        turn.close()
    return show(turn, number, 0)


@routes.button("withdraw")
def withdraw(turn: Turn, number: int, sure: int) -> Reply:
    """Ask once, then take the demand back."""
    case = service.own(turn.work, turn.person.id, number)
    back = turn.button("demands.back_to_case", call("demands.show", case.id, 0))
    if not sure and case.open:
        yes = turn.button("demands.withdraw_yes", call("demands.withdraw", case.id, 1))
        return _card(turn.say("demands.withdraw_sure", number=case.number), rows=[[yes], [back]])
    after, again = service.withdraw(turn.work, turn.person.id, number)
    code = "demands.withdrawn_before" if again else "demands.withdrawn"
    return _card(turn.say(code, number=after.number), rows=[[back]])


@routes.button("rate")
def rate(turn: Turn, number: int, rating: str) -> Reply:
    """Keep the rating; whoever is not satisfied is offered to open it again."""
    case = service.rate(turn.work, turn.person.id, number, rating)
    back = [turn.button("demands.back_to_case", call("demands.show", case.id, 0))]
    if case.rating is rules.Rating.DISSATISFIED and rules.may_reopen(case, turn.work.now):
        return _card(turn.say("demands.rated_low", number=case.number), rows=[[_reopen(turn, case)], back])
    said = turn.voice.line(demand_view.RATINGS[case.rating]) if case.rating else ""
    return _card(turn.say("demands.rated", number=case.number, rating=said), rows=[back])


@routes.matter
def matters(turn: Turn) -> Iterable[Matter]:
    """Name what waits for the employee: a question, an answer, a rating."""
    if turn.caller.person is None:
        return
    said = set()
    for case in service.waiting(turn.work, turn.person.id):
        if case.state is State.ASKED:
            urgency, code = 1, "demands.matter_asked"
        elif case.state is State.CLOSED and case.rating is None:
            urgency, code = 4, "demands.matter_rate"
        else:
            urgency, code = 2, "demands.matter_news"
        if code not in said:
            said.add(code)
            button = turn.button("demands.open", call("demands.show", case.id, 0))
            yield Matter(urgency, turn.voice.line(code, number=case.number), button)
