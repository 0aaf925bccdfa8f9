"""错题: what was answered wrongly, to look at and to practise again; nobody else sees it."""

from __future__ import annotations

from domain.call import call
from domain.quiz import RIGHT_TO_LEAVE
from domain.reply import Personal, Reply
from handlers.grammar import Routes, Turn, reply
from services import question_view
from services import quiz as service

routes = Routes("mistakes")


@routes.entry("mistakes")
def mistakes(turn: Turn, _rest: str) -> Reply:
    """Show how many wait, and the ways to go through them."""
    count = service.mistakes(turn.work, turn.person.id)
    home = turn.button("help.home", call("help.home"))
    if not count:
        to_quiz = turn.button("mistakes.quiz", call("quiz.today"))
        return reply(turn.say("mistakes.none"), rows=[[to_quiz], [home]], edits=True, personal=Personal.OWN)
    rows = [
        [turn.button("mistakes.practise", call("mistakes.practise"))],
        [turn.button("mistakes.look", call("mistakes.look", 0)), home],
    ]
    said = turn.say("mistakes.some", count=count, enough=RIGHT_TO_LEAVE)
    return reply(said, rows=rows, edits=True, personal=Personal.OWN)


@routes.button("open")
def open_list(turn: Turn) -> Reply:
    """Show the same from another card."""
    return mistakes(turn, "")


@routes.button("practise")
def practise(turn: Turn) -> Reply:
    """Answer some of them again, without points."""
    paper = service.practise_mistakes(turn.work, turn.person.id)
    return mistakes(turn, "") if paper is None else turn.registry.buttons["quiz.next"](turn, paper.id)


@routes.button("look")
def look(turn: Turn, place: int) -> Reply:
    """Look at one of them, with its right answer."""
    count = service.mistakes(turn.work, turn.person.id)
    place = max(0, min(place, count - 1))
    question = service.mistake_at(turn.work, turn.person.id, place) if count else None
    if question is None:
        return mistakes(turn, "")
    turning = []
    if place > 0:
        turning.append(turn.button("quiz.page_before", call("mistakes.look", place - 1)))
    if place + 1 < count:
        turning.append(turn.button("quiz.page_after", call("mistakes.look", place + 1)))
    return reply(
        turn.say("mistakes.head", place=place + 1, count=count),
        *question_view.asked(turn.voice, question),
        *question_view.explained(turn.voice, question),
        rows=[turning, [turn.button("quiz.back", call("mistakes.open"))]],
        edits=True,
        personal=Personal.OWN,
    )
