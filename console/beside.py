"""What takes longer than a page may is worked out beside it, one of a name at a time and few at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from console.grammar import Later
from services.work import Work

log = logging.getLogger(__name__)
BESIDE = 2
"""So much is worked out at once; more would leave no reader for the pages."""


class Beside:
    """The works under way."""

    def __init__(self, read: Callable[[Callable[[Work], Any]], Awaitable[Any]]) -> None:
        """`read`: does a piece of work in one reading transaction."""
        self._read = read
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(BESIDE)

    def begin(self, later: Later) -> None:
        """Work something out, unless it is under way."""
        if later.name not in self._under_way:
            self._under_way[later.name] = asyncio.create_task(self._work(later))

    async def _work(self, later: Later) -> None:
        try:
            async with self._room:
                await self._read(later.work)
        except Exception:
            log.exception("console: %s was not worked out", later.name)
        finally:
            del self._under_way[later.name]
