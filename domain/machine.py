"""What the running program tells of itself: its messengers, disk, copies and the choices of its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

EVERYTHING = "*"
"""Stands for all messengers where sending is stopped by hand."""
LITTLE_BYTES, LITTLE_SHARE = 1 << 30, 0.05
"""A disk with less left than either is nearly full."""
OLD_COPY = timedelta(days=2)
STUCK = timedelta(minutes=5)
"""A letter that is due for so long while nothing leaves: its messenger is down, whoever sends for it."""


@dataclass(frozen=True, slots=True)
class Face:
    """A messenger as this process knows it."""

    name: str
    here: bool
    """Whether this process sends for it; else another one does, and the rest is not known here."""
    down: bool = False
    """It could not be reached so often that only a letter now and then is tried."""
    rest: float = 0.0
    """Seconds for which it is left alone."""
    failure: str = ""
    failed_at: datetime | None = None
    """The last call that failed, and when; empty when none did since the start."""
    passed_at: datetime | None = None
    """When a letter got through last since the start."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk on which the data lies."""

    free: int
    total: int

    @property
    def little(self) -> bool:
        """Whether it is nearly full."""
        return self.free < LITTLE_BYTES or self.free < self.total * LITTLE_SHARE


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the database."""

    name: str
    size: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies that this program makes by itself."""

    possible: bool
    """False: the database has tools of its own."""
    daily: bool = False
    folder: str = ""
    keep: int = 0
    newest: tuple[Copy, ...] = ()
    running: bool = False
    failure: str = ""
    """Why the last one that was asked for could not be made."""
    begins: datetime | None = None
    """When the first one should be there."""

    def too_old(self, now: datetime) -> bool:
        """Answer whether somebody should look after them."""
        if not self.possible:
            return False
        if self.newest:
            return now - self.newest[0].made_at > OLD_COPY
        return not self.daily or self.begins is None or now > self.begins


@dataclass(frozen=True, slots=True)
class Settable:
    """A setting of the configuration that may be set in the console."""

    key: str
    """`section.name`."""
    kind: str
    """time, number, weekday or flag."""
    file: str
    """What the configuration says."""
    least: int = 0
    most: int = 0

    @property
    def section(self) -> str:
        """The section of the configuration."""
        return self.key.partition(".")[0]


def trouble(note: str) -> str:
    """Return the code of what a letter's raw note means; `other` when nobody has put it into words yet."""
    low = note.casefold()
    for code, marks in _MEANINGS.items():
        if any(mark in low for mark in marks):
            return code
    return "other" if note else "none"


_MEANINGS: Mapping[str, tuple[str, ...]] = {
    "by_hand": ("given up by hand",),
    "too_late": ("too late",),
    "unwanted": ("no longer wanted",),
    "stopped": ("stopped in the air",),
    "file_gone": ("file is gone", "no such file"),
    "file_large": ("larger than", "takes files of"),
    "licence": ("licence",),
    "blocked": ("blocked", "deactivated", "chat not found", "not in the organisation", "kicked", "no such user"),
    "filtered": ("filters what goes",),
    "refused": ("token", "unauthorized", "forbidden", "http 401", "http 403", "access"),
    "flood": ("flood", "too much for this person", "too many requests", "http 429", "punished", "freq"),
    "far_side": ("http 5", "no answer", "no json", "a page", "none of"),
    "unreachable": ("timeout", "timed out", "connection", "connector", "network", "disconnected", "oserror"),
    "ours": ("error:",),
}
"""Code -> what its notes contain, looked through in this order."""
