"""Announcements: what may not be sent over the internet, whom one may address, and when one leaves."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.member import Standing

GRACE = timedelta(seconds=10)
"""Between the tap on Send and the first letter: time to take it back."""
LONGEST = 2000
LATE = timedelta(hours=2)
"""A scheduled announcement that could not leave in time asks its author instead of firing."""
FURTHEST = timedelta(days=180)


class State(StrEnum):
    """Where an announcement stands."""

    DRAFT = "draft"
    WAITING = "waiting"
    """For somebody else to approve it."""
    SCHEDULED = "scheduled"
    SENT = "sent"
    PAUSED = "paused"
    RECALLED = "recalled"
    LATE = "late"
    """Its time passed while nobody could send it; the author decides."""


class Circle(StrEnum):
    """Which people of a unit are addressed."""

    ALL = "all"
    PARTY = "party"
    PARTY_FULL = "party_full"
    APPLICANT = "applicant"
    LEAGUE = "league"
    UNION = "union"


STANDINGS: dict[Circle, tuple[Standing, ...]] = {
    Circle.ALL: (),
    Circle.PARTY: (Standing.PARTY_FULL, Standing.PARTY_PROBATIONARY),
    Circle.PARTY_FULL: (Standing.PARTY_FULL,),
    Circle.APPLICANT: (Standing.PARTY_APPLICANT,),
    Circle.LEAGUE: (Standing.LEAGUE,),
    Circle.UNION: (Standing.UNION,),
}


@dataclass(frozen=True, slots=True)
class Announcement:
    """An announcement, from its first draft on."""

    id: int
    author_id: int
    unit_id: int | None
    unit_name: str
    path: str
    circle: Circle
    text: str
    attachment: int | None
    file_name: str
    file_mime: str
    state: State
    created_at: datetime
    send_at: datetime | None
    campaign_id: int | None
    audience: int
    reminded_at: datetime | None
    urgent: str
    """Why it passes quiet hours; empty: it does not."""


_LEVEL = "(?<!商业)(?<!个人)(?<!技术)(?:绝密|机密|秘密)"
_MARKS = (
    re.compile(rf"{_LEVEL}[级]?[★☆✩✪*＊]"),
    re.compile(rf"[★☆✩✪]{_LEVEL}"),
    re.compile(rf"密级[:]?{_LEVEL}"),
    re.compile(rf"[(\[【〔<「『]{_LEVEL}级?[)\]】〕>」』]"),
    re.compile(rf"{_LEVEL}级?(?:文件|资料|材料|件|电报)"),
    re.compile(rf"(?:^|\n){_LEVEL}级?(?:\n|$)"),
    re.compile(rf"(?:为|属于?|系|定为|列为)(?:国家)?{_LEVEL}(?:级|$|[,，。.!！;；\n])"),
    re.compile(rf"(?:^|\n){_LEVEL}级?[!！:：]"),
    re.compile(r"(?:^|\n)工作秘密(?:$|[\n!！:：★*])"),
    re.compile(rf"{_LEVEL}(?:\d+|[一二三四五六七八九十]+)年"),
    re.compile(r"工作秘密[★☆✩✪*:]|[(\[【〔]工作秘密[)\]】〕]"),
    re.compile(r"\b(?:top secret|classified)\b", re.IGNORECASE),
)
"""Classification marks and their plain forms (保守国家秘密法 art. 29 forbids state secrets on the internet).

Talking about secrecy (保守国家秘密, 保密教育) carries no mark and passes.
"""


def secrecy_mark(words: str) -> str | None:
    """Return the classification mark in a text or a file's name, however it is spaced; None when there is none."""
    folded = unicodedata.normalize("NFKC", words)
    visible = "".join(one for one in folded if unicodedata.category(one) not in {"Cf", "Mn"})
    tight = re.sub(r"[^\S\n]+|[·・•]", "", visible)
    for pattern in _MARKS:
        found = pattern.search(folded) or pattern.search(tight)
        if found is not None:
            return found[0].strip()
    return None


_RELATIVE = {"今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2, "today": 0, "tomorrow": 1}
_PARTS = {"早上": "上午", "中午": "下午", "morning": "上午", "afternoon": "下午", "noon": "下午", "evening": "晚上"}
_CLOCK = re.compile(r"(上午|下午|晚上)?\s*(\d{1,2})\s*(?:[:]\s*(\d{2})|[点时](半|\d{1,2}分?)?)")
_ENGLISH_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*([ap])m\b")
_DATE = re.compile(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})[日号]?")
_NOON = 12
_NEARLY_NOON = 11
_HOURS = {
    "上午": ("9:30", "11:30"),
    "下午": ("3:30", "5:30"),
    "晚上": ("8:30", "10:30"),
    "": ("9:30", "15:30", "20:30", "23:30"),
}


def read_moment(words: str, today: date) -> tuple[date, time] | None:
    """Read `明天 9:00`, `11-25 14:30`, `今天下午3点半` on the organisation's clock; None when it says no moment."""
    day, rest = _split(words, today)
    clock = _CLOCK.search(rest)
    if day is None or clock is None:
        return None
    hour, minutes = int(clock[2]), clock[3] or clock[4] or "0"
    minute = 30 if minutes == "半" else int(minutes.removesuffix("分"))
    part = clock[1] or _part(rest)
    # 中午 11 点 is before noon, 中午 1 点 after it.
    if part in {"下午", "晚上"} and hour < (_NEARLY_NOON if "中午" in words else _NOON):
        hour += _NOON
    try:
        return day, time(hour, minute)
    except ValueError:
        return None


def names_day(words: str, today: date) -> bool:
    """Answer whether words name a day: without an hour (明天下午) the hour is asked for, never made up."""
    return _split(words, today)[0] is not None


def names_part(words: str) -> bool:
    """Answer whether words are nothing but a part of the day."""
    said = unicodedata.normalize("NFKC", words).strip().lower()
    return said in _PARTS or said in {"上午", "下午", "晚上"}


def example_moment(today: date) -> str:
    """Return a moment as one might type it, which is acceptable at any time of this day."""
    day = today + timedelta(days=2)
    return f"{day.month}-{day.day} 14:30"


def example_hour(words: str, now: datetime) -> str:
    """Return an hour that makes words which name a day a moment still to come; empty when that day is over.

    `now` is on the organisation's clock.
    """
    for hour in _HOURS[_part(_split(words, now.date())[1])]:
        found = read_moment(f"{words} {hour}", now.date())
        if found is not None and datetime.combine(*found) > now.replace(tzinfo=None):
            return hour
    return ""


def _split(words: str, today: date) -> tuple[date | None, str]:
    """Return the day that words name, and the words (folded, with digits) that may name an hour."""
    folded = unicodedata.normalize("NFKC", words).lower()
    for word, part in _PARTS.items():
        folded = folded.replace(word, part)
    folded = _with_digits(_ENGLISH_CLOCK.sub(_english, folded))
    day = next((today + timedelta(days=ahead) for word, ahead in _RELATIVE.items() if word in folded), None)
    found = _DATE.search(folded)
    if day is None and found is not None:
        day = _day(found, today)
        folded = folded[: found.start()] + " " + folded[found.end() :]
    return day, folded


def _part(words: str) -> str:
    return next((part for part in ("上午", "下午", "晚上") if part in words), "")


def _english(found: re.Match[str]) -> str:
    """Return 3pm or 12:30 am as the Chinese clock says it."""
    hour = 0 if found[3] == "a" and int(found[1]) == _NOON else int(found[1])
    return f"{'上午' if found[3] == 'a' else '下午'}{hour}:{found[2] or '00'}"


_DIGITS = {one: number for number, one in enumerate("零一二三四五六七八九")} | {"两": 2, "十": 10}


def _with_digits(words: str) -> str:
    """Return 九点, 十二点, 二十点一刻 with digits."""

    def number(found: re.Match[str]) -> str:
        tens, _, ones = found[1].rpartition("十")
        whole = (_DIGITS.get(tens, 1) * 10 if "十" in found[1] else 0) + _DIGITS.get(ones, 0)
        return f"{whole}{found[2]}"

    counted = re.sub(r"([零一二两三四五六七八九十]{1,3})([点时分月日号])", number, words)
    return counted.replace("一刻", "15").replace("三刻", "45")


def _day(found: re.Match[str], today: date) -> date | None:
    try:
        day = date(int(found[1]) if found[1] else today.year, int(found[2]), int(found[3]))
        return day.replace(year=today.year + 1) if not found[1] and day < today else day
    except ValueError:
        return None
