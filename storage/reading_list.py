"""Readings as those see them who keep them: in every language, shipped or own, in use or retired."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, or_, select

from domain.question import BOTH, digest
from domain.reading import Page, Reading, Topic
from storage.base import insert_new
from storage.reading import IN_USE, drop_texts, reading, reading_text, topic, write_texts

FIRST = -1
"""The position of what is one's own: it comes before what is shipped, as long as it was never the day's."""


class Row(NamedTuple):
    """A reading with its state."""

    id: int
    own: bool
    closed: bool
    active: bool
    reading: Reading


def _tests(words: str, name: str, in_use: bool | None) -> list[ColumnElement[bool]]:  # noqa: FBT001
    tests: list[ColumnElement[bool]] = []
    if words:
        hit = or_(
            reading_text.c.title.icontains(words, autoescape=True),
            reading_text.c.body.icontains(words, autoescape=True),
        )
        tests.append(reading.c.id.in_(select(reading_text.c.reading_id).where(hit)))
    if name:
        tests.append(reading.c.topic == name)
    if in_use is not None:
        tests.append(IN_USE if in_use else ~IN_USE)
    return tests


def count(connection: Connection, words: str = "", name: str = "", *, in_use: bool | None = None) -> int:
    """Return how many readings hold these words, are about this topic, are in use or retired."""
    tests = _tests(words, name, in_use)
    return connection.scalar(select(func.count()).select_from(reading).where(*tests)) or 0


def listed(
    connection: Connection,
    words: str = "",
    name: str = "",
    *,
    in_use: bool | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Row]:
    """Return the same readings: one's own first and newest first, then in order."""
    rows = connection.execute(
        select(reading.c.id)
        .where(*_tests(words, name, in_use))
        .order_by(reading.c.own.desc(), reading.c.position, reading.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    numbers = [row[0] for row in rows]
    found = of(connection, numbers)
    return [found[number] for number in numbers]


def of(connection: Connection, numbers: list[int]) -> dict[int, Row]:
    """Return readings by id, whatever their state."""
    pages: dict[int, dict[str, Page]] = {}
    for number, language, title, body in connection.execute(
        select(reading_text.c.reading_id, reading_text.c.language, reading_text.c.title, reading_text.c.body).where(
            reading_text.c.reading_id.in_(numbers)
        )
    ):
        pages.setdefault(number, {})[language] = Page(title, body)
    rows = connection.execute(select(reading).where(reading.c.id.in_(numbers)))
    return {
        row.id: Row(
            row.id,
            row.own,
            row.closed,
            row.active and not row.closed,
            Reading(row.ref, row.topic, row.source_zh, row.source_en, pages.get(row.id, {})),
        )
        for row in rows
    }


def put(connection: Connection, one: Reading) -> tuple[int, bool]:
    """Write an own reading, new or in place of what it was; returns (id, whether it is new)."""
    values = {
        "topic": one.topic,
        "position": FIRST,
        "source_zh": one.source_zh,
        "source_en": one.source_en,
        "version": digest(one.to_json()),
        "active": True,
        "own": True,
    }
    row = connection.execute(
        insert_new(connection, reading).values(ref=one.ref, **values).returning(reading.c.id)
    ).first()
    if row is None:
        connection.execute(reading.update().where(reading.c.ref == one.ref, reading.c.own).values(values))
    number = connection.scalar(select(reading.c.id).where(reading.c.ref == one.ref))
    if row is None:
        drop_texts(connection, int(number or 0), [language for language in BOTH if language not in one.pages])
    write_texts(connection, [one])
    return int(number or 0), row is not None


def close(connection: Connection, number: int, *, closed: bool) -> None:
    """Retire a reading, or bring it back."""
    connection.execute(reading.update().where(reading.c.id == number).values(closed=closed))


def every_topic(connection: Connection) -> list[Topic]:
    """Return every topic, also those without readings in use."""
    rows = connection.execute(select(topic.c.name, topic.c.zh, topic.c.en).order_by(topic.c.name))
    return [Topic(row[0], row[1], row[2]) for row in rows]
