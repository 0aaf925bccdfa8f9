"""Who is called to a meeting, why, and what each answered. Being there is `presence` (`storage/gathering.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    PrimaryKeyConstraint,
    Select,
    String,
    Table,
    func,
    select,
)

from domain.meeting import Answer, Attendee, Duty, LeaveReason
from domain.member import Standing
from storage.base import Id, UtcTime, insert_new, metadata
from storage.member import audience, member, standing

attendee = Table(
    "attendee",
    metadata,
    Column("meeting_id", Id, ForeignKey("meeting.id"), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False, index=True),
    Column("duty", String(16), nullable=False),
    Column("votes", Boolean, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("answer", String(16), nullable=False, server_default="none"),
    Column("answered_at", UtcTime, nullable=True),
    Column("leave", String(16), nullable=False, server_default=""),
    Column("decided_by", Id, ForeignKey("member.id"), nullable=True),
    Column("adjusted", String(200), nullable=False, server_default=""),
    Column("adjusted_by", Id, ForeignKey("member.id"), nullable=True),
    PrimaryKeyConstraint("meeting_id", "member_id"),
)

_COLUMNS = (
    attendee.c.member_id,
    member.c.name,
    attendee.c.duty,
    attendee.c.votes,
    attendee.c.reason,
    attendee.c.answer,
    attendee.c.leave,
    attendee.c.adjusted,
)


def _made(row: Sequence[Any]) -> Attendee:
    number, name, duty, votes, reason, answer, leave, adjusted = row
    asked = LeaveReason(leave) if leave else None
    return Attendee(number, name, Duty(duty), bool(votes), reason, Answer(answer), asked, adjusted)


def write(connection: Connection, meeting_id: int, people: Iterable[Attendee]) -> None:
    """Write who is called; who is called already stays as she is."""
    rows = [
        {
            "meeting_id": meeting_id,
            "member_id": one.member_id,
            "duty": one.duty.value,
            "votes": one.votes,
            "reason": one.reason,
            "answer": one.answer.value,
            "leave": one.leave.value if one.leave else "",
            "adjusted": one.adjusted,
        }
        for one in people
    ]
    if rows:
        connection.execute(insert_new(connection, attendee), rows)


def of_meeting(connection: Connection, meeting_id: int) -> list[Attendee]:
    """Return everybody who is called, by number."""
    rows = connection.execute(
        select(*_COLUMNS)
        .join(member, member.c.id == attendee.c.member_id)
        .where(attendee.c.meeting_id == meeting_id)
        .order_by(member.c.employee_no)
    )
    return [_made(tuple(row)) for row in rows]


def get(connection: Connection, meeting_id: int, member_id: int) -> Attendee | None:
    """Return one of them."""
    row = connection.execute(
        select(*_COLUMNS)
        .join(member, member.c.id == attendee.c.member_id)
        .where(attendee.c.meeting_id == meeting_id, attendee.c.member_id == member_id)
    ).first()
    return None if row is None else _made(tuple(row))


def change(connection: Connection, meeting_id: int, member_id: int, *before: Answer, **values: Any) -> bool:  # noqa: ANN401
    """Change columns of one of them, who gave one of these answers (none given: any); False when there is none."""
    query = attendee.update().where(attendee.c.meeting_id == meeting_id, attendee.c.member_id == member_id)
    if before:
        query = query.where(attendee.c.answer.in_([answer.value for answer in before]))
    return connection.execute(query.values(values).returning(attendee.c.member_id)).first() is not None


def ask_again(connection: Connection, meeting_id: int, but: int) -> None:
    """Forget what everybody but one has answered: it was said of another time."""
    connection.execute(
        attendee.update()
        .where(attendee.c.meeting_id == meeting_id, attendee.c.member_id != but)
        .values(answer=Answer.NONE.value, answered_at=None, leave="", decided_by=None)
    )


def remove(connection: Connection, meeting_id: int, member_id: int) -> bool:
    """Take somebody out; False when she was not in."""
    row = connection.execute(
        attendee.delete()
        .where(attendee.c.meeting_id == meeting_id, attendee.c.member_id == member_id)
        .returning(attendee.c.member_id)
    ).first()
    return row is not None


def asking(connection: Connection, meetings: Sequence[int]) -> dict[int, int]:
    """Return meeting -> how many wait for an answer to their leave."""
    rows = connection.execute(
        select(attendee.c.meeting_id, func.count())
        .where(attendee.c.meeting_id.in_(meetings), attendee.c.answer == Answer.LEAVE_ASKED.value)
        .group_by(attendee.c.meeting_id)
    )
    return {row[0]: row[1] for row in rows}


def belonging(connection: Connection, path: str) -> list[tuple[int, str, frozenset[Standing]]]:
    """Return (id, name, standings) of everybody at or beneath a path, by number."""
    return _with_standings(connection, audience(path))


def some(connection: Connection, people: Iterable[int]) -> list[tuple[int, str, frozenset[Standing]]]:
    """Return the same of these people who have not left."""
    return _with_standings(
        connection, select(member.c.id).where(member.c.id.in_(list(people)), member.c.left_at.is_(None))
    )


def _with_standings(connection: Connection, who: Select[tuple[int]]) -> list[tuple[int, str, frozenset[Standing]]]:
    rows = connection.execute(
        select(member.c.id, member.c.name, standing.c.standing)
        .join(standing, standing.c.member_id == member.c.id, isouter=True)
        .where(member.c.id.in_(who))
        .order_by(member.c.employee_no)
    )
    found: dict[int, tuple[str, set[Standing]]] = {}
    for number, name, one in rows:
        found.setdefault(number, (name, set()))[1].update({Standing(one)} if one else set())
    return [(number, name, frozenset(held)) for number, (name, held) in found.items()]
