"""The streak: working days in a row. Days off don't break it, being away freezes it."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from datetime import date, timedelta

LONGEST_AWAY = 366
FURTHEST_BACK = 31
_DAY = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?")


def streak(last: date | None, before: int, today: date, off: AbstractSet[date]) -> int:
    """Return the streak with today in it.

    `last`, `before`: day and streak of the last check-in. `off`: days that don't count, today perhaps among them.
    """
    if last is None:
        return 1
    day = last + timedelta(days=1)
    while day < today:
        if day not in off:
            return 1
        day += timedelta(days=1)
    return before if last == today else before + (0 if today in off else 1)


def example_days(today: date) -> tuple[str, str]:
    """Return the first and the last day of days away as one might type them on this day."""
    last = today + timedelta(days=3)
    return f"{today.month}-{today.day}", f"{last.month}-{last.day}"


def read_days(words: str, today: date) -> tuple[date, date] | None:
    """Read `11-25` or `11-25 到 11-28` (also 2026-11-25, 11月25日); None when it says no days.

    A day without a year is the nearest one, so that in December 1-3 is next January.
    """
    days = []
    for year, month, day in _DAY.findall(words):
        try:
            found = date(int(year) if year else today.year, int(month), int(day))
        except ValueError:
            return None
        if not year and (today - found).days > LONGEST_AWAY // 2:
            found = found.replace(year=today.year + 1) if (found.month, found.day) != (2, 29) else found
        days.append(found)
    if not 1 <= len(days) <= 2:  # noqa: PLR2004 - a day, or first and last
        return None
    return days[0], days[-1]
