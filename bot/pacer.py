"""Even pacing under a messenger's limits, and obedience when it asks to be left alone.

All chats together: one send each 1/rate seconds, never a burst; whoever waits in a lower lane goes first, so that a
live answer never stands behind a broadcast. One chat: the same in the long run, but a few at once, so that somebody who
taps quickly is answered quickly; a group's pace is a little under its limit, so that those few never pass it either.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Sequence

from bot.windows import Windows

CHAT_BURST = 3
"""Messages that one chat may get at once before its own pace begins; messengers allow short bursts there."""
SLACK = 0.008
"""Seconds by which a timer that rang late may catch up."""
GRAIN = 0.004
"""Seconds between timers at least: at a thousand a second a few go together, and the loop wakes less often."""
UNDER = 0.996
"""How much of the ceiling is aimed at, for what the way adds to evenness."""


class HeldError(Exception):
    """The messenger wants to be left alone for longer than a letter can wait here."""


class Pacer:
    """Paces one messenger's sends, all chats together, and each chat for itself."""

    def __init__(
        self,
        per_second: float | None,
        per_chat_per_second: float | None,
        per_group_per_minute: float | None = None,
        windows: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Make one for the event loop that runs; None means: no such limit. `windows`: (messages, seconds) a chat."""
        self._gap = 1 / (per_second * UNDER) if per_second else 0.0
        self._chat_gap = 1 / per_chat_per_second if per_chat_per_second else 0.0
        few = CHAT_BURST if (per_group_per_minute or 0) > CHAT_BURST else 1
        self._group_gap = 60 / (per_group_per_minute - few + 1) if per_group_per_minute else 0.0
        self._group_burst = few
        self._clock = asyncio.get_running_loop().time
        self.windows = Windows(windows, self._clock)
        self._next = 0.0
        self._held_until = 0.0
        self._chats: dict[str, float] = {}
        self._waiting: list[tuple[float, int, asyncio.Future[bool], str, bool]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, chat: str, lane: float, *, group: bool = False) -> None:
        """Wait until this chat (empty: no chat of its own) may be written to.

        Raises `HeldError` when the messenger was held for long meanwhile.
        """
        while True:
            pause = self.chat_pause(chat, group=group)
            if pause > 0:
                await asyncio.sleep(pause)
                continue
            if not self._gap and self.held() <= 0:
                self._take(chat, group=group)
                return
            future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (lane, next(self._numbers), future, chat, group))
            if self._timer is None:
                self._grant()
            if await future:
                return

    def at_once(self, chat: str, *, group: bool = False) -> bool:
        """Take this moment when nobody waits and nothing stands against it; False: nothing is taken, wait your turn."""
        now = self._clock()
        if self._waiting or self._next > now or self._held_until > now or self.chat_pause(chat, group=group) > 0:
            return False
        self._take(chat, group=group)
        self._next = max(self._next, now - SLACK) + self._gap
        return True

    def chat_pause(self, chat: str, *, group: bool) -> float:
        """Return the seconds until this chat may get something."""
        gap, burst = self._pace(group=group)
        if not chat:
            return 0.0
        own = self._chats.get(chat, 0.0) - (burst - 1) * gap - self._clock() if gap else 0.0
        return max(own, self.windows.pause(chat))

    def _pace(self, *, group: bool) -> tuple[float, int]:
        if group and self._group_gap > self._chat_gap:
            return self._group_gap, self._group_burst
        return self._chat_gap, CHAT_BURST

    def _take(self, chat: str, *, group: bool) -> None:
        """Count what this chat gets now: at the moment of leaving, so that what was held up does not come in a heap."""
        gap, _ = self._pace(group=group)
        self.windows.take(chat)
        if not gap or not chat:
            return
        now = self._clock()
        self._chats[chat] = max(self._chats.get(chat, 0.0), now) + gap
        if len(self._chats) > 10_000:  # noqa: PLR2004 - forget who may speak again anyway
            self._chats = {name: free for name, free in self._chats.items() if free > now}

    def _grant(self) -> None:
        """Let the first of those who wait go, one each gap; then sleep until the next may."""
        self._timer = None
        while self._waiting:
            now = self._clock()
            moment = max(self._next, self._held_until)
            if moment > now:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(max(moment - now, GRAIN), self._grant)
                return
            _, _, future, chat, group = heapq.heappop(self._waiting)
            if future.done():
                continue
            if self.chat_pause(chat, group=group) > 0:
                # Somebody else has written to this chat meanwhile.
                future.set_result(False)
                continue
            self._next = max(self._next, now - SLACK) + self._gap
            self._take(chat, group=group)
            future.set_result(True)

    def hold(self, seconds: float, *, longest: float = 30.0) -> None:
        """Send nothing at all for so long: the messenger said so. Beyond `longest` nobody is kept waiting here."""
        self._held_until = max(self._held_until, self._clock() + seconds)
        if seconds > longest:
            self.dismiss()

    def dismiss(self) -> None:
        """Send everybody who waits away."""
        waiting, self._waiting = self._waiting, []
        for _, _, future, *_ in waiting:
            if not future.done():
                future.set_exception(HeldError())

    def held(self) -> float:
        """Return how many seconds the messenger must still be left alone."""
        return max(0.0, self._held_until - self._clock())
