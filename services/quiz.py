"""The daily paper, practising a topic or one's mistakes, and answering: one answer counts once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from content import Voice
from domain import quiz as rules
from domain.call import call
from domain.question import Bank, Question, plain
from domain.quiz import Item, Paper, PaperKind
from domain.refusal import Refusal
from domain.reply import Choices, Personal, Reply
from domain.schedule import Rule
from services import points, post, timetable
from services import question as banks
from services.points import Awarded
from services.work import Work
from storage import mistake
from storage import points as ledger
from storage import quiz as table

REMINDER = "quiz.reminder"


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer. `repeated`: it had one already, and nothing changed."""

    paper: Paper
    item: Item
    repeated: bool
    awarded: Awarded | None = None
    left_review: bool = False


def prepare(work: Work) -> None:
    """Take in the shipped questions and write the schedule of the reminder."""
    banks.sync(work)
    rule = Rule("workdays", at=f"{work.organisation.timetable.quiz_reminder_at:%H:%M}")
    timetable.keep(work, REMINDER, rule)


def today(work: Work, member_id: int) -> Paper:
    """Return the day's paper, drawn at the first look."""
    slot = table.daily_slot(work.today)
    found = table.in_slot(work.connection, member_id, slot)
    if found is None:
        drawn = _draw(work, member_id, slot)
        found = _laid_out(work, member_id, slot, PaperKind.DAILY, "", drawn)
    return found


def practise(work: Work, member_id: int, topic: str) -> Paper:
    """Return the open paper about a topic, or a new one."""
    if topic not in {bank.name for bank, _ in banks.banks(work)}:
        raise Refusal("quiz.no_topic")
    last = table.newest(work.connection, member_id, PaperKind.TOPIC, topic)
    if last is not None and last.open_item is not None:
        return last
    # The slot follows from the paper before, so that a second press finds the paper of the first.
    slot = f"topic:{topic}:{last.id if last else 0}"
    return _laid_out(work, member_id, slot, PaperKind.TOPIC, topic, _draw(work, member_id, slot, topic))


def practise_mistakes(work: Work, member_id: int) -> Paper | None:
    """Return the open paper of one's mistakes, or a new one; None when there are none."""
    last = table.newest(work.connection, member_id, PaperKind.MISTAKES, "")
    if last is not None and last.open_item is not None:
        return last
    waiting = mistake.waiting(work.connection, member_id, rules.PAPER)
    if not waiting:
        return None
    slot = f"mistakes:{last.id if last else 0}"
    return _laid_out(work, member_id, slot, PaperKind.MISTAKES, "", [number for number, _ in waiting])


def _draw(work: Work, member_id: int, slot: str, topic: str = "") -> list[int]:
    chance = random.Random(f"quiz:{member_id}:{slot}")  # noqa: S311 - the same paper for the same day, not a secret
    return rules.draw(table.candidates(work.connection, member_id, topic), work.today, chance)


def _laid_out(work: Work, member_id: int, slot: str, kind: PaperKind, topic: str, questions: Sequence[int]) -> Paper:
    if not questions:
        raise Refusal("quiz.none")
    table.open_paper(work.connection, member_id, slot, kind, topic, questions, work.today, work.now)
    found = table.in_slot(work.connection, member_id, slot)
    if found is None:
        raise Refusal("quiz.gone")
    return found


def get(work: Work, member_id: int, number: int) -> Paper:
    """Return one's own paper."""
    found = table.get(work.connection, member_id, number)
    if found is None:
        raise Refusal("quiz.gone")
    return found


def item_of(paper: Paper, position: int) -> Item:
    """Return a question of a paper."""
    found = paper.item(position)
    if found is None:
        raise Refusal("quiz.gone")
    return found


def toggle(work: Work, paper: Paper, item: Item, letter: str) -> str:
    """Tick or untick a letter of a multiple choice; returns what is ticked then. It survives a restart."""
    letters = rules.toggled(item.question, item.given, letter)
    if letters != item.given:
        table.choose(work.connection, paper.id, item.position, letters)
    return letters


def answer(work: Work, member_id: int, number: int, position: int, given: str) -> Answered:
    """Answer a question of one's own paper. `given` is what `domain.quiz.read_answer` read."""
    paper = get(work, member_id, number)
    item = item_of(paper, position)
    if item.answered:
        return Answered(paper, item, repeated=True)
    if paper.over(work.today):
        raise Refusal("quiz.over")
    right = rules.is_right(item.question, given)
    if not table.record(work.connection, number, position, given, work.now, right=right):
        paper = get(work, member_id, number)
        return Answered(paper, item_of(paper, position), repeated=True)
    item = replace(item, given=given, right=right)
    paper = replace(paper, items=tuple(item if one.position == position else one for one in paper.items))
    awarded, left = None, False
    if not right:
        mistake.add(work.connection, member_id, item.question_id, work.today)
    elif paper.kind is PaperKind.DAILY:
        awarded = points.award(work, member_id, "quiz", f"quiz:{number}:{position}")
    elif paper.kind is PaperKind.MISTAKES:
        left = mistake.right(work.connection, member_id, item.question_id, work.today, rules.RIGHT_TO_LEAVE)
    return Answered(paper, item, repeated=False, awarded=awarded, left_review=left)


def points_today(work: Work, member_id: int) -> int:
    """Return what today's answers have brought so far."""
    return ledger.of_day(work.connection, member_id, work.today).get("quiz", 0)


def left_today(work: Work, member_id: int) -> int | None:
    """Return how many of today's questions wait; None when the paper was not begun."""
    whole, done = table.state(work.connection, member_id, work.today)
    return whole - done if whole else None


def topics(work: Work) -> list[tuple[Bank, int]]:
    """Return the topics that can be practised, with how many questions."""
    return banks.banks(work)


def topic_called(work: Work, name: str, language: str) -> str:
    """Return the name of a topic in a language."""
    return next((bank.called(language) for bank, _ in topics(work) if bank.name == name), name)


def topic_named(work: Work, words: str) -> str | None:
    """Return the topic that these words name, if they name just one."""
    said = plain(words)
    found = [
        bank.name for bank, _ in topics(work) if said and any(said in plain(n) for n in (bank.name, bank.zh, bank.en))
    ]
    return found[0] if len(found) == 1 else None


def mistakes(work: Work, member_id: int) -> int:
    """Return how many wrong answers wait for review."""
    return mistake.count(work.connection, member_id)


def mistake_at(work: Work, member_id: int, place: int) -> Question | None:
    """Return one of them by its place, counted from 0."""
    found = mistake.waiting(work.connection, member_id, 1, max(0, min(place, 10_000)))
    return found[0][1] if found else None


def remind(work: Work) -> None:
    """Remind those who asked for it and have not finished."""
    people = table.to_remind(work.connection, work.today)

    def compose(voice: Voice) -> Reply:
        button = voice.button("quiz.go_on", call("quiz.today"))
        return Reply((voice.say("quiz.reminder"), Choices(((button,),))), personal=Personal.OWN)

    if people:
        post.push(work, people, "quiz_reminder", compose, subject=work.today.isoformat())
