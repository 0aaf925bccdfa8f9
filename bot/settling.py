"""What became of letters, written together as fast as the database commits; what is out is never forgotten."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection

from storage import address, claim, outbox
from storage.claim import Claimed, Settlement
from storage.engine import Database, StorageError

log = logging.getLogger(__name__)

LINGER = 0.02
"""Seconds between commits while letters stream out: what is out and not yet told is all that a kill can double."""


class Settling:
    """Writes settlements of one messenger's letters."""

    def __init__(
        self,
        database: Database,
        messenger: str,
        written: Callable[[], None],
        spend: Callable[[Connection, int], None] | None = None,
    ) -> None:
        """`written` is called after each commit that made a letter ready again, `spend` with the calls in each."""
        self._database = database
        self._messenger = messenger
        self._written = written
        self._spend = spend
        self.calls = 0
        """Calls that were made and are not counted in the database yet."""
        self._waiting: list[Settlement] = []
        self._wake = asyncio.Event()
        self._stopping = False

    def add(
        self,
        letter: Claimed,
        state: str,
        *,
        message: str = "",
        note: str = "",
        again_at: datetime | None = None,
        parts: int = 0,
        attempts: int | None = None,
    ) -> None:
        """Write this as soon as possible."""
        self._put(Settlement(letter.id, state, message, note, again_at, parts or letter.parts_done, attempts))

    def close(self, letter: Claimed, why: str) -> None:
        """Write that the letter failed because its account takes nothing any more."""
        self._put(Settlement(letter.id, outbox.FAILED, note=why, closes=letter.recipient))

    def _put(self, one: Settlement) -> None:
        self._waiting.append(one)
        self._wake.set()

    async def run(self) -> None:
        """Write until stopped and nothing waits."""
        while self._waiting or not self._stopping:
            await self._wake.wait()
            self._wake.clear()
            batch, self._waiting = self._waiting, []
            if batch:
                await self._write(batch)
            if not self._stopping:
                await asyncio.sleep(LINGER)

    def stop(self) -> None:
        """Write what waits, then end."""
        self._stopping = True
        self._wake.set()

    async def _write(self, batch: list[Settlement]) -> None:
        """Write these; while the database is away the leases are still ours: late is better than sent twice."""
        calls = self.calls
        for attempt in range(1_000_000):
            try:
                await self._database.write(partial(self._settle, batch, calls))
            except StorageError:
                log.warning("%d letters are out, and the outbox can't be told yet", len(batch))
                if self._stopping and attempt:
                    return
                await asyncio.sleep(min(5, 2**attempt / 4))
            except Exception:
                log.exception("%d letters are out, and telling the outbox broke", len(batch))
                if len(batch) > 1:
                    # One of them is the matter: the others must not be sent again because of it.
                    for one in batch:
                        await self._write([one])
                return
            else:
                self.calls -= calls
                if any(one.state == outbox.READY for one in batch):
                    self._written()
                return

    def _settle(self, batch: list[Settlement], calls: int, connection: Connection) -> None:
        now = datetime.now(UTC)
        if self._spend is not None and calls:
            self._spend(connection, calls)
        for one in batch:
            claim.settle(connection, one, now)
            if one.closes:
                address.close(connection, self._messenger, one.closes, one.note)
