"""What the four visitors have read and answered in the last weeks."""

from __future__ import annotations

import random
from datetime import date, time, timedelta

from bot.demo.cast import Enterprise
from domain.question import Kind, Question
from services import calendar, learning, quiz
from services.work import Work

WEEKS = timedelta(days=21)


def study(work: Work, enterprise: Enterprise, chance: random.Random) -> None:
    """Let them have studied on two of three working days."""
    quiz.prepare(work)
    learning.prepare(work)
    day = work.today - WEEKS
    while day < work.today:
        if calendar.plain_workday(day):
            for who in enterprise.visitors:
                if chance.random() < 0.66:  # noqa: PLR2004 - two of three
                    _one_day(work, enterprise.visitor(who), day, chance)
        day += timedelta(days=1)


def _one_day(work: Work, person: int, day: date, chance: random.Random) -> None:
    at = work.organisation.at(day, time(12, chance.randrange(60)))
    then = Work(work.connection, work.organisation, at)
    reading = learning.of_today(then)
    if reading is not None:
        learning.mark_read(then, person, reading)
    paper = quiz.today(then, person)
    for item in paper.items:
        right = chance.random() < 0.8  # noqa: PLR2004 - most are right
        quiz.answer(then, person, paper.id, item.position, _given(item.question, right=right))


def _given(question: Question, *, right: bool) -> str:
    if question.kind is Kind.FILL:
        return question.wording("zh").accept[0] if right else "不清楚"
    if right:
        return question.answer
    if question.kind is Kind.JUDGE:
        return "false" if question.answer == "true" else "true"
    return next(letter for letter in question.letters if letter != question.answer)
