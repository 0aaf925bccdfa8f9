"""Letters leave here and only here: claimed with a lease, sent, settled; failure is data, never silence.

Claiming, sending and settling overlap: while letters wait for their moment the next are claimed, and what has been sent
is settled together as fast as the database commits. Answers have room of their own and pass everything that waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial

from sqlalchemy import Connection

from bot.breaker import Breaker
from bot.dispatch import Dispatch
from bot.pacer import HeldError, Pacer
from bot.settling import Settling
from domain.codec import decode_reply
from domain.push import KINDS
from domain.reply import Reply
from messengers.base import BatchMessenger, Messenger, Outgoing, SendFailedError, Sent
from services import allowance, claim, parcel
from services.work import Work
from storage import campaign as campaigns
from storage import claim as claims
from storage import outbox
from storage.claim import Claimed
from storage.engine import Database, StorageError

log = logging.getLogger(__name__)

ANSWERS = 64
"""Answers in hand at once."""
AHEAD = 0.1
"""Seconds of other letters that are claimed before their moment."""
LEAST, MOST = 25, 500
"""Bounds of that, in calls."""
AIR = 150
"""Letters other than answers that are in the air at once."""
TRIES = 8
LONGEST_PAUSE = 300.0
WAITS = 30.0
"""Seconds for which a claimed letter waits for its moment here; then it goes back. Well below its lease."""
FINISH = 4.0
"""Seconds that sends in the air are given when the program stops."""
SWEEP = 5.0
"""Look at least so often for letters that another process wrote."""

Veil = Callable[[Reply, Messenger], Reply]
"""Replaces a reply that is too personal for a messenger by a link to the self-hosted page."""


@lru_cache(maxsize=256)
def _read(payload: str) -> Reply:
    """Read a payload once for everybody who gets the same."""
    return decode_reply(payload)


class Delivery:
    """Sends one messenger's letters."""

    def __init__(self, database: Database, messenger: Messenger, veil: Veil, dispatch: Dispatch) -> None:
        """Nothing is sent before `run`."""
        self._database = database
        self._messenger = messenger
        self._veil = veil
        self._dispatch = dispatch
        self._wake = asyncio.Event()
        self._stopping = self._running = False
        limits = messenger.limits
        self._call = limits.recipients_a_call
        pace = limits.calls_per_second
        self._pacer = Pacer(pace, limits.per_chat_per_second, limits.per_group_per_minute)
        self._breaker = Breaker()
        self._settling = Settling(database, messenger.name, self.nudge)
        least = LEAST if self._call == 1 else 2
        self._calls = int(min(MOST, max(least, pace * AHEAD))) if pace else least * 2
        self._least = max(1, self._calls // 2) * self._call
        self._hands = {True: asyncio.Semaphore(ANSWERS), False: asyncio.Semaphore(min(AIR, max(16, self._calls)))}
        self._in_hand = {True: 0, False: 0}
        self._alive: datetime | None = None
        """When anything but an answer left last."""
        self._behind = True
        """Whether there may be answers that there was no room for."""
        self._counting: set[int] = set()
        self._chats: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def takes(self) -> bool:
        """Whether answers may be handed over here, claimed as they were written."""
        free = self._room(answers=True) > 0 and not self._pacer.held() and not self._breaker.open
        return self._running and not self._stopping and free

    def take_over(self, letters: Sequence[Claimed]) -> None:
        """Send answers that were claimed for us; if we have stopped meanwhile, others may have them."""
        if self._running and not self._stopping:
            self._start(letters)
        elif letters:
            self._spawn(self._give_back([letter.id for letter in letters]))

    async def _give_back(self, letters: list[int]) -> None:
        await self._database.write(lambda c: claims.put_off(c, letters, datetime.now(UTC)))

    @property
    def running(self) -> bool:
        """Whether this process sends for this messenger."""
        return self._running

    def nudge(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the letters in hand, then return from `run`."""
        self._stopping = True
        self._pacer.dismiss()
        self._wake.set()

    async def run(self) -> None:
        """Send until stopped; may be run again after it was cancelled."""
        limits = self._messenger.limits
        counted = self._spend if limits.per_day or limits.per_month else None
        self._settling = Settling(self._database, self._messenger.name, self.nudge, counted)
        settling = asyncio.create_task(self._settling.run())
        fresh = True
        try:
            while not self._stopping:
                self._wake.clear()
                try:
                    if fresh:
                        await self._database.write(lambda c: claims.free(c, self._messenger.name, datetime.now(UTC)))
                        fresh = False
                        self._running = True
                    await self._rest(await self._claim())
                except StorageError:
                    log.warning("%s: the outbox can't be reached", self._messenger.name, exc_info=True)
                    await asyncio.sleep(1)
        finally:
            self._running = False
            self._pacer.dismiss()
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=FINISH)
            self._settling.stop()
            await settling

    async def _rest(self, due: datetime | None) -> None:
        """Sleep until nudged, or until the next letter is due."""
        if self._room(answers=False) < self._least or self._pacer.held() > 0:
            pause = min(SWEEP, max(self._pacer.held(), 0.25))
        else:
            pause = SWEEP if due is None else min(SWEEP, max(0.0, (due - datetime.now(UTC)).total_seconds()))
        try:
            await asyncio.wait_for(self._wake.wait(), max(pause, 0.002))
        except TimeoutError:
            return

    def _spend(self, connection: Connection, calls: int) -> None:
        allowance.spend(self._work(connection), self._messenger.name, calls)

    def _work(self, connection: Connection) -> Work:
        return Work(connection, self._dispatch.organisation, datetime.now(UTC))

    def _room(self, *, answers: bool) -> int:
        most = ANSWERS if answers else self._calls * self._call
        if self._breaker.open:
            most = 1 if answers or not self._in_hand[True] else 0
        return most - self._in_hand[answers]

    async def _claim(self) -> datetime | None:
        """Claim what there is room for and set it going; returns when more may leave, None when nobody knows."""
        self._behind = True
        if self._pacer.held() > 1:
            return None
        answers, others = max(0, self._room(answers=True)), max(0, self._room(answers=False))
        if others < self._least and not self._breaker.open:
            # Half the window at once, not letter by letter: each claim costs a commit.
            others = 0
        if not answers and not others:
            return None

        def take(connection: Connection) -> claim.Taken:
            work, limits = self._work(connection), self._messenger.limits
            left = allowance.room(work, self._messenger.name, limits.per_day, limits.per_month)
            most = others
            if left is not None:
                most = max(0, min(others, (left - self._settling.calls) * self._call - self._in_hand[False]))
            taken = claim.take(work, self._messenger.name, answers, most, self._call, parcels=False, alive=self._alive)
            taken.spent = most <= 0 < others
            self._ask_about(work, taken)
            return taken

        taken = await self._database.write(take)
        self._behind = sum(letter.lane == outbox.ANSWER for letter in taken.letters) >= answers
        self._start(taken.letters)
        if taken.room and not taken.spent:
            await self._cut(taken)
        for number in taken.uncounted:
            if number not in self._counting:
                self._counting.add(number)
                self._spawn(self._count(number))
        # What may not leave for want of calls is looked for now and then, not at once again.
        return None if taken.spent else taken.next_at

    async def _cut(self, taken: claim.Taken) -> None:
        """Cut the next people off a stretch: looked up by a reader, written in bites between everybody's turns."""
        name = self._messenger.name
        found = await self._database.read(
            lambda c: claim.next_parcel(self._work(c), name, taken.room, taken, self._alive)
        )
        if found is None:
            if not taken.dry:
                await self._database.write(lambda c: self._tidy(c, taken))
            return
        letters: list[Claimed] = []
        for bite in parcel.bites(found):
            written = await self._database.write(partial(self._write, bite))
            if written is None:
                break
            letters += written
            if self._call == 1:
                self._start(written)
        if self._call > 1:
            self._start(letters)

    def _write(self, bite: parcel.Bite, connection: Connection) -> list[Claimed] | None:
        return parcel.write(self._work(connection), bite)

    def _tidy(self, connection: Connection, taken: claim.Taken) -> None:
        work = self._work(connection)
        claim.tidy(work, self._messenger.name, taken, self._alive)
        self._ask_about(work, taken)

    def _ask_about(self, work: Work, taken: claim.Taken) -> None:
        """Have the authors of campaigns asked that were stopped for being late."""
        while taken.late:
            number = taken.late.pop()
            kind, _ = campaigns.subject_of(work.connection, number)
            self._dispatch.tick(work.connection, KINDS[kind].asks, str(number), work.now, work.now)

    async def _count(self, number: int) -> None:
        """Count a large audience beside everything else."""
        try:
            found = await self._database.read(lambda c: campaigns.census(c, number))
            await self._database.write(lambda c: claim.count(self._work(c), number, found))
        except StorageError:
            log.warning("campaign %d could not be counted yet", number)
        finally:
            self._counting.discard(number)

    def _spawn(self, coroutine: object) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(coroutine)  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _start(self, letters: Sequence[Claimed]) -> None:
        """Set letters going: identical ones in one call where the messenger has such, others chat by chat in order."""
        together: dict[tuple[int, str], list[Claimed]] = {}
        for letter in letters:
            self._in_hand[letter.lane == outbox.ANSWER] += 1
            if self._call > 1 and letter.campaign_id is not None and letter.edits is None and letter.attempts == 1:
                together.setdefault((letter.campaign_id, letter.language), []).append(letter)
                continue
            before = self._chats.get(letter.chat)
            task = self._spawn(self._one(letter, before))
            self._chats[letter.chat] = task
            task.add_done_callback(lambda done, chat=letter.chat: self._leave(chat, done))  # type: ignore[misc]
        for same in together.values():
            for place in range(0, len(same), self._call):
                self._spawn(self._many(same[place : place + self._call]))

    def _leave(self, chat: str, done: asyncio.Task[None]) -> None:
        if self._chats.get(chat) is done:
            del self._chats[chat]

    async def _one(self, letter: Claimed, before: asyncio.Task[None] | None) -> None:
        """Send one letter when its chat and its messenger are ready for it."""
        answer = letter.lane == outbox.ANSWER
        try:
            group = letter.chat != letter.recipient
            if await self._may_leave([letter], letter.chat, before, group=group) and not self._too_late(letter):
                async with self._hands[answer]:
                    await self._send(letter)
        finally:
            self._done(answer=answer, count=1)

    def _done(self, *, answer: bool, count: int) -> None:
        self._in_hand[answer] -= count
        more = self._behind if answer else self._room(answers=False) >= self._least
        if more or self._breaker.open:
            self._wake.set()

    def _too_late(self, letter: Claimed) -> bool:
        if letter.too_late_at is None or letter.too_late_at >= datetime.now(UTC):
            return False
        self._settling.add(letter, outbox.FAILED, note="too late")
        return True

    async def _may_leave(
        self, letters: Sequence[Claimed], chat: str, before: asyncio.Task[None] | None, *, group: bool = False
    ) -> bool:
        """Wait for these letters' moment; False when they have to wait in the database instead."""
        if before is None and self._pacer.at_once(chat, group=group):
            return True
        try:
            # Never as long as the lease: others would take them for left behind.
            async with asyncio.timeout(WAITS):
                if before is not None:
                    await asyncio.wait([before])
                await self._pacer.turn(chat, letters[0].lane, group=group)
        except (HeldError, TimeoutError):
            until = datetime.now(UTC) + timedelta(seconds=self._pacer.held())
            for letter in letters:
                self._settling.add(letter, outbox.READY, again_at=until, attempts=letter.attempts - 1)
            return False
        return True

    def _outgoing(self, letter: Claimed) -> Outgoing:
        reply = self._veil(_read(letter.payload), self._messenger)
        return Outgoing(letter.id, letter.recipient, letter.chat, reply, letter.edits, letter.parts_done)

    async def _send(self, letter: Claimed) -> None:
        self._settling.calls += 1
        try:
            sent = await self._messenger.send(self._outgoing(letter))
        except SendFailedError as error:
            self._failed(letter, error)
        except Exception as error:
            log.exception("%s: letter %d broke its sender", self._messenger.name, letter.id)
            self._settling.add(letter, outbox.FAILED, note=f"{type(error).__name__}: {error}")
        else:
            self._passed(letter, sent)

    async def _many(self, letters: list[Claimed]) -> None:
        """Send the same words to many in one call."""
        try:
            messenger: BatchMessenger = self._messenger  # type: ignore[assignment]
            if not await self._may_leave(letters, "", None):
                return
            fit = [letter for letter in letters if not self._too_late(letter)]
            async with self._hands[False]:
                self._settling.calls += 1
                try:
                    outcomes = await messenger.send_many([self._outgoing(letter) for letter in fit])
                except SendFailedError as error:
                    outcomes = [error] * len(fit)
            for letter, outcome in zip(fit, outcomes, strict=True):
                if isinstance(outcome, Sent):
                    self._passed(letter, outcome)
                else:
                    self._failed(letter, outcome)
        finally:
            self._done(answer=False, count=len(letters))

    def _passed(self, letter: Claimed, sent: Sent) -> None:
        if self._breaker.passed():
            log.warning("%s can be reached again", self._messenger.name)
        if letter.lane != outbox.ANSWER:
            self._alive = datetime.now(UTC)
        self._settling.add(letter, outbox.SENT, message=sent.message)

    def _failed(self, letter: Claimed, error: SendFailedError) -> None:
        now = datetime.now(UTC)
        if error.retry_after is not None:
            log.warning("%s asks to be left alone for %s s", self._messenger.name, error.retry_after)
            self._pacer.hold(error.retry_after)
            again = now + timedelta(seconds=error.retry_after)
            self._settling.add(letter, outbox.READY, note=error.why, again_at=again, parts=error.parts_done)
        elif error.closes_address and letter.chat == letter.recipient:
            self._settling.close(letter, error.why)
        elif error.closes_address or error.permanent:
            self._settling.add(letter, outbox.FAILED, note=error.why)
        else:
            self._lost_on_the_way(letter, error, now)

    def _lost_on_the_way(self, letter: Claimed, error: SendFailedError, now: datetime) -> None:
        """Nobody got through, or nobody knows: count it against the way there, and try later what may be tried."""
        pause = self._trip(error.why)
        keyed = self._messenger.limits.keyed
        if error.unknown and not keyed and not (letter.must_arrive and letter.attempts == 1):
            self._settling.add(letter, outbox.UNKNOWN, note=error.why)
        elif letter.attempts >= TRIES and not pause:
            self._settling.add(letter, outbox.FAILED, note=error.why)
        else:
            at_once = error.unknown and keyed
            wait = pause or (0.0 if at_once else min(LONGEST_PAUSE, 2.0**letter.attempts))
            # While nobody gets through it is not this letter's fault; what may have arrived stays counted.
            tries = letter.attempts - 1 if pause and not error.unknown else None
            again = now + timedelta(seconds=wait)
            self._settling.add(
                letter, outbox.READY, note=error.why, again_at=again, parts=error.parts_done, attempts=tries
            )

    def _trip(self, why: str) -> float:
        """Count a failure of the way there; returns for how long nothing is tried now."""
        if self._breaker.open and self._pacer.held() > 0:
            # It was in the air already when the breaker opened.
            return self._pacer.held()
        pause = self._breaker.failed()
        if pause:
            log.warning("%s can't be reached, next trial in %.0f s: %s", self._messenger.name, pause, why)
            self._pacer.hold(pause)
            self._pacer.dismiss()
        return pause
