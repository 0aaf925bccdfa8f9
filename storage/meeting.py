"""Meetings, one row each. Who is called: `storage/attendee.py`; what was said and decided: `storage/minutes.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, Select, String, Table, Text, or_, select

from domain.meeting import Meeting, MeetingKind, MeetingState
from storage.attendee import attendee
from storage.base import Id, UtcTime, id_column, metadata
from storage.unit import unit

meeting = Table(
    "meeting",
    metadata,
    id_column(),
    Column("uid", String(64), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("title", String(80), nullable=False),
    Column("place", String(200), nullable=False, server_default=""),
    Column("starts_at", UtcTime, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("chair_id", Id, ForeignKey("member.id"), nullable=False),
    Column("created_by", Id, ForeignKey("member.id"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("counts_for", String(16), nullable=False, server_default=""),
    Column("quorum", String(16), nullable=False, server_default=""),
    Column("campaign_id", Id, nullable=True),
    Column("item_id", Id, nullable=True),
    Column("opened_at", UtcTime, nullable=True),
    Column("ended_at", UtcTime, nullable=True),
    Column("corrections_until", UtcTime, nullable=True),
    Column("closed_at", UtcTime, nullable=True),
    Column("closed_text", Text, nullable=False, server_default=""),
    Column("digest", String(64), nullable=False, server_default=""),
    Index("ix_meeting_unit_starts", "unit_id", "starts_at"),
    Index("ix_meeting_state_starts", "state", "starts_at"),
)

OPEN_STATES = (MeetingState.DRAFT, MeetingState.CALLED, MeetingState.OPEN)
RECORDING = (MeetingState.HELD, MeetingState.CIRCULATING)
"""What is over and has no closed minutes yet."""
TOLD = (MeetingState.CALLED, MeetingState.OPEN)
"""What those who are called know of, and is not over."""


def _select() -> Select[Any]:
    return select(
        meeting.c.id,
        meeting.c.uid,
        meeting.c.kind,
        meeting.c.unit_id,
        unit.c.name,
        unit.c.path,
        meeting.c.title,
        meeting.c.place,
        meeting.c.starts_at,
        meeting.c.minutes,
        meeting.c.state,
        meeting.c.sequence,
        meeting.c.chair_id,
        meeting.c.created_by,
        meeting.c.counts_for,
        meeting.c.quorum,
        meeting.c.opened_at,
        meeting.c.ended_at,
        meeting.c.corrections_until,
        meeting.c.closed_at,
        meeting.c.digest,
    ).join(unit, unit.c.id == meeting.c.unit_id)


def _made(row: Sequence[Any]) -> Meeting:
    values = list(row)
    values[2], values[10] = MeetingKind(values[2]), MeetingState(values[10])
    return Meeting(*values)


def add(connection: Connection, **values: Any) -> int:  # noqa: ANN401 - columns of the table
    """Write a new meeting; returns its id."""
    return int(connection.execute(meeting.insert().values(values).returning(meeting.c.id)).one()[0])


def get(connection: Connection, number: int) -> Meeting | None:
    """Return a meeting."""
    row = connection.execute(_select().where(meeting.c.id == number)).first()
    return None if row is None else _made(row)


def change(
    connection: Connection,
    number: int,
    before: Sequence[MeetingState],
    *,
    told: bool = False,
    **values: Any,  # noqa: ANN401 - columns of the table
) -> bool:
    """Change columns of a meeting in one of these states; False when it is in none of them any more.

    `told`: people hear of the change, so the sequence goes up.
    """
    if told:
        values["sequence"] = meeting.c.sequence + 1
    row = connection.execute(
        meeting.update()
        .where(meeting.c.id == number, meeting.c.state.in_([state.value for state in before]))
        .values(values)
        .returning(meeting.c.id)
    ).first()
    return row is not None


def campaign_of(connection: Connection, number: int) -> int | None:
    """Return the campaign of a meeting's notice."""
    found: int | None = connection.scalar(select(meeting.c.campaign_id).where(meeting.c.id == number))
    return found


def item_at_hand(connection: Connection, number: int) -> int | None:
    """Return the agenda item that a meeting is at."""
    found: int | None = connection.scalar(select(meeting.c.item_id).where(meeting.c.id == number))
    return found


def of_units(
    connection: Connection, units: Sequence[int], chair_id: int, states: Sequence[MeetingState], limit: int
) -> list[Meeting]:
    """Return the meetings of these units, or of this chair, in these states, soonest first."""
    rows = connection.execute(
        _select()
        .where(
            meeting.c.unit_id.in_(units) | (meeting.c.chair_id == chair_id),
            meeting.c.state.in_([state.value for state in states]),
        )
        .order_by(meeting.c.starts_at, meeting.c.id)
        .limit(limit)
    )
    return [_made(row) for row in rows]


def last_place(connection: Connection, unit_id: int) -> str:
    """Return the place of a unit's newest meeting that has one."""
    query = select(meeting.c.place).where(meeting.c.unit_id == unit_id, meeting.c.place != "")
    return connection.scalar(query.order_by(meeting.c.id.desc()).limit(1)) or ""


def of_member(connection: Connection, member_id: int, since: datetime, limit: int) -> list[Meeting]:
    """Return the meetings that a person is called to and that begin from `since` on, soonest first."""
    theirs = select(attendee.c.meeting_id).where(attendee.c.member_id == member_id)
    rows = connection.execute(
        _select()
        .where(
            meeting.c.id.in_(theirs),
            meeting.c.starts_at >= since,
            meeting.c.state.in_([state.value for state in TOLD]),
        )
        .order_by(meeting.c.starts_at, meeting.c.id)
        .limit(limit)
    )
    return [_made(row) for row in rows]


def between(connection: Connection, first: datetime, last: datetime, unit_id: int | None = None) -> list[Meeting]:
    """Return what is planned (of one unit) to begin from `first` to before `last`, soonest first."""
    query = _select().where(
        meeting.c.starts_at >= first,
        meeting.c.starts_at < last,
        meeting.c.state.in_([state.value for state in OPEN_STATES]),
    )
    if unit_id is not None:
        query = query.where(meeting.c.unit_id == unit_id)
    return [_made(row) for row in connection.execute(query.order_by(meeting.c.starts_at, meeting.c.id))]


def seen_between(
    connection: Connection, member_id: int, paths: Sequence[str], first: datetime, last: datetime, limit: int
) -> list[Meeting]:
    """Return the meetings from `first` to before `last` to which a person is called, and all of these places."""
    theirs = select(attendee.c.meeting_id).where(attendee.c.member_id == member_id)
    ours = (unit.c.path.startswith(path, autoescape=True) for path in paths)
    rows = connection.execute(
        _select()
        .where(
            meeting.c.starts_at >= first,
            meeting.c.starts_at < last,
            meeting.c.state.not_in((MeetingState.DRAFT.value, MeetingState.CANCELLED.value)),
            or_(meeting.c.id.in_(theirs), *ours),
        )
        .order_by(meeting.c.starts_at, meeting.c.id)
        .limit(limit)
    )
    return [_made(row) for row in rows]
