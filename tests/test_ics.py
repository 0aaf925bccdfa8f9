"""Calendar files, read by two parsers other than the one that writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import ics as second_parser
import vobject
from sqlalchemy import Connection

from services import ics
from services.work import Work
from tests.talk import Company

WORDS = "第一行；第二行, 带逗号\\和反斜杠\n" + "很长的一行" * 30
OCCASION = ics.Occasion(
    "meeting-12@example",
    3,
    "第一党支部党员大会；7月",
    "三楼, 会议室",
    datetime(2026, 7, 1, 7, 0, tzinfo=UTC),
    90,
    WORDS,
)


def written(company: Company, occasion: ics.Occasion) -> str:
    def write(connection: Connection) -> bytes:
        return ics.write(Work(connection, company.organisation, company.now), occasion)

    return company.read(write).decode()


def test_the_first_other_parser_reads_the_same(company: Company) -> None:
    event = vobject.readOne(written(company, OCCASION)).vevent
    assert event.uid.value == "meeting-12@example"
    assert event.sequence.value == "3"
    assert event.summary.value == OCCASION.title
    assert event.location.value == OCCASION.place
    assert event.description.value == WORDS
    assert event.dtstart.value == OCCASION.starts_at
    assert event.dtend.value - event.dtstart.value == timedelta(minutes=90)
    assert len(event.valarm_list) == 2


def test_the_second_other_parser_reads_the_same(company: Company) -> None:
    [event] = second_parser.Calendar(written(company, OCCASION)).events
    assert event.uid == "meeting-12@example"
    assert event.name == OCCASION.title
    assert event.description == WORDS
    assert event.begin.datetime == OCCASION.starts_at
    assert event.duration == timedelta(minutes=90)


def test_a_cancelled_one_says_so_under_the_same_uid(company: Company) -> None:
    words = written(company, ics.Occasion("m@x", 4, "会", "", OCCASION.starts_at, 60, cancelled=True))
    calendar = vobject.readOne(words)
    assert calendar.method.value == "CANCEL"
    assert calendar.vevent.status.value == "CANCELLED"
    assert calendar.vevent.uid.value == "m@x"
    assert calendar.vevent.sequence.value == "4"
    assert "VALARM" not in words


def test_lines_are_folded_and_nothing_is_injected(company: Company) -> None:
    nasty = ics.Occasion("m@x", 0, "会\r\nEND:VEVENT\r\nX-EVIL:1", "", OCCASION.starts_at, 60)
    words = written(company, nasty)
    assert all(len(line.encode()) <= 75 for line in words.split("\r\n"))
    assert "\r\nX-EVIL" not in words
