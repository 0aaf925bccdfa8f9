"""Minutes: agenda items with their votes, points, corrections within a term, closing with a hash, addenda.

Minutes are closed once. From then on their text is frozen, and whoever has the text can compute the hash again:
SHA-256 of its UTF-8 bytes; each addendum's hash covers the one before it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from domain.vote import Tally

TERM = timedelta(days=3)
"""How long those present may correct; a default that the secretary can't shorten for those who have not answered."""
LONGEST_TITLE = 200
LONGEST_POINT = 2000
MOST_ITEMS = 20
MOST_POINTS = 200
_MARK = r"条|[、)）]|[.:,](?!\d)"
_NUMBERED = re.compile(rf"\s*(?:第\s*(\d{{1,3}})\s*(?:点|{_MARK})|(\d{{1,3}})\s*(?:{_MARK}))[\s:,]*(\S.*)", re.DOTALL)
"""A point before digits, a comma or a colon belongs to a number or a time (10.5, 3,500, 12:30), not to a point's place;
`3点` alone is a time of day."""


class CorrectionState(StrEnum):
    """What became of what somebody present said about the draft."""

    AGREED = "agreed"
    """无误."""
    OPEN = "open"
    TAKEN = "taken"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the agenda, with what was decided and how the vote went."""

    id: int
    meeting_id: int
    place: int
    title: str
    basis: str
    decision: str
    yes: int | None = None
    no: int | None = None
    abstain: int | None = None
    issued: int | None = None
    returned: int | None = None
    invalid: int | None = None
    should: int | None = None
    present: int | None = None
    outcome: str = ""

    @property
    def tally(self) -> Tally | None:
        """The vote as it was counted; None when there was none."""
        if self.yes is None or self.should is None or self.present is None:
            return None
        counts = self.should, self.present, self.yes, self.no or 0, self.abstain or 0
        return Tally(*counts, self.issued, self.returned, self.invalid)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the minutes, about an item or about none."""

    id: int
    item_id: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody present wants otherwise. `old`: the point as it was when the wish came."""

    id: int
    meeting_id: int
    member_id: int
    name: str
    text: str
    state: CorrectionState
    at: datetime
    point_id: int | None = None
    old: str = ""


@dataclass(frozen=True, slots=True)
class Addendum:
    """What was added after closing; its hash covers the one before."""

    id: int
    text: str
    by: int
    name: str
    at: datetime
    digest: str


def digest_of(text: str) -> str:
    """Return the hash of closed minutes."""
    return hashlib.sha256(text.encode()).hexdigest()


def chained(previous: str, at: datetime, by: int, text: str) -> str:
    """Return the hash of an addendum: of the hash before it, its moment (UTC), author's id and words, a line each.

    The id and no name: who is renamed later changes nothing that was written.
    """
    moment = at.astimezone(UTC).isoformat(timespec="seconds")
    return hashlib.sha256(f"{previous}\n{moment}\n{by}\n{text}".encode()).hexdigest()


def read_numbered(words: str) -> tuple[int | None, str]:
    """Read `3：应为……` or `第3条 ……` as the number of a point and the wish; None when no number leads."""
    plain = unicodedata.normalize("NFKC", words[:12]) + words[12:]
    found = _NUMBERED.fullmatch(plain)
    return (int(found[1] or found[2]), found[3].strip()) if found else (None, words.strip())


def term_of(now: datetime) -> datetime:
    """Return until when corrections are taken: the term from now, on the full minute at which the clock will look."""
    return (now + TERM + timedelta(minutes=1)).replace(second=0, microsecond=0)
