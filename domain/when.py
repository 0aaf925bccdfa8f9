"""Reading when something is to begin, as a planner types it: a day and a time, always still to come."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta

_CLOCK = re.compile(r"(上午|下午|晚上|中午)?\s*(\d{1,2})(?:[:点时](\d{2}|半)?)\s*分?\s*$")
_DATE = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})[日号]?")
_WEEKDAY = re.compile(r"(下)?(?:周|星期|礼拜)([一二三四五六日天])|\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*\b")
_RELATIVE = {"今天": 0, "明天": 1, "后天": 2, "today": 0, "tomorrow": 1}
_DAYS = {name: place for place, name in enumerate("一二三四五六日")} | {"天": 6}
_ENGLISH = {name: place for place, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
_NOON = 12
_WEEK = 7


def read_when(words: str, now: datetime) -> datetime | None:
    """Read `12-10 14:30`, `12月10日 14:30`, `明天 14:30`, `周六 9:00`; None when it is no such moment still to come.

    `now` is on the organisation's clock, and so is what is returned. A date without a year is the next such date.
    """
    folded = unicodedata.normalize("NFKC", words).strip().lower()
    clock = _CLOCK.search(folded)
    at = _time(clock) if clock else None
    if clock is None or at is None:
        return None
    found = _day(folded[: clock.start()].strip(), now, at)
    moment = datetime.combine(found, at, now.tzinfo) if found else None
    return moment if moment is not None and moment > now else None


def _time(clock: re.Match[str]) -> time | None:
    hour, minute = int(clock[2]), 30 if clock[3] == "半" else int(clock[3] or 0)
    if clock[1] in {"下午", "晚上"} and hour < _NOON:
        hour += _NOON
    try:
        return time(hour, minute)
    except ValueError:
        return None


def _day(words: str, now: datetime, at: time) -> date | None:
    """Return the day that these words are; words that say more than a day are none."""
    today = now.date()
    if words in _RELATIVE:
        return today + timedelta(days=_RELATIVE[words])
    if weekday := _WEEKDAY.fullmatch(words):
        place = _DAYS[weekday[2]] if weekday[2] else _ENGLISH[weekday[3]]
        if weekday[1]:
            return today + timedelta(days=_WEEK - today.weekday() + place)
        ahead = (place - today.weekday()) % _WEEK
        return today + timedelta(days=ahead or (0 if at > now.time() else _WEEK))
    found = _DATE.fullmatch(words)
    if found is None:
        return None
    years = [int(found[1])] if found[1] else [today.year + n for n in range(5)]
    days = [day for year in years if (day := _date(year, int(found[2]), int(found[3])))]
    return next((day for day in days if datetime.combine(day, at, now.tzinfo) > now), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
