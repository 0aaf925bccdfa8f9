"""Checking in for the day, and the days on which one is away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from domain import checkin as rules
from domain.refusal import Refusal
from services import calendar, points
from services.points import Awarded
from services.work import Work
from storage import absence
from storage import checkin as table


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """The day's check-in; `repeated`: it was there already, and nothing changed."""

    at: datetime
    streak: int
    repeated: bool
    awarded: Awarded | None = None


def check_in(work: Work, member_id: int) -> CheckedIn:
    """Check in for today, once however often asked."""
    today = work.today
    last = table.last(work.connection, member_id)
    if last is not None and last[0] == today:
        return CheckedIn(last[1], last[2], repeated=True)
    off = _days_that_do_not_count(work, member_id, last[0], today) if last else frozenset()
    streak = rules.streak(last[0] if last else None, last[2] if last else 0, today, off)
    if not table.record(work.connection, member_id, today, work.now, streak):
        found = table.last(work.connection, member_id)
        if found is not None:
            return CheckedIn(found[1], found[2], repeated=True)
    awarded = points.award(work, member_id, "checkin", f"checkin:{today.isoformat()}")
    return CheckedIn(work.now, streak, repeated=False, awarded=awarded)


def done_today(work: Work, member_id: int) -> bool:
    """Answer whether this person has checked in today."""
    last = table.last(work.connection, member_id)
    return last is not None and last[0] == work.today


def lately(work: Work, member_id: int, days: int) -> list[tuple[date, int]]:
    """Return (day, streak) of one's own check-ins of the last so many days, earliest first."""
    return table.since(work.connection, member_id, work.today - timedelta(days=days - 1))


def _days_that_do_not_count(work: Work, member_id: int, first: date, last: date) -> frozenset[date]:
    """Return days off and days away; with an unbroken run of workdays there is nothing to look up."""
    if (last - first).days <= 1:
        return frozenset() if calendar.plain_workday(last) else calendar.days_off(work, first, last)
    return calendar.days_off(work, first, last) | absence.between(work.connection, member_id, first, last)


def go_away(work: Work, member_id: int, first: date, last: date) -> int:
    """Note days away, at most 366 and at most 31 days back; returns how many. The streak is counted again."""
    if last < first:
        raise Refusal("checkin.away_backwards")
    if (last - first).days >= rules.LONGEST_AWAY:
        raise Refusal("checkin.away_too_long", days=rules.LONGEST_AWAY)
    if (work.today - first).days > rules.FURTHEST_BACK:
        raise Refusal("checkin.away_too_old", days=rules.FURTHEST_BACK)
    absence.add(work.connection, member_id, first, last)
    _count_again(work, member_id, first)
    return (last - first).days + 1


def come_back(work: Work, member_id: int) -> None:
    """Be there again from today on."""
    absence.remove(work.connection, member_id, work.today)


def _count_again(work: Work, member_id: int, first: date) -> None:
    """Give check-ins after a gap the streak that they have now that the gap is explained."""
    rows = table.since(work.connection, member_id, first - timedelta(days=rules.LONGEST_AWAY))
    for (day, streak), (following, shown) in pairwise(rows):
        if following < first:
            continue
        off = calendar.days_off(work, day, following) | absence.between(work.connection, member_id, day, following)
        streak = _streak_of(work, member_id, day, streak)  # noqa: PLW2901 - it may have been corrected just now
        right = rules.streak(day, streak, following, off)
        if right > shown:
            table.correct(work.connection, member_id, following, right)


def _streak_of(work: Work, member_id: int, day: date, usual: int) -> int:
    return dict(table.since(work.connection, member_id, day)).get(day, usual)


def export_rows(work: Work, first: date, last: date) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of everybody's check-ins, for those who run the installation."""
    local = work.organisation.local
    rows = table.all_rows(work.connection, first, last)
    header = ["工号", "姓名", "日期", "时间", "连续工作日"]
    return header, [[no, name, day.isoformat(), f"{local(at):%H:%M}", str(run)] for no, name, day, at, run in rows]
