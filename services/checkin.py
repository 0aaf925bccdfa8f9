"""Checking in for the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain import checkin as rules
from services import calendar, points
from services.points import Awarded
from services.work import Work
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
    off = calendar.days_off(work, last[0], today) if last else frozenset()
    streak = rules.streak(last[0] if last else None, last[2] if last else 0, today, off)
    if not table.record(work.connection, member_id, today, work.now, streak):
        found = table.last(work.connection, member_id)
        if found is not None:
            return CheckedIn(found[1], found[2], repeated=True)
    awarded = points.award(work, member_id, "checkin", f"checkin:{today.isoformat()}")
    return CheckedIn(work.now, streak, repeated=False, awarded=awarded)
