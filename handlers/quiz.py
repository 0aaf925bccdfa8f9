"""答题: the daily paper, practising a topic, and what is shown after each answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain import quiz as rules
from domain.arrival import Said, Uploaded
from domain.call import call
from domain.question import Kind
from domain.quiz import Item, Paper, PaperKind
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply, Text
from handlers.grammar import Matter, Routes, Turn, reply
from services import question_view
from services import quiz as service
from services.quiz import Answered
from services.work import Work

routes = Routes("quiz")

TOPICS = 6
"""Topics on one card; with paging and a way back it has eight buttons."""


@routes.schedule
def prepare(work: Work) -> None:
    """Take in the shipped questions; write the schedule of the reminder."""
    service.prepare(work)


@routes.tick("reminder", late_limit=timedelta(hours=3))
def remind(work: Work, _subject: str, _due: datetime) -> None:
    """Remind those who asked for it."""
    service.remind(work)


@routes.entry("quiz")
def quiz(turn: Turn, rest: str) -> Reply:
    """Go on with today's paper; with a topic's name after it, practise that."""
    topic = service.topic_named(turn.work, rest) if rest else None
    if topic is not None:
        return practise(turn, topic)
    return _go_on(turn, service.today(turn.work, turn.person.id))


@routes.button("today")
def today(turn: Turn) -> Reply:
    """Go on with today's paper."""
    return quiz(turn, "")


@routes.button("next")
def following(turn: Turn, number: int) -> Reply:
    """Show the next question of a paper, or how it went."""
    return _go_on(turn, service.get(turn.work, turn.person.id, number))


@routes.matter
def to_do(turn: Turn) -> Iterable[Matter]:
    """Mention today's paper until it is finished; gently, after everything that somebody waits for."""
    left = service.left_today(turn.work, turn.person.id)
    if left == 0:
        return
    words = turn.voice.line("quiz.matter") if left is None else turn.voice.line("quiz.matter_left", count=left)
    label = "quiz.begin" if left is None else "quiz.go_on"
    yield Matter(70, words, turn.button(label, call("quiz.today")))


def _home(turn: Turn) -> Button:
    return turn.button("help.home", call("help.home"))


def _go_on(turn: Turn, paper: Paper, notice: str = "") -> Reply:
    item = paper.open_item
    if item is None:
        turn.close()
        return _result(turn, paper)
    if paper.over(turn.work.today):
        return _over(turn, paper)
    return _question(turn, paper, item, notice)


def _over(turn: Turn, paper: Paper) -> Reply:
    """Answer kindly for a paper of another day."""
    turn.close()
    rows = [[turn.button("quiz.to_today", call("quiz.today"))], [_home(turn)]]
    return reply(turn.say("quiz.over_on", day=turn.voice.day(paper.day)), rows=rows, personal=Personal.OWN)


def _head(turn: Turn, paper: Paper, item: Item) -> Text:
    place, total = item.position, len(paper.items)
    kind = turn.voice.line(question_view.KINDS[item.question.kind])
    if paper.kind is PaperKind.TOPIC:
        topic = service.topic_called(turn.work, paper.topic, turn.voice.language)
        return turn.say("quiz.head_topic", topic=topic, place=place, total=total, kind=kind)
    code = "quiz.head_mistakes" if paper.kind is PaperKind.MISTAKES else "quiz.head"
    return turn.say(code, place=place, total=total, kind=kind)


def _question(turn: Turn, paper: Paper, item: Item, notice: str = "") -> Reply:
    """Show a question; what is typed next answers it."""
    if turn.step != "quiz.answer" or turn.facts != {"paper": paper.id, "position": item.position}:
        turn.ask("quiz.answer", paper=paper.id, position=item.position)
    blocks: list[Block] = [turn.say(notice)] if notice else []
    blocks += [
        _head(turn, paper, item),
        *question_view.asked(turn.voice, item.question),
        turn.say(question_view.HOW[item.question.kind]),
    ]
    return reply(*blocks, rows=[*_answers(turn, paper, item), [_home(turn)]], edits=True, personal=Personal.OWN)


def _answers(turn: Turn, paper: Paper, item: Item) -> list[list[Button]]:
    """Return the buttons of a question; each knows which version of it was shown."""
    return question_view.answers(turn.voice, item.question, (paper.id, item.position), item.version[:6], item.given)


def _shown(turn: Turn, number: int, position: int, version: str) -> tuple[Paper, Item, Reply | None]:
    """Return what a pressed button was about, and what to say instead when it can't be answered (so) any more."""
    paper = service.get(turn.work, turn.person.id, number)
    item = service.item_of(paper, position)
    if item.answered:
        return paper, item, _judged(turn, Answered(paper, item, repeated=True))
    if paper.over(turn.work.today):
        return paper, item, _over(turn, paper)
    if version != item.version[:6]:
        return paper, item, _question(turn, paper, item, "quiz.renewed")
    return paper, item, None


@routes.button("choose")
def choose(turn: Turn, number: int, position: int, given: str, version: str) -> Reply:
    """Answer by a button."""
    paper, item, instead = _shown(turn, number, position, version)
    if instead is not None:
        return instead
    known = [*item.question.letters] if item.question.kind is Kind.SINGLE else ["true", "false"]
    if item.question.kind in {Kind.FILL, Kind.MULTIPLE} or given not in known:
        raise Refusal("help.expired")
    return _answer(turn, paper, item, given)


@routes.button("toggle")
def toggle(turn: Turn, number: int, position: int, letter: str, version: str) -> Reply:
    """Tick or untick one of several."""
    paper, item, instead = _shown(turn, number, position, version)
    if instead is not None:
        return instead
    if item.question.kind is not Kind.MULTIPLE:
        raise Refusal("help.expired")
    ticked = service.toggle(turn.work, paper, item, letter)
    return _question(turn, paper, replace(item, given=ticked))


@routes.button("submit")
def submit(turn: Turn, number: int, position: int, version: str) -> Reply:
    """Hand in what is ticked."""
    paper, item, instead = _shown(turn, number, position, version)
    if instead is not None:
        return instead
    if item.question.kind is not Kind.MULTIPLE:
        raise Refusal("help.expired")
    if not item.given:
        return _question(turn, paper, item, "quiz.nothing_ticked")
    return _answer(turn, paper, item, item.given)


@routes.step("answer", yields=True, digits=True)
def typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Answer by words. What can't be an answer costs nothing."""
    paper = service.get(turn.work, turn.person.id, int(turn.facts["paper"]))
    item = service.item_of(paper, int(turn.facts["position"]))
    if item.answered:
        return _judged(turn, Answered(paper, item, repeated=True))
    if paper.over(turn.work.today):
        return _over(turn, paper)
    words = content.text if isinstance(content, Said) else ""
    if item.question.kind is Kind.MULTIPLE and item.given and words.strip() == turn.voice.label("quiz.submit"):
        return _answer(turn, paper, item, item.given)
    given = rules.read_answer(item.question, words)
    if given is None:
        return _question(turn, paper, item, "quiz.unread")
    return _answer(turn, paper, item, given)


def _answer(turn: Turn, paper: Paper, item: Item, given: str) -> Reply:
    return _judged(turn, service.answer(turn.work, turn.person.id, paper.id, item.position, given))


def _judged(turn: Turn, done: Answered) -> Reply:
    """Show whether it was right, what is right, why, and where that stands."""
    turn.close()
    paper, item = done.paper, done.item
    blocks: list[Block] = [turn.say("quiz.before")] if done.repeated else []
    blocks += [_head(turn, paper, item), *question_view.asked(turn.voice, item.question), turn.say(_verdict(item))]
    blocks += question_view.explained(turn.voice, item.question, item.given)
    if done.awarded is not None and done.awarded.points:
        blocks.append(turn.say("quiz.points", points=done.awarded.points))
    if not done.repeated and not item.right:
        blocks.append(turn.say("quiz.kept"))
    if done.left_review:
        blocks.append(turn.say("quiz.left_review"))
    label = "quiz.see_result" if paper.open_item is None else "quiz.next"
    rows = [[turn.button(label, call("quiz.next", paper.id))], [_home(turn)]]
    return reply(*blocks, rows=rows, edits=True, personal=Personal.OWN)


def _verdict(item: Item) -> str:
    return "quiz.right" if item.right else "quiz.wrong"


def _result(turn: Turn, paper: Paper) -> Reply:
    """Show how a paper went; no comparison with anybody."""
    right, total = paper.right, len(paper.items)
    code = "quiz.result" if paper.kind is PaperKind.DAILY else "quiz.result_practice"
    blocks: list[Block] = [turn.say(code, right=right, total=total)]
    if paper.kind is PaperKind.DAILY and paper.day == turn.work.today:
        points = service.points_today(turn.work, turn.person.id)
        if points:
            blocks.append(turn.say("quiz.result_points", points=points))
    rows = [[turn.button("quiz.review", call("quiz.look", paper.id, 1))]]
    if paper.kind is PaperKind.TOPIC:
        rows[0].append(turn.button("quiz.five_more", call("quiz.practise", paper.topic)))
    rows.append(
        [
            turn.button("quiz.to_mistakes", call("mistakes.open")),
            turn.button("quiz.topics", call("quiz.topics", 0)),
        ]
    )
    rows.append([_home(turn)])
    return reply(*blocks, rows=rows, edits=True, personal=Personal.OWN)


@routes.button("look")
def look(turn: Turn, number: int, position: int) -> Reply:
    """Look at an answered question of one's own paper again."""
    paper = service.get(turn.work, turn.person.id, number)
    item = service.item_of(paper, position)
    if not item.answered:
        return _go_on(turn, paper)
    blocks = [_head(turn, paper, item), *question_view.asked(turn.voice, item.question), turn.say(_verdict(item))]
    blocks += question_view.explained(turn.voice, item.question, item.given)
    turning = []
    if position > 1:
        turning.append(turn.button("quiz.page_before", call("quiz.look", number, position - 1)))
    if position < len(paper.items):
        turning.append(turn.button("quiz.page_after", call("quiz.look", number, position + 1)))
    back = turn.button("quiz.back", call("quiz.next", number))
    return reply(*blocks, rows=[turning, [back]], edits=True, personal=Personal.OWN)


@routes.button("topics")
def topics(turn: Turn, page: int) -> Reply:
    """List the topics."""
    found = service.topics(turn.work)
    if not found:
        raise Refusal("quiz.none")
    first = max(0, min(page, (len(found) - 1) // TOPICS)) * TOPICS
    rows: list[Sequence[Button]] = [
        [
            turn.button(
                "quiz.topic",
                call("quiz.practise", bank.name),
                topic=bank.called(turn.voice.language)[:30],
                count=count,
            )
        ]
        for bank, count in found[first : first + TOPICS]
    ]
    more = first + TOPICS < len(found)
    last = [_home(turn)]
    if first or more:
        page_after = (first // TOPICS + 1) if more else 0
        last.insert(0, turn.button("quiz.more_topics", call("quiz.topics", page_after)))
    return reply(turn.say("quiz.which_topic"), rows=[*rows, last], edits=True)


@routes.button("practise")
def practise(turn: Turn, topic: str) -> Reply:
    """Practise a topic, without points."""
    return _go_on(turn, service.practise(turn.work, turn.person.id, topic))
