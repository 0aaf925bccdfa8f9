"""Planning meetings: where and of what kind, who may run one, changing and cancelling, and how one stands."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from domain import attendance
from domain.announcement import secrecy_mark
from domain.attendance import KINDS, Candidate, Counts
from domain.meeting import (
    FARTHEST,
    LONGEST_ITEM,
    LONGEST_PLACE,
    LONGEST_TITLE,
    MOST_ITEMS,
    USUAL_MINUTES,
    Attendee,
    Duty,
    Meeting,
    MeetingKind,
    MeetingState,
    covers,
)
from domain.member import Unit, UnitKind
from domain.permission import MATRIX, Action, Role
from domain.refusal import Refusal
from domain.vote import fits
from services import calendar, permission, theme_day, vote
from services.work import Work
from storage import agenda as agendas
from storage import attendee as attendees
from storage import gathering as gatherings
from storage import meeting as table
from storage import meeting_view as table_view
from storage import member as members
from storage import permission as grants
from storage import relief
from storage import unit as units

_NUMBERED = re.compile(r"^\d{1,2}\s*[.、)）]\s*")
_ORDER = {MeetingState.OPEN: 0, MeetingState.HELD: 2, MeetingState.CIRCULATING: 2}
USUAL_AT = time(15)
YEARS = range(2000, 3000)
"""No button names another; near the ends of the calendar a zone reaches beyond it."""
MOST_CALLED = 1000
"""More than these are told by an announcement, or invited to an activity."""
COMMITTEE = (Role.BRANCH_SECRETARY, Role.COMMITTEE_MEMBER)


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who is (or was) there."""

    member_id: int
    name: str
    duty: Duty
    votes: bool
    at: datetime
    late: bool
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Worry:
    """What should be known of a time before it is taken; nothing of it forbids anything."""

    day_off: bool
    clashes: tuple[Meeting, ...]


def places(work: Work, member_id: int) -> list[Unit]:
    """Return the units for which this person may plan meetings, from the top down."""
    found: dict[int, Unit] = {}
    for top in permission.scope(work, member_id, Action.PLAN_MEETINGS):
        found.update({unit.id: unit for unit in units.beneath(work.connection, top.path) if unit.kind in KINDS})
    return list(found.values())


def place(work: Work, member_id: int, unit_id: int, kind: str | None = None) -> Unit:
    """Return a unit that may be planned for, and that holds this kind of meeting; raises the refusal for others."""
    unit = units.get(work.connection, unit_id)
    if unit is None or unit.kind not in KINDS:
        raise Refusal("meeting.no_unit")
    permission.demand_permission(work, member_id, Action.PLAN_MEETINGS, unit)
    if kind is not None and kind not in KINDS[unit.kind]:
        raise Refusal("meeting.no_kind", unit=unit.name)
    return unit


def get(work: Work, number: int) -> Meeting:
    """Return a meeting; raises the refusal when there is none."""
    found = table.get(work.connection, number)
    if found is None:
        raise Refusal("meeting.gone")
    return found


def unit_of(work: Work, meeting: Meeting) -> Unit:
    """Return the unit of a meeting."""
    found = units.get(work.connection, meeting.unit_id)
    if found is None:
        raise Refusal("meeting.gone")
    return found


def may_run(work: Work, member_id: int, meeting: Meeting) -> bool:
    """Answer whether this person may run a meeting."""
    return permission.may(work, member_id, Action.PLAN_MEETINGS, unit_of(work, meeting))


def runs(work: Work, member_id: int, number: int) -> Meeting:
    """Return a meeting to whoever may run it; to others it does not exist."""
    found = get(work, number)
    if not may_run(work, member_id, found):
        raise Refusal("meeting.gone")
    return found


def keeps(work: Work, member_id: int, meeting: Meeting) -> bool:
    """Answer whether this person may see who asks for leave and why: the chair, and who holds office right there.

    An officer further above may run the meeting, yet has no part in this.
    """
    if not may_run(work, member_id, meeting):
        return False
    unit = unit_of(work, meeting)
    held = permission.grants_of(work, member_id)
    near = {grant.path for grant in held if Action.PLAN_MEETINGS in MATRIX[grant.role]}
    return member_id == meeting.chair_id or unit.path in near or _is_group_of(unit, near)


def check_size(work: Work, unit: Unit) -> None:
    """Refuse a unit that is too large to be called one by one."""
    if len(members.some_of(work.connection, unit.path, (), MOST_CALLED + 1)) > MOST_CALLED:
        raise Refusal("meeting.too_many", unit=unit.name, most=MOST_CALLED)


def summon(work: Work, unit: Unit, kind: MeetingKind, day: date) -> tuple[Attendee, ...]:
    """Return who is called to a meeting by the rule; raises the refusal where that is a crowd and no meeting."""
    check_size(work, unit)
    belonging = attendees.belonging(work.connection, unit.path)
    held = [
        member_id
        for role in COMMITTEE
        for member_id, path in grants.holders(work.connection, role, unit.path, work.now)
        if path == unit.path
    ]
    known = {number for number, *_ in belonging}
    outside = attendees.some(work.connection, [one for one in held if one not in known])
    relieved = relief.on(work.connection, [number for number, *_ in (*belonging, *outside)], day)
    people = [
        Candidate(number, name, standings, number in known, number in held, number in relieved)
        for number, name, standings in (*belonging, *outside)
    ]
    return attendance.called(kind, unit.kind, people)


def last_place(work: Work, unit_id: int) -> str:
    """Return where a unit met last."""
    return table.last_place(work.connection, unit_id)


def suggestions(work: Work, unit: Unit, kind: MeetingKind) -> list[datetime]:
    """Return two times that are likely: the branch's theme day, else the next workday and the one a week later."""
    if kind is MeetingKind.THEME_DAY and unit.kind is UnitKind.PARTY_BRANCH:
        day = theme_day.coming(work, [unit])[0]
        first = work.organisation.at(day.day, day.choice.at)
        return [first] if first > work.now else []
    found = []
    for ahead in (1, 8):
        day_then = work.today + timedelta(days=ahead)
        while not calendar.is_workday(work, day_then):
            day_then += timedelta(days=1)
        found.append(work.organisation.at(day_then, USUAL_AT))
    return found


def check_time(work: Work, starts_at: datetime) -> None:
    """Refuse a time that is over or too far away."""
    if starts_at <= work.now:
        raise Refusal("meeting.past")
    if starts_at > work.now + FARTHEST:
        raise Refusal("meeting.too_far")


def worry(work: Work, unit_id: int, starts_at: datetime, minutes: int, but: int = 0) -> Worry:
    """Return what stands against a time: a day off, or other meetings of the unit (`but`: the one being moved)."""
    ends = starts_at + timedelta(minutes=minutes)
    near = table.between(work.connection, starts_at - timedelta(days=1), ends, unit_id)
    clashes = tuple(one for one in near if one.id != but and one.starts_at + timedelta(minutes=one.minutes) > starts_at)
    return Worry(not calendar.is_workday(work, work.organisation.today(starts_at)), clashes)


def plan(  # noqa: PLR0913 - what a meeting is
    work: Work,
    member_id: int,
    unit_id: int,
    kind: str,
    title: str,
    starts_at: datetime,
    *,
    where: str = "",
    minutes: int = 0,
    counts_for: str = "",
    agenda: Sequence[str] = (),
) -> Meeting:
    """Write a draft, with who is called by the rule. `counts_for`: the period it is planned for, whenever it is."""
    unit = place(work, member_id, unit_id, kind)
    sort = MeetingKind(kind)
    check_time(work, starts_at)
    day = work.organisation.today(starts_at)
    number = table.add(
        work.connection,
        uid=f"meeting-{uuid.uuid4().hex}@dangqun",
        kind=kind,
        unit_id=unit.id,
        title=short(title, LONGEST_TITLE, "meeting.long_title"),
        place=short(where, LONGEST_PLACE, "meeting.long_place"),
        starts_at=starts_at,
        minutes=minutes or USUAL_MINUTES[sort],
        state=MeetingState.DRAFT.value,
        chair_id=member_id,
        created_by=member_id,
        created_at=work.now,
        # It stands there only when the time alone does not say it.
        counts_for=counts_for if covers(counts_for, day) is False else "",
        quorum=attendance.quorum_of(sort),
    )
    attendees.write(work.connection, number, summon(work, unit, sort, day))
    agendas.write(work.connection, number, items(sort, agenda))
    return get(work, number)


def short(words: str, longest: int, code: str) -> str:
    """Return typed words in one line; raises the refusal `code` for too many."""
    kept = " ".join(words.split())
    check_secrecy(kept)
    if len(kept) > longest:
        raise Refusal(code, longest=longest)
    return kept


def check_secrecy(words: str) -> None:
    """Refuse words with a mark of secrecy: a notice goes over the internet."""
    mark = secrecy_mark(words)
    if mark is not None:
        refusal = Refusal("announcement.secret", mark=mark)
        refusal.forget = True
        raise refusal


def title_of(words: str) -> str:
    """Return a typed title as it is kept."""
    return short(words, LONGEST_TITLE, "meeting.long_title")


def read_stamp(stamp: str) -> datetime:
    """Return the local time that stands behind a button (202612101430); raises the refusal for a forged one."""
    try:
        found = datetime.strptime(stamp, "%Y%m%d%H%M")  # noqa: DTZ007 - on the organisation's clock
    except ValueError as error:
        raise Refusal("help.expired") from error
    if found.year not in YEARS:
        raise Refusal("help.expired")
    return found


def items(kind: MeetingKind, lines: Sequence[str]) -> list[tuple[str, str]]:
    """Return (title, basis) of agenda lines; numbers before them are left out."""
    check_secrecy("\n".join(lines))
    kept = [line for one in lines if (line := _NUMBERED.sub("", " ".join(one.split())))]
    if len(kept) > MOST_ITEMS or any(len(line) > LONGEST_ITEM for line in kept):
        raise Refusal("meeting.long_agenda", most=MOST_ITEMS, longest=LONGEST_ITEM)
    return [(line, attendance.basis_of_item(kind, line)) for line in kept]


def agenda(work: Work, number: int) -> list[str]:
    """Return the titles of the agenda."""
    return [title for title, _ in agendas.titles(work.connection, number)]


def set_agenda(work: Work, member_id: int, number: int, lines: Sequence[str]) -> Meeting:
    """Write the agenda anew; possible until the sign-in begins, for then items are being decided."""
    table_view.lock(work.connection, number)
    found = runs(work, member_id, number)
    demand_state(found, MeetingState.DRAFT, MeetingState.CALLED)
    agendas.write(work.connection, number, items(found.kind, lines))
    return found


def demand_cancellable(work: Work, meeting: Meeting) -> None:
    """Refuse to cancel what has begun; a sign-in that was opened early has begun nothing."""
    early = (MeetingState.OPEN,) if work.now < meeting.starts_at else ()
    demand_state(meeting, MeetingState.DRAFT, MeetingState.CALLED, *early)


def demand_state(meeting: Meeting, *states: MeetingState) -> None:
    """Refuse what is not possible (any more) in the state that a meeting is in."""
    if meeting.state not in states:
        code = "meeting.cancelled_already" if meeting.state is MeetingState.CANCELLED else "meeting.not_now"
        raise Refusal(code, title=meeting.title)


def running(work: Work, member_id: int, limit: int) -> list[Meeting]:
    """Return the meetings that this person has something to do with: open ones, coming ones, then those to record.

    Those of her own unit and those that she chairs; an officer further above finds them by name, not in her list.
    """
    held = permission.grants_of(work, member_id)
    near = {grant.path for grant in held if Action.PLAN_MEETINGS in MATRIX[grant.role]}
    every = places(work, member_id)
    own = [unit.id for unit in every if unit.path in near or _is_group_of(unit, near)]
    allowed = {unit.id for unit in every}
    found = [
        *table.of_units(work.connection, own, member_id, table.OPEN_STATES, limit),
        *table.of_units(work.connection, own, member_id, table.RECORDING, limit),
    ]
    found = [one for one in found if one.unit_id in allowed]
    return sorted(found, key=lambda one: _ORDER.get(one.state, 1))[:limit]


def _is_group_of(unit: Unit, near: set[str]) -> bool:
    return unit.kind is UnitKind.PARTY_GROUP and unit.path.rstrip("/").rpartition("/")[0] + "/" in near


def coming(work: Work, member_id: int, limit: int) -> list[tuple[Meeting, Attendee]]:
    """Return the next meetings that this person is called to, with how she stands to each."""
    since = work.now - timedelta(hours=12)
    found = table.of_member(work.connection, member_id, since, limit)
    pairs = [(one, attendees.get(work.connection, one.id, member_id)) for one in found]
    return [(one, mine) for one, mine in pairs if mine is not None]


def attending(work: Work, number: int) -> list[Attendee]:
    """Return everybody who is called."""
    return attendees.of_meeting(work.connection, number)


def present(work: Work, number: int) -> list[Present]:
    """Return who is there, by number of the roster; nobody while no sign-in was opened."""
    found = gatherings.of_subject(work.connection, subject(number))
    there = gatherings.there(work.connection, found.id) if found else {}
    return [
        Present(one.member_id, one.name, one.duty, one.votes, *there[one.member_id])
        for one in attending(work, number)
        if one.member_id in there
    ]


def counts(work: Work, meeting: Meeting) -> Counts:
    """Return how a meeting stands, and whether the item at hand can be decided."""
    here = {one.member_id: (one.late, one.by_hand) for one in present(work, meeting.id)}
    item = table.item_at_hand(work.connection, meeting.id) if meeting.state is MeetingState.OPEN else None
    basis = agendas.basis_of(work.connection, item) if item is not None else ""
    # A vote that is taken at other kinds of meeting is refused here, so its rule says nothing about this one.
    name = basis if basis and fits(basis, meeting.quorum) else meeting.quorum
    quorum = vote.of_quorum(work, name).quorum if name else None
    return attendance.count(attending(work, meeting.id), here, name, quorum)


def subject(number: int) -> str:
    """Return what a meeting's sign-in and letters are about."""
    return f"meeting:{number}"
