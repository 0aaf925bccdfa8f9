"""Points: the bar of a day, periods, what may be shown of a group, and what a manual entry may be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

MANUAL = "manual"
"""The rule of what was entered by hand, corrections among it: no rule at all."""
REVERSAL = "reversal:"
"""How the source of an entry begins that takes another back; its id follows."""
LARGEST_MANUAL = 100
MOST_PEOPLE = 200
"""To so many people points are entered at once."""
LONGEST_REASON = 200
SHORTEST_REASON = 4
LONGEST_WORDS = 500
SHORTEST_WORDS = 2
"""What somebody writes who objects."""
_AMOUNT = re.compile(r"^\s*([+\-－−＋]?)\s*(\d{1,4})\s*分?[\s,，:：]*(.*)$", re.DOTALL)
BAR = 10


@dataclass(frozen=True, slots=True)
class Period:
    """A period and its first day; it ends today."""

    name: str
    first: date


def periods(today: date) -> tuple[Period, Period, Period]:
    """Return the month, the quarter and the year that today lies in."""
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    return Period("month", today.replace(day=1)), Period("quarter", quarter), Period("year", date(today.year, 1, 1))


def bar(points: int, cap: int) -> str:
    """Draw how much of a day's cap is reached."""
    filled = BAR if cap <= 0 else min(BAR, max(0, points) * BAR // cap)
    return "▰" * filled + "▱" * (BAR - filled)


def read_numbers(words: str) -> list[str]:
    """Read employee numbers as they are pasted, one a line or parted by blanks and commas; each once, in order."""
    parts = re.split(r"[\s,，;；、|]+", unicodedata.normalize("NFKC", words))
    return list(dict.fromkeys(part for part in parts if part))


def read_amount(words: str) -> tuple[int, str] | None:
    """Read `5 组织技能竞赛` or `-2 重复计分`: the points and the reason; None when it says neither."""
    found = _AMOUNT.match(words)
    if found is None:
        return None
    amount = int(found[2]) * (-1 if found[1] in {"-", "－", "−"} else 1)
    return amount, found[3].strip()


def publishable(sizes: Mapping[int, int], whole: int, smallest: int) -> frozenset[int]:
    """Return which parts of a whole may be shown beside the whole.

    A part is hidden below `smallest`; and while what is hidden of the whole could be computed as the rest of a group
    smaller than that, the smallest shown part is hidden too (`facts.md` 3.4, remainder rule). Parts may overlap, so the
    rest is counted against the sum of those shown.
    """
    shown = {part: size for part, size in sizes.items() if size >= smallest}
    while shown:
        rest = whole - sum(shown.values())
        if rest <= 0 or rest >= smallest:
            break
        del shown[min(shown, key=lambda part: (shown[part], part))]
    return frozenset(shown)
