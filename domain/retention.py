"""How long rows are kept, and the part of the night in which those that are older go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

SHORTEST = 8
"""Days. A messenger may bring an update again after hours, and after a long weekend; chats are looked back at."""
BITE = 500
"""So many rows go in one transaction, which a turn may have to wait for: some 25 ms (`benchmarks/retention.py`)."""
GAP = timedelta(seconds=0.5)
"""Between two bites."""
BEGINS, ENDS = time(3, 30), time(6, 0)
"""On the organisation's clock. What has not gone by then goes the next night."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What was settled before these moments may go; None: it is kept for ever."""

    updates: datetime | None
    mistakes: datetime | None
    """Updates that could not be read, or that broke something of ours."""
    letters: datetime | None
    campaigns: datetime | None


@dataclass(frozen=True, slots=True)
class Retention:
    """Days for which rows are kept once nothing more will become of them; 0 is for ever."""

    updates_days: int = 30
    """What people said and pressed, with the keys by which it would be recognised if it came again."""
    letters_days: int = 180
    """Answers, and pushes about one person's own matter."""
    campaigns_days: int = 730
    """Each person's letter of what went to many."""

    def limits(self, now: datetime) -> Limits:
        """Return what may go at this moment. Mistakes stay as long as what went to many: somebody may look into it."""
        days = (self.updates_days, self.campaigns_days)
        return Limits(
            updates=_before(now, self.updates_days),
            mistakes=_before(now, max(days)) if all(days) else None,
            letters=_before(now, self.letters_days),
            campaigns=_before(now, self.campaigns_days),
        )


def _before(now: datetime, days: int) -> datetime | None:
    return now - timedelta(days=days) if days else None


def is_night(local: datetime) -> bool:
    """Answer whether rows may go now; pass the moment on the organisation's clock."""
    return BEGINS <= local.time() < ENDS
