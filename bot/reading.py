"""Asks messengers that know how many have read an announcement: thrice, for counts alone, and never for many calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection

from domain.organisation import Organisation
from messengers.base import Messenger, ReadingMessenger, SendFailedError
from services import allowance
from services.work import Work
from storage import reads
from storage.engine import Database, StorageError

log = logging.getLogger(__name__)

KINDS = ("announcement", "announcement_urgent")
EACH = 60.0
"""Seconds between looks for announcements that are due to be asked about."""
MOST = 2000
"""Letters of one announcement that are asked about; whoever counts says of how many."""


class Reading:
    """The messengers that tell of readers."""

    def __init__(self, database: Database, organisation: Organisation, messengers: Mapping[str, Messenger]) -> None:
        """Ask nobody yet."""
        self._database = database
        self._organisation = organisation
        self._messengers: dict[str, ReadingMessenger] = {
            name: messenger  # type: ignore[misc]
            for name, messenger in messengers.items()
            if hasattr(messenger, "reads")
        }

    @property
    def needed(self) -> bool:
        """Whether there is anybody to ask."""
        return bool(self._messengers)

    async def run(self) -> None:
        """Ask in turn, for ever."""
        while True:
            await asyncio.sleep(EACH)
            for name in self._messengers:
                try:
                    await self.ask(name, datetime.now(UTC))
                except StorageError:
                    log.warning("%s: who has read could not be written down", name)
                except Exception:
                    log.exception("%s: asking who has read broke", name)

    async def ask(self, name: str, now: datetime) -> None:
        """Ask one messenger about everything that is due."""
        messenger = self._messengers[name]
        for number in await self._database.read(lambda c: reads.due(c, name, KINDS, now)):
            if await self._database.read(lambda c: self._dear(c, messenger, now)):
                return
            letters = await self._database.read(lambda c, number=number: reads.letters(c, number, name, MOST))  # type: ignore[misc]
            if not letters:
                continue
            try:
                told = await messenger.reads(letters)
                asked, read = told.asked, told.read
            except SendFailedError as error:
                log.info("%s: who has read is not to be had: %s", name, error.why)
                asked = read = 0
            calls = len({message for _, message in letters})

            def write(
                connection: Connection, number: int = number, asked: int = asked, read: int = read, calls: int = calls
            ) -> None:
                reads.put(connection, number, name, asked, read, now)
                limits = messenger.limits
                if limits.per_month and not limits.by_person:
                    work = Work(connection, self._organisation, now)
                    allowance.spend(work, name, calls, limits.per_day, limits.per_month)

            await self._database.write(write)

    def _dear(self, connection: Connection, messenger: Messenger, now: datetime) -> bool:
        """Answer whether the calls that are left are wanted for something better."""
        limits = messenger.limits
        work = Work(connection, self._organisation, now)
        spent = allowance.spent(work, messenger.name, limits.per_day, limits.per_month)
        return any(one.used >= one.cap * allowance.TOLD[0] for one in spent)
