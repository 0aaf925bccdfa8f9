"""How many letters other than answers may be claimed now: calls that are sold, and minutes in which all bots speak."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from messengers.base import Limits
from services import allowance
from services.work import Work
from storage import outbox


class Quota:
    """Of one messenger."""

    def __init__(self, messenger: str, limits: Limits) -> None:
        """Read what it limits."""
        self._messenger = messenger
        self._limits = limits
        self.counted = bool(limits.per_day or limits.per_month)

    def busy(self) -> bool:
        """Answer whether broadcasts wait for the minute to pass."""
        return bool(self._limits.busy_minutes) and datetime.now(UTC).minute in self._limits.busy_minutes

    def spend(self, work: Work, calls: int) -> None:
        """Count calls that were made."""
        allowance.spend(work, self._messenger, calls, self._limits.per_day, self._limits.per_month)

    def room(self, work: Work, wanted: int, uncounted: int, in_hand: int) -> int:
        """Return how many of the wanted letters may be claimed. `uncounted`: calls that were made and aren't in yet."""
        limits = self._limits
        left = allowance.room(work, self._messenger, limits.per_day, limits.per_month) if self.counted else None
        if left is None:
            return wanted
        # Near the end each letter may be one that goes alone, and what is left is for answers.
        many = not limits.by_person and left > 2 * limits.recipients_a_call
        letters_a_call = limits.recipients_a_call if many else 1
        return max(0, min(wanted, (left - uncounted) * letters_a_call - in_hand))


def seed(connection: Connection, messenger: str, limits: Limits, now: datetime) -> list[tuple[str, float]]:
    """Return (chat, seconds ago), oldest first, of what left before this process began, where silent limits hold."""
    longest = max((seconds for _, seconds in limits.per_chat_windows), default=0)
    return outbox.left_lately(connection, messenger, now, longest) if longest else []
