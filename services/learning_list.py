"""Readings for those who keep them: all of them, one as the day's card, own ones written, planned and retired."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from content import voice
from domain.arrival import clean
from domain.permission import Action
from domain.question import BOTH, digest, plain
from domain.reading import LONGEST_BODY, LONGEST_SOURCE, LONGEST_TITLE, Page, Reading, Topic
from domain.refusal import Refusal
from domain.reply import Reply
from services import calendar, learning, permission, prose
from services.work import Work
from storage import audit
from storage import learning as programme
from storage import reading as readings
from storage import reading_list as table
from storage.reading_list import Row

ON_A_PAGE = 50
FURTHEST = 366
"""Days ahead that can be planned."""
LONGEST_TOPIC = 60
_SOURCE = re.compile(
    r"^\s*[（(【\[]?\s*(?:来源|出处|资料来源|转载自|source)\s*[:：]\s*(.+?)\s*[）)】\]]?\s*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A reading in the list. `last`: the day it was the day's last; `planned`: the next day it will be."""

    row: Row
    topic: str
    title: str
    last: date | None
    planned: date | None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the list."""

    rows: Sequence[Listed]
    count: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Article:
    """What a file holds, as a form takes it up; its body may be too long."""

    title: str
    body: str
    source: str


def demand(work: Work, actor_id: int) -> None:
    """Refuse whoever keeps no readings."""
    permission.demand_everywhere(work, actor_id, Action.IMPORT_QUESTIONS)


def topics(work: Work) -> list[Topic]:
    """Return every topic."""
    return table.every_topic(work.connection)


def search(
    work: Work, actor_id: int, words: str, topic: str, page: int, language: str, *, in_use: bool | None = None
) -> Found:
    """Return a page of the readings that are looked for."""
    demand(work, actor_id)
    count = table.count(work.connection, words, topic, in_use=in_use)
    pages = max(1, -(-count // ON_A_PAGE))
    page = max(1, min(page, pages))
    rows = table.listed(work.connection, words, topic, in_use=in_use, limit=ON_A_PAGE, offset=(page - 1) * ON_A_PAGE)
    return Found(_listed(work, rows, language), count, page, pages)


def _listed(work: Work, rows: Sequence[Row], language: str) -> list[Listed]:
    named = {one.name: one.called(language) for one in topics(work)}
    days = programme.days_of(work.connection, [row.id for row in rows], work.today)
    return [
        Listed(row, named.get(row.reading.topic, ""), title(row.reading, language), *days.get(row.id, (None, None)))
        for row in rows
    ]


def title(one: Reading, language: str) -> str:
    """Return the title in a language, else in the one that there is."""
    pages = one.pages
    return (pages.get(language) or next(iter(pages.values()), Page("", ""))).title


def everything(
    work: Work, actor_id: int, words: str, topic: str, language: str, *, in_use: bool | None = None
) -> list[Listed]:
    """Return all readings that are looked for, to be exported."""
    demand(work, actor_id)
    return _listed(work, table.listed(work.connection, words, topic, in_use=in_use), language)


def one_of(work: Work, actor_id: int, number: int, language: str) -> Listed:
    """Return one reading."""
    demand(work, actor_id)
    row = table.of(work.connection, [number]).get(number)
    if row is None:
        raise Refusal("learning.gone")
    return _listed(work, [row], language)[0]


def own_of(work: Work, actor_id: int, number: int, language: str) -> Listed:
    """Return a reading of the organisation's own; what is shipped is read only."""
    found = one_of(work, actor_id, number, language)
    if not found.row.own:
        raise Refusal("learning.read_only")
    return found


def typed(form: Mapping[str, str], ref: str, topic: str) -> Reading | list[tuple[str, str, int]]:
    """Return the reading that a form holds, or (field, what is wrong, the most characters) of each mistake."""
    wrong: list[tuple[str, str, int]] = []

    def words(name: str, longest: int, *, must: bool = True) -> str:
        said = clean(form.get(name, "").replace("\r\n", "\n")).strip()
        if must and not said:
            wrong.append((name, "missing", longest))
        if len(said) > longest:
            wrong.append((name, "too_long", longest))
        return said

    pages = {}
    for language in BOTH:
        if form.get(f"title_{language}", "").strip() or form.get(f"body_{language}", "").strip():
            heading = words(f"title_{language}", LONGEST_TITLE)
            pages[language] = Page(heading, words(f"body_{language}", LONGEST_BODY))
    if not pages:
        wrong.append(("title_zh", "missing", LONGEST_TITLE))
    zh = words("source_zh", LONGEST_SOURCE, must="zh" in pages)
    en = words("source_en", LONGEST_SOURCE, must=bool(pages) and "zh" not in pages)
    if wrong:
        return wrong
    name = ref or f"own-{digest(plain(next(iter(pages.values())).title) + topic)[:16]}"
    return Reading(name, topic, zh or en, en or zh, pages)


def topic_of(work: Work, name: str, heading: str) -> Topic:
    """Return the topic that is meant: a known one, else a new one with this title."""
    said = " ".join(clean(heading).split())[:LONGEST_TOPIC]
    known = next((one for one in topics(work) if (one.name == name and not said) or said in (one.zh, one.en)), None)
    if known is not None:
        return known
    if not said:
        raise Refusal("learning.topic_needed")
    return Topic(f"t-{digest(plain(said) or said)[:8]}", said, said)


def put(work: Work, actor_id: int, one: Reading, topic: Topic, number: int = 0) -> int:
    """Write an own reading, new or in place of what it was; what was read stays. Returns its number."""
    demand(work, actor_id)
    if not number and one.ref in {row.reading.ref for row in table.listed(work.connection, title(one, "zh"))}:
        raise Refusal("learning.twice_here")
    if topic not in topics(work):
        readings.put_topic(work.connection, topic)
    made, is_new = table.put(work.connection, one)
    deed = "readings.add" if is_new else "readings.change"
    audit.note(work.connection, work.now, actor_id, deed, None, ref=one.ref, version=digest(one.to_json()))
    return made


def retire(work: Work, actor_id: int, number: int, *, retired: bool) -> bool:
    """Show a reading no more, or again; also a shipped one. False when it is so already."""
    found = one_of(work, actor_id, number, BOTH[0])
    if found.row.closed == retired:
        return False
    table.close(work.connection, number, closed=retired)
    if retired:
        programme.unplan(work.connection, number, work.today)
    deed = "readings.retire" if retired else "readings.bring_back"
    audit.note(work.connection, work.now, actor_id, deed, None, ref=found.row.reading.ref)
    return True


def plan(work: Work, actor_id: int, number: int, day: date) -> None:
    """Make it the reading of a coming working day, in place of another that was planned."""
    found = one_of(work, actor_id, number, BOTH[0])
    if not found.row.active:
        raise Refusal("learning.retired")
    if not work.today < day <= work.today + timedelta(days=FURTHEST):
        raise Refusal("learning.day_far", days=FURTHEST)
    if not calendar.is_workday(work, day):
        raise Refusal("learning.day_off", day=day.isoformat())
    programme.plan(work.connection, day, number)
    audit.note(
        work.connection, work.now, actor_id, "readings.plan", None, ref=found.row.reading.ref, day=day.isoformat()
    )


def unplan(work: Work, actor_id: int, number: int) -> None:
    """Take it off the days to come."""
    found = one_of(work, actor_id, number, BOTH[0])
    programme.unplan(work.connection, number, work.today)
    audit.note(work.connection, work.now, actor_id, "readings.unplan", None, ref=found.row.reading.ref)


def read_article(work: Work, actor_id: int, body: bytes) -> Article:
    """Read an article from a DOCX, TXT or Markdown file: the heading, the source where it says one, and the rest."""
    demand(work, actor_id)
    if not body:
        raise Refusal("learning.no_file")
    lines = [one for one in prose.read(body) if isinstance(one, prose.Line)]
    filled = [one for one in lines if one.words.strip()]
    if not filled:
        raise Refusal("learning.no_words")
    head = next((one for one in filled[:5] if one.heading), filled[0])
    source = ""
    rest: list[str] = []
    for one in lines:
        if one is head:
            continue
        found = _SOURCE.match(one.words)
        if found and not source:
            source = found[1]
        else:
            rest.append(one.words.strip())
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(rest)).strip()
    if not text and len(head.words) > LONGEST_TITLE:
        return Article("", clean(head.words.strip()), source)
    return Article(clean(head.words.strip()), clean(text), clean(source))


def card(work: Work, one: Row, language: str) -> Reply:
    """Return the day's card of a reading in a language, as it is pushed."""
    shown = readings.get(work.connection, one.id, language)
    if shown is None:
        raise Refusal("learning.gone")
    return learning.pushed(voice(language), shown)
