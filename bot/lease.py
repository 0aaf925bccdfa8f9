"""Work that one process at a time may do: it runs while the lease is held, and moves when its process dies."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from storage import lease
from storage.engine import Database, StorageError

log = logging.getLogger(__name__)

LASTS = timedelta(seconds=6)
RENEW = 2.0
"""Seconds between renewals; a holder that could not renew for `LASTS` has stopped working before another begins."""
LOOK = 1.5
"""Seconds between looks whether another's lease has run out: what a dead process did goes on in 7.5 s and a commit."""


def _here() -> str:
    """Return a name for this start of this machine and its space of process numbers, which no other machine has.

    The host's name alone would not do, for clones share it; nor the space, whose first is numbered alike everywhere.
    """
    try:
        started = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        return f"{socket.gethostname()[:20]}:"
    known = f"{socket.gethostname()} {started}".encode()
    return f"{hashlib.sha256(known).hexdigest()[:20]}:{space}"


def new_holder() -> str:
    """Return a name for this process that no other has."""
    return f"{_here()}:{os.getpid()}:{secrets.token_hex(3)}"


def neighbour(holder: str) -> int | None:
    """Return the number of a holder's process when it is or was one of this very machine, else None."""
    place, _, rest = holder.rpartition(":")[0].rpartition(":")
    if place != _here() or not place.rpartition(":")[2] or not rest.isdigit():
        return None
    return int(rest)


def is_dead_neighbour(holder: str) -> bool:
    """Answer whether a holder was a process of this very machine and is gone: then nobody need wait for its lease."""
    number = neighbour(holder)
    if number is None:
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


class Leases:
    """The leases of this process."""

    def __init__(self, database: Database, holder: str) -> None:
        """Hold nothing yet."""
        self._database = database
        self.holder = holder
        self._stopping = False

    async def take(self, name: str) -> bool:
        """Take or renew one; False when another has it, or when the database can't say."""
        try:
            return await self._database.write(lambda c: self._take(c, name))
        except StorageError:
            log.warning("the lease %s could not be renewed", name)
            return False

    def _take(self, connection: Connection, name: str) -> bool:
        if lease.take(connection, name, self.holder, LASTS):
            return True
        other = lease.holders(connection).get(name, "")
        if not is_dead_neighbour(other):
            return False
        lease.release(connection, other)
        return lease.take(connection, name, self.holder, LASTS)

    async def beat(self) -> None:
        """Keep saying that this process lives, for ever."""
        while not self._stopping:
            await self.take(f"process:{self.holder}")
            await asyncio.sleep(RENEW)

    async def hold(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work whenever the lease is ours, for ever; work that ends by itself is not begun again."""
        loop = asyncio.get_running_loop()
        while not self._stopping:
            asked = loop.time()
            if not await self.take(name):
                await asyncio.sleep(LOOK)
                continue
            log.info("%s is done here", name)
            if await self._while_held(name, asyncio.ensure_future(work()), asked):
                return

    async def _while_held(self, name: str, task: asyncio.Future[None], renewed: float) -> bool:
        """Renew until the work ends (True) or the lease is lost (False). `renewed`: when it was asked for last.

        It counts from the asking: an answer may come late, and then the lease has lasted a while already.
        """
        loop, enough = asyncio.get_running_loop(), LASTS.total_seconds() - RENEW
        try:
            while True:
                done, _ = await asyncio.wait({task}, timeout=RENEW)
                if done:
                    task.result()
                    return True
                asked = loop.time()
                if await self._renew(name, renewed + enough - asked):
                    renewed = asked
                elif loop.time() - renewed >= enough:
                    log.warning("%s is done elsewhere from now on", name)
                    return False
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _renew(self, name: str, seconds: float) -> bool:
        """Renew, but don't wait for a silent database past the time at which the work has to stop."""
        try:
            return await asyncio.wait_for(self.take(name), max(seconds, 0))
        except TimeoutError:
            return False

    async def let_go(self) -> None:
        """Release everything, so that another process need not wait."""
        self._stopping = True
        try:
            await self._database.write(lambda c: lease.release(c, self.holder))
        except StorageError:
            log.warning("leases could not be released; they run out by themselves")
