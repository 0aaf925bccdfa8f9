"""Readings and their search index.

The index is a table of its own, `reading_search`, that each database makes in its own way: FTS5 on SQLite, a tsvector
under GIN on PostgreSQL. It holds tokens of single characters and pairs (`domain/reading.py`), so neither parser can
lose a word. SQLAlchemy's metadata doesn't know it: `search_ddl` creates it beside `reading_text`, `search_drop` takes
it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    event,
    func,
    select,
    text,
)

from domain.question import digest
from domain.reading import LONGEST_SOURCE, LONGEST_TITLE, Reading, Topic, tokens
from storage.base import Id, id_column, insert_new, metadata

topic = Table(
    "reading_topic",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("zh", String(120), nullable=False),
    Column("en", String(120), nullable=False),
)

reading = Table(
    "reading",
    metadata,
    id_column(),
    Column("ref", String(LONGEST_TITLE), nullable=False, unique=True),
    Column("topic", String(64), ForeignKey("reading_topic.name"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("source_zh", String(LONGEST_SOURCE), nullable=False),
    Column("source_en", String(LONGEST_SOURCE), nullable=False),
    Column("version", String(32), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("own", Boolean, nullable=False, server_default="0"),
    Column("closed", Boolean, nullable=False, server_default="0"),
)
"""`active`: whether what was shipped still is. `own`: the organisation's. `closed`: the organisation retired it."""

IN_USE: ColumnElement[bool] = and_(reading.c.active, ~reading.c.closed)

reading_text = Table(
    "reading_text",
    metadata,
    id_column(),
    Column("reading_id", Id, ForeignKey("reading.id"), nullable=False),
    Column("language", String(8), nullable=False),
    Column("title", String(LONGEST_TITLE), nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("reading_id", "language"),
)


def search_ddl(dialect: str) -> list[str]:
    """Return the statements that create the search index; run them after `reading_text` is there."""
    if dialect == "sqlite":
        return ["CREATE VIRTUAL TABLE reading_search USING fts5(tokens)"]
    return [
        (
            "CREATE TABLE reading_search (id BIGINT PRIMARY KEY REFERENCES reading_text (id) ON DELETE CASCADE,"
            " tokens TSVECTOR NOT NULL)"
        ),
        "CREATE INDEX ix_reading_search_tokens ON reading_search USING gin (tokens)",
    ]


def search_drop(dialect: str) -> list[str]:
    """Return the statements that take it away; run them before `reading_text` goes."""
    del dialect
    return ["DROP TABLE IF EXISTS reading_search"]


@event.listens_for(reading_text, "after_create")
def _create_search(_table: Table, connection: Connection, **_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
    for statement in search_ddl(connection.dialect.name):
        connection.exec_driver_sql(statement)


@event.listens_for(reading_text, "before_drop")
def _drop_search(_table: Table, connection: Connection, **_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
    for statement in search_drop(connection.dialect.name):
        connection.exec_driver_sql(statement)


_FORGET = {
    "sqlite": text("DELETE FROM reading_search WHERE rowid = :id"),
    "postgresql": text("DELETE FROM reading_search WHERE id = :id"),
}
_INDEX = {
    "sqlite": text("INSERT INTO reading_search (rowid, tokens) VALUES (:id, :tokens)"),
    "postgresql": text("INSERT INTO reading_search (id, tokens) VALUES (:id, to_tsvector('simple', :tokens))"),
}
_MATCH = {
    "sqlite": "SELECT rowid FROM reading_search WHERE reading_search MATCH :query",
    "postgresql": "SELECT id FROM reading_search WHERE tokens @@ to_tsquery('simple', :query)",
}
_FIND = {
    name: text(
        "SELECT r.id, t.language, t.title, t.body FROM reading_text t JOIN reading r ON r.id = t.reading_id "  # noqa: S608 - constants of this module
        f"WHERE r.active AND NOT r.closed AND t.id IN ({match}) ORDER BY r.position, r.id, t.language"
    )
    for name, match in _MATCH.items()
}


class Shown(NamedTuple):
    """A reading in one language."""

    id: int
    topic: str
    position: int
    title: str
    body: str
    source_zh: str
    source_en: str
    active: bool


class Found(NamedTuple):
    """A text that holds all tokens of a query."""

    reading_id: int
    language: str
    title: str
    body: str


def put_topic(connection: Connection, one: Topic) -> None:
    """Create a topic or rename it."""
    connection.execute(insert_new(connection, topic).values(name=one.name, zh=one.zh, en=one.en))
    connection.execute(topic.update().where(topic.c.name == one.name).values(zh=one.zh, en=one.en))


def take_in(connection: Connection, readings: Sequence[Reading]) -> None:
    """Make the shipped readings in use exactly these, in this order. Unchanged ones are left alone, history stays.

    The organisation's own readings are none of them, and what it retired stays retired.
    """
    rows = connection.execute(
        select(reading.c.ref, reading.c.version, reading.c.position, reading.c.active).where(~reading.c.own)
    )
    before = {row[0]: (row[1], row[2], row[3]) for row in rows}
    fresh: list[tuple[dict[str, Any], Reading]] = []
    for position, one in enumerate(readings):
        version = digest(one.to_json())
        known = before.get(one.ref)
        if known == (version, position, True):
            continue
        values = {
            "topic": one.topic,
            "position": position,
            "source_zh": one.source_zh,
            "source_en": one.source_en,
            "version": version,
            "active": True,
        }
        if known is None:
            fresh.append(({"ref": one.ref, **values}, one))
            continue
        connection.execute(reading.update().where(reading.c.ref == one.ref).values(values))
        if known[0] != version:
            write_texts(connection, [one])
    if fresh:
        connection.execute(insert_new(connection, reading), [row for row, _ in fresh])
        write_texts(connection, [one for _, one in fresh])
    gone = sorted({ref for ref, known in before.items() if known[2]} - {one.ref for one in readings})
    if gone:
        connection.execute(reading.update().where(reading.c.ref.in_(gone)).values(active=False))


def write_texts(connection: Connection, readings: Sequence[Reading]) -> None:
    """Write the pages of readings, and their tokens."""
    refs = [one.ref for one in readings]
    numbers = {
        row[0]: row[1] for row in connection.execute(select(reading.c.ref, reading.c.id).where(reading.c.ref.in_(refs)))
    }
    pages = [
        {"reading_id": numbers[one.ref], "language": language, "title": page.title, "body": page.body}
        for one in readings
        for language, page in one.pages.items()
    ]
    connection.execute(insert_new(connection, reading_text), pages)
    ours = reading_text.c.reading_id.in_(list(numbers.values()))
    written = {
        (row[0], row[1]): tuple(row[2:])
        for row in connection.execute(
            select(
                reading_text.c.reading_id,
                reading_text.c.language,
                reading_text.c.id,
                reading_text.c.title,
                reading_text.c.body,
            ).where(ours)
        )
    }
    index = []
    for page in pages:
        number, title, body = written[page["reading_id"], page["language"]]
        if (title, body) != (page["title"], page["body"]):
            connection.execute(
                reading_text.update().where(reading_text.c.id == number).values(title=page["title"], body=page["body"])
            )
        index.append({"id": number, "tokens": " ".join(tokens(f"{page['title']}\n{page['body']}"))})
    name = connection.dialect.name
    connection.execute(_FORGET[name], [{"id": row["id"]} for row in index])
    connection.execute(_INDEX[name], index)


def drop_texts(connection: Connection, number: int, languages: Sequence[str]) -> None:
    """Take away the texts of a reading in these languages, and their tokens."""
    ours = (reading_text.c.reading_id == number, reading_text.c.language.in_(languages))
    gone = [{"id": one} for one in connection.scalars(select(reading_text.c.id).where(*ours))]
    if gone:
        connection.execute(_FORGET[connection.dialect.name], gone)
        connection.execute(reading_text.delete().where(*ours))


def find(connection: Connection, wanted: Sequence[str]) -> list[Found]:
    """Return the texts in use that hold all these tokens (`domain.reading.query_tokens`)."""
    if not wanted:
        return []
    name = connection.dialect.name
    query = " AND ".join(f'"{one}"' for one in wanted) if name == "sqlite" else " & ".join(wanted)
    return [Found(*row) for row in connection.execute(_FIND[name], {"query": query})]


_SHOWN = (
    reading.c.id,
    reading.c.topic,
    reading.c.position,
    reading_text.c.title,
    reading_text.c.body,
    reading.c.source_zh,
    reading.c.source_en,
    IN_USE,
)


def get(connection: Connection, number: int, language: str) -> Shown | None:
    """Return a reading by id, also one that is no longer in use; in another language when it has no other."""
    row = connection.execute(
        select(*_SHOWN)
        .join(reading_text, reading_text.c.reading_id == reading.c.id)
        .where(reading.c.id == number)
        .order_by((reading_text.c.language == language).desc(), reading_text.c.id)
        .limit(1)
    ).first()
    return None if row is None else Shown(*row)


def in_use(connection: Connection) -> list[tuple[int, int]]:
    """Return (id, position) of every reading in use, in order."""
    rows = connection.execute(
        select(reading.c.id, reading.c.position).where(IN_USE).order_by(reading.c.position, reading.c.id)
    )
    return [(row[0], row[1]) for row in rows]


def titles(connection: Connection, numbers: Iterable[int], language: str) -> dict[int, str]:
    """Return titles by id; in another language where there is no other."""
    rows = connection.execute(
        select(reading_text.c.reading_id, reading_text.c.title)
        .where(reading_text.c.reading_id.in_(list(numbers)))
        .order_by((reading_text.c.language == language).asc(), reading_text.c.id.desc())
    )
    return {row[0]: row[1] for row in rows}


def of_topic(connection: Connection, name: str, language: str) -> list[tuple[int, str]]:
    """Return (id, title) of a topic's readings in use, in order."""
    rows = connection.execute(
        select(reading.c.id).where(reading.c.topic == name, IN_USE).order_by(reading.c.position, reading.c.id)
    )
    numbers = [row[0] for row in rows]
    named = titles(connection, numbers, language)
    return [(number, named[number]) for number in numbers if number in named]


def topics(connection: Connection) -> list[tuple[Topic, int]]:
    """Return every topic that has readings in use, with how many."""
    rows = connection.execute(
        select(topic.c.name, topic.c.zh, topic.c.en, func.count())
        .join(reading, reading.c.topic == topic.c.name)
        .where(IN_USE)
        .group_by(topic.c.name, topic.c.zh, topic.c.en)
        .order_by(topic.c.name)
    )
    return [(Topic(row[0], row[1], row[2]), row[3]) for row in rows]


def reindex(connection: Connection) -> None:
    """Make the search index anew from the texts."""
    name = connection.dialect.name
    connection.execute(text("DELETE FROM reading_search"))
    rows = connection.execute(select(reading_text.c.id, reading_text.c.title, reading_text.c.body)).all()
    index = [{"id": row[0], "tokens": " ".join(tokens(f"{row[1]}\n{row[2]}"))} for row in rows]
    if index:
        connection.execute(_INDEX[name], index)
