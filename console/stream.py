"""Server-sent events: a part of a page is looked at again and again, and sent when it changed.

A stream ends by itself after some minutes (the browser comes back and is asked who it is anew) and when its session
does. So many at once are served, to one browser and in all.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web

OF_ONE, OF_ALL = 6, 300
LASTS = 300.0
"""Seconds."""
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Accel-Buffering": "no",
    "Referrer-Policy": "same-origin",
}


class Streams:
    """Counts the streams of this process, and runs each."""

    def __init__(self) -> None:
        """Start with none."""
        self._of: Counter[str] = Counter()

    def enter(self, who: str) -> bool:
        """Take a place; False when there is none left."""
        if self._of[who] >= OF_ONE or self._of.total() >= OF_ALL:
            return False
        self._of[who] += 1
        return True

    def leave(self, who: str) -> None:
        """Give the place back."""
        self._of[who] -= 1
        if self._of[who] <= 0:
            del self._of[who]

    async def run(
        self, request: web.Request, every: float, look: Callable[[], Awaitable[str | None]]
    ) -> web.StreamResponse:
        """Send what `look` returns whenever it differs, until it returns None."""
        answer = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream; charset=utf-8"})
        part = await look()
        if part is None:
            # 204 tells a browser not to come back.
            return web.Response(status=204, headers=HEADERS)
        await answer.prepare(request)
        shown, ends = "", asyncio.get_running_loop().time() + LASTS
        try:
            while part is not None and asyncio.get_running_loop().time() < ends:
                await answer.write(_event(part) if part != shown else b": here\n\n")
                shown = part
                await asyncio.sleep(every)
                part = await look()
            if part is None:
                await answer.write(b"event: over\ndata:\n\n")
        except ConnectionResetError:
            pass
        return answer


def _event(part: str) -> bytes:
    return "".join(f"data: {line}\n" for line in part.splitlines()).encode() + b"\n"
