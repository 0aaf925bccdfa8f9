"""Long imports and exports: what state one is in, how long its result is kept, and how much is done at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (State.WAITING, State.RUNNING)
SMALL = 5_000
"""Up to so many rows are made at once, while the browser waits."""
LARGE_FILE = 200_000
"""Bytes; a larger file is imported as a job."""
KEPT = timedelta(days=7)
"""So long the file of a job can be saved."""
REMEMBERED = timedelta(days=30)
"""So long it is known that there was a job."""
LASTS = timedelta(seconds=20)
"""A process that says nothing for so long has lost its job to another."""
TRIES = 3
"""A job whose process died so often is not begun again: it may be what kills them."""
AT_ONCE = 5
"""So many jobs of one person wait or run."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job, without the bytes of its result."""

    id: int
    owner_id: int
    kind: str
    facts: dict[str, str]
    state: State
    done: int
    total: int
    """0 while nobody knows."""
    cancelling: bool
    tries: int
    made_at: datetime
    ended_at: datetime | None
    why: str
    """With FAILED: the key of the sentence that says why."""
    said: dict[str, object]
    """What belongs into that sentence, or into the one that says what was done."""
    name: str
    """With a result: what the file is called."""
    size: int
    roles: str
    """What names the roles with which it was asked for: with others it would hold something else."""

    @property
    def percent(self) -> int:
        """How far it is, of a hundred; only what is done is all of it."""
        if self.state is State.DONE:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0

    @property
    def kept_until(self) -> datetime | None:
        """Until when its file can be saved; None when it has none."""
        return self.ended_at + KEPT if self.ended_at is not None and self.size else None
