"""办理台: the officer's open cases, by time left; answering, asking back, closing and reassigning, by tap or typed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from domain import demand as rules
from domain.arrival import Said, Uploaded
from domain.call import call
from domain.demand import Act, Case
from domain.demand_draft import LONGEST, Draft, clean_text
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply, text
from handlers.grammar import Matter, Routes, Turn, reply
from services import chart, demand, demand_merge, demand_view, desk_load, permission
from services import desk as service

routes = Routes("desk")
_NUMBER = re.compile(r"SQ-?([0-9]{8})-?([0-9]{4,9})", re.IGNORECASE)
_ASKS = {
    Act.ANSWER.value: "desk.ask_answer",
    Act.ASK.value: "desk.ask_question",
    Act.CLOSE.value: "desk.ask_resolution",
    Act.REASSIGN.value: "desk.ask_reason",
}
_SENT = {
    Act.ANSWER.value: "desk.sent_answer",
    Act.ASK.value: "desk.sent_question",
    Act.CLOSE.value: "desk.sent_resolution",
    Act.REASSIGN.value: "desk.sent_on",
}
_OTHERS_ON_A_PAGE = 5


def _card(*blocks: Block, rows: Iterable[list[Button]] = (), personal: Personal = Personal.REQUEST) -> Reply:
    return reply(*blocks, rows=[row for row in rows if row], edits=True, personal=personal)


def _number(words: str) -> str:
    """Return the demand's number in these words; empty when there is none."""
    found = _NUMBER.search(words)
    return f"SQ-{found[1]}-{found[2]}" if found else ""


@routes.entry("desk", needs=Action.HANDLE_DEMANDS)
def desk(turn: Turn, rest: str) -> Reply:
    """List the officer's open cases, or show the one whose number was said."""
    number = _number(rest)
    if number:
        return case(turn, service.by_number(turn.work, turn.person.id, number).id, 0)
    return page(turn, 0)


@routes.button("page")
def page(turn: Turn, number: int) -> Reply:
    """Show a page of the desk."""
    shown = service.on_desk(turn.work, turn.person.id, number)
    rows = []
    for one in shown.cases:
        label = turn.voice.label(
            "desk.line",
            number=one.number,
            category=demand_view.kind(turn.voice, one),
            left=demand_view.left(turn.voice, turn.work, one.due),
        )
        rows.append([Button(label, call("desk.case", one.id, 0))])
    turning = []
    if shown.page > 0:
        turning.append(turn.button("desk.previous", call("desk.page", shown.page - 1)))
    if shown.page + 1 < shown.pages:
        turning.append(turn.button("desk.next", call("desk.page", shown.page + 1)))
    last = [turn.button("demand.home", call("help.home"))]
    if permission.may_anywhere(turn.work, turn.person.id, Action.OVERSEE_DEMANDS):
        last.append(turn.button("desk.overview", call("desk.overview")))
    near, unanswered = service.near(turn.work, turn.person.id)
    words = turn.say("desk.list", near=near, unanswered=unanswered) if shown.cases else turn.say("desk.empty")
    return _card(words, rows=[*rows, turning, last])


@routes.button("overview")
def overview(turn: Turn) -> Reply:
    """Show counts and the next limit to those who oversee; no case, no name, no words."""
    figures = service.figures(turn.work, turn.person.id)
    if figures is None:
        raise Refusal("help.not_yours")
    blocks: list[Block] = [
        turn.say("desk.figures", open=figures.open, near=figures.near, over=figures.over, nobody=figures.nobody)
    ]
    if figures.next_limit is not None:
        day = demand_view.last_day(turn.voice, turn.work, figures.next_limit)
        blocks.append(turn.say("desk.next_limit", day=day))
    draws = turn.button("desk.picture", call("desk.picture"))
    return _card(
        *blocks, rows=[[draws], [turn.button("desk.list", call("desk.page", 0))]], personal=Personal.MEMBERSHIP
    )


@routes.button("picture")
def picture(turn: Turn) -> Reply:
    """Draw what was filed and closed by week, for those who oversee; the words under the picture say the same."""
    if service.figures(turn.work, turn.person.id) is None:
        raise Refusal("help.not_yours")
    back = [turn.button("desk.overview", call("desk.overview"))]
    found = desk_load.by_week(turn.work, turn.voice, turn.person.id)
    if found is None or found.empty:
        return _card(turn.say("desk.chart_none", least=turn.work.organisation.smallest_group), rows=[back])
    drawn = chart.drawn(turn.work, str(turn.work.today), found)
    return reply(*drawn, rows=[back], personal=Personal.MEMBERSHIP)


@routes.button("case")
def case(turn: Turn, number: int, page: int) -> Reply:
    """Show a case on one's desk: who, what, by when, the conversation, and what can be done."""
    seen = service.look(turn.work, turn.person.id, number, page)
    one, voice = seen.case, turn.voice
    blocks: list[Block] = [
        turn.say(
            "desk.head",
            number=one.number,
            category=demand_view.category(voice, one),
            name=seen.author,
            state=demand_view.state(voice, one),
        )
    ]
    if one.open:
        day, left = demand_view.last_day(voice, turn.work, one.due), demand_view.left(voice, turn.work, one.due)
        blocks.append(turn.say("desk.first_by" if one.answered_at is None else "desk.finish_by", day=day, left=left))
    if one.avoided_id is not None:
        blocks.append(turn.say("desk.avoiding"))
    blocks += _together(turn, one)
    blocks += demand_view.timeline(voice, turn.work, one, seen.events, seen.names, turn.person.id)
    turning = []
    if seen.page + 1 < seen.pages:
        turning.append(turn.button("demands.older", call("desk.case", one.id, seen.page + 1)))
    if seen.page > 0:
        turning.append(turn.button("demands.newer", call("desk.case", one.id, seen.page - 1)))
    if seen.files:
        turning.append(turn.button("demands.files", call("desk.files", one.id), count=seen.files))
    back = [turn.button("desk.list", call("desk.page", 0))]
    personal = demand_view.class_of(one, *(event.text for event in seen.events))
    return _card(*blocks, rows=[*(_deeds(turn, one.id) if one.open else []), turning, back], personal=personal)


def _together(turn: Turn, one: Case) -> list[Block]:
    """Return a sentence on what it is dealt with together with."""
    lead, followers = demand_merge.lead_of(turn.work, one), demand_merge.followers(turn.work, one)
    if lead is not None:
        return [turn.say("desk.followed", lead=lead.number)]
    numbers = turn.voice.line("desk.and").join(case.number for case in followers)
    return [turn.say("desk.leads", count=len(followers), numbers=numbers)] if followers else []


def _deeds(turn: Turn, number: int) -> list[list[Button]]:
    return [
        [
            turn.button("desk.answer", call("desk.write", number, Act.ANSWER.value)),
            turn.button("desk.ask", call("desk.write", number, Act.ASK.value)),
        ],
        [
            turn.button("desk.close", call("desk.write", number, Act.CLOSE.value)),
            turn.button("desk.reassign", call("desk.others", number, 0)),
        ],
    ]


@routes.button("files")
def files(turn: Turn, number: int) -> Reply:
    """Show the files of a case on one's desk."""
    one = service.of(turn.work, turn.person.id, number)
    blocks = demand_view.file_blocks(demand.files(turn.work, one), turn.voice)
    rows = [[turn.button("demands.back_to_case", call("desk.case", one.id, 0))]]
    words = turn.say("demands.files", number=one.number)
    return reply(words, *blocks, rows=rows, personal=demand_view.class_of(one))


@routes.button("write")
def write(turn: Turn, number: int, act: str) -> Reply:
    """Wait for the officer's words."""
    if act not in _ASKS or act == Act.REASSIGN.value:
        raise Refusal("help.expired")
    return _ask(turn, Draft(token=secrets.token_hex(8), case=number, act=act))


def _ask(turn: Turn, draft: Draft, to: str = "") -> Reply:
    one = service.of(turn.work, turn.person.id, draft.case)
    rules.moved(one, Act(draft.act), turn.work.now)
    turn.ask("desk.words", **draft.facts)
    asks = turn.say(_ASKS[draft.act], number=one.number, to=to)
    return _card(asks, rows=[_stop(turn, one.id)], personal=demand_view.class_of(one))


def _stop(turn: Turn, number: int) -> list[Button]:
    return [turn.button("demand.cancel", call("desk.stop", number))]


@routes.button("others")
def others(turn: Turn, number: int, page: int) -> Reply:
    """Name who else could take the case."""
    found = service.others(turn.work, turn.person.id, number)
    back = [turn.button("demands.back_to_case", call("desk.case", number, 0))]
    if not found:
        return _card(turn.say("desk.no_others"), rows=[back])
    pages = -(-len(found) // _OTHERS_ON_A_PAGE)
    page = max(page, 0) % pages
    listed = found[page * _OTHERS_ON_A_PAGE : (page + 1) * _OTHERS_ON_A_PAGE]
    rows = [[Button(demand_view.officer(turn.voice, one), call("desk.to", number, one.member_id))] for one in listed]
    if pages > 1:
        rows.append([turn.button("desk.more", call("desk.others", number, (page + 1) % pages))])
    return _card(turn.say("desk.choose_other"), rows=[*rows, back])


@routes.button("to")
def to(turn: Turn, number: int, member_id: int) -> Reply:
    """Ask why the case goes to somebody else."""
    takes = service.other(turn.work, turn.person.id, number, member_id)
    draft = Draft(token=secrets.token_hex(8), case=number, act=Act.REASSIGN.value, to=member_id)
    return _ask(turn, draft, demand_view.officer(turn.voice, takes))


@routes.step("words", yields=True)
def words(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take words or a file, and show what would be sent."""
    draft = Draft.of(turn.facts)
    if isinstance(content, Said) and draft.text and content.text.strip() == turn.voice.label("demands.send"):
        return send(turn, turn.version, draft.token)
    return _preview(turn, draft.heard(content))


@routes.button("clip")
def clip(turn: Turn) -> Reply:
    """Go on with as many words as fit."""
    if turn.step != "desk.words":
        raise Refusal("help.expired")
    return _preview(turn, Draft.of(turn.facts).clipped)


def _preview(turn: Turn, draft: Draft, notice: str = "") -> Reply:
    one = service.of(turn.work, turn.person.id, draft.case)
    turn.ask("desk.words", **draft.facts)
    personal = demand_view.class_of(one, draft.text)
    problem = draft.problem(files_suffice=draft.act == Act.ANSWER.value)
    if problem:
        short = [turn.button("demand.clip", call("desk.clip"), most=LONGEST)] if len(draft.text) > LONGEST else []
        return _card(turn.say(problem, count=len(draft.text)), rows=[short, _stop(turn, one.id)], personal=personal)
    blocks: list[Block] = [turn.say(notice)] if notice else []
    name = demand.author_name(turn.work, one)
    if draft.act == Act.REASSIGN.value:
        takes = service.other(turn.work, turn.person.id, one.id, draft.to)
        officer = demand_view.officer(turn.voice, takes)
        blocks.append(turn.say("desk.preview_on", number=one.number, to=officer))
    elif draft.act == Act.CLOSE.value:
        blocks.append(turn.say("desk.preview_close", number=one.number, name=name))
    else:
        blocks.append(turn.say("desk.preview", number=one.number, name=name))
    blocks += _together(turn, one)
    if draft.text:
        blocks.append(text(draft.text))
    if draft.files:
        blocks.append(turn.say("demand.with_files", count=len(draft.files)))
    sends = turn.button("demands.send", call("desk.send", turn.version, draft.token))
    return _card(*blocks, rows=[[sends], _stop(turn, one.id)], personal=personal)


@routes.button("send")
def send(turn: Turn, version: int, token: str) -> Reply:
    """Send what the preview shows; once, however often pressed."""
    back = [turn.button("desk.list", call("desk.page", 0))]
    if turn.step != "desk.words" or turn.facts.get("token") != token:
        if demand.written_before(turn.work, turn.person.id, token):
            return _card(turn.say("demands.sent_before"), rows=[back])
        raise Refusal("help.expired")
    draft = Draft.of(turn.facts)
    late = turn.expires_at is not None and turn.expires_at <= turn.work.now
    if version != turn.version or late:
        return _preview(turn, draft, notice="demand.look_again")
    sent = service.send(turn.work, turn.person.id, draft)
    turn.close()
    blocks: list[Block] = [turn.say(_SENT[draft.act], number=sent.case.number)]
    if not sent.reached:
        blocks.append(turn.say("desk.not_reached"))
    if draft.act in {Act.ANSWER.value, Act.ASK.value}:
        back.insert(0, turn.button("demands.back_to_case", call("desk.case", sent.case.id, 0)))
    return _card(*blocks, rows=[back])


@routes.button("stop")
def stop(turn: Turn, number: int) -> Reply:
    """Throw the words away and go back to the case."""
    if turn.step == "desk.words":
        turn.close()
    return case(turn, number, 0)


def _typed(turn: Turn, rest: str, act: Act) -> Reply:
    """Serve `答复 SQ-… 已联系食堂`: the number may be left out by an officer with a single open case."""
    number = _number(rest)
    if number:
        one = service.by_number(turn.work, turn.person.id, number)
    else:
        listed = service.on_desk(turn.work, turn.person.id, 0)
        if len(listed.cases) != 1 or listed.pages > 1:
            return _which(turn)
        one = listed.cases[0]
    said = clean_text(_NUMBER.sub("", rest, count=1)).lstrip(":： ,，")
    if act is Act.REASSIGN:
        return others(turn, one.id, 0)
    draft = Draft(token=secrets.token_hex(8), case=one.id, act=act.value)
    asked = _ask(turn, draft)
    return _preview(turn, draft.saying(said)) if said else asked


def _which(turn: Turn) -> Reply:
    listed = page(turn, 0)
    return reply(turn.say("desk.which"), *listed.blocks, personal=listed.personal)


@routes.entry("desk_answer", needs=Action.HANDLE_DEMANDS, listed=False)
def answer(turn: Turn, rest: str) -> Reply:
    """Answer by typing."""
    return _typed(turn, rest, Act.ANSWER)


@routes.entry("desk_ask", needs=Action.HANDLE_DEMANDS, listed=False)
def ask(turn: Turn, rest: str) -> Reply:
    """Ask back by typing."""
    return _typed(turn, rest, Act.ASK)


@routes.entry("desk_close", needs=Action.HANDLE_DEMANDS, listed=False)
def close(turn: Turn, rest: str) -> Reply:
    """Close by typing."""
    return _typed(turn, rest, Act.CLOSE)


@routes.entry("desk_reassign", needs=Action.HANDLE_DEMANDS, listed=False)
def reassign(turn: Turn, rest: str) -> Reply:
    """Reassign by typing."""
    return _typed(turn, rest, Act.REASSIGN)


@routes.matter
def matters(turn: Turn) -> Iterable[Matter]:
    """Name to an officer how many cases are near their limit or wait for a first answer."""
    if turn.caller.person is None or not permission.may_anywhere(turn.work, turn.person.id, Action.HANDLE_DEMANDS):
        return
    near, unanswered = service.near(turn.work, turn.person.id)
    button = turn.button("desk.list", call("desk.page", 0))
    if near:
        yield Matter(0, turn.voice.line("desk.matter_near", count=near), button)
    elif unanswered:
        yield Matter(2, turn.voice.line("desk.matter_unanswered", count=unanswered), button)
