"""How a question, its right answer and the reason for it are said."""

from __future__ import annotations

from content import Voice
from domain import quiz as rules
from domain.question import Kind, Question
from domain.reply import Block, Span, Text, text


def asked(voice: Voice, question: Question) -> list[Block]:
    """Return the question and its options, as they were written."""
    wording = question.wording(voice.language)
    blocks: list[Block] = [Text((Span(wording.text, "bold"),))]
    if wording.options:
        lines = (f"{letter}. {option}" for letter, option in zip(question.letters, wording.options, strict=True))
        blocks.append(text("\n".join(lines)))
    return blocks


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
