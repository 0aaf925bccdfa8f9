"""A month for whoever announces: what one sends, was sent and may approve, what else goes on, and when people rest."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from domain.announcement import Announcement, State
from domain.permission import Action
from services import calendar, gathering, permission, post, theme_day
from services.announcement import title
from services.work import Work
from storage import announcement_approval as approvals
from storage import announcement_list as table
from storage import meeting as meetings

MOST = 500
"""Of each kind, in a month."""
FURTHEST_MONTHS = 24


@dataclass(frozen=True, slots=True)
class Entry:
    """Something on a day. `kind`: mine, approve, received, meeting, gathering or theme_day; `at`: on our clock."""

    kind: str
    at: datetime | None
    title: str
    unit: str
    number: int
    state: str = ""
    later: bool = False
    """Quiet hours hold it back: it arrives after them."""
    opens: bool = True
    """This person may open it."""


@dataclass(slots=True)
class Day:
    """One day of the month. `festival`: its code; `works`: True or False against the week's habit."""

    day: date
    off: bool
    festival: str = ""
    works: bool | None = None
    entries: list[Entry] = field(default_factory=list)


def month(work: Work, member_id: int, first: date) -> list[Day]:
    """Return the days of the month that begins on this day, with what this person may see on each, by the clock."""
    after = (first + timedelta(days=32)).replace(day=1)
    last = after - timedelta(days=1)
    off = calendar.days_off(work, first, last)
    named = {one.day: one for one in calendar.named(work, first, last)}
    begins, ends = work.organisation.start_of(first), work.organisation.start_of(after)
    entries: defaultdict[date, list[Entry]] = defaultdict(list)
    for entry in (*_announcements(work, member_id, begins, ends), *_others(work, member_id, begins, ends)):
        if entry.at is not None:
            entries[entry.at.date()].append(entry)
    days = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        of_day = sorted(entries[day], key=lambda one: (one.at.time() if one.at else datetime.min.time(), one.kind))
        known = named.get(day)
        days.append(Day(day, day in off, known.festival if known else "", known.works if known else None, of_day))
    _theme_days(work, member_id, first, days)
    return days


def _entry(work: Work, kind: str, one: Announcement) -> Entry:
    at = one.send_at
    coming = at is not None and at > work.now and one.state in {State.SCHEDULED, State.WAITING} and not one.urgent
    later = at is not None and coming and post.undisturbed(work, at)[0] > at
    local = work.organisation.local(at) if at else None
    return Entry(kind, local, title(one, 30), one.unit_name, one.id, one.state.value, later, opens=kind != "received")


def _announcements(work: Work, member_id: int, begins: datetime, ends: datetime) -> list[Entry]:
    mine = table.between(work.connection, member_id, begins, ends, MOST)
    received = table.received_between(work.connection, member_id, begins, ends, MOST)
    paths = [unit.path for unit in permission.scope(work, member_id, Action.ANNOUNCE)]
    waiting = [one for one, _ in approvals.waiting(work.connection, member_id, paths, MOST, 0)]
    asked = [one for one in waiting if one.send_at is not None and begins <= one.send_at < ends]
    lists = (("mine", mine), ("received", received), ("approve", asked))
    return [_entry(work, kind, one) for kind, found in lists for one in found]


def _others(work: Work, member_id: int, begins: datetime, ends: datetime) -> list[Entry]:
    local = work.organisation.local
    paths = [unit.path for unit in permission.scope(work, member_id, Action.PLAN_MEETINGS)]
    called = meetings.seen_between(work.connection, member_id, paths, begins, ends, MOST)
    opened = gathering.between(work, member_id, begins, ends, MOST)
    return [
        *(
            Entry(
                "meeting", local(one.starts_at), one.title, one.unit_name, one.id, one.state.value,
                opens=one.path.startswith(tuple(paths)),
            )
            for one in called
        ),
        *(Entry("gathering", local(one.opened_at), one.title, one.unit_name, one.id, opens=False) for one in opened),
    ]  # fmt: skip


def _theme_days(work: Work, member_id: int, first: date, days: list[Day]) -> None:
    """Put each theme day down once, however many branches keep it."""
    together: defaultdict[date, list[theme_day.Coming]] = defaultdict(list)
    for one in theme_day.in_month(work, member_id, first):
        together[one.day].append(one)
    for day in days:
        if found := together.get(day.day):
            name = found[0].unit.name if len(found) == 1 else ""
            day.entries.insert(0, Entry("theme_day", None, "", name, len(found)))
