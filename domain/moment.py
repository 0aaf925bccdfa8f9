"""When something shall be, in the words that people type: 明天下午3点, 下周五上午9点半, 12-10 14:30, Wed 3pm.

Read towards the future: a weekday, a day of the month or a date without a year is the next one that there is. A bare
3点 is the afternoon's, for nobody meets at night; what was understood is always read back before it counts.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

LONGEST = 80
"""Longer words are not searched for a time."""
NOON, DAWN, HOURS = 12, 7, 24
_DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_NUMERAL = re.compile(r"[零〇一二两三四五六七八九]?十[一二三四五六七八九]?|[零〇一二两三四五六七八九]+")
_BEFORE_UNIT = r"(?=\s*(?:年|月|日|号|点|时|分))"
_DAYS = (("大后天", 3), ("后天", 2), ("明天", 1), ("明日", 1), ("明早", 1), ("明晚", 1), ("今天", 0), ("今日", 0))
_PAST = (("大前天", -3), ("前天", -2), ("昨天", -1), ("昨日", -1), ("昨晚", -1))
_PAST_TOO = (("day before yesterday", -2), ("yesterday", -1))
"""What is over is understood too, so that it can be said to be over and is never taken for today."""
_DAYS_TOO = (("今早", 0), ("今晚", 0), ("day after tomorrow", 2), ("tomorrow", 1), ("today", 0), ("tonight", 0))
_WEEKDAY = re.compile(r"(下下|下|本|这|这个|下个|上上|上|上个)?(?:周|星期|礼拜)\s*([一二三四五六日天1-7])")
_ENGLISH_DAY = re.compile(r"\b(next\s+|this\s+|last\s+)?(mon|tue|wed|thu|fri|sat|sun)[a-z]*\b")
_ENGLISH_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = "|".join(_MONTHS)
_DATES = (
    re.compile(r"(?<!\d)(?P<year>20\d\d)\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})(?!\d)\s*[日号]?"),
    re.compile(r"(?<!\d)(?P<month>\d{1,2})\s*[-/月]\s*(?P<day>\d{1,2})(?!\d)\s*[日号]?"),
    re.compile(r"(?<!\d)(?P<day>\d{1,2})\s*[日号]"),
    re.compile(rf"(?<!\d)(?P<day>\d{{1,2}})\s*(?P<name>{_NAMED})[a-z]*\.?(?:\s+(?P<year>20\d\d)(?![\d:]))?"),
    re.compile(rf"\b(?P<name>{_NAMED})[a-z]*\.?\s+(?P<day>\d{{1,2}})(?![\d:])(?:,?\s+(?P<year>20\d\d)(?![\d:]))?"),
)
_MORNING, _AFTERNOON = (
    ("凌晨", "早上", "上午", "早晨", "今早", "明早", "早"),
    ("下午", "晚上", "傍晚", "今晚", "明晚", "晚"),
)
_CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d{2})(?!\d)\s*([ap]m)?")
_POINT = re.compile(r"(?<!\d)(\d{1,2})\s*[点时]\s*(?:(半)|(一刻|1刻)|(三刻|3刻)|(\d{1,2})\s*分?)?")
_ENGLISH_POINT = re.compile(r"(?<!\d)(\d{1,2})\s*([ap])\.?m\b")


@dataclass(frozen=True, slots=True)
class Wish:
    """What was understood; a part that was not said is None."""

    day: date | None = None
    at: time | None = None


def read(words: str, now: datetime) -> Wish:
    """Return the day and the time in these words. `now`: on the organisation's clock."""
    folded = _folded(words)
    if len(folded) > LONGEST:
        return Wish()
    try:
        day, rest = _day(folded, now.date())
    except ValueError:
        # There is no 30 February: the time alone would be taken for today's.
        return Wish()
    at = _time(rest, folded)
    weekday = _weekday(folded, now.date(), at is not None and at <= now.time())
    return Wish(day if day is not None else weekday, at)


def complete(wish: Wish, now: datetime, kept: date | None = None) -> datetime | None:
    """Return the moment; None while day or time are missing. A time alone is today's while it is still to come."""
    if wish.at is None:
        return None
    day = wish.day or kept
    if day is None:
        day = now.date() if wish.at > now.time() else now.date() + timedelta(days=1)
    return datetime.combine(day, wish.at)


def read_when(words: str, now: datetime) -> datetime | None:
    """Return the moment that these words name with both day and time; None when it is none, or is over by now.

    `now` is on the organisation's clock and has its zone, and so has what is returned.
    """
    wish = read(words, now)
    found = complete(wish, now) if wish.day is not None else None
    moment = found.replace(tzinfo=now.tzinfo) if found is not None else None
    return moment if moment is not None and moment > now else None


def _folded(words: str) -> str:
    plain = unicodedata.normalize("NFKC", words[: LONGEST * 2]).lower().strip()
    return re.sub(_NUMERAL.pattern + _BEFORE_UNIT, lambda found: str(_number(found[0])), plain)


def _number(words: str) -> int:
    """Return 十二 as 12; 二〇 stays digits."""
    if "十" not in words:
        return int("".join(str(_DIGITS[one]) for one in words))
    tens, _, ones = words.partition("十")
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)


def _day(words: str, today: date) -> tuple[date | None, str]:
    """Return the day that is said by name or as a date, and the words without it.

    Raises ValueError for a date that no calendar has.
    """
    for name, ahead in (*_PAST, *_PAST_TOO, *_DAYS, *_DAYS_TOO):
        if name in words:
            return today + timedelta(days=ahead), words.replace(name, " ")
    for shape in _DATES:
        found = shape.search(words)
        if found is not None:
            return _date(found.groupdict(), today), f"{words[: found.start()]} {words[found.end() :]}"
    return None, words


def _date(parts: dict[str, str | None], today: date) -> date:
    day, name = int(parts["day"] or 0), parts.get("name")
    month = _MONTHS.index(name) + 1 if name else int(parts.get("month") or 0)
    if parts.get("year"):
        return date(int(parts["year"] or 0), month, day)
    if month:
        # Eight years ahead there is a 29 February, even over 2100.
        months = [(year, month) for year in range(today.year, today.year + 9)]
    else:
        months = [(today.year + (today.month - 1 + n) // NOON, (today.month - 1 + n) % NOON + 1) for n in range(NOON)]
    for year, one in months:
        found = _made(year, one, day)
        if found is not None and found >= today:
            return found
    raise ValueError(f"no such day: {parts}")


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _weekday(words: str, today: date, passed: bool) -> date | None:  # noqa: FBT001 - private
    """Return the day that is named by its weekday; `passed`: today's time of it is over."""
    found = _WEEKDAY.search(words)
    if found is not None:
        name = found[2]
        wanted = "一二三四五六日".find("日" if name == "天" else name)
        wanted = int(name) - 1 if wanted < 0 else wanted
        weeks = {"下": 1, "下个": 1, "下下": 2, "上": -1, "上个": -1, "上上": -2}.get(found[1] or "", 0)
        fixed = bool(found[1])
    else:
        english = _ENGLISH_DAY.search(words)
        if english is None:
            return None
        wanted = _ENGLISH_DAYS.index(english[2])
        weeks = {"next": 1, "last": -1}.get((english[1] or "").strip(), 0)
        fixed = bool(english[1])
    one = today - timedelta(days=today.weekday()) + timedelta(days=wanted, weeks=weeks)
    if not fixed and (one < today or (one == today and passed)):
        one += timedelta(weeks=1)
    return one


def _time(words: str, whole: str) -> time | None:
    """Return the time in what is left beside the day; the part of the day may stand in its name (今晚)."""
    late, early = any(one in whole for one in _AFTERNOON), any(one in whole for one in _MORNING)
    clock = _CLOCK.search(words)
    if clock is not None:
        return _at(int(clock[1]), int(clock[2]), late=late or clock[3] == "pm", early=early or clock[3] == "am")
    point = _POINT.search(words)
    if point is not None:
        minute = 30 if point[2] else 15 if point[3] else 45 if point[4] else int(point[5] or 0)
        hour = int(point[1])
        late = late or (not early and 0 < hour < DAWN)
        return _at(hour, minute, late=late, early=early)
    english = _ENGLISH_POINT.search(words)
    if english is not None:
        return _at(int(english[1]), 0, late=english[2] == "p", early=english[2] == "a")
    return None


def _at(hour: int, minute: int, *, late: bool, early: bool) -> time | None:
    if late and hour < NOON:
        hour += NOON
    elif early and hour == NOON:
        hour = 0
    return time(hour, minute) if hour < HOURS and minute < 60 else None  # noqa: PLR2004 - a clock
