"""For tests of organisational life: branches of any size, and meetings that were held, written straight into rows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection

from domain.meeting import Duty, MeetingState
from domain.member import NOTICE_VERSION, Standing, Unit, UnitKind
from domain.permission import Role
from storage import address, member, permission, unit
from storage.attendee import attendee
from storage.gathering import call_people, gathering, presence
from storage.meeting import meeting
from storage.schedule import schedule
from tests.talk import Company, Phone

_numbers = itertools.count(1)


@dataclass(slots=True)
class Branch:
    """A branch that a test founded; the first of its people is the secretary."""

    company: Company
    unit: Unit
    people: list[int]
    groups: list[Unit] = field(default_factory=list)
    secretary: str = ""

    @property
    def phone(self) -> Phone:
        """The secretary's."""
        return self.company.phone(self.secretary)

    def hold(
        self,
        kind: str,
        day: date,
        *,
        place: Unit | None = None,
        came: int | None = None,
        should: Sequence[int] | None = None,
        state: MeetingState = MeetingState.CLOSED,
        counts_for: str = "",
        quorum: str | None = None,
    ) -> int:
        """Write a meeting of this day with those who came; returns its id."""
        people = list(self.people if should is None else should)
        there = people[: len(people) if came is None else came]
        basis = {"branch_meeting": "voting", "committee_meeting": "committee"}.get(kind, "")
        return self.company.write(
            lambda c: hold(
                c, self.company, (place or self.unit).id, kind, day, people, there,
                state=state, counts_for=counts_for, quorum=basis if quorum is None else quorum,
            )
        )  # fmt: skip


def hold(  # noqa: PLR0913 - a meeting has its facts
    connection: Connection,
    company: Company,
    unit_id: int,
    kind: str,
    day: date,
    people: Sequence[int],
    there: Sequence[int],
    *,
    state: MeetingState = MeetingState.CLOSED,
    counts_for: str = "",
    quorum: str = "",
) -> int:
    """Write a meeting, who was called and who came."""
    number = next(_numbers)
    starts = datetime.combine(day, time(15), company.organisation.zone).astimezone(UTC)
    values = {
        "uid": f"test-{number}", "kind": kind, "unit_id": unit_id, "title": kind, "starts_at": starts, "minutes": 60,
        "state": state.value, "chair_id": people[0], "created_by": people[0], "created_at": starts - timedelta(days=3),
        "counts_for": counts_for, "quorum": quorum,
    }  # fmt: skip
    row = connection.execute(meeting.insert().values(values).returning(meeting.c.id)).scalar_one()
    called = [
        {"meeting_id": row, "member_id": one, "duty": Duty.SHOULD.value, "votes": True, "reason": "member"}
        for one in people
    ]
    connection.execute(attendee.insert(), called)
    if state in {MeetingState.CALLED, MeetingState.DRAFT}:
        return int(row)
    facts = {
        "title": kind, "unit_id": unit_id, "opened_by": people[0], "opened_at": starts, "late_at": starts,
        "closed_at": starts + timedelta(hours=1), "secret": "0" * 32, "subject": f"meeting:{row}", "listed": True,
    }  # fmt: skip
    sign_in = connection.execute(gathering.insert().values(facts).returning(gathering.c.id)).scalar_one()
    call_people(connection, sign_in, people)
    if there:
        rows = [{"gathering_id": sign_in, "member_id": one, "at": starts, "late": False} for one in there]
        connection.execute(presence.insert(), rows)
    return int(row)


def only_ours(company: Company, noun: str = "obligation") -> None:
    """Let the clock do what is of one noun alone: a year of all the others takes minutes, and is tested elsewhere."""
    others = schedule.update().where(schedule.c.tick.not_like(f"{noun}.%")).values(active=False)
    company.write(lambda c: c.execute(others))


def found(
    company: Company, name: str, formal: int, *, probationary: int = 0, groups: int = 0, parent: str = "party"
) -> Branch:
    """Found a branch with so many members; its secretary has a phone."""
    return company.write(lambda c: _found(c, company, name, formal, probationary, groups, parent))


def _found(
    connection: Connection, company: Company, name: str, formal: int, probationary: int, groups: int, parent: str
) -> Branch:
    number = next(_numbers)
    above = company.roll.units[parent]
    made = unit.add(connection, f"b{number}", name, UnitKind.PARTY_BRANCH, above)
    beneath = [
        unit.add(connection, f"b{number}g{one}", f"{name}第{one}党小组", UnitKind.PARTY_GROUP, made)
        for one in range(1, groups + 1)
    ]
    people = []
    for place in range(formal + probationary):
        person = member.add(connection, f"T{number:03}{place:03}", f"党员{number}号{place}", company.now)
        standing = Standing.PARTY_FULL if place < formal else Standing.PARTY_PROBATIONARY
        member.set_standings(connection, person, [standing])
        group = [beneath[place % groups].id] if groups else []
        member.set_units(connection, person, [made.id, *group])
        people.append(person)
    secretary = f"secretary{number}"
    member.change(connection, people[0], consent=NOTICE_VERSION, language="zh")
    permission.give(connection, people[0], Role.BRANCH_SECRETARY, made.id, company.now)
    address.meet(connection, "web", secretary, secretary, "zh", company.now)
    caller = address.caller(connection, "web", secretary)
    assert caller is not None
    address.bind(connection, caller.address_id, people[0], company.now)
    return Branch(company, made, people, beneath, secretary)
