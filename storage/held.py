"""Meetings that were held, counted: the one query behind obligations and rates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Row, String, and_, cast, func, literal, or_, select

from domain.meeting import Answer, Duty, Held, MeetingKind, MeetingState
from storage.attendee import attendee
from storage.gathering import gathering, presence
from storage.meeting import meeting

_OVER = (MeetingState.HELD.value, MeetingState.CIRCULATING.value, MeetingState.CLOSED.value)


_SHOULD = attendee.c.duty == Duty.SHOULD.value
_LEAVE = and_(_SHOULD, attendee.c.answer == Answer.LEAVE_GRANTED.value)
_CAME = presence.c.member_id.is_not(None)
_VOTES = attendee.c.votes
"""Whoever is relieved by art. 23 keeps her vote, and so stands in the base of votes."""


def _total(*tests: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(cast(and_(*tests), Integer)), 0)


_COLUMNS: tuple[ColumnElement[Any], ...] = (
    meeting.c.id,
    meeting.c.unit_id,
    meeting.c.kind,
    meeting.c.starts_at,
    meeting.c.counts_for,
    meeting.c.quorum,
    _total(_SHOULD),
    _total(_LEAVE),
    _total(_SHOULD, _CAME),
    _total(_LEAVE, _CAME),
    _total(_VOTES),
    _total(_VOTES, _CAME),
    _total(attendee.c.duty == Duty.NOT_REQUIRED.value),
    func.count(presence.c.member_id),
    meeting.c.state,
)


def between(connection: Connection, units: Sequence[int], first: datetime, last: datetime) -> list[Held]:
    """Return the meetings of these units that began from `first` to before `last` (UTC) and are over, in order.

    One that makes up for another period is there too, whenever it was held.
    """
    theirs = literal("meeting:") + cast(meeting.c.id, String)
    here = and_(presence.c.gathering_id == gathering.c.id, presence.c.member_id == attendee.c.member_id)
    within = and_(meeting.c.starts_at >= first, meeting.c.starts_at < last)
    query = (
        select(*_COLUMNS)
        .join(attendee, attendee.c.meeting_id == meeting.c.id, isouter=True)
        .join(gathering, and_(gathering.c.subject == theirs, gathering.c.listed), isouter=True)
        .join(presence, here, isouter=True)
        .where(meeting.c.unit_id.in_(units), meeting.c.state.in_(_OVER), or_(within, meeting.c.counts_for != ""))
        .group_by(meeting.c.id)
        .order_by(meeting.c.starts_at, meeting.c.id)
    )
    return [_made(row) for row in connection.execute(query)]


def _made(row: Row[Any]) -> Held:
    values = tuple(row)
    counts = [int(count) for count in values[6:13]]
    return Held(
        values[0], values[1], MeetingKind(values[2]), values[3], values[4], values[5],
        counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], counts[6],
        signed_in=values[13] > 0,
        has_minutes=values[14] == MeetingState.CLOSED.value,
    )  # fmt: skip
