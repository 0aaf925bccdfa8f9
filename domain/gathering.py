"""A gathering's sign-in: its codes, when it is open, who counts as late, and who is excused."""

from __future__ import annotations

import hashlib
import hmac
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CODE_DIGITS = 6
CARD, SCREEN = timedelta(minutes=5), timedelta(seconds=15)
"""How long a code is shown, in the organiser's chat and on a projector.

The one before it still counts, and so people who have just read it get in.
"""
STALE = timedelta(hours=1)
"""A code not older than this was a true one: who types it is told of the new one, and has not guessed."""
USUAL_GRACE = timedelta(minutes=10)
"""Late from here after opening, unless the secretary says otherwise."""
WRONG_CODES = 5
WAIT = timedelta(minutes=10)
"""After so many wrong codes a person waits so long: six digits must not be guessed."""
LONGEST = timedelta(hours=12)
"""A gathering that nobody closed closes itself."""
LONGEST_TITLE = 60
FARTHEST = timedelta(days=60)
"""So far ahead a sign-in can be prepared."""
REASON = range(2, 101)
"""Characters of a reason for a mark."""
PAYLOAD = "signin-"
"""What stands before the code behind a link into the chat."""
_CODE = re.compile(rf"\d{{{CODE_DIGITS}}}")
_HALVES = re.compile(r"(\d{3})[\s-]?(\d{3})[。.]?")


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
    in_chat: bool = False
    """Its code is shown in an organiser's chat; on a projector alone that long-lived code opens nothing."""

    def code(self, now: datetime, shown_for: timedelta = CARD) -> str:
        """Return the code that is shown at this moment, where each is shown for so long."""
        return self._code(shown_for, step_of(now, shown_for))

    def _code(self, shown_for: timedelta, step: int) -> str:
        return code_of(self.secret, self.id, shown_for, step)

    def has_code(self, code: str, now: datetime) -> bool:
        """Whether the code is the one of this step or of the one before, on a projector or where the chat shows it."""
        return self._shown(code, now, 0, {CARD: 2 if self.in_chat else 0, SCREEN: 2})

    def had_code(self, code: str, now: datetime) -> bool:
        """Whether it is no code any more, and was one within the last hour."""
        gone = not self.in_chat and self._shown(code, now, 0, {CARD: 2})
        return gone or self._shown(code, now, 2, {CARD: STALE // CARD + 2, SCREEN: STALE // SCREEN + 2})

    def _shown(self, code: str, now: datetime, first: int, last: Mapping[timedelta, int]) -> bool:
        return any(
            hmac.compare_digest(self._code(shown_for, step_of(now, shown_for) - back), code)
            for shown_for, end in last.items()
            for back in range(first, end)
        )

    def is_open(self, now: datetime) -> bool:
        """Whether one can sign in."""
        return self.closed_at is None and self.opened_at <= now < self.opened_at + LONGEST

    def is_coming(self, now: datetime) -> bool:
        """Whether it has been prepared and has not begun."""
        return self.closed_at is None and now < self.opened_at


class Mark(StrEnum):
    """What an organiser says of somebody, with a reason."""

    LEAVE = "leave"
    """Excused: not there, and it is known why."""
    LATE = "late"
    IN_TIME = "in_time"


@dataclass(frozen=True, slots=True)
class Line:
    """One person of a gathering. `at` None: not there."""

    member_id: int
    employee_no: str
    name: str
    at: datetime | None
    late: bool
    by_hand: bool
    mark: Mark | None
    reason: str


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


def step_of(now: datetime, shown_for: timedelta) -> int:
    """Return the number of the step that this moment lies in, where a step is so long."""
    return int(now.timestamp() // shown_for.total_seconds())


def code_of(secret: str, number: int, shown_for: timedelta, step: int) -> str:
    """Return a gathering's code of a step: HMAC-SHA256, its first 64 bits modulo a million."""
    words = f"{number}:{int(shown_for.total_seconds())}:{step}"
    digest = hmac.digest(secret.encode(), words.encode(), hashlib.sha256)
    return f"{int.from_bytes(digest[:8], 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def payload_of(code: str) -> str:
    """Return what stands behind a link that opens the chat and signs in there."""
    return f"{PAYLOAD}{code}"


def read_payload(payload: str) -> str | None:
    """Return the code behind such a link; None for any other payload."""
    code = payload.removeprefix(PAYLOAD)
    return code if payload.startswith(PAYLOAD) and _CODE.fullmatch(code) and code.isascii() else None


def read_code(words: str) -> str | None:
    """Find the code in what was typed; full-width digits are digits."""
    plain = "".join(str(int(c)) if c.isdecimal() else c for c in words)
    found = _CODE.search(plain)
    return found[0] if found else whole_code(plain)


def whole_code(words: str) -> str | None:
    """Return the code where nothing else was typed: six digits, in two halves perhaps, as a screen may show them."""
    found = _HALVES.fullmatch("".join(str(int(c)) if c.isdecimal() else c for c in words).strip())
    return found[1] + found[2] if found else None
