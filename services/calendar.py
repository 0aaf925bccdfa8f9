"""Workdays and days off: what the administrator declared, else the `holidays` package with its make-up workdays."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from domain.permission import Action
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import audit
from storage import calendar as declared

log = logging.getLogger(__name__)

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


_FIXED = {
    (1, 1): "new_year",
    (3, 8): "women",
    (5, 1): "labour",
    (5, 4): "youth",
    (7, 1): "party",
    (8, 1): "army",
    (9, 10): "teachers",
    (10, 1): "national",
}


@cache
def _festivals(year: int) -> Mapping[date, str]:
    """Return the festivals of a year."""
    return {date(year, month, day): name for (month, day), name in _FIXED.items()} | dict(_lunar(year))


@cache
def _lunar(year: int) -> Mapping[date, str]:
    """Return the lunar festivals of a year by the package's own tables (1901 to 2099).

    They have no public name there: when another version has put them elsewhere, the calendar goes on without them.
    """
    try:
        from holidays.calendars.chinese import _ChineseLunisolar  # noqa: PLC0415 - a start need not wait for it

        lunar, found = _ChineseLunisolar(), {}
        spring, _ = lunar.lunar_new_year_date(year)
        if spring is not None:
            found = {spring - timedelta(days=1): "eve", spring: "spring", spring + timedelta(days=14): "lantern"}
        for name in ("qingming", "dragon_boat", "mid_autumn", "double_ninth", "winter_solstice"):
            day, _ = getattr(lunar, f"{name}_date")(year)
            if day is not None:
                found[day] = name
    except Exception:
        log.exception("this version of the package `holidays` gives no lunar festivals; the calendar leaves them out")
        return {}
    return found


def has_lunar(year: int) -> bool:
    """Answer whether the year's lunar festivals are known."""
    return bool(_lunar(year))


@dataclass(frozen=True, slots=True)
class Day:
    """A day worth naming: a festival (its code), or one on which people work or rest against the week's habit."""

    day: date
    festival: str = ""
    works: bool | None = None


def coming(work: Work, days: int) -> list[Day]:
    """Return what is worth naming from today on."""
    return named(work, work.today, work.today + timedelta(days=days))


def named(work: Work, first: date, last: date) -> list[Day]:
    """Return what is worth naming from first to last, both included."""
    off = days_off(work, first, last)
    found = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        weekend = day.weekday() >= 5  # noqa: PLR2004 - Saturday and Sunday
        works = None if (day in off) == weekend else day not in off
        festival = _festivals(day.year).get(day, "")
        if festival or works is not None:
            found.append(Day(day, festival, works))
    return found


def declare(work: Work, days: Mapping[date, bool], source: str, actor_id: int) -> None:
    """Declare days to be workdays (True) or days off, over what the calendar says."""
    permission.demand_everywhere(work, actor_id, Action.SET_CALENDAR)
    for day, works in days.items():
        declared.declare(work.connection, day, works=works, source=source[:200])
    audit.note(work.connection, work.now, actor_id, "calendar.declare", None, days=len(days))


def known_overrides(work: Work, first: date, last: date) -> dict[date, bool]:
    """Return what was declared from first to last."""
    return declared.declared(work.connection, first, last)


def overrides(work: Work, year: int) -> list[tuple[date, bool, str]]:
    """Return (day, whether people work, where that stands) of what was declared in a year."""
    return declared.sources(work.connection, date(year, 1, 1), date(year, 12, 31))


def withdraw(work: Work, day: date, actor_id: int) -> None:
    """Let the calendar that the program came with speak of a day again."""
    permission.demand_everywhere(work, actor_id, Action.SET_CALENDAR)
    if not declared.withdraw(work.connection, day):
        raise Refusal("settings.not_declared")
    audit.note(work.connection, work.now, actor_id, "workday.withdraw", None, day=day.isoformat())


def missing_notice(work: Work) -> int | None:
    """Return next year, in December, while nobody knows its make-up workdays; None: there is no need to warn."""
    following = work.today.year + 1
    return following if work.today.month >= DECEMBER and not is_settled(work, date(following, 1, 1)) else None


def is_settled(work: Work, day: date) -> bool:
    """Answer whether the days off of a day's year are known: before the notice only the statutory ones are."""
    year = day.year
    return has_notice(year) or bool(known_overrides(work, date(year, 1, 1), date(year, 12, 31)))


def has_notice(year: int) -> bool:
    """Answer whether the year's make-up workdays are known; without them only statutory days are."""
    return bool(_year(year)[1])
