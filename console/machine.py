"""What a page may ask of the running program, and what it may have it do; `bot/machine.py` answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.machine import Copies, Disk, Face, Settable


class Check(Protocol):
    """What the doctor says of one thing, and what to do about it."""

    @property
    def level(self) -> str:
        """How bad it is: ok, warning or error."""

    @property
    def what(self) -> str:
        """What was found."""

    @property
    def remedy(self) -> str:
        """What to do; empty when nothing."""

    @property
    def code(self) -> str:
        """Which of the page's sentences says it; empty when it is said as it stands."""

    @property
    def facts(self) -> Mapping[str, object]:
        """What stands in that sentence."""


class Machine(Protocol):
    """The running program. Asking changes nothing and waits for nobody outside."""

    def paused(self) -> Sequence[str]:
        """Return why this copy neither takes nor sends; nothing when it does."""

    def must_be_restored_again(self) -> bool:
        """Answer whether its rows differ from their backup, so that nobody may resume it."""

    def faces(self) -> Sequence[Face]:
        """Return how it stands with each messenger that is switched on."""

    def sold(self) -> Sequence[tuple[str, int | None, int | None]]:
        """Return (messenger, calls a day, calls a month) of those that count calls."""

    def disk(self) -> Disk:
        """Return what is left of the disk on which the data lies."""

    def copies(self) -> Copies:
        """Return the copies that this program has made."""

    def copy_now(self) -> None:
        """Begin to make one. To be named in `Visit.then`, not called."""

    def checks(self) -> Sequence[Check]:
        """Return what the doctor says without asking anybody outside."""

    def settable(self) -> Sequence[Settable]:
        """Return the settings that may be set in the console."""

    def checked(self, key: str, words: str) -> str:
        """Return the words of a setting as they are kept; raises the refusal for what does not fit it."""

    def look(self) -> None:
        """Look at once at what was paused, stopped or set. To be named in `Visit.then`, not called."""
