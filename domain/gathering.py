"""A gathering's sign-in: its code, and when somebody counts as late."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

CODE_DIGITS = 6
USUAL_GRACE = timedelta(minutes=10)
"""Late from here after opening, unless the secretary says otherwise."""
WRONG_CODES = 5
WAIT = timedelta(minutes=10)
"""After so many wrong codes a person waits so long: six digits must not be guessed."""
LONGEST = timedelta(hours=12)
"""A gathering that nobody closed closes itself."""
LONGEST_TITLE = 60
_CODE = re.compile(rf"\d{{{CODE_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class Gathering:
    """A sign-in that a secretary opened."""

    id: int
    title: str
    unit_id: int
    unit_name: str
    path: str
    opened_by: int
    opened_at: datetime
    late_at: datetime
    closed_at: datetime | None
    code: str

    def is_open(self, now: datetime) -> bool:
        """Whether one can still sign in."""
        return self.closed_at is None and now < self.opened_at + LONGEST


@dataclass(frozen=True, slots=True)
class Card:
    """Where the living card of whoever opened a gathering is."""

    messenger: str
    account: str
    chat: str
    message: str


def new_code(chance: random.Random) -> str:
    """Draw a code. `chance` must not be guessable (`random.SystemRandom`)."""
    return "".join(chance.choice("0123456789") for _ in range(CODE_DIGITS))


def read_code(words: str) -> str | None:
    """Find the code in what was typed; full-width digits are digits."""
    found = _CODE.search("".join(str(int(c)) if c.isdecimal() else c for c in words))
    return found[0] if found else None
