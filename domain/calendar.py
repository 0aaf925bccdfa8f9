"""Reading the yearly notice on holidays as an administrator pastes it: days off, make-up workdays, and what is unclear.

The notice's own checks are used: where it names a weekday or how many days a holiday has, a reading that does not fit
is told as not understood instead of being believed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

LONGEST_RANGE = 31
DECEMBER = 12
SHOWN = 60
"""So much of a clause is said back."""
_WEEKDAYS = "一二三四五六日天"

_AHEAD = r"\s*(?:[一二三四五六七八九十]{1,3}、|\d{1,2}[.)、](?:\s+|(?=\d{1,2}月|\D)))"
_NUMBER = re.compile(_AHEAD)
_BEGINS = re.compile(rf"{_AHEAD}|\s*\d{{1,4}}[-/.年月]\d|\s*\d{{4}}年")
_GOES_ON = re.compile(r"[、,:和及与至到~—–-]\s*$")
_CLAUSE = re.compile(r"(?:\([^()]*\)|[^。;!\n])+")
_BRACKET = re.compile(r"[(\[〔]([^()\[\]〔〕]*)[)\]〕]")
_WEEKDAY = re.compile(rf"(?:周|星期|礼拜)([{_WEEKDAYS}])")
_LUNAR = re.compile(r"农历(?:除夕|[正冬腊闰一二三四五六七八九十]{1,3}月[初十廿卅一二三四五六七八九]{1,3})[、,]?")
_BESIDE = re.compile(r"(?<=[^\x00-\x7f])[ \t]+|[ \t]+(?=[^\x00-\x7f])")
_BLANK = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
_TELLS = re.compile(r"\d.*(?:班|休|假|work|off)", re.IGNORECASE)


def _day(which: str) -> str:
    """Match a day of a named month, with its year or without, and the weekday's mark."""
    year = rf"(?:(?P<year{which}>\d{{4}})[-/.年])?"
    day = rf"(?P<month{which}>\d{{1,2}})[-/.月](?P<day{which}>\d{{1,2}})[日号]?"
    return rf"{year}{day}(?![\d天个日号]|印发|发布|起|前)(?:<(?P<week{which}>\d)>)?"


def _number(which: str, *, bare: bool) -> str:
    """Match a day whose month was named before; `bare`: even without a word for day."""
    end = r"(?:[日号]|(?![\d/.月天个-]))" if bare else "[日号]"
    return rf"(?P<day{which}>\d{{1,2}}){end}(?:<(?P<week{which}>\d)>)?"


_TO = r"[^\d,、<>放休假班补调]{0,8}?(?:至|到|~|-|—+|–|to)"
_TOKEN = re.compile(
    rf"(?P<dated>{_day('1')}(?:{_TO}(?:{_day('2')}|{_number('3', bare=True)}))?)"
    rf"|(?P<numbered>(?<=[、,和及与]){_number('4', bare=False)}(?:{_TO}{_number('5', bare=True)})?)"
    r"|(?P<nothing>不调休)"
    r"|(?P<off>不用?上班|无需上班|放假|补休|连休|调休|(?<!不)休息?|off|holiday)"
    r"|(?P<work>上班|补班|调班|不放假?|不休息?|work)"
    r"|(?P<noun>假期?|假日)"
    r"|(?P<comma>,)",
    re.IGNORECASE,
)
_TOTAL = re.compile(r"共(\d+)天")
_NO_DAY = re.compile(r"\d+(?:天|个|年)|<\d>")
_HEADING = re.compile(r"(?<!\d)(20\d\d)年?[^\d\n。;]{0,12}?(?:节|假|元旦|holiday|days? off)", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(20\d\d)年(?!\d{1,2}月)")
_PROSE = re.compile(r"通知|如下|各地|各部门|各单位|各直属|鼓励|值班|办公厅")
_MATTERS = re.compile(
    r"放假|上班|补班|调休|补休|元旦|春节|除夕|清明|劳动节|五一|端午|中秋|国庆|\bwork\b|\boff\b", re.IGNORECASE
)
_SIGNED = re.compile(r"\s*\d{4}年\d{1,2}月\d{1,2}日\s*")


@dataclass(slots=True)
class Notice:
    """What a pasted notice says."""

    days: dict[date, bool] = field(default_factory=dict)
    """Day -> whether people work."""
    unread: list[str] = field(default_factory=list)
    """Clauses that were not understood; nothing of them is in `days`."""
    heading: int | None = None
    """The year in its heading."""
    assumed: set[int] = field(default_factory=set)
    """Years that were taken for granted, no heading and no date having named them."""


class _UnclearError(Exception):
    """A clause can't be read."""


def read_notice(words: str, today: date) -> Notice:
    """Return what the notice says. A date without a year is of the heading's year, else of the year named last.

    Named nowhere, it is this year; in December, when the next year's notice is pasted, the next.
    """
    words = _BESIDE.sub("", unicodedata.normalize("NFKC", words))
    clauses = list(_clauses(words))
    notice = Notice(heading=_heading(words))
    years = _Years(notice, today)
    for number, clause in enumerate(clauses):
        if notice.days and _SIGNED.fullmatch(clause) and not re.search(r"\d", "".join(clauses[number + 1 :])):
            # The day on which it was signed.
            continue
        try:
            found = _read(clause, years)
        except (_UnclearError, ValueError):
            notice.unread.append(_short(clause))
            continue
        if any(notice.days.get(day, works) != works for day, works in found.items()):
            notice.unread.append(_short(clause))
        else:
            notice.days.update(found)
    return notice


def spans(days: dict[date, bool]) -> list[tuple[date, date, bool]]:
    """Return (first, last, whether people work) of days that follow each other."""
    found: list[tuple[date, date, bool]] = []
    for day, works in sorted(days.items()):
        if found and found[-1][1] + timedelta(days=1) == day and found[-1][2] == works:
            found[-1] = (found[-1][0], day, works)
        else:
            found.append((day, day, works))
    return found


def _heading(words: str) -> int | None:
    flat = _BRACKET.sub("", words.replace("\n", ""))
    for found in _HEADING.finditer(flat):
        if not re.match(r"20\d\d年?\s*\d", found[0]):
            return int(found[1])
    other = _YEAR.search(flat)
    return int(other[1]) if other else None


def _clauses(words: str) -> Iterator[str]:
    """Cut at full stops, and at the ends of lines that are not just the page's edge."""
    joined = ""
    for line in words.splitlines():
        edge = not joined or (line.strip() and (_GOES_ON.search(joined) or not _BEGINS.match(line)))
        joined += line.strip() if edge else f"\n{line.strip()}"
    for found in _CLAUSE.findall(joined):
        if found.strip():
            yield found.strip()


def _short(clause: str) -> str:
    return clause if len(clause) <= SHOWN else f"{clause[:SHOWN]}…"


def _bracket(found: re.Match[str]) -> str:
    """Keep of a bracket the weekday; or all of it, when it says what is done on a day."""
    if _TELLS.search(_LUNAR.sub("", found[1])):
        return f",{found[1]},"
    return _marked(found[1]) if _WEEKDAY.search(found[1]) else ""


def _marked(words: str) -> str:
    """Return the weekday's mark, <1> to <7>."""
    found = _WEEKDAY.search(words)
    return f"<{min(_WEEKDAYS.index(found[1]), 6) + 1}>" if found else ""


class _Years:
    """Which year a date without one is of."""

    def __init__(self, notice: Notice, today: date) -> None:
        self._notice, self._today = notice, today
        self._named: tuple[int, int] | None = None

    def day(self, year: str | None, month: str, day: str) -> date:
        """Return the day that is meant."""
        number = int(month)
        if year:
            self._named = (int(year), number)
            return date(int(year), number, int(day))
        return date(self._guessed(number), number, int(day))

    def span(self, first: date, token: re.Match[str]) -> tuple[date, date]:
        """Return a span's days; one from December to January leads into the heading's year, else out of this one."""
        if token["year2"]:
            return first, self.day(token["year2"], token["month2"], token["day2"])
        last = date(first.year, int(token["month2"]), int(token["day2"]))
        if last >= first:
            return first, last
        if not token["year1"] and first.year == self._notice.heading:
            return first.replace(year=first.year - 1), last
        return first, last.replace(year=last.year + 1)

    def _guessed(self, month: int) -> int:
        if self._notice.heading is not None:
            return self._notice.heading
        if self._named is not None:
            return self._named[0] + (self._named[1] == DECEMBER and month == 1)
        following = self._today.month == DECEMBER and month != DECEMBER
        year = self._today.year + following
        self._notice.assumed.add(year)
        return year


def _read(clause: str, years: _Years) -> dict[date, bool]:
    """Return the days of one clause. Raises `_UnclearError` or `ValueError`."""
    bare = _NUMBER.sub("", clause, count=1) if _NUMBER.match(clause) else clause
    bare = _LUNAR.sub("", _BRACKET.sub(_bracket, bare))
    bare = _BLANK.sub("", _WEEKDAY.sub(lambda m: _marked(m[0]), bare))
    found = _assign(bare, years)
    if not found and not _PROSE.search(clause) and (_NUMBER.match(clause) or _MATTERS.search(clause)):
        raise _UnclearError
    if found and re.search(r"\d", _NO_DAY.sub("", _TOKEN.sub("", bare))):
        # A number that nothing was made of may be a day.
        raise _UnclearError
    total = _TOTAL.search(bare)
    if total and found and "周末" not in bare and sum(not works for works in found.values()) != int(total[1]):
        raise _UnclearError
    return found


def _assign(bare: str, years: _Years) -> dict[date, bool]:
    """Give each span the verb that follows it, or the one before it between the same commas."""
    found: dict[date, bool] = {}
    waiting: list[date] = []
    lead = _Lead()
    for token in _TOKEN.finditer(f"{bare},"):
        if token["dated"] or token["numbered"]:
            waiting += _span(token, years, waiting[-1] if waiting else max(found, default=None))
        elif token["comma"]:
            if lead.works is not None:
                found.update(dict.fromkeys(waiting, lead.works))
                waiting = []
            lead = _Lead()
        elif not token["nothing"]:
            works = lead.meets(token, waiting)
            found.update(dict.fromkeys(waiting, works))
            waiting = []
    if waiting and (found or not _PROSE.search(bare)):
        raise _UnclearError
    return found


@dataclass(slots=True)
class _Lead:
    """A verb that stood before any day since the last comma."""

    works: bool | None = None
    noun: bool = False
    over: bool = False

    def meets(self, token: re.Match[str], waiting: list[date]) -> bool:
        """Return what is done on the days that wait, now that a verb has come."""
        works = token["work"] is not None
        if waiting and self.works not in {None, works} and not self.noun:
            raise _UnclearError
        self.over = self.over or bool(waiting)
        self.works, self.noun = (None, False) if self.over else (works, token["noun"] is not None)
        return works


def _span(token: re.Match[str], years: _Years, before: date | None) -> list[date]:
    """Return the days of a token; one that names only its day is of the month before it."""
    if token["dated"]:
        first = years.day(token["year1"], token["month1"], token["day1"])
    elif before is not None:
        first = before.replace(day=int(token["day4"]))
    else:
        raise _UnclearError
    last = first
    if alone := token["day3"] or token["day5"]:
        last = first.replace(day=int(alone))
    elif token["day2"]:
        first, last = years.span(first, token)
    for day, mark in ((first, token["week1"] or token["week4"]), (last, token["week2"] or token["week3"])):
        if mark and day.isoweekday() != int(mark):
            raise _UnclearError
    if not 0 <= (last - first).days <= LONGEST_RANGE:
        raise _UnclearError
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
