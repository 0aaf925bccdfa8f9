"""Who stands behind a figure, and how each of them was counted, for the list behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Integer, Select, String, and_, cast, func, literal, not_, or_, select

from domain.meeting import Answer, Duty, MeetingState
from domain.member import Standing, Unit, UnitKind
from domain.rate import REQUIRED
from storage.attendee import attendee
from storage.gathering import gathering, presence
from storage.meeting import meeting
from storage.member import audience, member, membership, standing
from storage.unit import COLUMNS, as_unit, unit

AT_ONCE = 5_000
"""Ids in one question: SQLite takes 32,766."""
_OVER = (MeetingState.HELD.value, MeetingState.CIRCULATING.value, MeetingState.CLOSED.value)
_CALLED = (Duty.SHOULD.value, Duty.NOT_REQUIRED.value)


class Attended(NamedTuple):
    """How one person is counted: times above the line and below it."""

    member_id: int
    name: str
    came: int
    asked: int


def _some(numbers: Collection[int]) -> Iterator[list[int]]:
    ids = sorted(numbers)
    yield from (ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE))


def _called(
    first: datetime, until: datetime, periods: Collection[str], *columns: ColumnElement[Any], path: str = ""
) -> Select[Any]:
    """Ask for whom the required meetings of a time called (of units at or beneath a path), guests apart.

    Those that began from `first` to before `until`, or make up for one of these periods; over, and signed in at.
    """
    theirs = literal("meeting:") + cast(meeting.c.id, String)
    signed = (
        select(presence.c.member_id)
        .join(gathering, gathering.c.id == presence.c.gathering_id)
        .where(gathering.c.subject == theirs, gathering.c.listed)
        .correlate(meeting)
        .exists()
    )
    within = and_(meeting.c.counts_for == "", meeting.c.starts_at >= first, meeting.c.starts_at < until)
    numbers = select(meeting.c.id).where(
        meeting.c.state.in_(_OVER),
        meeting.c.kind.in_([kind.value for kind in REQUIRED]),
        or_(within, meeting.c.counts_for.in_(periods)),
        signed,
    )
    if path:
        under = select(unit.c.id).where(unit.c.path.startswith(path, autoescape=True))
        numbers = numbers.where(meeting.c.unit_id.in_(under))
    return (
        select(*columns)
        .select_from(attendee)
        .join(meeting, meeting.c.id == attendee.c.meeting_id)
        .join(unit, unit.c.id == meeting.c.unit_id)
        .where(attendee.c.duty.in_(_CALLED), meeting.c.id.in_(numbers))
    )


def called(connection: Connection, first: datetime, until: datetime, periods: Collection[str]) -> set[tuple[str, int]]:
    """Return (path of the unit, person) of all whom the required meetings of a time called."""
    rows = connection.execute(_called(first, until, periods, unit.c.path, attendee.c.member_id).distinct())
    return {(row[0], row[1]) for row in rows}


def called_beneath(
    connection: Connection, path: str, first: datetime, until: datetime, periods: Collection[str]
) -> int:
    """Return how many people those of the unit with this path and all beneath it called."""
    query = _called(first, until, periods, func.count(attendee.c.member_id.distinct()), path=path)
    return connection.scalar(query) or 0


def _pairs(
    connection: Connection, query: Select[Any], column: ColumnElement[int], numbers: Collection[int]
) -> set[tuple[str, int]]:
    return {(row[0], row[1]) for some in _some(numbers) for row in connection.execute(query.where(column.in_(some)))}


def party(connection: Connection) -> set[tuple[str, int]]:
    """Return (path of the unit, person) of the Party members of each branch and each of its groups."""
    kinds = [UnitKind.PARTY_BRANCH.value, UnitKind.PARTY_GROUP.value]
    standings = [Standing.PARTY_FULL.value, Standing.PARTY_PROBATIONARY.value]
    rows = connection.execute(
        select(unit.c.path, membership.c.member_id)
        .join(unit, unit.c.id == membership.c.unit_id)
        .join(member, member.c.id == membership.c.member_id)
        .join(standing, standing.c.member_id == membership.c.member_id)
        .where(unit.c.kind.in_(kinds), unit.c.active, member.c.left_at.is_(None), standing.c.standing.in_(standings))
        .distinct()
    )
    return {(row[0], row[1]) for row in rows}


def eligible(connection: Connection, audiences: Collection[tuple[str, Sequence[Standing]]]) -> set[tuple[str, int]]:
    """Return (path of the unit, person) of all who are in one of these audiences, wherever they belong."""
    if not audiences:
        return set()
    within = or_(*(member.c.id.in_(audience(path, standings)) for path, standings in audiences))
    rows = connection.execute(
        select(unit.c.path, membership.c.member_id)
        .join(unit, unit.c.id == membership.c.unit_id)
        .join(member, member.c.id == membership.c.member_id)
        .where(within)
    )
    return {(row[0], row[1]) for row in rows}


def at(connection: Connection, path: str, people: Collection[int]) -> set[int]:
    """Return those of these people who belong at the unit with this path or beneath it."""
    query = (
        select(membership.c.member_id)
        .join(unit, unit.c.id == membership.c.unit_id)
        .where(unit.c.path.startswith(path, autoescape=True))
    )
    return {
        number for some in _some(people) for number in connection.scalars(query.where(membership.c.member_id.in_(some)))
    }


def among(
    connection: Connection, audiences: Collection[tuple[str, Sequence[Standing]]], people: Collection[int]
) -> frozenset[int]:
    """Return those of these people who are in one of these audiences."""
    if not audiences:
        return frozenset()
    within = or_(*(member.c.id.in_(audience(path, standings)) for path, standings in audiences))
    query = select(member.c.id).where(within)
    return frozenset(
        number for some in _some(people) for number in connection.scalars(query.where(member.c.id.in_(some)))
    )


def has_more(connection: Connection, units: int, people: int) -> bool:
    """Answer whether there are more units or more people than this; looks at no more of them than that."""
    return any(
        (connection.scalar(select(func.count()).select_from(select(table.c.id).limit(most + 1).subquery())) or 0) > most
        for table, most in ((unit, units), (member, people))
    )


def attendance(connection: Connection, meetings: Collection[int]) -> list[Attended]:
    """Return how each person is counted at these meetings; who is counted nowhere is not there."""
    theirs = literal("meeting:") + cast(meeting.c.id, String)
    here = and_(presence.c.gathering_id == gathering.c.id, presence.c.member_id == attendee.c.member_id)
    came = presence.c.member_id.is_not(None)
    away = and_(attendee.c.answer == Answer.LEAVE_GRANTED.value, not_(came))
    query = (
        select(member.c.id, member.c.name, _sum(came), _sum(not_(away)))
        .select_from(attendee)
        .join(meeting, meeting.c.id == attendee.c.meeting_id)
        .join(member, member.c.id == attendee.c.member_id)
        .join(gathering, and_(gathering.c.subject == theirs, gathering.c.listed))
        .join(presence, here, isouter=True)
        .where(attendee.c.duty == Duty.SHOULD.value)
        .group_by(member.c.id, member.c.name)
    )
    found: dict[int, Attended] = {}
    for some in _some(meetings):
        for number, name, came_to, asked_to in connection.execute(query.where(meeting.c.id.in_(some))):
            before = found.get(number)
            more = (before.came, before.asked) if before else (0, 0)
            found[number] = Attended(number, name, came_to + more[0], asked_to + more[1])
    return sorted((one for one in found.values() if one.asked), key=lambda one: one.member_id)


def _sum(test: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(cast(test, Integer)), 0)


def places(connection: Connection, people: Collection[int]) -> set[tuple[str, int]]:
    """Return (path of the unit, person) of wherever these people belong."""
    query = select(unit.c.path, membership.c.member_id).join(unit, unit.c.id == membership.c.unit_id)
    return _pairs(connection, query, membership.c.member_id, people)


def every_unit(connection: Connection) -> list[Unit]:
    """Return all units, those too that are no longer active: what they held was held."""
    return [as_unit(tuple(row)) for row in connection.execute(select(*COLUMNS).order_by(unit.c.path))]


def names(connection: Connection, people: Collection[int]) -> list[str]:
    """Return the names of these people."""
    query = select(member.c.name)
    return [name for some in _some(people) for name in connection.scalars(query.where(member.c.id.in_(some)))]
