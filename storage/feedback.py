"""What people thought of an activity. Who answered and what was answered are two tables without a common key."""

from __future__ import annotations

import random
from uuid import uuid4

from sqlalchemy import Column, Connection, ForeignKey, Integer, PrimaryKeyConstraint, String, Table, Text, func, select

from storage.base import Id, insert_new, metadata

MIXED = 50
"""So many earlier answers are written anew with each one, so that neither the order of the rows nor the number of the
transaction that PostgreSQL keeps beside each says which answer came with which name."""

feedback_given = Table(
    "feedback_given",
    metadata,
    Column("activity_id", Id, ForeignKey("activity.id"), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    PrimaryKeyConstraint("activity_id", "member_id"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("activity_id", Id, ForeignKey("activity.id"), nullable=False, index=True),
    Column("stars", Integer, nullable=False, server_default="0"),
    Column("words", String(300), nullable=False, server_default=""),
)
"""`id` is drawn, so that rows have no order; no moment is kept. Stars and words of one person are two rows."""


feedback_shown = Table(
    "feedback_shown",
    metadata,
    Column("activity_id", Id, ForeignKey("activity.id"), primary_key=True, autoincrement=False),
    Column("answers", Integer, nullable=False),
    Column("tenths", Integer, nullable=False),
    Column("words", Text, nullable=False, server_default=""),
)
"""What is shown, as it was at the last step; `words`: a line each. Written at each step, never between two of them."""


def give(connection: Connection, number: int, member_id: int) -> bool:
    """Note that somebody answered; False when that is known already."""
    row = connection.execute(
        insert_new(connection, feedback_given)
        .values(activity_id=number, member_id=member_id)
        .returning(feedback_given.c.member_id)
    ).first()
    return row is not None


def has_given(connection: Connection, number: int, member_id: int) -> bool:
    """Answer whether somebody answered."""
    query = select(feedback_given.c.member_id).where(
        feedback_given.c.activity_id == number, feedback_given.c.member_id == member_id
    )
    return connection.execute(query).first() is not None


def keep(connection: Connection, number: int, chance: random.Random, stars: int = 0, words: str = "") -> None:
    """Keep what was answered, mixed with what was answered before; whose it is stands nowhere."""
    some = connection.scalars(
        select(feedback.c.id).where(feedback.c.activity_id == number).order_by(func.random()).limit(MIXED)
    ).all()
    gone = connection.execute(
        feedback.delete().where(feedback.c.id.in_(some)).returning(feedback.c.stars, feedback.c.words)
    )
    answers = [(row[0], row[1]) for row in gone] + [(stars, words)]
    chance.shuffle(answers)
    connection.execute(
        feedback.insert(),
        [{"id": uuid4().hex, "activity_id": number, "stars": one, "words": said} for one, said in answers],
    )


def answers(connection: Connection, number: int) -> int:
    """Count the people who answered."""
    return (
        connection.scalar(
            select(func.count()).select_from(feedback_given).where(feedback_given.c.activity_id == number)
        )
        or 0
    )


def stars(connection: Connection, number: int) -> list[int]:
    """Return the stars that were given, the fewest first. Who shows them has counted the answers."""
    rows = connection.scalars(select(feedback.c.stars).where(feedback.c.activity_id == number, feedback.c.stars > 0))
    return sorted(rows)


def words(connection: Connection, number: int) -> list[str]:
    """Return the lines that were written, in no order. Who shows them has counted the answers."""
    rows = connection.scalars(select(feedback.c.words).where(feedback.c.activity_id == number, feedback.c.words != ""))
    return list(rows)


def show(connection: Connection, number: int, answers: int, tenths: int, lines: list[str]) -> None:
    """Let this be shown from now on, until the next step."""
    connection.execute(feedback_shown.delete().where(feedback_shown.c.activity_id == number))
    values = {"activity_id": number, "answers": answers, "tenths": tenths, "words": "\n".join(lines)}
    connection.execute(feedback_shown.insert().values(values))


def shown(connection: Connection, number: int) -> tuple[int, int, list[str]] | None:
    """Return (answers, tenths of stars, lines) as they are shown; None before the first step."""
    query = select(feedback_shown.c.answers, feedback_shown.c.tenths, feedback_shown.c.words)
    row = connection.execute(query.where(feedback_shown.c.activity_id == number)).first()
    return None if row is None else (row[0], row[1], row[2].splitlines())
