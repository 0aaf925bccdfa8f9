"""Asks messengers that tell it how many have read an announcement: counts alone, and never for calls that are scarce.

Three times for each announcement, of its first letters. What one turn can't ask (the messenger is silent, calls are
scarce) is asked a while later, as long as the messenger may still know.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TypeGuard

from sqlalchemy import Connection

from domain.organisation import Organisation
from messengers.base import Messenger, ReadingMessenger, Reads, SendFailedError
from services import allowance
from services.work import Work
from storage import reads
from storage.engine import Database, StorageError
from storage.reads import Count

log = logging.getLogger(__name__)

LOOKS = (timedelta(minutes=10), timedelta(hours=2), timedelta(hours=24))
"""So long after the first letter left it is asked,"""
KNOWN = timedelta(days=7)
"""and not any more after this: the messenger has forgotten."""
SENT_SINCE = timedelta(days=30)
"""An announcement may wait so long for its first letter: over days off, in a pause."""
MOST = 2000
"""Letters of one announcement that are asked about."""
TOGETHER = 20
"""Calls that a question is thought to cost, at most: between two questions there is a second of rest."""
EACH, AGAIN = 60.0, timedelta(minutes=10)
"""Seconds between looks for what is due; how long what could not be asked waits."""
SCARCE = allowance.TOLD[0]


def tells(messenger: Messenger) -> TypeGuard[ReadingMessenger]:
    """Answer whether a messenger knows who has read what."""
    return hasattr(messenger, "reads")


class Reading:
    """Asks one messenger."""

    def __init__(self, database: Database, organisation: Organisation, messenger: ReadingMessenger) -> None:
        """Ask nothing yet."""
        self._database = database
        self._organisation = organisation
        self._messenger = messenger
        self._left: dict[int, datetime] = {}
        """When the first letter of which campaign left."""
        self._later: dict[int, datetime] = {}
        """Campaigns that are not looked at before then."""
        self._alone = datetime.min.replace(tzinfo=UTC)
        """The messenger wants to be left alone until then."""
        self.rest = 1.0

    async def run(self) -> None:
        """Ask whatever is due, for ever."""
        while True:
            await asyncio.sleep(EACH)
            try:
                await self.look(datetime.now(UTC))
            except StorageError:
                log.warning("%s: the counts of readers can't be reached", self._messenger.name)
            except Exception:
                log.exception("%s: counting readers broke", self._messenger.name)

    async def look(self, now: datetime) -> None:
        """Ask about each announcement that is due."""
        name = self._messenger.name
        standing = await self._database.read(lambda c: reads.asked(c, name, now - SENT_SINCE))
        known = {number for number, _ in standing}
        self._left = {number: at for number, at in self._left.items() if number in known}
        self._later = {number: at for number, at in self._later.items() if number in known and at > now}
        for number, asked_at in standing:
            if now < self._alone:
                return
            if number in self._later or not await self._due(number, asked_at, now):
                continue
            self._later[number] = now + AGAIN
            await self._ask(number, now)

    async def _due(self, number: int, asked_at: datetime | None, now: datetime) -> bool:
        if number not in self._left:
            left = await self._database.read(lambda c: reads.first_left(c, number, self._messenger.name))
            if left is None:
                self._later[number] = now + AGAIN
                return False
            self._left[number] = left
        first = self._left[number]
        passed = [first + after for after in LOOKS if first + after <= now]
        return bool(passed) and now < first + KNOWN and (asked_at is None or asked_at < passed[-1])

    async def _ask(self, number: int, now: datetime) -> None:
        """Ask about one campaign, and keep the count if there is one."""
        name = self._messenger.name
        letters = await self._database.read(lambda c: reads.letters(c, number, name, MOST))
        questions = list(_questions(letters))
        calls = sum(cost for _, cost in questions)
        if not letters or not await self._database.read(lambda c: self._may(c, calls, now)):
            return
        asked = read = 0
        for place, (some, cost) in enumerate(questions):
            if place:
                await asyncio.sleep(self.rest)
            try:
                told = await self._tell(some, cost, now)
            except SendFailedError as error:
                log.info("%s: how many have read it could not be asked: %s", name, error.why)
                self._alone = now + timedelta(seconds=error.retry_after or 0.0)
                return
            asked += min(max(told.asked, 0), len(some))
            read += min(max(told.read, 0), told.asked, len(some))
        if asked:
            await self._database.write(lambda c: reads.put(c, number, Count(name, asked, read, now)))

    async def _tell(self, letters: Sequence[tuple[str, str]], cost: int, now: datetime) -> Reads:
        """Ask, and count the calls whatever came of them."""
        try:
            return await self._messenger.reads(letters)
        finally:
            await self._database.write(lambda c: self._spend(c, cost, now))

    def _may(self, connection: Connection, calls: int, now: datetime) -> bool:
        """Answer whether so many calls leave enough for what people say to each other."""
        limits = self._messenger.limits
        spent = allowance.spent(self._work(connection, now), self._messenger.name, limits.per_day, limits.per_month)
        return limits.by_person or all(one.used + calls <= one.cap * SCARCE for one in spent)

    def _spend(self, connection: Connection, calls: int, now: datetime) -> None:
        limits = self._messenger.limits
        if (limits.per_day or limits.per_month) and not limits.by_person:
            work = self._work(connection, now)
            allowance.spend(work, self._messenger.name, calls, limits.per_day, limits.per_month)

    def _work(self, connection: Connection, now: datetime) -> Work:
        return Work(connection, self._organisation, now)


def _questions(letters: Sequence[tuple[str, str]]) -> Iterator[tuple[list[tuple[str, str]], int]]:
    """Yield (letters, calls): those that went out by one call stay together, and cost one call."""
    some: list[tuple[str, str]] = []
    cost = 0
    for _, theirs in groupby(sorted(letters, key=itemgetter(1)), key=itemgetter(1)):
        some += theirs
        cost += 1
        if cost == TOGETHER:
            yield some, cost
            some, cost = [], 0
    if some:
        yield some, cost
