"""Meetings as lists for a wide screen: which units may be planned for, what they hold by state, and who is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.attendance import KINDS
from domain.meeting import Answer, Attendee, Duty, LeaveReason, Meeting, MeetingState
from domain.member import Unit, UnitKind
from domain.permission import Action
from domain.refusal import Refusal
from services import meeting, permission, words
from services.work import Work
from storage import meeting_view as table
from storage import unit as units

GROUPS: dict[str, tuple[MeetingState, ...]] = {
    "coming": (MeetingState.DRAFT, MeetingState.CALLED, MeetingState.OPEN),
    "recording": (MeetingState.HELD, MeetingState.CIRCULATING),
    "closed": (MeetingState.CLOSED,),
    "cancelled": (MeetingState.CANCELLED,),
}
"""The lists, by the states in each."""
_ORDER = {Duty.SHOULD: 0, Duty.NOT_REQUIRED: 1, Duty.GUEST: 2}


def places(work: Work, member_id: int, words: str, limit: int, offset: int) -> list[Unit]:
    """Return a slice of the units for which this person may plan, by these words in their names."""
    paths = [unit.path for unit in permission.scope(work, member_id, Action.PLAN_MEETINGS)]
    return units.matching(work.connection, paths, [UnitKind(kind) for kind in KINDS], words, limit, offset)


def place(work: Work, member_id: int, unit_id: int) -> Unit:
    """Return a unit whose meetings this person may see, of whatever kind it is; raises the refusal for any other."""
    found = units.get(work.connection, unit_id)
    if found is None:
        raise Refusal("meeting.no_unit")
    permission.demand_permission(work, member_id, Action.PLAN_MEETINGS, found)
    return found


def listed(work: Work, member_id: int, unit: Unit | None, group: str, limit: int, offset: int) -> list[Meeting]:
    """Return a slice of the meetings at or beneath a unit (None: all that this person may plan for) in a list."""
    if unit is None:
        paths = [one.path for one in permission.scope(work, member_id, Action.PLAN_MEETINGS)]
    else:
        paths = [place(work, member_id, unit.id).path]
    states = GROUPS.get(group, GROUPS["coming"])
    soonest = states == GROUPS["coming"]
    return table.slice_of(work.connection, paths, states, limit, offset, soonest=soonest)


@dataclass(frozen=True, slots=True)
class Row:
    """How one person stands to a meeting. Of leave it says nothing to whoever may not know."""

    member_id: int
    name: str
    duty: Duty
    votes: bool
    answer: Answer | None
    """None: nothing that this reader may know."""
    leave: LeaveReason | None
    adjusted: str
    at: datetime | None
    late: bool
    by_hand: bool


def rows(work: Work, member_id: int, found: Meeting) -> list[Row]:
    """Return everybody who is called: those who should first, then the others, in the order of names."""
    keeps = meeting.keeps(work, member_id, found)
    there = table.there(work.connection, found.id)
    named = words.in_order(table.attendees(work.connection, found.id), lambda one: one.name)
    people = sorted(named, key=lambda one: _ORDER[one.duty])
    return [_row(one, there.get(one.member_id, table.There()), keeps=keeps) for one in people]


def _row(one: Attendee, there: table.There, *, keeps: bool) -> Row:
    # Whoever may not know of leaves can't tell one from somebody who has not answered.
    answer = one.answer if keeps or one.answer is Answer.RECEIVED else None
    leave = one.leave if keeps else None
    come = (there.at, there.late, there.by_hand)
    return Row(one.member_id, one.name, one.duty, one.votes, answer, leave, one.adjusted, *come)
