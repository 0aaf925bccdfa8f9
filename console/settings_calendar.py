"""The calendar of workdays: what was declared over the built-in one, and the yearly notice, read first.

Every clause of a notice that is not understood is named before anything changes.
"""

from __future__ import annotations

from datetime import date

from console.asked import day
from console.grammar import Go, Pages, Result, Visit
from console.saving import saved
from console.settings_frame import framed
from domain.calendar import read_notice, spans
from domain.permission import Action
from domain.refusal import Refusal
from services import calendar as service

pages = Pages("settings")
SETS = Action.SET_CALENDAR
LONGEST = 4000


def _day(words: str) -> date:
    found = day(words)
    if found is None:
        raise Refusal("settings.not_a_day")
    return found


@pages.get("settings/calendar", needs=SETS)
def calendar(visit: Visit) -> Result:
    """Show this year and the next: whether the make-up workdays are known, and what was declared by hand."""
    work, voice = visit.work, visit.voice
    years = [
        (
            year,
            service.has_notice(year),
            [(one, voice.day(one), works, source[:80]) for one, works, source in service.overrides(work, year)],
        )
        for year in (work.today.year, work.today.year + 1)
    ]
    facts = {"years": years, "missing": service.missing_notice(work), "longest": LONGEST}
    return framed(visit, "settings_calendar.html", "calendar", facts)


@pages.get("settings/calendar/table", needs=SETS)
def table(visit: Visit) -> Result:
    """Give what was declared by hand as a file."""
    work, words = visit.work, visit.words("settings")
    rows = [
        [one.isoformat(), words["works" if works else "off"], source]
        for year in (work.today.year, work.today.year + 1)
        for one, works, source in service.overrides(work, year)
    ]
    header = [words[name] for name in ("date", "means", "source")]
    return saved(visit, "calendar", header, rows)


@pages.post("settings/calendar/read", needs=SETS)
def read(visit: Visit) -> Result:
    """Show what a notice says; nothing is declared yet."""
    words = visit.form.get("notice", "")[:LONGEST]
    found = read_notice(words, visit.work.today)
    day = visit.voice.day
    lines = [
        (day(first) if first == last else f"{day(first)} – {day(last)}", (last - first).days + 1, works)
        for first, last, works in spans(found.days)
    ]
    facts = {"notice": words, "lines": lines, "count": len(found.days), "unread": found.unread}
    return framed(visit, "settings_notice.html", "calendar", facts)


@pages.post("settings/calendar/declare", needs=SETS)
def declare(visit: Visit) -> Result:
    """Declare what was shown."""
    words = visit.form.get("notice", "")[:LONGEST]
    found = read_notice(words, visit.work.today).days
    if not found:
        raise Refusal("settings.nothing_read")
    service.declare(visit.work, found, words, visit.person.id)
    return Go("settings/calendar", "declared")


@pages.post("settings/calendar/day", needs=SETS)
def one_day(visit: Visit) -> Result:
    """Declare one day to be a workday or a day off."""
    works = {"works": True, "off": False}.get(visit.form.get("what", ""))
    source = visit.form.get("source", "").strip()
    if works is None or not source:
        raise Refusal("settings.no_source")
    service.declare(visit.work, {_day(visit.form.get("day", "")): works}, source, visit.person.id)
    return Go("settings/calendar", "declared")


@pages.post("settings/calendar/withdraw", needs=SETS)
def withdraw(visit: Visit) -> Result:
    """Let the calendar that the program came with speak of a day again."""
    service.withdraw(visit.work, _day(visit.form.get("day", "")), visit.person.id)
    return Go("settings/calendar", "withdrawn")
