"""The calls that a messenger sells by the day or the month: how many are left, and who may still have them."""

from __future__ import annotations

from services.work import Work
from storage import spending

RESERVE = 0.1
"""This part is kept for answers: pushes and broadcasts stop before it."""


def spend(work: Work, messenger: str, calls: int) -> None:
    """Count calls that were made."""
    spending.add(work.connection, messenger, work.today, calls)


def room(work: Work, messenger: str, per_day: int | None, per_month: int | None) -> int | None:
    """Return how many calls pushes and broadcasts may have now; None: nothing is counted here."""
    left = [int(cap * (1 - RESERVE)) - used for cap, used in _used(work, messenger, per_day, per_month)]
    return max(0, min(left)) if left else None


def _used(work: Work, messenger: str, per_day: int | None, per_month: int | None) -> list[tuple[int, int]]:
    found = []
    for cap, first in ((per_day, work.today), (per_month, work.today.replace(day=1))):
        if cap:
            found.append((cap, spending.since(work.connection, messenger, first)))
    return found
