"""Wrong answers that wait for review: one row a person and question, until it was answered rightly often enough."""

from __future__ import annotations

from datetime import date

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    func,
    select,
)

from domain.question import Question
from storage.base import Id, insert_new, metadata
from storage.question import IN_USE, question

mistake = Table(
    "quiz_mistake",
    metadata,
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("question_id", Id, ForeignKey("question.id"), nullable=False),
    Column("since", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("rights", Integer, nullable=False),
    PrimaryKeyConstraint("member_id", "question_id"),
)


def add(connection: Connection, member_id: int, question_id: int, day: date) -> None:
    """Keep a wrong answer for review; one that is kept already begins anew."""
    values = {"member_id": member_id, "question_id": question_id, "since": day, "last": day, "rights": 0}
    row = connection.execute(insert_new(connection, mistake).values(values).returning(mistake.c.question_id)).first()
    if row is None:
        connection.execute(mistake.update().where(_it(member_id, question_id)).values(last=day, rights=0))


def right(connection: Connection, member_id: int, question_id: int, day: date, enough: int) -> bool:
    """Count a right answer in the review; True when the question has left it."""
    rights = connection.scalar(
        mistake.update()
        .where(_it(member_id, question_id))
        .values(rights=mistake.c.rights + 1, last=day)
        .returning(mistake.c.rights)
    )
    if rights is None or rights < enough:
        return False
    connection.execute(mistake.delete().where(_it(member_id, question_id)))
    return True


def _it(member_id: int, question_id: int) -> ColumnElement[bool]:
    return (mistake.c.member_id == member_id) & (mistake.c.question_id == question_id)


def count(connection: Connection, member_id: int) -> int:
    """Return how many wait for review."""
    return (
        connection.scalar(
            select(func.count())
            .select_from(mistake.join(question, question.c.id == mistake.c.question_id))
            .where(mistake.c.member_id == member_id, IN_USE)
        )
        or 0
    )


def waiting(connection: Connection, member_id: int, limit: int, offset: int = 0) -> list[tuple[int, Question]]:
    """Return (id, question) of what waits, practised longest ago first."""
    rows = connection.execute(
        select(question.c.id, question.c.data)
        .join(mistake, question.c.id == mistake.c.question_id)
        .where(mistake.c.member_id == member_id, IN_USE)
        .order_by(mistake.c.last, mistake.c.rights, question.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [(row[0], Question.from_json(row[1])) for row in rows]
