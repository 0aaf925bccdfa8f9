"""学习: the day's reading, all readings by topic, marking as read, and favourites."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from domain.call import call
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply
from handlers.grammar import Matter, Routes, Turn, reply
from services import learning as service
from services.work import Work

routes = Routes("learning")

LISTED = 5
"""Titles on one card; with paging and the ways back it has eight buttons."""
_LABEL = 40


@routes.schedule
def prepare(work: Work) -> None:
    """Take in the shipped readings; write the schedule of the day's."""
    service.prepare(work)


@routes.tick("daily", late_limit=timedelta(hours=6))
def daily(work: Work, _subject: str, _due: datetime) -> None:
    """Push the day's reading."""
    service.push_daily(work)


@routes.entry("learn")
def learn(turn: Turn, rest: str) -> Reply:
    """Show the day's reading; with words after the command, look for them."""
    if rest:
        return turn.registry.entries["search"].run(turn, rest)
    number = service.of_today(turn.work)
    if number is None:
        raise Refusal("learning.none")
    return show(turn, number)


@routes.button("today")
def today(turn: Turn) -> Reply:
    """Show the day's reading from another card."""
    return learn(turn, "")


@routes.matter
def to_do(turn: Turn) -> Iterable[Matter]:
    """Mention the day's reading on working days until it is read."""
    title = service.unread_today(turn.work, turn.person.id, turn.voice.language)
    if title is not None:
        words = turn.voice.line("learning.matter", title=title)
        yield Matter(60, words, turn.button("learning.read_it", call("learning.today")))


def _home(turn: Turn) -> Button:
    return turn.button("help.home", call("help.home"))


@routes.button("show")
def show(turn: Turn, number: int) -> Reply:
    """Show a reading."""
    return _card(turn, number)


def _card(turn: Turn, number: int, notice: Sequence[Block] = ()) -> Reply:
    card = service.card(turn.work, turn.person.id, number, turn.voice.language)
    head = turn.say("learning.head_today" if card.today else "learning.head", topic=card.topic)
    blocks: list[Block] = [head, *service.words(turn.voice, card.shown)]
    if card.read_on is not None:
        blocks.append(turn.say("learning.read_on", day=turn.voice.day(card.read_on)))
    first = []
    if card.read_on is None and card.shown.active:
        first.append(turn.button("learning.done", call("learning.done", number)))
    if card.kept:
        first.append(turn.button("learning.drop", call("learning.keep", number, 0)))
    else:
        first.append(turn.button("learning.keep", call("learning.keep", number, 1)))
    rows = [
        first,
        [
            turn.button("learning.next", call("learning.next", number)),
            turn.button("learning.topics", call("learning.topics")),
        ],
        [turn.button("learning.search", call("search.open")), _home(turn)],
    ]
    return reply(*blocks, *notice, rows=rows, edits=True, personal=Personal.OWN)


@routes.button("done")
def done(turn: Turn, number: int) -> Reply:
    """Mark as read; once."""
    awarded = service.mark_read(turn.work, turn.person.id, number)
    if awarded is None:
        return _card(turn, number, [turn.say("learning.done_before")])
    if awarded.points:
        return _card(turn, number, [turn.say("learning.done_points", points=awarded.points)])
    return _card(turn, number, [turn.say("learning.done_now")])


@routes.button("keep")
def keep(turn: Turn, number: int, wanted: int) -> Reply:
    """Put into the favourites, or take out."""
    service.keep(turn.work, turn.person.id, number, wanted=bool(wanted))
    return _card(turn, number, [turn.say("learning.kept" if wanted else "learning.dropped")])


@routes.button("next")
def following(turn: Turn, number: int) -> Reply:
    """Show the next reading, unread ones first."""
    after = service.after(turn.work, turn.person.id, number)
    if after is None:
        raise Refusal("learning.none")
    return show(turn, after)


@routes.button("topics")
def topics(turn: Turn) -> Reply:
    """List the topics, and how much of it all one has read."""
    done_count, count = service.count_read(turn.work, turn.person.id)
    if not count:
        raise Refusal("learning.none")
    rows: list[list[Button]] = []
    found = service.topics(turn.work)
    for place, (topic, size) in enumerate(found):
        label = turn.button(
            "learning.topic",
            call("learning.topic", topic.name, 0),
            topic=topic.called(turn.voice.language)[:_LABEL],
            count=size,
        )
        if place % 2 and len(found) > LISTED:
            rows[-1].append(label)
        else:
            rows.append([label])
    rows.append([turn.button("learning.favourites", call("learning.favourites", 0)), _home(turn)])
    said = turn.say("learning.which_topic", done=done_count, count=count)
    return reply(said, rows=rows, edits=True, personal=Personal.OWN)


@routes.button("topic")
def topic_list(turn: Turn, name: str, page: int) -> Reply:
    """List the readings of a topic; those read are ticked, for the reader's own eyes."""
    found = service.of_topic(turn.work, name, turn.voice.language)
    if not found:
        raise Refusal("learning.gone")
    called = {topic.name: topic.called(turn.voice.language) for topic, _ in service.topics(turn.work)}
    said = turn.say("learning.in_topic", topic=called.get(name, name), count=len(found))
    return _listed(turn, said, found, page, lambda to: call("learning.topic", name, to))


def _listed(
    turn: Turn, said: Block, found: Sequence[tuple[int, str]], page: int, to_page: Callable[[int], str]
) -> Reply:
    page = max(0, min(page, (len(found) - 1) // LISTED))
    read = service.read_marks(turn.work, turn.person.id)
    rows: list[list[Button]] = [
        [
            turn.button(
                "learning.title_read" if number in read else "learning.title",
                call("learning.show", number),
                title=title[:_LABEL],
            )
        ]
        for number, title in found[page * LISTED : (page + 1) * LISTED]
    ]
    turning = []
    if page > 0:
        turning.append(turn.button("learning.page_before", to_page(page - 1)))
    if (page + 1) * LISTED < len(found):
        turning.append(turn.button("learning.page_after", to_page(page + 1)))
    rows += [turning, [turn.button("learning.back", call("learning.topics"))]]
    return reply(said, rows=rows, edits=True, personal=Personal.OWN)


@routes.entry("favourites")
def favourites(turn: Turn, _rest: str) -> Reply:
    """List what one keeps."""
    return favourite_list(turn, 0)


@routes.button("favourites")
def favourite_list(turn: Turn, page: int) -> Reply:
    """List what one keeps, newest first."""
    found = service.favourites(turn.work, turn.person.id, turn.voice.language)
    if not found:
        rows = [[turn.button("learning.topics", call("learning.topics")), _home(turn)]]
        return reply(turn.say("learning.no_favourites"), rows=rows, edits=True, personal=Personal.OWN)
    said = turn.say("learning.your_favourites", count=len(found))
    return _listed(turn, said, found, page, lambda to: call("learning.favourites", to))
