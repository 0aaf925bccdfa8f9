"""What became of letters, written together as fast as the database commits; what is out is never forgotten."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from bot.hand import Hand
from storage import address, claim, hold, outbox
from storage.claim import Claimed, Settlement
from storage.engine import Database, StorageError

log = logging.getLogger(__name__)

LINGER = 0.02
"""Seconds between commits while letters stream out: what is out and not yet told is all that a kill can double."""
RENEWED = 5000
"""Leases that are renewed by one statement."""


class Settling:
    """Writes settlements of one messenger's letters."""

    def __init__(
        self,
        database: Database,
        messenger: str,
        written: Callable[[], None],
        again: Callable[[Sequence[Claimed]], None],
        spend: Callable[[Connection, int], None] | None = None,
    ) -> None:
        """`written` is called after each commit that made a letter ready again, `spend` with the calls in each.

        `again` gets letters that were claimed for another try before we knew that the last was written down.
        """
        self._database = database
        self._messenger = messenger
        self._written = written
        self._again = again
        self._spend = spend
        self.hand = Hand()
        self.calls = 0
        """Calls that were made and are not counted in the database yet."""
        self._held: tuple[datetime, timedelta] | None = None
        """Since when and for how long the messenger wants to be left alone, as long as that is not written down."""
        self._waiting: list[Settlement] = []
        self._wake = asyncio.Event()
        self._stopping = False

    def take(self, letter: Claimed) -> bool:
        """Take a claimed letter in hand; False when it is there already and must not be set going again."""
        new, told = self.hand.take(letter)
        if told is not None:
            self._put(told)
        return new

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
        unknown: bool = False,
    ) -> None:
        """Write this as soon as possible; what was said first of a try counts."""
        tries = letter.attempts if attempts is None else attempts
        done = parts or letter.parts_done
        self._tell(Settlement(letter.id, state, letter.claim, message, note, again_at, done, tries, "", unknown))

    def close(self, letter: Claimed, why: str) -> None:
        """Write that the letter failed because its account takes nothing any more."""
        self._tell(Settlement(letter.id, outbox.FAILED, letter.claim, note=why, closes=letter.recipient))

    def _tell(self, one: Settlement) -> None:
        if self.hand.tell(one):
            self._put(one)

    def hold(self, seconds: float) -> None:
        """Write with the next letters that the messenger wants to be left alone for so long."""
        now, lasts = datetime.now(UTC), timedelta(seconds=seconds)
        if self._held is None or now + lasts > self._held[0] + self._held[1]:
            self._held = now, lasts

    def _put(self, one: Settlement) -> None:
        self._waiting.append(one)
        self._wake.set()

    async def run(self) -> None:
        """Write until stopped and nothing waits; what can't be written then waits for the next run."""
        try:
            while self._waiting or not self._stopping:
                await self._wake.wait()
                self._wake.clear()
                batch, self._waiting = self._waiting, []
                if batch and not await self._write(batch):
                    self._waiting = batch + self._waiting
                    self._wake.set()
                    return
                if not self._stopping:
                    await asyncio.sleep(LINGER)
        finally:
            # Not at the beginning: whoever is stopped at once may be so before this has begun.
            self._stopping = False

    async def join_call(self, letters: Sequence[Claimed]) -> None:
        """Write down that these go in one call, before it is made. Raises `StorageError`."""
        numbers = [letter.id for letter in letters]
        await self._database.write(lambda c: claim.join_call(c, numbers))

    async def give_back(self, letters: Sequence[Claimed]) -> None:
        """Let others have what was claimed for us."""

        def give(connection: Connection) -> None:
            now = datetime.now(UTC)
            for one in letters:
                back = Settlement(one.id, outbox.READY, one.claim, parts=one.parts_done, attempts=one.attempts - 1)
                claim.settle(connection, back, now)

        await self._database.write(give)

    def stop(self) -> None:
        """Write what waits, then end."""
        self._stopping = True
        self._wake.set()

    async def renew(self, lease: timedelta) -> None:
        """Lengthen the leases of what has been in hand for long, for ever."""
        third = lease.total_seconds() / 3
        while True:
            await asyncio.sleep(third)
            letters = self.hand.long_held(third)
            for place in range(0, len(letters), RENEWED):
                until, some = datetime.now(UTC) + lease, letters[place : place + RENEWED]
                try:
                    await self._database.write(partial(claim.renew, letters=some, until=until))
                except StorageError:
                    log.warning("%s: leases could not be renewed", self._messenger)

    async def flush(self) -> None:
        """Write what an earlier run could not write any more. Raises `StorageError`."""
        batch, self._waiting = self._waiting, []
        if batch and not await self._write(batch, patient=False):
            self._waiting = batch + self._waiting
            raise StorageError("what became of letters could not be written yet")

    async def _write(self, batch: list[Settlement], *, patient: bool = True) -> bool:
        """Write these; while the database is away late is better than sent twice. False: they could not be written."""
        for attempt in range(1_000_000):
            calls, held = self.calls, self._held
            try:
                told = await self._database.write(partial(self._settle, batch, calls, held))
            except StorageError:
                log.warning("%d letters are out, and the outbox can't be told yet", len(batch))
                if not patient or (self._stopping and attempt):
                    return False
                await asyncio.sleep(min(5, 2**attempt / 4))
            except Exception:
                log.exception("%d letters are out, and telling the outbox broke", len(batch))
                if len(batch) > 1:
                    # One of them is the matter: the others must not be sent again because of it.
                    return all([await self._write([one], patient=patient) for one in batch])
                plain = replace(batch[0], message="", note="", closes="")
                if plain != batch[0]:
                    return await self._write([plain], patient=patient)
                self.hand.written(plain, plain.claim)
                return True
            else:
                self.calls -= calls
                self._held = None if self._held is held else self._held
                self._told(batch, told)
                return True
        return False

    def _settle(
        self, batch: list[Settlement], calls: int, held: tuple[datetime, timedelta] | None, connection: Connection
    ) -> list[tuple[int, bool]]:
        """Return for each the claim under which it was said, and whether it was taken."""
        now, told = datetime.now(UTC), []
        if self._spend is not None and calls:
            self._spend(connection, calls)
        if held is not None:
            hold.begin(connection, self._messenger, *held)
        for one in batch:
            under = self.hand.claim(one)
            taken = claim.settle(connection, one, now, under)
            told.append((under, taken))
            if one.closes and taken:
                address.close(connection, self._messenger, one.closes, one.note)
        return told

    def _told(self, batch: list[Settlement], told: list[tuple[int, bool]]) -> None:
        again, ready = [], False
        for one, (under, taken) in zip(batch, told, strict=True):
            if taken:
                ready = ready or one.state == outbox.READY
                letter = self.hand.written(one, under)
                if letter is not None:
                    again.append(letter)
            elif self.hand.refuse(one, under):
                self._put(one)
            else:
                log.warning("letter %d was %s here, but is no longer ours to settle", one.letter, one.state)
        if again:
            self._again(again)
        if ready:
            self._written()
