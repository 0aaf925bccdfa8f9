"""Question banks. A question keeps its row for ever: a changed one gets new text, a removed one is retired."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Boolean, Column, Connection, ForeignKey, String, Table, Text, UniqueConstraint, func, select

from domain.question import LONGEST_REF, Bank, Question, digest
from storage.base import id_column, insert_new, metadata

bank = Table(
    "question_bank",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("zh", String(120), nullable=False),
    Column("en", String(120), nullable=False),
    Column("shipped", Boolean, nullable=False),
)

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
)


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
    """Return every bank that has questions, with how many."""
    rows = connection.execute(
        select(bank.c.name, bank.c.zh, bank.c.en, func.count())
        .join(question, question.c.bank == bank.c.name)
        .where(question.c.active)
        .group_by(bank.c.name, bank.c.zh, bank.c.en)
        .order_by(bank.c.shipped.desc(), bank.c.name)
    )
    return [(Bank(row[0], row[1], row[2]), row[3]) for row in rows]
