"""The periods that figures are computed for: a month, a quarter, a half year, a year, each with its written form."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_WRITTEN = re.compile(r"(\d{4})(?:-?(?:(Q)([1-4])|(H)([12]))|-(\d{1,2}))?")
YEARS = range(1921, 2200)
"""Years that anybody could mean."""


class Length(StrEnum):
    """How long a period is."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months it has."""
        return {Length.MONTH: 1, Length.QUARTER: 3, Length.HALF: 6, Length.YEAR: 12}[self]


@dataclass(frozen=True, slots=True)
class Span:
    """A calendar period, both days included."""

    length: Length
    first: date
    last: date

    @property
    def code(self) -> str:
        """As it is written: `2026-10`, `2026Q4`, `2026H2`, `2026`."""
        year, number = self.first.year, self.number
        return {
            Length.MONTH: f"{year}-{number:02}",
            Length.QUARTER: f"{year}Q{number}",
            Length.HALF: f"{year}H{number}",
            Length.YEAR: f"{year}",
        }[self.length]

    @property
    def number(self) -> int:
        """Which of its year it is."""
        return (self.first.month - 1) // self.length.months + 1

    @property
    def before(self) -> Span:
        """The one before it."""
        return span_of(self.length, self.first - timedelta(days=1))

    def covers(self, day: date) -> bool:
        """Whether a day lies in it."""
        return self.first <= day <= self.last


def span_of(length: Length, day: date) -> Span:
    """Return the period of this length that a day lies in."""
    month = (day.month - 1) // length.months * length.months + 1
    first, following = date(day.year, month, 1), month + length.months
    until = date(day.year + 1, 1, 1) if following > 12 else date(day.year, following, 1)  # noqa: PLR2004 - months
    return Span(length, first, until - timedelta(days=1))


def read_span(words: str) -> Span | None:
    """Read `2026-10`, `2026Q4`, `2026H2` or `2026`; None for anything else."""
    found = _WRITTEN.fullmatch(unicodedata.normalize("NFKC", words).strip().upper())
    if found is None or int(found[1]) not in YEARS:
        return None
    year = int(found[1])
    if found[2]:
        return span_of(Length.QUARTER, date(year, int(found[3]) * 3, 1))
    if found[4]:
        return span_of(Length.HALF, date(year, int(found[5]) * 6, 1))
    if found[6]:
        month = int(found[6])
        return span_of(Length.MONTH, date(year, month, 1)) if 1 <= month <= 12 else None  # noqa: PLR2004 - months
    return span_of(Length.YEAR, date(year, 1, 1))
