"""A second pair of eyes: where a unit asks for it, what exactly is approved, and how long a reason may be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from domain.announcement import Announcement

LONGEST_REASON = 300
SHORT = 16
"""So much of a sign stands behind a button."""


class Verdict(StrEnum):
    """What became of one asking."""

    OPEN = ""
    APPROVED = "approved"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    """By its author."""


@dataclass(frozen=True, slots=True)
class Approval:
    """One asking for approval, and what came of it."""

    id: int
    announcement_id: int
    sign: str
    asked_at: datetime
    verdict: Verdict
    decided_by: int | None
    decided_name: str
    decided_at: datetime | None
    words: str
    """Why it was given back."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """What a unit has set. `off_by`: who wants it off; it stays on until somebody else wants that too."""

    unit_id: int
    unit_name: str
    path: str
    required: bool
    off_by: int | None = None


def sign(one: Announcement, at: datetime | None = None) -> str:
    """Return what names the words and the audience as they are: whatever is edited has another sign.

    `at`: what is approved is to leave then and at no other time (or at most two hours late); None: at once.
    """
    parts: tuple[object, ...] = (one.id, one.text, one.attachment, one.unit_id, one.circle.value, one.urgent)
    if at is not None:
        parts += (at.astimezone(UTC).isoformat(timespec="seconds"),)
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def nearest(found: Iterable[Eyes], path: str) -> Eyes | None:
    """Return what holds at the unit with this path: what was set there or at the nearest unit above it."""
    return max((one for one in found if path.startswith(one.path)), key=lambda one: len(one.path), default=None)


def above(path: str) -> list[int]:
    """Return the ids of a unit and of those above it."""
    return [int(part) for part in path.split("/") if part]
