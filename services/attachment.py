"""Files that people sent or that were made for them, by attachment id."""

from __future__ import annotations

from services.work import Work
from storage import attachment as table


def keep(work: Work, name: str, mime: str, body: bytes) -> int:
    """Keep a file; returns its id."""
    return table.keep(work.connection, name, mime, body, work.now)


def load(work: Work, number: int) -> tuple[str, str, bytes] | None:
    """Return (name, mime, bytes), or None when there is none. Whether somebody may see it is the caller's matter."""
    return table.load(work.connection, number)


def forget(work: Work, number: int) -> None:
    """Empty a file that must not be kept."""
    table.forget(work.connection, number)
