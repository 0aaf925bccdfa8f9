"""Letters leave here and only here: claimed with a lease, sent, settled; failure is data, never silence.

Claiming, sending and settling overlap: while letters wait for their moment the next are claimed, and what has been sent
is settled together as fast as the database commits. Answers have room of their own and pass everything that waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection

from bot import calls, quota
from bot.breaker import Breaker
from bot.calls import Calls, Veil
from bot.dispatch import Dispatch
from bot.outcome import Outcomes
from bot.pacer import HeldError, Pacer
from bot.quota import Quota
from bot.settling import Settling
from domain.push import KINDS
from messengers.base import Messenger
from services import claim, parcel
from services.work import Work
from storage import campaign as campaigns
from storage import claim as claims
from storage import hold, outbox
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
FINISH, LEAVE = 4.0, 1.2
"""Seconds that sends in the air are given when the program stops, and when others may send soon: less than what is left
of our lease when we give it up."""
WORST = 60.0
"""Seconds until another try, at most, after something nobody expected."""
SWEEP = 5.0
"""Look at least so often for letters that another process wrote."""


class Delivery:
    """Sends one messenger's letters."""

    def __init__(self, database: Database, messenger: Messenger, veil: Veil, dispatch: Dispatch) -> None:
        """Nothing is sent before `run`."""
        self.halted: Callable[[str], bool] = lambda _messenger: False
        """Whether somebody has stopped everything but answers by hand."""
        self._database = database
        self.messenger = messenger
        self._dispatch = dispatch
        self._wake = asyncio.Event()
        self._stopping = self._running = False
        limits = messenger.limits
        self._call = limits.recipients_a_call
        pace = limits.calls_per_second
        self._pacer = Pacer(pace, limits.per_chat_per_second, limits.per_group_per_minute, limits.per_chat_windows)
        self._breaker = Breaker()
        self._quota = Quota(messenger.name, limits)
        counted = self._spend if self._quota.counted else None
        self._settling = Settling(database, messenger.name, self.nudge, self.take_over, counted)
        self.outcomes = Outcomes(messenger, self._pacer, self._breaker, self._settling)
        self._sending = Calls(messenger, veil, self._pacer, self._settling, self.outcomes)
        least = LEAST if self._call == 1 else 2
        self._calls = int(min(MOST, max(least, pace * AHEAD))) if pace else least * 2
        self._least = max(1, self._calls // 2) * self._call
        self._hands = {True: asyncio.Semaphore(ANSWERS), False: asyncio.Semaphore(min(AIR, max(16, self._calls)))}
        self._in_hand = {True: 0, False: 0}
        self._under: Counter[int] = Counter()
        """How many letters of which campaign are in hand,"""
        self._stopped: set[int] = set()
        """and which of those were paused or recalled meanwhile."""
        self._behind = True
        """Whether there may be answers that there was no room for."""
        self._counting: set[int] = set()
        self._chats: dict[tuple[str, bool], asyncio.Task[None]] = {}
        """The last that was set going in each chat, answers and others apart: no answer waits for a broadcast."""
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
            self._spawn(self._settling.give_back(letters))

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
        settling = asyncio.create_task(self._settling.run())
        renewing = asyncio.create_task(self._settling.renew(claim.LEASE))
        pause = 1.0
        try:
            while not self._stopping:
                self._wake.clear()
                try:
                    if not self._running:
                        await self._begin()
                    await self._rest(await self._claim())
                    pause = 1.0
                except StorageError:
                    log.warning("%s: the outbox can't be reached", self.messenger.name, exc_info=True)
                    await asyncio.sleep(1)
                except Exception:
                    log.exception("%s: sending broke, next try in %.0f s", self.messenger.name, pause)
                    await asyncio.sleep(pause)
                    pause = min(WORST, pause * 2)
        finally:
            self._running = False
            renewing.cancel()
            self._pacer.dismiss()
            await self._finish(FINISH if self._stopping else LEAVE)
            self._settling.stop()
            await settling

    async def _begin(self) -> None:
        """Take over from whoever sent before: what became of our own letters, what was left behind, a hold."""
        name, alone = self.messenger.name, self._database.sqlite or not self.messenger.limits.per_process

        def begin(connection: Connection) -> tuple[float, list[tuple[str, float]]]:
            now = datetime.now(UTC)
            if alone:
                claims.free(connection, name, now)
            return hold.left(connection, name, now), quota.seed(connection, name, self.messenger.limits, now)

        await self._settling.flush()
        held, lately = await self._database.write(begin)
        for chat, ago in lately:
            self._pacer.windows.take(chat, ago)
        if held > 0:
            log.warning("%s is still to be left alone for %.0f s", name, held)
            self._pacer.hold(held)
        self._running = True

    async def _finish(self, seconds: float) -> None:
        """Wait so long for what is in the air, then cut it off."""
        for patience in (seconds, 0.2):
            if self._tasks:
                await asyncio.wait(self._tasks, timeout=patience)
            for task in self._tasks:
                task.cancel()

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
        self._quota.spend(self._work(connection), calls)

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
        halted = self.halted(self.messenger.name)
        answers, others = max(0, self._room(answers=True)), 0 if halted else max(0, self._room(answers=False))
        if others < self._least and not self._breaker.open:
            # Half the window at once, not letter by letter: each claim costs a commit.
            others = 0
        if not answers and not others:
            return None

        def take(connection: Connection) -> claim.Taken:
            work = self._work(connection)
            most = self._quota.room(work, others, self._settling.calls, self._in_hand[False])
            taken = claim.take(
                work,
                self.messenger.name,
                answers,
                most,
                self._call,
                parcels=False,
                alive=self.outcomes.alive,
                broadcasts=not self._quota.busy(),
            )
            taken.spent = most <= 0 < others
            self._stopped = campaigns.stopped(connection, list(self._under))
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
        # What may not leave for want of calls, or in this minute, is looked for now and then, not at once again.
        return None if taken.spent or halted or self._quota.busy() else taken.next_at

    async def _cut(self, taken: claim.Taken) -> None:
        """Cut the next people off a stretch: looked up by a reader, written in bites between everybody's turns."""
        name = self.messenger.name
        found = await self._database.read(
            lambda c: claim.next_parcel(self._work(c), name, taken.room, taken, self.outcomes.alive)
        )
        if found is None:
            if not taken.dry:
                await self._database.write(lambda c: self._tidy(c, taken))
            return
        letters: list[Claimed] = []
        try:
            for bite in parcel.bites(found):
                written = await self._database.write(partial(self._write, bite))
                if written is None:
                    break
                if self._call == 1:
                    self._start(written)
                else:
                    letters += written
        finally:
            # What is written is claimed, whatever became of the rest.
            self._start(letters)

    def _write(self, bite: parcel.Bite, connection: Connection) -> list[Claimed] | None:
        return parcel.write(self._work(connection), bite)

    def _tidy(self, connection: Connection, taken: claim.Taken) -> None:
        work = self._work(connection)
        claim.tidy(work, self.messenger.name, taken, self.outcomes.alive)
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
        """Set letters going, but for those that are in hand already and were only claimed for longer."""
        self._set_going([letter for letter in letters if self._settling.take(letter)])

    def _set_going(self, letters: Sequence[Claimed], *, apart: bool = False) -> None:
        """Send identical ones in one call where the messenger has such (not `apart`), others chat by chat in order."""
        together: dict[tuple[int, str, int | None], list[Claimed]] = {}
        for letter in letters:
            answer = letter.lane == outbox.ANSWER
            self._in_hand[answer] += 1
            if letter.campaign_id is not None:
                self._under[letter.campaign_id] += 1
            if self._call > 1 and letter.campaign_id is not None and letter.edits is None and not apart:
                together.setdefault((letter.campaign_id, letter.language, letter.call), []).append(letter)
                continue
            chat = letter.chat, answer
            task = self._spawn(self._one(letter, self._chats.get(chat)))
            self._chats[chat] = task
            task.add_done_callback(lambda done, chat=chat: self._leave(chat, done))  # type: ignore[misc]
        for same in together.values():
            for place in range(0, len(same), self._call):
                self._spawn(self._many(same[place : place + self._call]))

    def _leave(self, chat: tuple[str, bool], done: asyncio.Task[None]) -> None:
        if self._chats.get(chat) is done:
            del self._chats[chat]

    async def _one(self, letter: Claimed, before: asyncio.Task[None] | None) -> None:
        """Send one letter when its chat and its messenger are ready for it."""
        answer = letter.lane == outbox.ANSWER
        try:
            group = letter.chat != letter.recipient
            if await self._may_leave([letter], letter.chat, before, group=group) and not self.outcomes.too_late(letter):
                async with self._hands[answer]:
                    await self._sending.send(letter)
        except asyncio.CancelledError:
            self.outcomes.waits([letter])
            raise
        finally:
            self._settling.hand.let_go(letter.id)
            self._done([letter])

    def _done(self, letters: Sequence[Claimed]) -> None:
        answer, number = letters[0].lane == outbox.ANSWER, letters[0].campaign_id
        self._in_hand[answer] -= len(letters)
        if number is not None:
            self._under[number] -= len(letters)
            if self._under[number] <= 0:
                del self._under[number]
        more = self._behind if answer else self._room(answers=False) >= self._least
        if more or self._breaker.open:
            self._wake.set()

    async def _may_leave(
        self, letters: Sequence[Claimed], chat: str, before: asyncio.Task[None] | None, *, group: bool = False
    ) -> bool:
        """Wait for these letters' moment; False when they have to wait in the database instead."""
        if before is None and self._pacer.at_once(chat, group=group):
            return self._wanted(letters)
        if (pause := self._pacer.chat_pause(chat, group=group)) > calls.WAITS:
            self.outcomes.waits(letters, seconds=pause)
            return False
        try:
            async with asyncio.timeout(calls.WAITS):
                if before is not None:
                    await asyncio.wait([before])
                await self._pacer.turn(chat, letters[0].lane, group=group)
        except (HeldError, TimeoutError):
            self.outcomes.waits(letters, seconds=self._pacer.chat_pause(chat, group=group))
            return False
        return self._wanted(letters)

    def _wanted(self, letters: Sequence[Claimed]) -> bool:
        """Answer whether their campaign still goes on; else they go back, and are set aside there."""
        if letters[0].campaign_id not in self._stopped:
            return True
        self.outcomes.waits(letters)
        return False

    async def _many(self, letters: list[Claimed]) -> None:
        """Send the same words to many in one call."""
        apart = False
        try:
            if not await self._may_leave(letters, "", None):
                return
            fit = [letter for letter in letters if not self.outcomes.too_late(letter)]
            if any(self._pacer.chat_pause(letter.chat, group=False) > 0 for letter in fit):
                # Somebody has had so much lately that the messenger would drop it: each waits for their own moment.
                apart = True
                self._set_going(fit, apart=True)
            elif fit:
                async with self._hands[False]:
                    apart = not await self._sending.send_many(fit)
                if apart:
                    self._set_going(fit, apart=True)
        except asyncio.CancelledError:
            self.outcomes.waits(letters)
            raise
        finally:
            for letter in () if apart else letters:
                self._settling.hand.let_go(letter.id)
            self._done(letters)
