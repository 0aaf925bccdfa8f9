"""The streak: working days in a row. Days off don't break it, leave freezes it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import date, timedelta


def streak(last: date | None, before: int, today: date, off: AbstractSet[date]) -> int:
    """Return the streak with today in it. `last`, `before`: day and streak of the last check-in; `off`: days that don't count."""
    if last is None:
        return 1
    day = last + timedelta(days=1)
    while day < today:
        if day not in off:
            return 1
        day += timedelta(days=1)
    return before if last == today else before + (0 if today in off else 1)
