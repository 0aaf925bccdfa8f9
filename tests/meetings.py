"""Meetings for tests, written as rows: who is called, who is there, how far it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import Connection

from domain.meeting import Answer, Duty, MeetingKind, MeetingState
from storage import gathering, minutes
from storage.attendee import attendee
from storage.meeting import meeting
from tests.talk import Company

BRANCH = {"lin": True, "bo": True, "tang": True, "ma": False}
"""Nickname and vote of the first branch: 马琳 is on probation and has none."""


def hold(  # noqa: PLR0913 - what a test says about a meeting
    company: Company,
    *,
    title: str = "支部党员大会",
    unit: str = "branch1",
    kind: MeetingKind = MeetingKind.BRANCH_MEETING,
    state: MeetingState = MeetingState.OPEN,
    people: dict[str, bool] | None = None,
    present: Iterable[str] = ("lin", "bo", "ma"),
    leave: Iterable[str] = (),
    guests: Iterable[str] = (),
    items: Iterable[str] = ("通过三季度工作计划",),
    quorum: str = "voting",
    by: str = "lin",
    chair: str = "lin",
) -> int:
    """Write a meeting that has begun (or is as far as `state` says); returns its id."""
    facts = {"title": title, "kind": kind.value, "state": state.value, "quorum": quorum}
    called = people if people is not None else BRANCH

    def write(connection: Connection) -> int:
        roll, now = company.roll, company.now
        values = facts | {
            "uid": uuid4().hex,
            "unit_id": roll.units[unit].id,
            "place": "三楼会议室",
            "starts_at": now,
            "minutes": 60,
            "chair_id": roll.people[chair],
            "created_by": roll.people[by],
            "created_at": now,
            "opened_at": now,
        }
        if state in {MeetingState.HELD, MeetingState.CIRCULATING, MeetingState.CLOSED}:
            values["ended_at"] = now + timedelta(minutes=50)
        number = int(connection.execute(meeting.insert().values(values).returning(meeting.c.id)).scalar_one())
        duties = dict.fromkeys(called, Duty.SHOULD) | dict.fromkeys(guests, Duty.GUEST)
        for name, duty in duties.items():
            away = Answer.LEAVE_GRANTED if name in leave else Answer.RECEIVED
            row = {"meeting_id": number, "member_id": roll.people[name], "duty": duty.value, "reason": "member"}
            row |= {"votes": called.get(name, False), "answer": away.value}
            connection.execute(attendee.insert().values(row))
        _sign_in(connection, company, number, values, [*present, *guests])
        for one in items:
            minutes.add_item(connection, number, one)
        return number

    return company.write(write)


def _sign_in(
    connection: Connection, company: Company, number: int, values: dict[str, object], present: list[str]
) -> None:
    roll, now = company.roll, company.now
    place = gathering.add(
        connection,
        title=str(values["title"])[:60],
        unit_id=values["unit_id"],
        opened_by=values["created_by"],
        opened_at=now,
        late_at=now + timedelta(minutes=10),
        secret="0" * 32,
        subject=f"meeting:{number}",
        listed=True,
    )
    gathering.call_people(connection, place, [roll.people[name] for name in present])
    for name in present:
        gathering.sign_in(connection, place, roll.people[name], now, late=False)


def end(company: Company, number: int) -> None:
    """End a meeting, as its own card does."""
    ended = {"state": MeetingState.HELD.value, "ended_at": company.now}
    company.write(lambda c: c.execute(meeting.update().where(meeting.c.id == number).values(ended)))
