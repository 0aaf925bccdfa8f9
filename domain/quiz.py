"""Papers of a few questions: which ones to draw, reading what was answered, and judging it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.question import LETTERS, LONGEST_ANSWER, Kind, Question, plain, read_judgement, read_letters

PAPER = 5
RETURN_AFTER = 7
"""Days until a question that was answered wrongly may come back in a daily paper."""
RIGHT_TO_LEAVE = 2
"""So often a wrong one must be answered rightly in the review before it leaves."""


class PaperKind(StrEnum):
    """What a paper is for; only the daily one brings points."""

    DAILY = "daily"
    TOPIC = "topic"
    MISTAKES = "mistakes"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that could be drawn: when this person last had it, and whether it waits in the review."""

    question: int
    last: date | None = None
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a paper. `given` without `right` is a choice not yet handed in."""

    position: int
    question_id: int
    version: str
    question: Question
    given: str
    right: bool | None

    @property
    def answered(self) -> bool:
        """Whether it counts already."""
        return self.right is not None


@dataclass(frozen=True, slots=True)
class Paper:
    """A person's paper."""

    id: int
    kind: PaperKind
    topic: str
    day: date
    items: tuple[Item, ...]

    @property
    def right(self) -> int:
        """How many were answered rightly."""
        return sum(item.right is True for item in self.items)

    @property
    def open_item(self) -> Item | None:
        """The first question that waits for an answer."""
        return next((item for item in self.items if not item.answered), None)

    def item(self, position: int) -> Item | None:
        """Return a question by its place, counted from 1."""
        return next((item for item in self.items if item.position == position), None)

    def over(self, today: date) -> bool:
        """Whether it takes no answers any more: a daily paper lives for its day."""
        return self.kind is PaperKind.DAILY and self.day != today


def draw(candidates: Iterable[Candidate], day: date, chance: random.Random, count: int = PAPER) -> list[int]:
    """Choose the questions of a paper: never met before all others, then met longest ago.

    One that was answered wrongly at least `RETURN_AFTER` days ago may take one place. The same candidates, day and seed
    give the same paper.
    """
    mixed = sorted(candidates, key=lambda one: one.question)
    chance.shuffle(mixed)
    chosen = sorted(mixed, key=lambda one: one.last or date.min)[:count]
    again = [one for one in mixed if one.wrong and one.last is not None and (day - one.last).days >= RETURN_AFTER]
    if len(chosen) == count and again and not any(one in chosen for one in again):
        chosen[-1] = again[0]
    chance.shuffle(chosen)
    return [one.question for one in chosen]


def read_answer(question: Question, words: str) -> str | None:
    """Return what was answered, as a row keeps it; None when the words answer nothing (they then cost nothing)."""
    if len(words) > LONGEST_ANSWER:
        return None
    match question.kind:
        case Kind.FILL:
            return words.strip() if plain(words) else None
        case Kind.JUDGE:
            judged = read_judgement(words)
            return None if judged is None else "true" if judged else "false"
        case Kind.SINGLE:
            letters = _option(question, words) or read_letters(words) or _number(question, words)
            return letters if letters and len(letters) == 1 and letters in question.letters else None
        case Kind.MULTIPLE:
            letters = _option(question, words) or read_letters(words)
            return letters if letters and set(letters) <= set(question.letters) else None


def _option(question: Question, words: str) -> str | None:
    """Return the letter of the option that was typed in full."""
    said = plain(words)
    for wording in question.wordings.values():
        for letter, option in zip(LETTERS, wording.options, strict=False):
            if said and plain(option) == said:
                return letter
    return None


def _number(question: Question, words: str) -> str | None:
    said = plain(words)
    known = {str(n): letter for n, letter in enumerate(question.letters, 1)}
    return known.get(said)


def is_right(question: Question, given: str) -> bool:
    """Judge an answer as `read_answer` returned it. A fill-in takes every spelling of every language."""
    if question.kind is not Kind.FILL:
        return given == question.answer
    said = plain(given)
    return any(plain(spelling) == said for wording in question.wordings.values() for spelling in wording.accept)


def toggled(question: Question, given: str, letter: str) -> str:
    """Return a choice of several with one letter put in or taken out; a letter beyond the options changes nothing."""
    if letter not in question.letters or len(letter) != 1:
        return given
    return "".join(sorted(set(given) ^ {letter}))


def answer_words(question: Question, given: str, language: str) -> str:
    """Return an answer as people read it: `B. 98天`, or several lines for several letters; words stay words."""
    wording = question.wording(language)
    if question.kind not in {Kind.SINGLE, Kind.MULTIPLE}:
        return given
    return "\n".join(
        f"{letter}. {wording.options[LETTERS.index(letter)]}" for letter in given if letter in question.letters
    )
