"""The theme day (主题党日): once a month, on the branch's day, moved off days off by one stated rule.

党员教育管理工作条例 art. 16: once a month; 支部工作条例 art. 16: on a relatively fixed day. The rule of moving is
ours: to the next workday, and back to the last one before when the month has none left.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta

from domain.schedule import moved

LATEST_DAY = 28
DAYS = (1, 5, 10, 15, 20, 25)
"""What buttons offer."""
_WORDS = re.compile(r"(\d{1,2})\s*(?:日|号|$|\s)\s*(?:(上午|下午)?\s*(\d{1,2})(?:[:](\d{2})|[点时](半)?)?)?")
_NOON = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """The day of the month and the time that a branch keeps."""

    day: int
    at: time


def on(choice: Choice, year: int, month: int, workday: Callable[[date], bool]) -> date:
    """Return the theme day of a month."""
    return moved(year, month, choice.day, workday)


def coming(choice: Choice, today: date, workday: Callable[[date], bool]) -> date:
    """Return the next theme day, today included."""
    this = on(choice, today.year, today.month, workday)
    if this >= today:
        return this
    later = today.replace(day=1) + timedelta(days=32)
    return on(choice, later.year, later.month, workday)


def following(choice: Choice, today: date, workday: Callable[[date], bool], count: int) -> list[date]:
    """Return the next so many theme days, today included."""
    found: list[date] = []
    after = today
    while len(found) < count:
        found.append(coming(choice, after, workday))
        after = (found[-1].replace(day=1) + timedelta(days=32)).replace(day=1)
    return found


def read_choice(words: str, usual: time) -> Choice | None:
    """Read `每月 10 日 14:30`, `15号`, `20`; None when it says no day that every month has (1 to 28)."""
    folded = unicodedata.normalize("NFKC", words).removeprefix("每月").strip()
    found = _WORDS.search(folded)
    if found is None or not 1 <= int(found[1]) <= LATEST_DAY:
        return None
    if found[3] is None:
        return Choice(int(found[1]), usual)
    hour = int(found[3]) + (_NOON if found[2] == "下午" and int(found[3]) < _NOON else 0)
    minute = 30 if found[5] else int(found[4] or 0)
    try:
        return Choice(int(found[1]), time(hour, minute))
    except ValueError:
        return None
