"""The day's reading, marking as read, favourites, and searching all readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from content import LANGUAGES, Voice
from content import banks as files
from domain import reading as rules
from domain.call import call
from domain.reading import Topic
from domain.refusal import Refusal
from domain.reply import Choices, Reply, Span, Text
from domain.reply import text as plain_text
from domain.schedule import Rule
from services import calendar, points, post, timetable
from services.points import Awarded
from services.work import Work
from storage import learning as table
from storage import reading as readings
from storage import shipped
from storage.reading import Shown

DAILY = "learning.daily"
_STAMP = "readings"
_FURTHEST_BACK = 40
"""The longest run of days off that is looked through; no holiday is as long."""


@dataclass(frozen=True, slots=True)
class Card:
    """A reading as one person sees it."""

    shown: Shown
    topic: str
    read_on: date | None
    """When it was marked, if that was lately."""
    kept: bool
    today: bool
    """Whether it is the day's."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A reading that was found: its title, and the words around the hit."""

    reading_id: int
    title: str
    before: str
    hit: str
    after: str


def prepare(work: Work) -> None:
    """Take in the shipped readings and write the schedule of the day's reading."""
    stamp = files.stamp(files.READINGS)
    if shipped.version(work.connection, _STAMP) != stamp:
        loaded = files.topics()
        for topic, _ in loaded:
            readings.put_topic(work.connection, topic)
        readings.take_in(work.connection, rules.interleaved([group for _, group in loaded]))
        shipped.settle(work.connection, _STAMP, stamp)
    rule = Rule("workdays", at=f"{work.organisation.timetable.learning_at:%H:%M}")
    timetable.keep(work, DAILY, rule)


def programme_day(work: Work) -> date:
    """Return the working day whose reading is today's: on a day off, the last one before."""
    day = work.today
    if calendar.is_workday(work, day):
        return day
    off = calendar.days_off(work, day - timedelta(days=_FURTHEST_BACK), day)
    while day in off:
        day -= timedelta(days=1)
    return day


def of_today(work: Work) -> int | None:
    """Return the day's reading, the same for everybody; chosen at the first look. None when there are no readings."""
    day = programme_day(work)
    found = table.of_day(work.connection, day)
    if found is not None:
        return found
    chosen = rules.next_of_day(readings.in_use(work.connection), table.last_days(work.connection))
    if chosen is None:
        return None
    table.choose(work.connection, day, chosen)
    return table.of_day(work.connection, day)


def card(work: Work, member_id: int, number: int, language: str) -> Card:
    """Return a reading for one person."""
    shown = readings.get(work.connection, number, language)
    if shown is None:
        raise Refusal("learning.gone")
    return Card(
        shown,
        {topic.name: topic.called(language) for topic, _ in readings.topics(work.connection)}.get(shown.topic, ""),
        _lately(work, table.last_read(work.connection, member_id, number)),
        table.is_kept(work.connection, member_id, number),
        today=number == of_today(work),
    )


def _lately(work: Work, day: date | None) -> date | None:
    return day if day is not None and day > work.today - timedelta(days=rules.AGAIN_AFTER) else None


def mark_read(work: Work, member_id: int, number: int) -> Awarded | None:
    """Mark as read; None when it was marked lately and nothing changed."""
    if number not in {one for one, _ in readings.in_use(work.connection)}:
        raise Refusal("learning.gone")
    times = table.mark(work.connection, member_id, number, work.today, rules.AGAIN_AFTER)
    if times is None:
        return None
    return points.award(work, member_id, "learning", f"learning:{number}:{times}")


def keep(work: Work, member_id: int, number: int, *, wanted: bool) -> None:
    """Put into the favourites or take out; doing it twice changes nothing."""
    if readings.get(work.connection, number, LANGUAGES[0]) is None:
        raise Refusal("learning.gone")
    if wanted:
        table.keep(work.connection, member_id, number, work.now)
    else:
        table.drop(work.connection, member_id, number)


def favourites(work: Work, member_id: int, language: str) -> list[tuple[int, str]]:
    """Return (id, title) of what a person keeps, newest first."""
    return table.kept(work.connection, member_id, language)


def after(work: Work, member_id: int, number: int) -> int | None:
    """Return the next reading in order: one that is unread, while there is one. None when there are none at all."""
    order = [one for one, _ in readings.in_use(work.connection)]
    if not order:
        return None
    at = order.index(number) + 1 if number in order else 0
    turned = [*order[at:], *order[:at]]
    done = {one for one, day in table.read_by(work.connection, member_id).items() if _lately(work, day)}
    return next((one for one in turned if one not in done and one != number), turned[0])


def topics(work: Work) -> list[tuple[Topic, int]]:
    """Return the topics with how many readings each has."""
    return readings.topics(work.connection)


def of_topic(work: Work, name: str, language: str) -> list[tuple[int, str]]:
    """Return (id, title) of a topic's readings."""
    return readings.of_topic(work.connection, name, language)


def read_marks(work: Work, member_id: int) -> frozenset[int]:
    """Return which readings a person has ever marked; shown to that person alone."""
    return frozenset(table.read_by(work.connection, member_id))


def count_read(work: Work, member_id: int) -> tuple[int, int]:
    """Return (read, all) of the readings in use, for the person's own eyes."""
    order = {one for one, _ in readings.in_use(work.connection)}
    return len(order & read_marks(work, member_id)), len(order)


def unread_today(work: Work, member_id: int, language: str) -> str | None:
    """Return the title of the day's reading when it is a working day and it is unread."""
    if not calendar.is_workday(work, work.today):
        return None
    number = of_today(work)
    if number is None or _lately(work, table.last_read(work.connection, member_id, number)):
        return None
    return readings.titles(work.connection, [number], language).get(number)


def search(work: Work, query: str, language: str) -> list[Hit]:
    """Return every reading that holds the query (as `read_query` read it): titles first, then in order.

    A hit in another language is shown in that language, under the title in one's own.
    """
    found: dict[int, tuple[tuple[bool, bool], readings.Found]] = {}
    for one in readings.find(work.connection, rules.query_tokens(query)):
        if not rules.holds(f"{one.title}\n{one.body}", query):
            continue
        rank = (one.language != language, not rules.holds(one.title, query))
        if one.reading_id not in found or rank < found[one.reading_id][0]:
            found[one.reading_id] = (rank, one)
    titles = readings.titles(work.connection, found, language) if found else {}
    ranked = sorted(found.items(), key=lambda entry: entry[1][0])
    return [Hit(number, titles.get(number, one.title), *rules.snippet(one.body, query)) for number, (_, one) in ranked]


def push_daily(work: Work) -> None:
    """Push the day's reading to everybody who wants it and has not read it."""
    number = of_today(work)
    if number is None:
        return
    since = work.today - timedelta(days=rules.AGAIN_AFTER)
    people = table.audience(work.connection, number, since)
    pages = {language: readings.get(work.connection, number, language) for language in LANGUAGES}

    def compose(voice: Voice) -> Reply:
        shown = pages[voice.language] or pages[LANGUAGES[0]]
        if shown is None:
            raise Refusal("learning.gone")
        return pushed(voice, shown)

    if people:
        post.push(work, people, "learning", compose, subject=str(number))


def pushed(voice: Voice, shown: Shown) -> Reply:
    """Return the card of the day's reading, as it is pushed."""
    rows = (
        (voice.button("learning.done", call("learning.done", shown.id)),),
        (
            voice.button("learning.keep", call("learning.keep", shown.id, 1)),
            voice.button("learning.next", call("learning.next", shown.id)),
        ),
    )
    return Reply((voice.say("learning.pushed"), *words(voice, shown), Choices(rows)))


def words(voice: Voice, shown: Shown) -> tuple[Text, Text, Text]:
    """Return title, body and source of a reading."""
    source = shown.source_en if voice.language == "en" else shown.source_zh
    title = Text((Span(shown.title, "bold"),))
    return title, plain_text(shown.body), voice.say("learning.source", source=source)
