"""Tickets of one-time links: a letter's number with a signature that only the program's own key makes."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import timedelta
from enum import StrEnum

LASTS = timedelta(minutes=10)
"""How long after its letter a link opens anything."""
STAYS = timedelta(hours=12)
"""How long a browser stays signed in by a link."""
_TICKET = re.compile(r"([1-9][0-9]{0,17})-([0-9a-f]{40})")


class Outcome(StrEnum):
    """What became of a ticket."""

    OK = "ok"
    USED = "used"
    LATE = "late"
    UNKNOWN = "unknown"


def ticket(key: bytes, letter: int, messenger: str, recipient: str) -> str:
    """Return the ticket of a letter; the same letter has the same one for ever."""
    parts = "\0".join(("in", str(letter), messenger, recipient))
    return f"{letter}-{hmac.new(key, parts.encode(), hashlib.sha256).hexdigest()[:40]}"


def letter_of(words: str) -> int | None:
    """Return the letter that a ticket names, whoever wrote it; None for what is no ticket."""
    found = _TICKET.fullmatch(words)
    return int(found[1]) if found else None


def fits(key: bytes, words: str, letter: int, messenger: str, recipient: str) -> bool:
    """Check in constant time that a ticket is ours and of this letter."""
    return hmac.compare_digest(ticket(key, letter, messenger, recipient).encode(), words.encode())
