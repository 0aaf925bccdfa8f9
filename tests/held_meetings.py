"""Meetings and activities of the past as rows, and more people for a unit: what figures are computed from."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Connection

from domain.activity import ActivityKind, ActivityState
from domain.meeting import Answer, Duty, MeetingKind, MeetingState
from domain.member import Standing
from storage import member
from storage.activity import activity
from storage.attendee import attendee
from storage.gathering import gathering, presence
from storage.meeting import meeting
from tests.talk import Company

_numbers = itertools.count(1)
SECRET = "0" * 64


def join(company: Company, unit: str, names: Iterable[str], standing: Standing = Standing.PARTY_FULL) -> list[int]:
    """Let new people belong to a unit; returns their ids."""

    def write(connection: Connection) -> list[int]:
        made = []
        for name in names:
            person = member.add(connection, f"N{next(_numbers):04}", name, company.now)
            member.set_standings(connection, person, [standing])
            member.set_units(connection, person, [company.roll.units[unit].id])
            made.append(person)
        return made

    return company.write(write)


def hold(
    company: Company,
    unit: str,
    day: str,
    should: Collection[int],
    came: Collection[int],
    leave: Collection[int] = (),
    relieved: Collection[int] = (),
    guests: Collection[int] = (),
    **more: object,
) -> int:
    """Write a meeting that was held and closed at 15:00 of a day; returns its id."""
    starts = datetime.combine(datetime.fromisoformat(day), time(15), company.organisation.zone).astimezone(UTC)
    head = company.roll.people["lin"]

    def write(connection: Connection) -> int:
        values = {
            "uid": f"held-{next(_numbers)}", "kind": MeetingKind.BRANCH_MEETING, "unit_id": company.roll.units[unit].id,
            "title": "支部党员大会", "starts_at": starts, "minutes": 60, "state": MeetingState.CLOSED.value,
            "chair_id": head, "created_by": head, "created_at": starts, "quorum": "",
        } | more  # fmt: skip
        number = int(connection.execute(meeting.insert().values(values).returning(meeting.c.id)).scalar_one())
        duties = [*((one, Duty.SHOULD) for one in should), *((one, Duty.NOT_REQUIRED) for one in relieved)]
        for person, duty in [*duties, *((one, Duty.GUEST) for one in guests)]:
            answer = Answer.LEAVE_GRANTED if person in leave else Answer.RECEIVED
            row = {"meeting_id": number, "member_id": person, "duty": duty.value, "votes": duty is Duty.SHOULD}
            connection.execute(attendee.insert().values(**row, reason="full", answer=answer.value))
        _sign_in(connection, f"meeting:{number}", company.roll.units[unit].id, head, starts, came)
        return number

    return company.write(write)


def take_part(
    company: Company, unit: str, day: str, came: Collection[int], audience: str = "", standings: str = ""
) -> int:
    """Write an activity that is over, with who was there; returns its id."""
    starts = datetime.combine(datetime.fromisoformat(day), time(18), company.organisation.zone).astimezone(UTC)
    head, here = company.roll.people["zhou"], company.roll.units[unit].id

    def write(connection: Connection) -> int:
        values = {
            "uid": f"over-{next(_numbers)}", "kind": ActivityKind.CULTURE_SPORT.value, "unit_id": here,
            "audience_id": company.roll.units[audience or unit].id, "standings": standings, "title": "健步走",
            "starts_at": starts, "minutes": 120, "deadline": starts - timedelta(days=1),
            "state": ActivityState.OVER.value, "created_by": head, "created_at": starts - timedelta(days=9),
        }  # fmt: skip
        number = int(connection.execute(activity.insert().values(values).returning(activity.c.id)).scalar_one())
        _sign_in(connection, f"activity:{number}", here, head, starts, came)
        return number

    return company.write(write)


def _sign_in(connection: Connection, subject: str, unit_id: int, by: int, at: datetime, came: Collection[int]) -> None:
    row = {
        "title": "签到", "unit_id": unit_id, "opened_by": by, "opened_at": at, "late_at": at + timedelta(minutes=10),
        "closed_at": at + timedelta(hours=2), "secret": SECRET, "subject": subject, "listed": True,
    }  # fmt: skip
    number = connection.execute(gathering.insert().values(row).returning(gathering.c.id)).scalar_one()
    for person in sorted(came):
        connection.execute(presence.insert().values(gathering_id=number, member_id=person, at=at, late=False))
