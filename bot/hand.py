"""Letters in hand: claimed here, and what became of them not yet written down. None is set going twice.

A lease may run out while its letter is still in the air (a large file on a slow line, the machine's clock set forward).
Our own next claim brings that letter again then, which is a longer lease and nothing more: what became of the one try
is written under the newest claim. What is in hand for long has its lease renewed before that.
"""

from __future__ import annotations

import time

from storage.claim import Claimed, Settlement


class _Held:
    """One letter."""

    __slots__ = ("again", "claim", "refused", "since", "told")

    def __init__(self, claim: int) -> None:
        self.claim = claim
        self.since = time.monotonic()
        self.again: Claimed | None = None
        """What a later claim of ours brought."""
        self.told: Settlement | None = None
        """What became of it, waiting to be written down."""
        self.refused = False
        """It was not written: somebody has claimed the letter since, maybe we ourselves."""


class Hand:
    """One messenger's letters in hand."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._held: dict[int, _Held] = {}

    def take(self, letter: Claimed) -> tuple[bool, Settlement | None]:
        """Take a claimed letter: (it is to be set going, what became of it long ago and is to be written now)."""
        held = self._held.get(letter.id)
        if held is None:
            self._held[letter.id] = _Held(letter.claim)
            return True, None
        held.claim, held.again, held.since = letter.claim, letter, time.monotonic()
        told = held.told if held.refused else None
        held.refused = False
        return False, told

    def tell(self, one: Settlement) -> bool:
        """Say what became of a letter; False when that was said already."""
        held = self._held.get(one.letter)
        if held is None:
            return True
        if held.told is not None:
            return False
        held.told = one
        return True

    def let_go(self, letter: int) -> None:
        """Forget a letter of which nothing will be told: its lease runs out, and it is claimed again."""
        held = self._held.get(letter)
        if held is not None and held.told is None:
            del self._held[letter]

    def claim(self, one: Settlement) -> int:
        """Return the newest claim of a letter. May be asked by any thread."""
        held = self._held.get(one.letter)
        return one.claim if held is None else held.claim

    def written(self, one: Settlement, claim: int) -> Claimed | None:
        """Forget what is written down under this claim; returns the letter when another try was claimed since."""
        held = self._held.pop(one.letter, None)
        return held.again if held is not None and held.claim != claim else None

    def refuse(self, one: Settlement, claim: int) -> bool:
        """Under that claim nothing may be said any more; True when we hold a newer one, so that it may be under that.

        Else somebody else has the letter, or a claim of ours is just on its way here: then it is said under that.
        """
        held = self._held.get(one.letter)
        if held is None:
            return False
        if held.claim != claim:
            return True
        held.refused, held.since = True, time.monotonic()
        return False

    def long_held(self, seconds: float) -> list[int]:
        """Return what has been in hand for so long since it was claimed or renewed; forgets what others have."""
        before = time.monotonic() - seconds
        old = [(number, held) for number, held in self._held.items() if held.since <= before]
        for number, held in old:
            held.since = time.monotonic()
            if held.refused:
                del self._held[number]
        return [number for number, held in old if not held.refused]
