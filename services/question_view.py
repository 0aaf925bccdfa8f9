"""How a question, its right answer and the reason for it are said, and the buttons that answer it."""

from __future__ import annotations

from content import Voice
from domain import quiz as rules
from domain.call import call
from domain.question import Kind, Question
from domain.quiz import PAPER
from domain.reply import Block, Button, Choices, Reply, Span, Text, text

KINDS = {
    Kind.SINGLE: "quiz.kind_single",
    Kind.MULTIPLE: "quiz.kind_multiple",
    Kind.JUDGE: "quiz.kind_judge",
    Kind.FILL: "quiz.kind_fill",
}
HOW = {
    Kind.SINGLE: "quiz.how_single",
    Kind.MULTIPLE: "quiz.how_multiple",
    Kind.JUDGE: "quiz.how_judge",
    Kind.FILL: "quiz.how_fill",
}


def asked(voice: Voice, question: Question) -> list[Block]:
    """Return the question and its options, as they were written."""
    wording = question.wording(voice.language)
    blocks: list[Block] = [Text((Span(wording.text, "bold"),))]
    if wording.options:
        lines = (f"{letter}. {option}" for letter, option in zip(question.letters, wording.options, strict=True))
        blocks.append(text("\n".join(lines)))
    return blocks


def answers(voice: Voice, question: Question, at: tuple[int, int], version: str, given: str = "") -> list[list[Button]]:
    """Return the buttons of a question at its place in a paper; each knows which version of it was shown."""
    match question.kind:
        case Kind.SINGLE:
            return [[Button(one, call("quiz.choose", *at, one, version)) for one in question.letters]]
        case Kind.JUDGE:
            yes = voice.button("quiz.yes", call("quiz.choose", *at, "true", version))
            return [[yes, voice.button("quiz.no", call("quiz.choose", *at, "false", version))]]
        case Kind.MULTIPLE:
            marks = [
                voice.button(
                    "quiz.ticked" if one in given else "quiz.unticked",
                    call("quiz.toggle", *at, one, version),
                    letter=one,
                )
                for one in question.letters
            ]
            return [marks, [voice.button("quiz.submit", call("quiz.submit", *at, version))]]
        case Kind.FILL:
            return []


def card(voice: Voice, question: Question) -> Reply:
    """Return a question as the day's paper shows it, at its first place: what those see who keep the questions."""
    head = voice.say("quiz.head", place=1, total=PAPER, kind=voice.line(KINDS[question.kind]))
    blocks = [head, *asked(voice, question), voice.say(HOW[question.kind])]
    rows = answers(voice, question, (0, 1), "-")
    return Reply((*blocks, Choices(tuple(tuple(row) for row in rows))))


def explained(voice: Voice, question: Question, given: str | None = None) -> list[Block]:
    """Return what was answered (if anything), what is right, why, and where that stands."""
    wording = question.wording(voice.language)
    blocks: list[Block] = []
    if given is not None:
        blocks.append(voice.say("quiz.yours", answer=_words(voice, question, given)))
    right = question.answer or " / ".join(wording.accept[:3])
    blocks.append(voice.say("quiz.answer", answer=_words(voice, question, right)))
    if wording.explanation:
        blocks.append(text(wording.explanation))
    source = question.source(voice.language)
    if source:
        blocks.append(voice.say("quiz.source", source=source))
    return blocks


def _words(voice: Voice, question: Question, given: str) -> str:
    if question.kind is Kind.JUDGE:
        return voice.label("quiz.yes" if given == "true" else "quiz.no")
    return rules.answer_words(question, given, voice.language)
