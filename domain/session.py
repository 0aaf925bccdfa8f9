"""Signing in to the console: a link that works once and soon, then a session that ends by idling or by age."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from datetime import datetime, timedelta

LINK_LASTS = timedelta(minutes=10)
IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
TOUCH = timedelta(minutes=1)
"""How exactly it is remembered when a session was last used."""
BITS = 256


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in. `form_key` stands in every form: what comes without it was not asked for by our page."""

    id: int
    member_id: int
    form_key: str
    begun_at: datetime
    seen_at: datetime

    def over(self, now: datetime) -> bool:
        """Whether it has idled too long or is too old."""
        return now >= self.seen_at + IDLE or now >= self.begun_at + ABSOLUTE


def new_secret(chance: random.Random) -> str:
    """Draw a secret. `chance` must not be guessable (`random.SystemRandom`)."""
    return f"{chance.getrandbits(BITS):064x}"


def digest(secret: str) -> str:
    """Return what is kept of a secret. It is long and random: a plain hash can't be searched backwards."""
    return hashlib.sha256(secret.encode()).hexdigest()
