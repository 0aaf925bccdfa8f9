"""Meetings as their minutes and documents see them: read only. What changes them is `storage/meeting.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, false, func, or_, select

from domain.meeting import Answer, Attendee, Duty, LeaveReason, Meeting, MeetingKind, MeetingState
from storage.attendee import attendee
from storage.gathering import gathering, presence
from storage.meeting import meeting
from storage.member import member
from storage.unit import unit

_OVER = (MeetingState.HELD, MeetingState.CIRCULATING, MeetingState.CLOSED)


@dataclass(frozen=True, slots=True)
class There:
    """How one person came to a meeting; `at` None: not there."""

    at: datetime | None = None
    late: bool = False
    by_hand: bool = False


def _select() -> Select[Any]:
    return select(
        meeting.c.id, meeting.c.uid, meeting.c.kind, meeting.c.unit_id, unit.c.name, unit.c.path, meeting.c.title,
        meeting.c.place, meeting.c.starts_at, meeting.c.minutes, meeting.c.state, meeting.c.sequence,
        meeting.c.chair_id, meeting.c.created_by, meeting.c.counts_for, meeting.c.quorum, meeting.c.opened_at,
        meeting.c.ended_at, meeting.c.corrections_until, meeting.c.closed_at, meeting.c.digest,
    ).join(unit, unit.c.id == meeting.c.unit_id)  # fmt: skip


def _made(row: Row[Any]) -> Meeting:
    values = list(row)
    values[2], values[10] = MeetingKind(values[2]), MeetingState(values[10])
    return Meeting(*values)


def get(connection: Connection, number: int) -> Meeting | None:
    """Return a meeting."""
    row = connection.execute(_select().where(meeting.c.id == number)).first()
    return None if row is None else _made(row)


def lock(connection: Connection, number: int) -> Meeting | None:
    """Return a meeting that nobody else changes until this transaction ends (PostgreSQL; SQLite has one writer)."""
    row = connection.execute(_select().where(meeting.c.id == number).with_for_update(of=meeting)).first()
    return None if row is None else _made(row)


def closed_text(connection: Connection, number: int) -> str:
    """Return the frozen text of closed minutes; empty before."""
    return connection.scalar(select(meeting.c.closed_text).where(meeting.c.id == number)) or ""


def item_at_hand(connection: Connection, number: int) -> int | None:
    """Return the item that is being talked about."""
    return connection.scalar(select(meeting.c.item_id).where(meeting.c.id == number))


def attendees(connection: Connection, number: int) -> list[Attendee]:
    """Return who is called, by employee number."""
    rows = connection.execute(
        select(
            attendee.c.member_id, member.c.name, attendee.c.duty, attendee.c.votes, attendee.c.reason,
            attendee.c.answer, attendee.c.leave, attendee.c.adjusted,
        )
        .join(member, member.c.id == attendee.c.member_id)
        .where(attendee.c.meeting_id == number)
        .order_by(member.c.employee_no)
    )  # fmt: skip
    return [
        Attendee(r[0], r[1], Duty(r[2]), bool(r[3]), r[4], Answer(r[5]), LeaveReason(r[6]) if r[6] else None, r[7])
        for r in rows
    ]


def there(connection: Connection, number: int) -> dict[int, There]:
    """Return who signed in at a meeting, and how."""
    rows = connection.execute(
        select(presence.c.member_id, presence.c.at, presence.c.late, presence.c.by_member_id.is_not(None))
        .join(gathering, gathering.c.id == presence.c.gathering_id)
        .where(gathering.c.subject == f"meeting:{number}", gathering.c.listed)
    )
    return {row[0]: There(row[1], bool(row[2]), bool(row[3])) for row in rows}


def _in(states: Sequence[MeetingState]) -> list[str]:
    return [state.value for state in states]


def of_paths(
    connection: Connection, paths: Sequence[str], chair_id: int, states: Sequence[MeetingState], limit: int
) -> list[Meeting]:
    """Return the newest meetings in these states at or beneath these paths, or chaired by this person."""
    beneath = [unit.c.path.startswith(path, autoescape=True) for path in paths]
    wanted = meeting.c.chair_id == chair_id
    for one in beneath:
        wanted |= one
    rows = connection.execute(
        _select()
        .where(meeting.c.state.in_(_in(states)), wanted)
        .order_by(meeting.c.starts_at.desc(), meeting.c.id.desc())
        .limit(limit)
    )
    return [_made(row) for row in rows]


def attended(connection: Connection, member_id: int, states: Sequence[MeetingState], limit: int) -> list[Meeting]:
    """Return the newest meetings in these states that a person was called to and was at."""
    came = (
        select(presence.c.member_id)
        .join(gathering, gathering.c.id == presence.c.gathering_id)
        .where(
            gathering.c.subject == "meeting:" + meeting.c.id.cast(gathering.c.subject.type),
            gathering.c.listed,
            presence.c.member_id == member_id,
        )
        .exists()
    )
    called = select(attendee.c.meeting_id).where(attendee.c.member_id == member_id)
    rows = connection.execute(
        _select()
        .where(meeting.c.state.in_(_in(states)), meeting.c.id.in_(called), came)
        .order_by(meeting.c.starts_at.desc(), meeting.c.id.desc())
        .limit(limit)
    )
    return [_made(row) for row in rows]


def _held(query: Select[Any], path: str, first: datetime, last: datetime) -> Select[Any]:
    return query.where(
        unit.c.path.startswith(path, autoescape=True),
        meeting.c.state.in_(_in(_OVER)),
        meeting.c.starts_at >= first,
        meeting.c.starts_at < last,
    )


def held_between(connection: Connection, path: str, first: datetime, last: datetime) -> list[Meeting]:
    """Return the meetings at or beneath a path that are over and began from `first` to before `last`, in order."""
    query = _held(_select(), path, first, last).order_by(meeting.c.starts_at, meeting.c.id)
    return [_made(row) for row in connection.execute(query)]


def count_held(connection: Connection, path: str, first: datetime, last: datetime) -> int:
    """Return how many those are."""
    some = select(func.count()).select_from(meeting.join(unit, unit.c.id == meeting.c.unit_id))
    return connection.scalar(_held(some, path, first, last)) or 0


def slice_of(
    connection: Connection,
    paths: Sequence[str],
    states: Sequence[MeetingState],
    limit: int,
    offset: int,
    *,
    soonest: bool,
) -> list[Meeting]:
    """Return a slice of the meetings in these states at or beneath these paths; `soonest` first, else the newest."""
    here = or_(*(unit.c.path.startswith(path, autoescape=True) for path in paths)) if paths else false()
    order = (meeting.c.starts_at, meeting.c.id)
    rows = connection.execute(
        _select()
        .where(meeting.c.state.in_(_in(states)), here)
        .order_by(*(order if soonest else (one.desc() for one in order)))
        .limit(limit)
        .offset(offset)
    )
    return [_made(row) for row in rows]
