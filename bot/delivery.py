"""Letters leave here and only here: claimed with a lease, sent, settled; failure is data, never silence."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.pacer import Pacer
from domain.codec import decode_reply
from domain.reply import Reply
from messengers.base import Messenger, Outgoing, SendFailedError
from storage import address, outbox
from storage.engine import Database, StorageError
from storage.outbox import Claimed

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
BATCH = 25
AT_ONCE = 16
TRIES = 8
LONGEST_PAUSE = 300.0
SWEEP = 5.0
"""Look at least so often for letters that another process wrote."""

Veil = Callable[[Reply, Messenger], Reply]
"""Replaces a reply that is too personal for a messenger by a link to the self-hosted page."""


class Delivery:
    """Sends one messenger's letters."""

    def __init__(self, database: Database, messenger: Messenger, veil: Veil) -> None:
        """Nothing is sent before `run`."""
        self._database = database
        self._messenger = messenger
        self._veil = veil
        self._wake = asyncio.Event()
        self._stopping = False
        limits = messenger.limits
        self._pacer = Pacer(limits.per_second, limits.per_chat_per_second)
        self._places = asyncio.Semaphore(AT_ONCE)

    def nudge(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the letters in hand, then return from `run`."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Send until stopped."""
        while not self._stopping:
            self._wake.clear()
            try:
                if not await self._round():
                    await self._rest()
            except StorageError:
                log.warning("%s: the outbox can't be reached", self._messenger.name, exc_info=True)
                await asyncio.sleep(1)

    async def _rest(self) -> None:
        """Sleep until nudged, or until the next letter is due."""
        due = await self._database.read(lambda c: outbox.next_due(c, self._messenger.name))
        pause = SWEEP if due is None else min(SWEEP, max(0.0, (due - datetime.now(UTC)).total_seconds()))
        pause = max(pause, min(self._pacer.held(), SWEEP))
        try:
            await asyncio.wait_for(self._wake.wait(), max(pause, 0.01))
        except TimeoutError:
            return

    async def _round(self) -> bool:
        """Claim a batch and send it: chats side by side, each chat's letters in order. False when nothing was due."""
        held = self._pacer.held()
        if held > 1:
            return False
        now = datetime.now(UTC)
        name = self._messenger.name
        letters = await self._database.write(lambda c: outbox.claim(c, name, now, LEASE, BATCH))
        if not letters:
            return False
        chats: dict[str, list[Claimed]] = defaultdict(list)
        for letter in letters:
            chats[letter.chat].append(letter)
        await asyncio.gather(*(self._chat(waiting) for waiting in chats.values()))
        return True

    async def _chat(self, letters: list[Claimed]) -> None:
        for letter in letters:
            async with self._places:
                await self._deliver(letter)

    async def _deliver(self, letter: Claimed) -> None:
        now = datetime.now(UTC)
        if letter.too_late_at is not None and letter.too_late_at < now:
            await self._settle(letter, outbox.FAILED, note="too late")
            return
        pause = self._pacer.reserve(letter.chat)
        if pause > LEASE.total_seconds() / 2:
            await self._settle(letter, outbox.READY, again_at=now + timedelta(seconds=pause), parts=letter.parts_done)
            return
        if pause > 0:
            await asyncio.sleep(pause)
        held = self._pacer.held()
        if held > 0:
            # The messenger asked to be left alone while this letter waited for its turn.
            again = datetime.now(UTC) + timedelta(seconds=held)
            await self._settle(letter, outbox.READY, again_at=again, parts=letter.parts_done)
            return
        await self._send(letter)

    async def _send(self, letter: Claimed) -> None:
        try:
            reply = self._veil(decode_reply(letter.payload), self._messenger)
            sent = await self._messenger.send(
                Outgoing(letter.id, letter.recipient, letter.chat, reply, letter.edits, letter.parts_done)
            )
        except SendFailedError as error:
            await self._failed(letter, error)
        except Exception as error:
            log.exception("%s: letter %d broke its sender", self._messenger.name, letter.id)
            await self._settle(letter, outbox.FAILED, note=f"{type(error).__name__}: {error}")
        else:
            await self._settle(letter, outbox.SENT, message=sent.message)

    async def _failed(self, letter: Claimed, error: SendFailedError) -> None:
        now = datetime.now(UTC)
        if error.retry_after is not None:
            log.warning("%s asks to be left alone for %s s", self._messenger.name, error.retry_after)
            self._pacer.hold(error.retry_after)
            wait = timedelta(seconds=error.retry_after)
            await self._settle(letter, outbox.READY, note=error.why, again_at=now + wait, parts=error.parts_done)
        elif error.closes_address and letter.chat == letter.recipient:
            close = partial(address.close, messenger=self._messenger.name, account=letter.recipient, why=error.why)
            await self._database.write(close)
            await self._settle(letter, outbox.FAILED, note=error.why)
        elif error.closes_address or error.permanent or letter.attempts >= TRIES:
            await self._settle(letter, outbox.FAILED, note=error.why)
        elif error.unknown and not (letter.must_arrive and letter.attempts == 1):
            await self._settle(letter, outbox.UNKNOWN, note=error.why)
        else:
            wait = timedelta(seconds=min(LONGEST_PAUSE, 2.0**letter.attempts))
            await self._settle(letter, outbox.READY, note=error.why, again_at=now + wait, parts=error.parts_done)

    async def _settle(
        self,
        letter: Claimed,
        state: str,
        *,
        message: str = "",
        note: str = "",
        again_at: datetime | None = None,
        parts: int = 0,
    ) -> None:
        settle = partial(
            outbox.settle,
            row=letter.id,
            state=state,
            now=datetime.now(UTC),
            message=message,
            note=note,
            again_at=again_at,
            parts_done=parts,
        )
        for attempt in range(5):
            try:
                await self._database.write(settle)
            except StorageError:
                # The lease is still ours: settling late is better than sending twice.
                log.warning("letter %d is out, and the outbox can't be told yet", letter.id)
                await asyncio.sleep(2**attempt)
            else:
                return
