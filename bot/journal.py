"""A file for updates that came while the database was busy or away, from messengers that don't wait.

Written and flushed to the disk before the messenger is told that they are taken; brought into the database as soon as
it can be reached, by this process or, after its death, by the next one on this machine. Lines are sealed.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from messengers.base import Note, PausedError, Raw
from storage import sealed
from storage.engine import StorageError

log = logging.getLogger(__name__)

MOST = 64 << 20
"""Bytes of one process's file; beyond it nothing is taken, and messengers come again."""
PATIENCE = (0.2, 0.5, 1.0, 2.0, 5.0)
SUFFIX = ".journal"
PLACE = "journal"

Accept = Callable[[str, Sequence[Raw]], Awaitable[None]]
"""Commits updates of a messenger to the database."""


class Journal:
    """Our own file, and those that dead processes left."""

    def __init__(self, folder: Path, key: bytes, holder: str) -> None:
        """Open nothing yet; most processes never need it."""
        self._folder = folder
        self._key = key
        self._path = folder / f"{holder.replace(':', '-')}{SUFFIX}"
        self._handle: int | None = None
        self._outstanding = 0
        self._lock = threading.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, seconds: float, accept: Accept, messenger: str, events: Sequence[Raw]) -> None:
        """Have updates committed; when that takes longer than so many seconds, or can't be done, write them down.

        Raises `PausedError`, and OSError when they could be kept nowhere.
        """
        work = asyncio.ensure_future(accept(messenger, events))
        await asyncio.wait({work}, timeout=seconds)
        error = work.exception() if work.done() else None
        if work.done() and error is None:
            return
        if work.done() and error is not None and not isinstance(error, StorageError):
            # Paused, or something that the database will never take: nobody is told that it was taken.
            raise error
        try:
            await asyncio.to_thread(self._write, messenger, events)
        except OSError:
            log.exception("%s: what came could not be written down either", messenger)
            if not work.done():
                # The database may still take it; nobody is told so before it has.
                await work
                return
            raise
        log.warning("%s: the database is busy or away; %d updates are written down beside it", messenger, len(events))
        self._see_to(self._bring_in(work, accept, messenger, events))

    def _see_to(self, coroutine: Awaitable[None]) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _bring_in(
        self, work: asyncio.Future[None], accept: Accept, messenger: str, events: Sequence[Raw]
    ) -> None:
        """Wait until the database has them, then strike them out."""
        await asyncio.wait({work})
        if work.cancelled() or work.exception() is not None:
            await self._insist(accept, messenger, events)
        await asyncio.to_thread(self._strike_out)

    async def _insist(self, accept: Accept, messenger: str, events: Sequence[Raw]) -> None:
        """Have updates committed as soon as the database can be reached; what it refuses for good is set aside."""
        for attempt in range(1_000_000):
            await asyncio.sleep(PATIENCE[min(attempt, len(PATIENCE) - 1)])
            try:
                await accept(messenger, events)
            except (StorageError, PausedError) as error:
                log.debug("%s: not yet: %s", messenger, type(error).__name__)
            except Exception:
                log.exception("%s: what was written down can't be brought in; it is set aside", messenger)
                await asyncio.to_thread(self._set_aside, [(messenger, event) for event in events])
                return
            else:
                return

    def _write(self, messenger: str, events: Sequence[Raw]) -> None:
        """Append updates, and return when the disk has them. Raises OSError."""
        lines = "".join(f"{self._line(messenger, event)}\n" for event in events).encode()
        with self._lock:
            if self._handle is None:
                self._handle = self._open()
            place = os.lseek(self._handle, 0, os.SEEK_END)
            if place + len(lines) > MOST:
                raise OSError(f"{self._path.name} has grown to {place} bytes")
            try:
                rest = memoryview(lines)
                while rest:
                    rest = rest[os.write(self._handle, rest) :]
                os.fdatasync(self._handle)
            except OSError:
                os.ftruncate(self._handle, place)
                raise
            self._outstanding += 1

    def _open(self) -> int:
        """Open our own file; while this process lives nobody else may read it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not self._path.exists() or self._path.stat().st_ino != os.fstat(handle).st_ino:
            # Between the two somebody took it for a dead one's and deleted it.
            os.close(handle)
            return self._open()
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return handle

    def _line(self, messenger: str, event: Raw) -> str:
        note = None if event.note is None else [event.note.name, event.note.value, event.note.seconds]
        return sealed.seal(self._key, PLACE, json.dumps([messenger, event.key, event.body, note]))

    def _strike_out(self) -> None:
        """Count what the database has; when nothing is left the file is emptied."""
        with self._lock:
            self._outstanding -= 1
            if not self._outstanding and self._handle is not None:
                os.ftruncate(self._handle, 0)

    async def adopt(self, accept: Accept) -> int:
        """Bring in what dead processes left; returns how many updates that was."""
        count = 0
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            if path == self._path or (handle := _take(path)) is None:
                continue
            try:
                found = self._read(path)
                for messenger, event in found:
                    await self._bring(accept, messenger, event)
                path.unlink(missing_ok=True)
                count += len(found)
            finally:
                os.close(handle)
        return count

    async def _bring(self, accept: Accept, messenger: str, event: Raw) -> None:
        """Have one line committed. Raises when the database is away; what it refuses for good is set aside."""
        try:
            await accept(messenger, [event])
        except (StorageError, PausedError):
            raise
        except Exception:
            log.exception("%s: what was written down can't be brought in; it is set aside", messenger)
            await asyncio.to_thread(self._set_aside, [(messenger, event)])

    def _set_aside(self, lines: Sequence[tuple[str, Raw]]) -> None:
        """Keep what the database refuses where nothing stands behind it, for somebody to look at."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._folder / "refused", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "a", encoding="ascii") as file:
            file.writelines(f"{self._line(messenger, event)}\n" for messenger, event in lines)

    def _read(self, path: Path) -> list[tuple[str, Raw]]:
        """Return what is in a file; a last line that was cut off was never acknowledged."""
        found = []
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            try:
                messenger, key, body, note = json.loads(
                    sealed.unseal(self._key, PLACE, line.decode("ascii", "replace"))
                )
            except (sealed.UnsealError, ValueError):
                log.warning("%s: line %d can't be read", path.name, number)
                continue
            found.append((messenger, Raw(key, body, None if note is None else Note(*note))))
        return found

    async def close(self) -> None:
        """Let go; what the database does not have yet stays in the file for the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with self._lock:
            if self._handle is None:
                return
            if not self._outstanding:
                self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None


def _take(path: Path) -> int | None:
    """Take a file whose process is gone; None while it lives."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle
