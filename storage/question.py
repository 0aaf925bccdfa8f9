"""Question banks. A question keeps its row for ever: a changed one gets new text, a removed one is retired."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    func,
    select,
)

from domain.question import LONGEST_REF, Bank, Kind, Question, digest
from storage.base import id_column, insert_new, metadata

bank = Table(
    "question_bank",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("zh", String(120), nullable=False),
    Column("en", String(120), nullable=False),
    Column("shipped", Boolean, nullable=False),
    Column("closed", Boolean, nullable=False, server_default="0"),
)
"""`closed`: the organisation asks nothing of it; what is shipped anew leaves that as it is."""

question = Table(
    "question",
    metadata,
    id_column(),
    Column("bank", String(64), ForeignKey("question_bank.name"), nullable=False),
    Column("ref", String(LONGEST_REF), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("answer", String(8), nullable=False),
    Column("data", Text, nullable=False),
    Column("version", String(32), nullable=False),
    Column("active", Boolean, nullable=False),
    UniqueConstraint("bank", "ref"),
    Index(None, "bank", "active", "kind"),
)

IN_USE: ColumnElement[bool] = and_(question.c.active, question.c.bank.not_in(select(bank.c.name).where(bank.c.closed)))
"""What may be asked of people."""


class Stored(NamedTuple):
    """A row, as far as a comparison needs it."""

    id: int
    version: str
    active: bool


def put_bank(connection: Connection, one: Bank, *, shipped: bool) -> None:
    """Create a bank or rename it."""
    values = {"zh": one.zh, "en": one.en, "shipped": shipped}
    connection.execute(insert_new(connection, bank).values(name=one.name, **values))
    connection.execute(bank.update().where(bank.c.name == one.name).values(values))


def is_shipped(connection: Connection, name: str) -> bool | None:
    """Answer whether a bank came with the program; None when there is no such bank."""
    return connection.scalar(select(bank.c.shipped).where(bank.c.name == name))


def shipped_banks(connection: Connection) -> list[str]:
    """Return the names of the banks that came with the program."""
    return list(connection.scalars(select(bank.c.name).where(bank.c.shipped)))


def stored(connection: Connection, name: str) -> dict[str, Stored]:
    """Return what a bank holds, by ref; retired ones too."""
    rows = connection.execute(
        select(question.c.ref, question.c.id, question.c.version, question.c.active).where(question.c.bank == name)
    )
    return {row[0]: Stored(row[1], row[2], row[3]) for row in rows}


def _values(one: Question) -> dict[str, object]:
    line = one.to_json()
    return {"kind": one.kind.value, "answer": one.answer, "data": line, "version": digest(line), "active": True}


def add(connection: Connection, name: str, questions: Iterable[Question]) -> None:
    """Add questions; one that another process added just now is left as it is."""
    rows = [{"bank": name, "ref": one.ref, **_values(one)} for one in questions]
    if rows:
        connection.execute(insert_new(connection, question), rows)


def change(connection: Connection, number: int, one: Question) -> None:
    """Give a question its new text, and bring it back if it was retired."""
    connection.execute(question.update().where(question.c.id == number).values(_values(one)))


def retire(connection: Connection, numbers: Iterable[int]) -> None:
    """Draw these no more; what was answered stays."""
    connection.execute(question.update().where(question.c.id.in_(list(numbers))).values(active=False))


def banks(connection: Connection) -> list[tuple[Bank, int]]:
    """Return every bank that is open and has questions in use, with how many."""
    rows = connection.execute(
        select(bank.c.name, bank.c.zh, bank.c.en, func.count())
        .join(question, question.c.bank == bank.c.name)
        .where(question.c.active, ~bank.c.closed)
        .group_by(bank.c.name, bank.c.zh, bank.c.en)
        .order_by(bank.c.shipped.desc(), bank.c.name)
    )
    return [(Bank(row[0], row[1], row[2]), row[3]) for row in rows]


class Row(NamedTuple):
    """A question with where it stands."""

    id: int
    bank: str
    active: bool
    question: Question


class Counted(NamedTuple):
    """A bank with how many of its questions are in use, by kind, and how many are retired."""

    bank: Bank
    shipped: bool
    closed: bool
    kinds: dict[Kind, int]
    retired: int

    @property
    def active(self) -> int:
        """How many are in use while the bank is open."""
        return sum(self.kinds.values())


def counted(connection: Connection) -> list[Counted]:
    """Return every bank, open or closed, those of the program first."""
    counts = connection.execute(
        select(question.c.bank, question.c.active, question.c.kind, func.count()).group_by(
            question.c.bank, question.c.active, question.c.kind
        )
    ).all()
    found = connection.execute(select(bank).order_by(bank.c.shipped.desc(), bank.c.name))
    return [
        Counted(
            Bank(row.name, row.zh, row.en),
            row.shipped,
            row.closed,
            {Kind(kind): number for name, active, kind, number in counts if name == row.name and active},
            sum(number for name, active, _, number in counts if name == row.name and not active),
        )
        for row in found
    ]


def bank_of(connection: Connection, name: str) -> tuple[Bank, bool, bool] | None:
    """Return (bank, shipped, closed)."""
    row = connection.execute(select(bank).where(bank.c.name == name)).first()
    return None if row is None else (Bank(row.name, row.zh, row.en), row.shipped, row.closed)


def bank_names(connection: Connection, names: Iterable[str]) -> list[tuple[str, str]]:
    """Return (name, what people call it) of these banks."""
    rows = connection.execute(select(bank.c.name, bank.c.zh).where(bank.c.name.in_(list(names))))
    return [(row[0], row[1]) for row in rows]


def close(connection: Connection, name: str, *, closed: bool) -> None:
    """Ask nothing of a bank any more, or again."""
    connection.execute(bank.update().where(bank.c.name == name).values(closed=closed))


def _asked(name: str, words: str, kind: str, active: bool | None) -> list[ColumnElement[bool]]:  # noqa: FBT001
    tests: list[ColumnElement[bool]] = [question.c.bank == name]
    if words:
        # As it stands in the row: a quotation mark has a backslash before it there.
        tests.append(question.c.data.icontains(json.dumps(words, ensure_ascii=False)[1:-1], autoescape=True))
    if kind:
        tests.append(question.c.kind == kind)
    if active is not None:
        tests.append(question.c.active == active)
    return tests


def count(connection: Connection, name: str, words: str = "", kind: str = "", *, active: bool | None = None) -> int:
    """Return how many questions of a bank hold these words, are of this kind, are in use or retired."""
    tests = _asked(name, words, kind, active)
    return connection.scalar(select(func.count()).select_from(question).where(*tests)) or 0


def listed(
    connection: Connection,
    name: str,
    words: str = "",
    kind: str = "",
    *,
    active: bool | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Row]:
    """Return the same questions, oldest first."""
    rows = connection.execute(
        select(question.c.id, question.c.bank, question.c.active, question.c.data)
        .where(*_asked(name, words, kind, active))
        .order_by(question.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [Row(row[0], row[1], row[2], Question.from_json(row[3])) for row in rows]


def get(connection: Connection, number: int) -> Row | None:
    """Return a question, in use or retired."""
    row = connection.execute(
        select(question.c.id, question.c.bank, question.c.active, question.c.data).where(question.c.id == number)
    ).first()
    return None if row is None else Row(row[0], row[1], row[2], Question.from_json(row[3]))


def bring_back(connection: Connection, number: int) -> None:
    """Draw a retired question again."""
    connection.execute(question.update().where(question.c.id == number).values(active=True))
