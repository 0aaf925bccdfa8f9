"""A circuit breaker: when a messenger can't be reached at all, it is tried now and then, by one letter at a time."""

from __future__ import annotations

OPENS_AFTER = 5
"""Failures of the way there, one after another."""
FIRST, LONGEST = 2.0, 120.0
"""Seconds until the first and between later trials."""


class Breaker:
    """One messenger's."""

    def __init__(self) -> None:
        """Let everything pass."""
        self._failures = 0

    @property
    def open(self) -> bool:
        """Whether only a trial may pass now."""
        return self._failures >= OPENS_AFTER

    def failed(self) -> float:
        """Count a failure of the way there; returns the seconds for which nothing is to be tried (0: go on)."""
        self._failures += 1
        if not self.open:
            return 0.0
        return float(min(LONGEST, FIRST * 2.0 ** min(self._failures - OPENS_AFTER, 10)))

    def passed(self) -> bool:
        """Something came through; returns whether the breaker was open till now."""
        was = self.open
        self._failures = 0
        return was
