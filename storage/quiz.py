"""Papers and what was answered on them. An answer is written once: only a row without one takes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    select,
)

from domain.question import LONGEST_ANSWER, Question
from domain.quiz import Candidate, Item, Paper, PaperKind
from storage.base import Id, UtcTime, id_column, insert_new, metadata
from storage.mistake import mistake
from storage.preference import preference
from storage.prepared import Prepared
from storage.question import IN_USE, question

paper = Table(
    "quiz_paper",
    metadata,
    id_column(),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("slot", String(120), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("topic", String(64), nullable=False),
    Column("day", Date, nullable=False),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("member_id", "slot"),
)

item = Table(
    "quiz_item",
    metadata,
    Column("paper_id", Id, ForeignKey("quiz_paper.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("question_id", Id, ForeignKey("question.id"), nullable=False),
    Column("given", String(LONGEST_ANSWER), nullable=False, server_default=""),
    Column("right", Boolean, nullable=True),
    Column("answered_at", UtcTime, nullable=True),
    PrimaryKeyConstraint("paper_id", "position"),
)

_PAPER = (
    select(
        paper.c.id,
        paper.c.kind,
        paper.c.topic,
        paper.c.day,
        item.c.position,
        item.c.question_id,
        question.c.version,
        question.c.data,
        item.c.given,
        item.c.right,
    )
    .select_from(paper.join(item, item.c.paper_id == paper.c.id).join(question, question.c.id == item.c.question_id))
    .where(paper.c.member_id == bindparam("member"))
)
_BY_ID = Prepared(_PAPER.where(paper.c.id == bindparam("paper")).order_by(item.c.position))
_BY_SLOT = Prepared(_PAPER.where(paper.c.slot == bindparam("slot_name")).order_by(item.c.position))
_ANSWER = Prepared(
    item.update()
    .where(
        item.c.paper_id == bindparam("b_paper"),
        item.c.position == bindparam("b_position"),
        item.c.right.is_(None),
    )
    .values(given=bindparam("b_given"), right=bindparam("b_right", type_=Boolean), answered_at=bindparam("b_at"))
    .returning(item.c.position)
)
_STATE = Prepared(
    select(func.count(), func.count(item.c.answered_at))
    .select_from(paper.join(item, item.c.paper_id == paper.c.id))
    .where(paper.c.member_id == bindparam("member"), paper.c.slot == bindparam("slot_name"))
)


def daily_slot(day: date) -> str:
    """Return the name of a day's paper; a person has each slot once."""
    return f"daily:{day.isoformat()}"


def _made(rows: Sequence[tuple[object, ...]]) -> Paper | None:
    if not rows:
        return None
    number, kind, topic, day = rows[0][:4]
    items = tuple(
        Item(row[4], row[5], row[6], Question.from_json(str(row[7])), row[8], None if row[9] is None else bool(row[9]))  # type: ignore[arg-type]
        for row in rows
    )
    return Paper(int(str(number)), PaperKind(str(kind)), str(topic), day, items)  # type: ignore[arg-type]


def get(connection: Connection, member_id: int, number: int) -> Paper | None:
    """Return a person's own paper, from one query."""
    return _made(_BY_ID.rows(connection, {"member": member_id, "paper": number}))


def in_slot(connection: Connection, member_id: int, slot: str) -> Paper | None:
    """Return a person's paper by its slot, from one query."""
    return _made(_BY_SLOT.rows(connection, {"member": member_id, "slot_name": slot}))


def newest(connection: Connection, member_id: int, kind: PaperKind, topic: str) -> Paper | None:
    """Return the newest paper of a kind and topic."""
    number = connection.scalar(
        select(func.max(paper.c.id)).where(
            paper.c.member_id == member_id, paper.c.kind == kind.value, paper.c.topic == topic
        )
    )
    return None if number is None else get(connection, member_id, number)


def open_paper(
    connection: Connection,
    member_id: int,
    slot: str,
    kind: PaperKind,
    topic: str,
    questions: Sequence[int],
    day: date,
    at: datetime,
) -> None:
    """Lay out a paper; when the slot is taken already nothing changes."""
    values = {"member_id": member_id, "slot": slot, "kind": kind.value, "topic": topic, "day": day, "at": at}
    row = connection.execute(insert_new(connection, paper).values(values).returning(paper.c.id)).first()
    if row is not None:
        places = enumerate(questions, 1)
        connection.execute(
            item.insert(), [{"paper_id": row[0], "position": place, "question_id": one} for place, one in places]
        )


def record(connection: Connection, number: int, position: int, given: str, at: datetime, *, right: bool) -> bool:
    """Write an answer; False when there is one already."""
    values = {"b_paper": number, "b_position": position, "b_given": given, "b_right": right, "b_at": at}
    return _ANSWER.first(connection, values) is not None


def choose(connection: Connection, number: int, position: int, letters: str) -> None:
    """Keep what is ticked so far, while it is not handed in."""
    connection.execute(
        item.update()
        .where(item.c.paper_id == number, item.c.position == position, item.c.right.is_(None))
        .values(given=letters)
    )


def candidates(connection: Connection, member_id: int, topic: str = "") -> list[Candidate]:
    """Return every question in use (of one bank), with when this person had it last."""
    had = (
        select(item.c.question_id, func.max(paper.c.day).label("last"))
        .join(paper, paper.c.id == item.c.paper_id)
        .where(paper.c.member_id == member_id)
        .group_by(item.c.question_id)
        .subquery()
    )
    query = (
        select(question.c.id, had.c.last, mistake.c.question_id.is_not(None))
        .select_from(
            question.outerjoin(had, had.c.question_id == question.c.id).outerjoin(
                mistake, and_(mistake.c.question_id == question.c.id, mistake.c.member_id == member_id)
            )
        )
        .where(IN_USE)
        .order_by(question.c.id)
    )
    if topic:
        query = query.where(question.c.bank == topic)
    return [Candidate(row[0], row[1], bool(row[2])) for row in connection.execute(query)]


def state(connection: Connection, member_id: int, day: date) -> tuple[int, int]:
    """Return (questions, answered) of a day's paper; (0, 0) when it was not begun."""
    row = _STATE.first(connection, {"member": member_id, "slot_name": daily_slot(day)})
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def to_remind(connection: Connection, day: date) -> list[int]:
    """Return who asked for the reminder and has not finished the day's paper."""
    mine = paper.c.member_id == preference.c.member_id
    today = select(paper.c.id).where(mine, paper.c.slot == daily_slot(day))
    waiting = today.where(select(item.c.position).where(item.c.paper_id == paper.c.id, item.c.right.is_(None)).exists())
    rows = connection.scalars(
        select(preference.c.member_id)
        .where(preference.c.kind == "quiz_reminder", preference.c.wanted, ~today.exists() | waiting.exists())
        .order_by(preference.c.member_id)
    )
    return list(rows)
