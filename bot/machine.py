"""The running program as the console may ask it: messengers, disk, pause, copies, and settings that may be set.

Pages are drawn in the database's threads: what they ask here is only read. What they want done (`look`, `copy_now`) is
called on the event loop, after their transaction was committed.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bot import overrides
from bot.config import Settings
from bot.gate import Gate
from bot.mistakes import of_file
from domain.machine import Copies, Copy, Disk, Face, Settable
from messengers.base import Check
from storage import pause
from storage.engine import Database

if TYPE_CHECKING:
    from bot.delivery import Delivery

log = logging.getLogger(__name__)

BY_HAND = "dangqun-????-??-??-??????.zip"
SHOWN = 10
"""Copies that are listed."""
SETTLES = timedelta(minutes=10)
"""After a start the first copy is still being made."""


class Machine:
    """Implements `console.machine.Machine`."""

    def __init__(self, settings: Settings, database: Database, gate: Gate, deliveries: Mapping[str, Delivery]) -> None:
        """Ask these."""
        self._settings, self._database, self._gate, self._deliveries = settings, database, gate, deliveries
        self._begun = datetime.now(UTC)
        self._copying: asyncio.Task[None] | None = None
        self._failure = ""

    def paused(self) -> Sequence[str]:
        """Return why this copy neither takes nor sends."""
        return self._gate.reasons

    def must_be_restored_again(self) -> bool:
        """Answer whether its rows differ from their backup, so that nobody may resume it."""
        return pause.UNVERIFIED in self._gate.reasons

    def faces(self) -> list[Face]:
        """Return how it stands with each messenger that is switched on."""
        return [one.outcomes.face(here=one.running) for one in self._deliveries.values()]

    def sold(self) -> list[tuple[str, int | None, int | None]]:
        """Return (messenger, calls a day, calls a month) of those that count calls."""
        limits = [(name, one.messenger.limits) for name, one in self._deliveries.items()]
        return [(name, one.per_day, one.per_month) for name, one in limits if one.per_day or one.per_month]

    def disk(self) -> Disk:
        """Return what is left of the disk on which the data lies; with a database server: our own."""
        path = self._database.engine.url.database if self._database.sqlite else None
        folder = (Path(path) if path else self._settings.journal()).absolute()
        while not folder.is_dir():
            folder = folder.parent
        usage = shutil.disk_usage(folder)
        return Disk(usage.free, usage.total)

    def copies(self) -> Copies:
        """Return the copies that this program has made."""
        backup = self._settings.backup
        if not self._database.sqlite:
            return Copies(possible=False)
        found = []
        for file in Path(backup.folder).glob("dangqun-*.zip"):
            seen = file.stat()
            found.append(Copy(file.name, seen.st_size, datetime.fromtimestamp(seen.st_mtime, UTC)))
        newest = sorted(found, key=lambda one: one.made_at, reverse=True)[:SHOWN]
        return Copies(
            possible=True,
            daily=backup.daily,
            folder=str(Path(backup.folder).absolute()),
            keep=backup.keep,
            newest=tuple(newest),
            running=self._copying is not None,
            failure=self._failure,
            begins=self._begun + SETTLES,
        )

    def copy_now(self) -> None:
        """Begin to make a copy, unless one is being made."""
        if self._copying is None and self._database.sqlite:
            self._copying = asyncio.create_task(self._copy())

    async def _copy(self) -> None:
        organisation = self._settings.as_organisation()
        name = f"dangqun-{organisation.local(datetime.now(UTC)):%Y-%m-%d-%H%M%S}.zip"
        try:
            await asyncio.to_thread(self._save, organisation.name, Path(self._settings.backup.folder) / name)
        except OSError as error:
            self._failure = " · ".join(of_file(error))
            log.warning("a copy that was asked for could not be made: %s", self._failure)
        except Exception as error:
            self._failure = type(error).__name__
            log.exception("a copy that was asked for could not be made")
        else:
            self._failure = ""
            log.info("a copy that was asked for is %s", name)
        finally:
            self._copying = None

    def _save(self, organisation: str, file: Path) -> None:
        from bot.commands.backup import save  # noqa: PLC0415 - the command line's own module

        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        save(self._database, organisation, file)
        for old in sorted(file.parent.glob(BY_HAND))[: -self._settings.backup.keep]:
            old.unlink()

    def checks(self) -> list[Check]:
        """Return what the doctor says without asking anybody outside."""
        from bot.commands import doctor  # noqa: PLC0415 - the command line's own module

        return list(doctor.cheap(self._settings))

    def settable(self) -> list[Settable]:
        """Return the settings that may be set in the console."""
        return overrides.settable(self._settings)

    def checked(self, key: str, words: str) -> str:
        """Return the words of a setting as they are kept; raises the refusal for what does not fit it."""
        return overrides.checked(self._settings, key, words)

    def look(self) -> None:
        """Look at once at what was paused, stopped or set; other processes do within seconds."""
        self._gate.hurry()
