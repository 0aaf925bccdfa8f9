"""A year of organisational life of the demo's branches, held through the program's own services at past moments.

One branch is exemplary, one is behind, one is new; what each is, and what was talked about: `content/demo/life.toml`.
"""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.demo.cast import Enterprise, theme_choice
from content import FOLDER
from domain.meeting import Answer, LeaveReason, MeetingKind
from domain.member import Standing, Unit, UnitKind
from domain.organisation import Organisation
from domain.permission import Role
from domain.refusal import Refusal
from domain.theme_day import on
from services import (
    gathering,
    meeting,
    meeting_attendance,
    meeting_notice,
    minutes,
    minutes_closing,
)
from services.calendar import plain_workday
from services.work import Work
from storage import attendee as attendees
from storage import basis, permission, schedule
from storage import member as members
from storage import minutes as written
from storage import unit as units

LIVED = timedelta(days=400)
QUARTER_ENDS, QUARTER_MIDDLES = (3, 6, 9, 12), (2, 5, 8, 11)
DECEMBER = 12
TOLD = timedelta(days=70)
"""Of older meetings the notices are gone by now, as they would be: writing them again would only slow the start."""
LATE = 4
"""Minutes into a meeting at which nobody comes late yet."""


def described() -> dict[str, Any]:
    """Return the year as `content/demo/life.toml` describes it."""
    return tomllib.loads((FOLDER / "demo" / "life.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class _Branch:
    """A branch with its habits."""

    unit: Unit
    secretary: int
    told: dict[str, Any]


class Life:
    """Lives through it."""

    def __init__(
        self, connection: Connection, organisation: Organisation, enterprise: Enterprise, now: datetime
    ) -> None:
        """Draw from a fixed seed."""
        self._connection, self._organisation, self._enterprise = connection, organisation, enterprise
        self._now, self._today = now, organisation.today(now)
        self._theme = theme_choice(self._today)
        self._chance = random.Random(20261126)  # noqa: S311 - a made-up past needs no secrecy
        self._described = described()
        self._kinds = {one["name"]: one for one in self._described["kind"]}
        self._by_name = {name: enterprise.people[number] for number, name in enterprise.names.items()}

    def live(self) -> None:
        """Hold the meetings of the past year."""
        for told in self._described["branch"]:
            branch = _Branch(self._enterprise.units[told["code"]], self._by_name[told["secretary"]], told)
            months = [_months_before(self._today, back) for back in range(told["months"], -1, -1)]
            self._appoint(branch, months[0])
            for month in months:
                self._month(branch, month)

    def _work(self, moment: datetime) -> Work:
        return Work(self._connection, self._organisation, moment)

    def _appoint(self, branch: _Branch, first: date) -> None:
        """Let the committee have been elected before it all, and note what the branch was in its first month."""
        for name in branch.told["committee"]:
            since = self._now - LIVED
            permission.give(self._connection, self._by_name[name], Role.COMMITTEE_MEMBER, branch.unit.id, since)
        for group in self._groups(branch):
            leader = self._leader(branch, group)
            permission.give(self._connection, leader, Role.GROUP_LEADER, group.id, self._now - LIVED)
        facts = basis.compute(self._connection, [branch.unit], first, self._now)
        basis.write(self._connection, f"{first:%Y-%m}", facts, self._now)

    def _groups(self, branch: _Branch) -> list[Unit]:
        beneath = units.beneath(self._connection, branch.unit.path)
        return [unit for unit in beneath if unit.kind is UnitKind.PARTY_GROUP]

    def _leader(self, branch: _Branch, group: Unit) -> int:
        """Return who leads a group: its first member who is nobody whom a visitor plays, and not the secretary."""
        played = {self._enterprise.people[number] for number in self._enterprise.visitors.values()}
        formal = members.members_of(self._connection, group.path, (Standing.PARTY_FULL,))
        return next(one for one in formal if one not in {*played, branch.secretary})

    def _month(self, branch: _Branch, month: date) -> None:
        """Hold what a month asks for."""
        self._hold(branch, branch.unit, "theme_day", on(self._theme, month.year, month.month, plain_workday), 15)
        if branch.told["committee"]:
            self._hold(branch, branch.unit, "committee_meeting", self._workday(month, 8), 16)
        for place, group in enumerate(self._groups(branch)):
            self._hold(branch, group, "group_meeting", self._workday(month, 12 + place), 12)
        if month.month in QUARTER_MIDDLES:
            self._hold(branch, branch.unit, "lecture", self._workday(month, 19), 14)
        if month.month in QUARTER_ENDS:
            self._hold(branch, branch.unit, "branch_meeting", self._workday(month, 18), 15)
        if month.month == DECEMBER:
            self._hold(branch, branch.unit, "life_meeting", self._workday(month, 22), 14)
            self._hold(branch, branch.unit, "assessment", self._workday(month, 23), 14)

    def _workday(self, month: date, day: int) -> date:
        found = month.replace(day=day)
        while not plain_workday(found):
            found += timedelta(days=1)
        return found

    def _hold(self, branch: _Branch, unit: Unit, kind: str, day: date, hour: int) -> None:
        """Plan, call, hold and write down one meeting, unless this branch lets it be or it is still to come."""
        told, starts = self._kinds[kind], self._organisation.at(day, time(hour))
        if self._chance.random() >= branch.told["keeps"] or starts > self._now - timedelta(days=1):
            return
        title = self._described["theme"][day.month - 1] if kind == "theme_day" else told["title"]
        before = self._work(starts - timedelta(days=6))
        chair = branch.secretary if unit == branch.unit else self._leader(branch, unit)
        found = meeting.plan(
            before, chair, unit.id, MeetingKind(kind).value, title, starts, where=told["place"],
            agenda=told["agenda"],
        )  # fmt: skip
        if starts > self._now - TOLD:
            meeting_notice.send(before, chair, found.id)
        self._attend(branch, chair, found.id, starts)
        self._write_down(branch, chair, found.id, told, starts)

    def _attend(self, branch: _Branch, chair: int, number: int, starts: datetime) -> None:
        """Let most come, a few on leave, and one late now and then."""
        opened = self._work(starts - timedelta(minutes=10))
        sign_in = meeting_attendance.open_sign_in(opened, chair, number)
        for one in meeting.attending(opened, number):
            if self._chance.random() < branch.told["comes"] or one.member_id == chair:
                minute = self._chance.randrange(-9, LATE) if self._chance.random() < branch.told["comes"] else 14
                came = self._work(starts + timedelta(minutes=minute))
                gathering.enter(came, sign_in, one.member_id, None)
            elif self._chance.random() < branch.told["comes"] * 0.6:
                leave = self._chance.choice((LeaveReason.DUTY, LeaveReason.TRIP)).value
                answer = {"answer": Answer.LEAVE_GRANTED.value, "answered_at": starts - timedelta(days=1)}
                attendees.change(self._connection, number, one.member_id, leave=leave, decided_by=chair, **answer)
        meeting_attendance.end(self._work(starts + timedelta(minutes=70)), chair, number)

    def _write_down(self, branch: _Branch, chair: int, number: int, told: dict[str, Any], starts: datetime) -> None:
        """Write the minutes; a branch that is behind leaves some of them open."""
        after = self._work(starts + timedelta(minutes=80))
        for words in told["points"]:
            minutes.note(after, chair, number, words)
            if words != told["points"][-1]:
                minutes.next_item(after, chair, number)
        if told["vote"]:
            _, there = minutes.voters(after, number)
            self._vote(after, chair, number, there)
        if told["decision"]:
            minutes.decide(after, chair, number, told["decision"])
        if self._chance.random() >= branch.told["minutes"]:
            return
        if starts > self._now - TOLD:
            minutes_closing.circulate(after, chair, number)
            schedule.stop(self._connection, minutes_closing.TICK, str(number))
        else:
            written.circulate(self._connection, number, starts + timedelta(days=4))
        minutes_closing.term_ends(self._work(starts + timedelta(days=6)), number)

    def _vote(self, after: Work, chair: int, number: int, there: int) -> None:
        try:
            minutes.vote(after, chair, number, {"yes": max(there - 1, 1), "no": 0, "abstain": min(1, there - 1)})
        except Refusal:
            minutes.note(after, chair, number, "到会人数不足，本次不表决，择期再议。")


def _months_before(day: date, months: int) -> date:
    """Return the first day of the month so many before a day's."""
    whole = day.year * 12 + day.month - 1 - months
    return date(whole // 12, whole % 12 + 1, 1)
