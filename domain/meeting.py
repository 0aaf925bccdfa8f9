"""Meetings (会议): their kinds and states, who is called and why, and what each person answers.

Which kinds of organisational life there are: 支部工作条例(试行) art. 11-16, 党员教育管理工作条例 art. 16-18, both by
way of `content/rules/`, whose rules carry the same ids as the kinds here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

LONGEST_TITLE, LONGEST_PLACE, LONGEST_ITEM, MOST_ITEMS = 40, 100, 100, 20
REASON = range(2, 101)
"""How long the reason of an adjustment may be."""
EARLY = timedelta(hours=2)
"""So long before a meeting its sign-in may be opened,"""
BELATED = timedelta(hours=12)
"""and so long after it has begun."""
FARTHEST = timedelta(days=400)
"""Nothing is planned further ahead."""
_PERIOD = re.compile(r"(?P<year>20\d\d)(?:-(?P<month>0[1-9]|1[0-2])|-?Q(?P<quarter>[1-4])|-?H(?P<half>[12]))?")


class MeetingKind(StrEnum):
    """What kind of meeting it is; the value is the id of the rule that asks for it, where one does."""

    BRANCH_MEETING = "branch_meeting"
    COMMITTEE_MEETING = "committee_meeting"
    GROUP_MEETING = "group_meeting"
    LECTURE = "lecture"
    THEME_DAY = "theme_day"
    LIFE_MEETING = "life_meeting"
    ASSESSMENT = "assessment"
    OTHER = "other"


USUAL_MINUTES = {
    MeetingKind.BRANCH_MEETING: 90,
    MeetingKind.COMMITTEE_MEETING: 60,
    MeetingKind.GROUP_MEETING: 60,
    MeetingKind.LECTURE: 90,
    MeetingKind.THEME_DAY: 120,
    MeetingKind.LIFE_MEETING: 180,
    MeetingKind.ASSESSMENT: 120,
    MeetingKind.OTHER: 60,
}
"""How long each is planned to be."""


class MeetingState(StrEnum):
    """How far a meeting is."""

    DRAFT = "draft"
    CALLED = "called"
    """The notice is out."""
    OPEN = "open"
    HELD = "held"
    """Over; the minutes are being written."""
    CIRCULATING = "circulating"
    """The minutes are with those present, for correction."""
    CLOSED = "closed"
    """The minutes are closed, their hash kept; from here on there are addenda alone."""
    CANCELLED = "cancelled"


class Duty(StrEnum):
    """How a person stands to a meeting."""

    SHOULD = "should"
    """应到."""
    NOT_REQUIRED = "not_required"
    """不作硬性要求 (党员教育管理工作条例 art. 23): welcome, and out of the denominator."""
    GUEST = "guest"
    """列席: counted nowhere."""


class Answer(StrEnum):
    """What a person answered to the notice."""

    NONE = "none"
    RECEIVED = "received"
    """收到."""
    LEAVE_ASKED = "leave_asked"
    LEAVE_GRANTED = "leave_granted"
    LEAVE_REFUSED = "leave_refused"


class LeaveReason(StrEnum):
    """Why somebody asks for leave: a word and no story, so that nobody's illness is written down."""

    DUTY = "duty"
    TRIP = "trip"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Attendee:
    """One person called to a meeting. `reason`: the code of why (a sentence of `content/`)."""

    member_id: int
    name: str
    duty: Duty
    votes: bool
    reason: str
    answer: Answer = Answer.NONE
    leave: LeaveReason | None = None
    adjusted: str = ""
    """Why the secretary set it otherwise than the rule; empty: as the rule says."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting of a unit."""

    id: int
    uid: str
    kind: MeetingKind
    unit_id: int
    unit_name: str
    path: str
    title: str
    place: str
    starts_at: datetime
    minutes: int
    """How long it is planned to be."""
    state: MeetingState
    sequence: int
    """Goes up with each change that people are told of (the SEQUENCE of the .ics)."""
    chair_id: int
    created_by: int
    counts_for: str
    """The period (`2026-10`) that it makes up for, when it is not the one it is held in."""
    quorum: str
    """The basis of its quorum: `voting` (of those with a vote), `committee`, or empty for none."""
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    corrections_until: datetime | None = None
    closed_at: datetime | None = None
    digest: str = ""
    """SHA-256 of the closed minutes."""


@dataclass(frozen=True, slots=True)
class Held:
    """The counts of a meeting that was held: what obligations and rates are computed from."""

    meeting_id: int
    unit_id: int
    kind: MeetingKind
    starts_at: datetime
    counts_for: str
    quorum: str
    should: int
    leave: int
    """Of those who should: with leave granted."""
    came: int
    """Of those who should: signed in."""
    came_on_leave: int
    """Of those with leave: came all the same."""
    voting: int
    voting_came: int
    not_required: int
    signed_in: bool
    """Somebody signed in at all."""
    has_minutes: bool
    """The minutes are closed."""


def covers(period: str, day: date) -> bool | None:
    """Answer whether a day lies in a period (`2026`, `2026-10`, `2026Q4`, `2026H2`); None: this names no period."""
    found = _PERIOD.fullmatch(period)
    if found is None:
        return None
    month, quarter, half = (found[name] for name in ("month", "quarter", "half"))
    return (
        day.year == int(found["year"])
        and (month is None or day.month == int(month))
        and (quarter is None or (day.month + 2) // 3 == int(quarter))
        and (half is None or (day.month + 5) // 6 == int(half))
    )
