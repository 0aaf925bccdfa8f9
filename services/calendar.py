"""Workdays and days off: what the administrator declared, else the `holidays` package with its make-up workdays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

from services.work import Work
from storage import audit
from storage import calendar as declared

DECEMBER = 12


@cache
def _year(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Return (holidays, make-up workdays) of mainland China; a year without a notice has its statutory days alone."""
    import holidays  # noqa: PLC0415 - a start need not wait for it

    china = holidays.country_holidays("CN", years=year, language="zh_CN")
    extra = frozenset(getattr(china, "weekend_workdays", ()) or ())
    return frozenset(china), frozenset(day for day in extra if day.year == year)


def load(year: int) -> None:
    """Read this year and the next now, off the event loop: the package takes most of a second."""
    for one in (year, year + 1):
        _year(one)


def plain_workday(day: date) -> bool:
    """Answer whether this is a workday by the national calendar alone."""
    off, extra = _year(day.year)
    return day in extra or (day.weekday() < 5 and day not in off)  # noqa: PLR2004 - Monday to Friday


def is_workday(work: Work, day: date) -> bool:
    """Answer whether people work on this day."""
    return declared.declared(work.connection, day, day).get(day, plain_workday(day))


def days_off(work: Work, first: date, last: date) -> frozenset[date]:
    """Return the days off from first to last, both included."""
    own = declared.declared(work.connection, first, last)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return frozenset(day for day in days if not own.get(day, plain_workday(day)))


def declare(work: Work, days: Mapping[date, bool], source: str, actor_id: int) -> None:
    """Declare days to be workdays (True) or days off, over what the calendar says."""
    for day, works in days.items():
        declared.declare(work.connection, day, works=works, source=source[:200])
    audit.note(work.connection, work.now, actor_id, "calendar.declare", None, days=len(days))


def known_overrides(work: Work, first: date, last: date) -> dict[date, bool]:
    """Return what was declared from first to last."""
    return declared.declared(work.connection, first, last)


def missing_notice(work: Work) -> int | None:
    """Return next year, in December, while nobody knows its make-up workdays; None: there is no need to warn."""
    following = work.today.year + 1
    if work.today.month < DECEMBER or has_notice(following):
        return None
    return None if known_overrides(work, date(following, 1, 1), date(following, 12, 31)) else following


def has_notice(year: int) -> bool:
    """Answer whether the year's make-up workdays are known; without them only statutory days are."""
    return bool(_year(year)[1])
