"""How often one session or one address may ask: a bucket that fills by time, kept in memory alone.

Behind a proxy everybody has one address. So whoever was once seen with a session has a bucket of their own, and only
those whom nobody knows share that of their address: they can shut out each other, and nobody who is signed in.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

MANY = 120
"""Requests at once."""
A_SECOND = 4.0
"""How fast the bucket fills again."""
KEPT = 20_000
"""So many are remembered; the longest unseen go first."""


class Limit:
    """Counts requests by who makes them."""

    def __init__(self, many: float = MANY, a_second: float = A_SECOND) -> None:
        """Start with every bucket full."""
        self._many, self._a_second = many, a_second
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()

    def take(self, who: str, now: datetime) -> bool:
        """Answer whether one more request is let through, and count it."""
        left, since = self._left.pop(who, (self._many, now))
        left = min(self._many, left + max((now - since).total_seconds(), 0) * self._a_second)
        self._left[who] = (max(left - 1, 0.0), now)
        if len(self._left) > KEPT:
            self._left.popitem(last=False)
        return left >= 1

    def know(self, who: str) -> None:
        """Give a session a bucket of its own from now on."""
        self._known[who] = None
        self._known.move_to_end(who)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)

    def knows(self, who: str) -> bool:
        """Whether a session has its own bucket."""
        return who in self._known
