"""Reading the yearly notice on holidays as an administrator pastes it: days off and make-up workdays."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

LONGEST_RANGE = 31
_DAY = r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?"
_SPAN = re.compile(rf"{_DAY}(?:[^\d\n;；。]{{0,8}}(?:至|到|-|—|–|~|to)\s*(?:{_DAY}|(\d{{1,2}})日))?")
_WORKS = re.compile(r"上班|补班|调班|班|work", re.IGNORECASE)
_TOTAL = re.compile(r"共\s*\d+\s*天")
_REST = re.compile(r"放假|休息|休|假|off|holiday", re.IGNORECASE)


def read_notice(words: str, year: int) -> dict[date, bool] | None:
    """Return day -> whether people work, from lines such as `1月1日至3日放假，1月4日上班`.

    None when a line can't be read. `year` is meant where a date names none.
    """
    found: dict[date, bool] = {}
    for clause in re.split(r"[\n,，;；。]+", unicodedata.normalize("NFKC", words)):
        if not clause.strip() or _TOTAL.search(clause):
            continue
        days = _days(clause, year)
        works = bool(_WORKS.search(clause))
        if not days or not (works or _REST.search(clause)):
            return None
        found.update(dict.fromkeys(days, works))
    return found or None


def _days(clause: str, year: int) -> list[date]:
    days: list[date] = []
    for match in _SPAN.finditer(clause):
        try:
            first = date(int(match[1] or year), int(match[2]), int(match[3]))
            last = first
            if match[5]:
                last = date(int(match[4] or first.year), int(match[5]), int(match[6]))
            elif match[7]:
                last = first.replace(day=int(match[7]))
        except ValueError:
            return []
        if not 0 <= (last - first).days <= LONGEST_RANGE:
            return []
        days += [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return days
