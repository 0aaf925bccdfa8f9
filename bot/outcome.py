"""What a call's outcome means for its letters, and for whether and when anything else is tried: failure is data."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.breaker import Breaker
from bot.pacer import Pacer
from bot.settling import Settling
from domain.machine import Face
from messengers.base import Messenger, SendFailedError, Sent
from storage import outbox
from storage.claim import Claimed
from storage.engine import StorageError

log = logging.getLogger(__name__)

TRIES = 8
SURPRISES = 3
"""Tries of a letter that broke its sender, when it must arrive or may be sent twice."""
LONGEST_PAUSE = 300.0


class Outcomes:
    """Of one messenger's calls."""

    def __init__(self, messenger: Messenger, pacer: Pacer, breaker: Breaker, settling: Settling) -> None:
        """Tell the pacer, the breaker and the outbox."""
        self._name = messenger.name
        self._keyed = messenger.limits.keyed
        self._keyed_batches = messenger.limits.keyed and messenger.limits.keyed_batches
        self._pacer = pacer
        self._breaker = breaker
        self._settling = settling
        self.alive: datetime | None = None
        """When anything but an answer left last."""
        self.failure = ""
        """Why the last call failed,"""
        self.failed_at: datetime | None = None
        """when that was,"""
        self.passed_at: datetime | None = None
        """and when a letter got through last."""

    def face(self, *, here: bool) -> Face:
        """Return how it stands with the messenger. `here`: this process sends for it."""
        known = (self._breaker.open, self._pacer.held(), self.failure, self.failed_at, self.passed_at)
        return Face(self._name, here, *known)

    def too_late(self, letter: Claimed) -> bool:
        """Answer whether nobody wants it any more, and settle it then."""
        if letter.too_late_at is None or letter.too_late_at >= datetime.now(UTC):
            return False
        self._settling.add(letter, _ended(letter.unknowns), note="too late")
        return True

    def waits(self, letters: Sequence[Claimed], parts: int = 0, seconds: float = 0.0) -> None:
        """Their moment did not come while they were here: they wait in the database instead, so long at least."""
        until = datetime.now(UTC) + timedelta(seconds=max(seconds, self._pacer.held()))
        for letter in letters:
            self._settling.add(letter, outbox.READY, again_at=until, parts=parts, attempts=letter.attempts - 1)

    def answered(self) -> None:
        """Somebody is there at the other end."""
        if self._breaker.passed():
            log.warning("%s can be reached again", self._name)

    def passed(self, letter: Claimed, sent: Sent) -> None:
        """Say that it is out."""
        self.passed_at = datetime.now(UTC)
        if letter.lane != outbox.ANSWER:
            self.alive = self.passed_at
        self._settling.add(letter, outbox.SENT, message=sent.message)

    def failed(self, letters: Sequence[Claimed], error: SendFailedError) -> None:
        """One call ended so, for all of these."""
        self.failure, self.failed_at = error.why, datetime.now(UTC)
        keyed = self._keyed if len(letters) == 1 else self._keyed_batches
        lost = error.retry_after is None and not (error.closes_address or error.permanent or error.reached)
        if error.reached:
            self.answered()
        pause = self._trip(error.why) if lost else 0.0
        self._obey(error)
        # One moment for all of them: they go out together again.
        now = datetime.now(UTC)
        for letter in letters:
            self._settle(letter, error, pause, now, keyed=keyed)

    def refused(self, letter: Claimed, error: SendFailedError) -> None:
        """Take what an answered call said of this one."""
        self._obey(error)
        self._settle(letter, error, 0.0, datetime.now(UTC))

    def cut_off(self, letter: Claimed, parts: int) -> None:
        """Our own end came while it was in the air."""
        self._settle(
            letter, SendFailedError("stopped in the air", unknown=True, parts_done=parts), 0.0, datetime.now(UTC)
        )

    def surprised(self, letters: Sequence[Claimed], error: Exception, parts: int = 0) -> None:
        """Something of ours broke on the way; a database that is away is not the letter's fault."""
        now = datetime.now(UTC)
        away = isinstance(error, StorageError)
        if away:
            log.warning("%s: what a letter carries can't be read now", self._name)
        else:
            log.error("%s: letter %d broke its sender", self._name, letters[0].id, exc_info=error)
        for letter in letters:
            again = now + timedelta(seconds=min(LONGEST_PAUSE, 2.0**letter.attempts))
            note = f"{type(error).__name__}: {error}"
            if away:
                tries = min(letter.attempts, TRIES - 2)
                self._settling.add(letter, outbox.READY, note=note, again_at=again, parts=parts, attempts=tries)
            elif letter.attempts < SURPRISES and (self._keyed or letter.must_arrive):
                self._settling.add(letter, outbox.READY, note=note, again_at=again, parts=parts)
            else:
                self._settling.add(letter, outbox.FAILED, note=note)

    def _obey(self, error: SendFailedError) -> None:
        """Leave the messenger alone when it asks for it, and whoever sends for it after us too."""
        if error.retry_after is not None:
            log.warning("%s asks to be left alone for %s s", self._name, error.retry_after)
            self._pacer.hold(error.retry_after)
            self._settling.hold(error.retry_after)

    def _settle(
        self, letter: Claimed, error: SendFailedError, pause: float, now: datetime, *, keyed: bool | None = None
    ) -> None:
        why = error.why
        if error.retry_after is not None:
            again = now + timedelta(seconds=error.retry_after)
            tries = letter.attempts - 1
            self._settling.add(letter, outbox.READY, note=why, again_at=again, parts=error.parts_done, attempts=tries)
        elif error.closes_address and letter.chat == letter.recipient:
            self._settling.close(letter, why)
        elif error.closes_address or error.permanent:
            self._settling.add(letter, outbox.FAILED, note=why)
        else:
            self._lost(letter, error, pause, now, keyed=self._keyed if keyed is None else keyed)

    def _lost(self, letter: Claimed, error: SendFailedError, pause: float, now: datetime, *, keyed: bool) -> None:
        """Nobody got through, or nobody knows: try later what may be tried."""
        unknowns = letter.unknowns + error.unknown
        once = letter.must_arrive and letter.unknowns == 0
        if error.unknown and not keyed and not once:
            self._settling.add(letter, outbox.UNKNOWN, note=error.why, unknown=True)
        elif unknowns >= TRIES or (letter.attempts >= TRIES and not pause):
            self._settling.add(letter, _ended(unknowns), note=error.why, unknown=error.unknown)
        else:
            at_once = error.unknown and keyed
            wait = pause or (0.0 if at_once else min(LONGEST_PAUSE, 2.0**letter.attempts))
            self._settling.add(
                letter,
                outbox.READY,
                note=error.why,
                again_at=now + timedelta(seconds=wait),
                parts=error.parts_done,
                # While nobody gets through it is not this letter's fault; what may have arrived stays counted.
                attempts=letter.attempts - 1 if pause and not error.unknown else None,
                unknown=error.unknown,
            )

    def _trip(self, why: str) -> float:
        """Count a failure of the way there; returns for how long nothing is tried now."""
        if self._breaker.open and self._pacer.held() > 0:
            # It was in the air already when the breaker opened.
            return self._pacer.held()
        pause = self._breaker.failed()
        if pause:
            log.warning("%s can't be reached, next trial in %.0f s: %s", self._name, pause, why)
            self._pacer.hold(pause)
            self._pacer.dismiss()
        return pause


def _ended(unknowns: int) -> str:
    """Return how a letter ends that is not tried again: nobody may say that it failed when it may have arrived."""
    return outbox.UNKNOWN if unknowns else outbox.FAILED
