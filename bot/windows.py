"""How much each chat got lately, where a messenger drops in silence what is more than so many in so many seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

GRACE = 1.0
"""Seconds by which a window is taken longer: what left evenly may arrive closer together."""
MOST_CHATS = 20_000
"""From so many on, those are forgotten who got nothing for a whole window."""


class Windows:
    """Counts for each chat of one messenger; `limits` are (messages, seconds)."""

    def __init__(self, limits: Iterable[tuple[int, int]], clock: Callable[[], float]) -> None:
        """Begin with nothing sent. `clock` never goes back."""
        self._limits = [(most, seconds + GRACE) for most, seconds in limits]
        self._longest = max((seconds for _, seconds in self._limits), default=0.0)
        self._clock = clock
        self._sent: dict[str, list[float]] = {}
        self._bound = MOST_CHATS

    def pause(self, chat: str) -> float:
        """Return the seconds until this chat may get another message."""
        sent = self._sent.get(chat)
        if not sent:
            return 0.0
        now = self._clock()
        return max((sent[-most] + seconds - now for most, seconds in self._limits if len(sent) >= most), default=0.0)

    def take(self, chat: str, ago: float = 0.0) -> None:
        """Count a message that leaves now, or left so many seconds ago (then say older ones first)."""
        if not self._limits or not chat:
            return
        now = self._clock()
        sent = self._sent.setdefault(chat, [])
        sent.append(now - ago)
        if sent[0] < now - self._longest:
            self._sent[chat] = [moment for moment in sent if moment >= now - self._longest]
        if len(self._sent) > self._bound:
            self._sent = {name: times for name, times in self._sent.items() if times[-1] >= now - self._longest}
            self._bound = max(MOST_CHATS, 2 * len(self._sent))
