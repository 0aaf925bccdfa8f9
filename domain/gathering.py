"""A gathering's sign-in: its code, and when somebody counts as late."""

from __future__ import annotations

import hashlib
import hmac
import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

CODE_DIGITS = 6
STEP = timedelta(minutes=5)
"""How long a code is shown; the one before it still counts, and so people who have just read it get in."""
STALE_STEPS = 12
"""A code this old was a true one: who types it is told of the new one, and has not guessed."""
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
    secret: str
    subject: str = ""
    """What it is the sign-in of, e.g. `meeting:12`; empty: it stands alone."""
    listed: bool = False
    """Who is called stands in a list; else it is all who belong to the unit."""

    def code(self, now: datetime) -> str:
        """Return the code that is shown at this moment."""
        return code_of(self.secret, step_of(now))

    def has_code(self, code: str, now: datetime) -> bool:
        """Whether the code is the one of this step or of the one before."""
        step = step_of(now)
        return any(hmac.compare_digest(code_of(self.secret, one), code) for one in (step, step - 1))

    def had_code(self, code: str, now: datetime) -> bool:
        """Whether the code was shown within the last hour."""
        step = step_of(now)
        return any(code_of(self.secret, step - back) == code for back in range(2, 2 + STALE_STEPS))

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


def new_secret(chance: random.Random) -> str:
    """Draw what the codes are computed from. `chance` must not be guessable (`random.SystemRandom`)."""
    return f"{chance.getrandbits(128):032x}"


def step_of(now: datetime) -> int:
    """Return the number of the step that this moment lies in."""
    return int(now.timestamp() // STEP.total_seconds())


def code_of(secret: str, step: int) -> str:
    """Return the code of a step: HMAC-SHA256, its first 64 bits modulo a million."""
    digest = hmac.new(secret.encode(), str(step).encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def read_code(words: str) -> str | None:
    """Find the code in what was typed; full-width digits are digits."""
    found = _CODE.search("".join(str(int(c)) if c.isdecimal() else c for c in words))
    return found[0] if found else None
