"""A month of announcements beside meetings, sign-ins and theme days, from which one writes for a day."""

from __future__ import annotations

from datetime import date, timedelta

from console.announcements_frame import WRITES, framed
from console.grammar import Pages, Result, Visit
from domain.announcement import FURTHEST
from services import announcement_calendar as service
from services.announcement_calendar import Entry

pages = Pages("announcements")
SHOWN = 6
"""So many things of a day stand open; the others are behind a word."""
_ADDRESSES = {
    "mine": "/console/announcements/{}",
    "approve": "/console/announcements/approvals/{}",
    "meeting": "/console/life/meeting/{}",
}


@pages.get("announcements/calendar", needs=WRITES)
def calendar(visit: Visit) -> Result:
    """Show a month."""
    today = visit.work.today
    first = _month(visit.query.get("month", ""), today)
    days = service.month(visit.work, visit.person.id, first)
    quiet = visit.work.organisation.quiet
    before, after = (first - timedelta(days=1)).replace(day=1), (first + timedelta(days=32)).replace(day=1)
    drawn = [(day, _festival(visit, day), [(entry, _name(visit, entry), _address(entry)) for entry in day.entries])
             for day in days]  # fmt: skip
    facts = {
        "weeks": _weeks(first, drawn),
        "first": first,
        "today": today,
        "last": today + FURTHEST,
        "before": f"{before:%Y-%m}" if _near(before, today) else "",
        "after": f"{after:%Y-%m}" if _near(after, today) else "",
        "quiet": (f"{quiet.start:%H:%M}", f"{quiet.end:%H:%M}", quiet.days_off) if quiet.start != quiet.end else None,
        "rest": quiet.days_off,
        "shown": SHOWN,
    }
    return framed(visit, "announcements_calendar.html", "calendar", facts)


def _near(month: date, today: date) -> bool:
    distance = (month.year - today.year) * 12 + month.month - today.month
    return abs(distance) <= service.FURTHEST_MONTHS


def _month(words: str, today: date) -> date:
    """Return the first day of the month that is asked for; of this month for anything else."""
    this = today.replace(day=1)
    try:
        wish = date.fromisoformat(f"{words[:7]}-01")
    except ValueError:
        return this
    return wish if _near(wish, today) else this


def _weeks(first: date, days: list[tuple[service.Day, str, list[tuple[Entry, str, str]]]]) -> list[list[object]]:
    """Return rows of seven, from Monday; None where the month has no day."""
    cells: list[object] = [None] * first.weekday() + list(days)
    cells += [None] * (-len(cells) % 7)
    return [cells[place : place + 7] for place in range(0, len(cells), 7)]


def _festival(visit: Visit, day: service.Day) -> str:
    return visit.voice.label(f"calendar.{day.festival}") if day.festival else ""


def _name(visit: Visit, entry: Entry) -> str:
    words = visit.words("announcements")
    if entry.kind == "theme_day":
        return entry.unit or words["theme_days"].format(count=entry.number)
    return entry.title


def _address(entry: Entry) -> str:
    return _ADDRESSES.get(entry.kind, "").format(entry.number) if entry.opens else ""
