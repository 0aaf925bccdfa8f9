"""Even pacing under a messenger's limits, and obedience when it asks to be left alone.

All chats together: one send each 1/rate seconds, never a burst. One chat: the same in the long run, but a few at once,
so that somebody who taps quickly is answered quickly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

CHAT_BURST = 3
"""Messages that one chat may get at once before its own pace begins; messengers allow short bursts there."""


class Pacer:
    """Paces one messenger's sends, all chats together, and each chat for itself."""

    def __init__(
        self, per_second: float | None, per_chat_per_second: float | None, clock: Callable[[], float] | None = None
    ) -> None:
        """`clock`: monotonic seconds; the event loop's by default."""
        self._gap = 1 / per_second if per_second else 0.0
        self._chat_gap = 1 / per_chat_per_second if per_chat_per_second else 0.0
        self._clock = clock or asyncio.get_running_loop().time
        self._next = 0.0
        self._held_until = 0.0
        self._chats: dict[str, float] = {}

    def reserve(self, chat: str) -> float:
        """Take the next free moment for this chat; returns how many seconds to wait for it."""
        now = self._clock()
        full = self._chats.get(chat, 0.0)
        moment = max(now, self._next, full - CHAT_BURST * self._chat_gap)
        if self._gap:
            self._next = max(now, self._next) + self._gap
        if self._chat_gap:
            self._chats[chat] = max(full, moment) + self._chat_gap
            if len(self._chats) > 10_000:  # noqa: PLR2004 - forget who may speak again anyway
                self._chats = {name: free for name, free in self._chats.items() if free > now}
        return moment - now

    def hold(self, seconds: float) -> None:
        """Send nothing at all for so long: the messenger said so."""
        self._held_until = max(self._held_until, self._clock() + seconds)
        self._next = max(self._next, self._held_until)

    def held(self) -> float:
        """Return how many seconds the messenger must still be left alone."""
        return max(0.0, self._held_until - self._clock())
