"""Whether this copy may take, serve and send, and what was set by hand: rows, looked at every few seconds.

A pause shuts everything. Sending that was stopped by hand holds back pushes and announcements alone: updates are taken
and answered, for whoever asks waits for the answer, and the way back into the console is a link in the chat.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from sqlalchemy import Connection

from domain.machine import EVERYTHING
from storage import halt, pause, setting
from storage.engine import Database, StorageError

log = logging.getLogger(__name__)

LOOK = 2.0
"""Seconds between looks: nobody asks the database for each update, and who resumes need not restart the program."""


_WHY = {pause.RESTORED: "从备份恢复", pause.UNVERIFIED: "恢复没有核对完，或核对不一致"}


def why(reasons: Sequence[str]) -> str:
    """Return the reasons in Chinese; a database that has moved says where to."""
    return "、".join(_WHY.get(one, one.replace("moved to", "已搬到")) for one in reasons)


def way_on(reasons: Sequence[str]) -> tuple[str, str]:
    """Say in Chinese and English what to do about a paused copy."""
    if pause.UNVERIFIED in reasons:
        return "换一个空库重新恢复", "Restore again into an empty database."
    return (
        "确认别处没有同一个机器人在运行（恢复前的、搬走后的），再运行 dangqun resume",
        "Make sure that the same bot runs nowhere else, then `dangqun resume`.",
    )


def _standing(connection: Connection) -> tuple[list[str], frozenset[str], dict[str, str]]:
    return pause.reasons(connection), halt.messengers(connection), setting.values(connection)


async def _nobody(_values: Mapping[str, str]) -> None:
    """Nobody wants to know of settings."""


class Gate:
    """Shut while the installation is paused; whoever passes goes on by itself when it opens."""

    def __init__(self, database: Database, settings: Callable[[Mapping[str, str]], Awaitable[None]] = _nobody) -> None:
        """Stand open until the first look. `settings`: told what is set in the console, whenever that has changed."""
        self._database = database
        self._reasons: list[str] = []
        self._halted: frozenset[str] = frozenset()
        self._settings: dict[str, str] = {}
        self._tell = settings
        self.freed: Callable[[], None] = lambda: None
        """Called when sending may go on that was stopped by hand."""
        self._turned = asyncio.Event()
        self._hurry = asyncio.Event()
        self._stopping = False

    @property
    def shut(self) -> bool:
        """Whether nothing may be taken, served or sent now."""
        return bool(self._reasons)

    @property
    def reasons(self) -> Sequence[str]:
        """Why it is shut; nothing when it is open."""
        return tuple(self._reasons)

    def halted(self, messenger: str) -> bool:
        """Answer whether somebody has stopped sending for this messenger."""
        return messenger in self._halted or EVERYTHING in self._halted

    async def look(self) -> bool:
        """Learn how it stands; True when the gate has turned. Raises `StorageError`: then it stands as before."""
        before, halted = self.shut, self._halted
        self._reasons, self._halted, values = await self._database.read(_standing)
        if halted - self._halted:
            self.freed()
        if values != self._settings:
            await self._tell(values)
            self._settings = values
        if self.shut == before:
            return False
        if self.shut:
            words, reasons = why(self._reasons), ", ".join(self._reasons)
            log.warning("已暂停（%s），不收不办不发 · paused (%s): nothing is taken, served or sent", words, reasons)
        else:
            log.warning("已继续收发 · resumed: updates are taken and served, letters are sent")
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()
        return True

    def hurry(self) -> None:
        """Look now."""
        self._hurry.set()

    async def watch(self, turned: Callable[[], Awaitable[None]]) -> None:
        """Look for ever, and tell of each change once."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), LOOK)
            self._hurry.clear()
            try:
                if await self.look():
                    await turned()
            except StorageError:
                log.warning("whether this copy is paused could not be read; it stays as it was")

    async def while_open(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work whenever the gate is open; work that ends by itself is not begun again."""
        while not self._stopping:
            turned = self._turned
            if self.shut:
                await turned.wait()
                continue
            doing, turning = asyncio.ensure_future(work()), asyncio.ensure_future(turned.wait())
            try:
                await asyncio.wait({doing, turning}, return_when=asyncio.FIRST_COMPLETED)
                if doing.done():
                    doing.result()
                    return
            finally:
                turning.cancel()
                if not doing.done():
                    doing.cancel()
                    await asyncio.gather(doing, return_exceptions=True)

    def stop(self) -> None:
        """Let those go home who wait before the shut gate."""
        self._stopping = True
        if self.shut:
            self._turned.set()
