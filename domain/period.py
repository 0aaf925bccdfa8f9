"""Periods in which something is due: month `2026-10`, quarter `2026Q4`, half `2026H2`, year `2026`; and the term."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, timedelta
from enum import StrEnum

TERM = "term"
"""The key of the running term of a branch, whose days are its own."""
_KEY = re.compile(r"(\d{4})(?:-(\d\d)|Q([1-4])|H([12]))?")


class Cycle(StrEnum):
    """How often something comes round, shortest first."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    TERM = "term"


MONTHS = {Cycle.MONTH: 1, Cycle.QUARTER: 3, Cycle.HALF: 6, Cycle.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Period:
    """A period by its key, with its first and its last day."""

    key: str
    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        """Whether the day lies in it."""
        return self.first <= day <= self.last


def period_of(cycle: Cycle, day: date) -> Period:
    """Return the period of this cycle in which a day lies. Raises ValueError for a term, which has days of its own."""
    if cycle is Cycle.TERM:
        raise ValueError("a term has no calendar")
    months = MONTHS[cycle]
    number = (day.month - 1) // months
    key = {
        Cycle.MONTH: f"{day.year:04d}-{day.month:02d}",
        Cycle.QUARTER: f"{day.year:04d}Q{number + 1}",
        Cycle.HALF: f"{day.year:04d}H{number + 1}",
        Cycle.YEAR: f"{day.year:04d}",
    }[cycle]
    end = (number + 1) * months
    return Period(key, date(day.year, number * months + 1, 1), date(day.year, end, monthrange(day.year, end)[1]))


def cycle_of(key: str) -> Cycle:
    """Return the cycle that a key is of. Raises ValueError for what is no key."""
    if key == TERM:
        return Cycle.TERM
    found = _KEY.fullmatch(key)
    if (
        found is None
        or not MINYEAR < int(found[1]) < MAXYEAR
        or (found[2] and not 1 <= int(found[2]) <= MONTHS[Cycle.YEAR])
    ):
        raise ValueError(f"not a period: {key}")
    return Cycle.MONTH if found[2] else Cycle.QUARTER if found[3] else Cycle.HALF if found[4] else Cycle.YEAR


def read_period(key: str) -> Period:
    """Return the period of a key. Raises ValueError for what is none, and for a term."""
    cycle = cycle_of(key)
    if cycle is Cycle.TERM:
        raise ValueError("a term has no calendar")
    tail = int(key[5:]) if len(key) > len("2026") else 1
    months = MONTHS[cycle]
    return period_of(cycle, date(int(key[:4]), (tail - 1) * months + 1, 1))


def ending_between(cycle: Cycle, first: date, last: date) -> list[Period]:
    """Return the periods whose last day lies from `first` to `last`: each belongs to the report in which it ends."""
    found = []
    period = period_of(cycle, first)
    while period.last <= last:
        found.append(period)
        period = period_of(cycle, period.last + timedelta(days=1))
    return found


def years_after(day: date, years: int) -> date:
    """Return the same day some years later; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
