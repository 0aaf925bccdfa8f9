"""Long imports and exports: one after another beside everything else, read on the reading side, ended in one commit.

A job is taken under a lease that is renewed while it goes on, so that another process begins anew what a dead one
left; what it made is written together with "done", so that nothing happens twice. Cancelling is looked for at every
step. A stop gives the job back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from bot.lease import is_dead_neighbour
from domain.job import TRIES, Job
from domain.organisation import Organisation
from domain.refusal import Refusal
from services import roster_upload
from services.job import Deed, Kind, Made, Step, demand_still
from services.work import Work
from storage import job as table
from storage import member, sound
from storage.engine import Database, StorageError

log = logging.getLogger(__name__)

LOOK = 2.0
"""Seconds between looks for a job of another process; one that is asked for here is begun at once."""
PULSE = 0.5
"""Seconds between notes of how far it is, and looks whether it is to end."""
BREATH = 0.001
"""Seconds at each step in which others go first."""
SWEEP = 3600.0
AT_ONCE = 500
"""So many names get their keys in one transaction."""


class _EndedError(Exception):
    """It is to end here: cancelled, lost to another, or we are stopping."""


@dataclass(slots=True)
class _Run:
    """A job while it goes on, for its thread and for whoever watches it."""

    job: Job
    done: int = 0
    total: int = 0
    over: str = ""
    """Why it is to end."""


class Jobs:
    """Does the jobs of this process."""

    def __init__(
        self, database: Database, organisation: Callable[[], Organisation], holder: str, kinds: Mapping[str, Kind]
    ) -> None:
        """Do nothing yet. `organisation`: how it wants things at the moment."""
        self._database, self._organisation, self._holder, self._kinds = database, organisation, holder, kinds
        self._asked = asyncio.Event()

    def nudge(self) -> None:
        """Tell that there may be a job."""
        self._asked.set()

    async def run(self) -> None:
        """Do what waits, for ever."""
        swept = -SWEEP
        while True:
            self._asked.clear()
            try:
                if time.monotonic() - swept >= SWEEP:
                    await self._sweep()
                    swept = time.monotonic()
                while (job := await self._next()) is not None:
                    await self._watch(job)
            except StorageError:
                log.warning("jobs are looked for again when the database answers")
            try:
                # Not `wait_for`: before Python 3.12 it may swallow a cancellation that comes with what it waits for.
                async with asyncio.timeout(LOOK):
                    await self._asked.wait()
            except TimeoutError:
                continue

    async def _sweep(self) -> None:
        """Remove results whose time is over; give names their keys that came without, a little at a time."""
        await self._database.write(lambda c: table.forget(c, datetime.now(UTC)))
        await self._database.write(lambda c: roster_upload.forget(Work(c, self._organisation(), datetime.now(UTC))))
        if not await self._database.read(member.has_soundless):
            return
        # The dictionary takes 300 ms to open: not while the writer waits.
        await asyncio.to_thread(sound.of, "开")
        given = 1
        while given:
            given = await self._database.write(lambda c: member.give_sounds(c, AT_ONCE))

    async def _next(self) -> Job | None:
        """Take the next one; asks first without writing."""
        open_ones = await self._database.read(table.unfinished)
        if not open_ones:
            return None
        dead = {holder for _, holder in open_ones if holder and is_dead_neighbour(holder)}
        return await self._database.write(lambda c: table.take(c, self._holder, dead))

    async def _watch(self, job: Job) -> None:
        """Let a thread do it; say how far it is, and end it when it is to end."""
        run = _Run(job, total=job.total)
        task = asyncio.ensure_future(asyncio.to_thread(self._do, run))
        try:
            while not (await asyncio.wait({task}, timeout=PULSE))[0]:
                await self._pulse(run)
        except asyncio.CancelledError:
            run.over = "stopping"
            await asyncio.wait({task})
            raise
        task.result()

    async def _pulse(self, run: _Run) -> None:
        done, total = run.done, run.total
        try:
            asked = await self._database.write(lambda c: table.pulse(c, run.job.id, self._holder, done, total))
        except StorageError:
            return
        if asked is not False:
            run.over = "lost" if asked is None else "cancelled"

    def _do(self, run: _Run) -> None:
        """Do it, and note how it ended, whatever happens."""
        number, holder, now = run.job.id, self._holder, datetime.now(UTC)
        try:
            if run.job.cancelling:
                run.over = "cancelled"
            self._ends(run, self._made(run))
        except _EndedError:
            if run.over == "stopping":
                self._note(lambda c: table.give_back(c, number, holder))
            elif run.over == "cancelled":
                self._note(lambda c: table.stop(c, number, holder, now))
        except Refusal as refusal:
            log.info("job %d (%s) refused to member %d: %s", number, run.job.kind, run.job.owner_id, refusal.code)
            why, said = refusal.code, {key: _plain(value) for key, value in refusal.facts.items()}
            self._note(lambda c: table.fail(c, number, holder, now, why, said))
        except StorageError:
            log.warning("job %d is begun again when its lease is over", number)
        except Exception:
            log.exception("job %d (%s) failed", number, run.job.kind)
            self._note(lambda c: table.fail(c, number, holder, now, "jobs.mistake", {}))

    def _note(self, work: object) -> None:
        try:
            self._database.write_now(work)  # type: ignore[arg-type]
        except StorageError:
            log.warning("how a job ended could not be noted; its lease runs out")

    def _made(self, run: _Run) -> Made | Deed:
        """Go through the steps, all of them looking at one moment of the data."""
        kind = self._kinds.get(run.job.kind)
        if kind is None:
            raise Refusal("jobs.mistake")
        if run.job.tries > TRIES:
            raise Refusal("jobs.died", tries=TRIES)

        def steps(connection: Connection) -> Made | Deed:
            work = Work(connection, self._organisation(), datetime.now(UTC))
            for part in kind.steps(work, run.job.owner_id, run.job.facts):
                if run.over:
                    raise _EndedError
                if not isinstance(part, Step):
                    return part
                run.done, run.total = part.done, part.total
                time.sleep(BREATH)
            raise Refusal("jobs.mistake")

        return self._database.snapshot(steps)

    def _ends(self, run: _Run, made: Made | Deed) -> None:
        """Write the result and that it is done, together; a cancelling that came first undoes it."""

        def end(connection: Connection) -> None:
            now = datetime.now(UTC)
            work = Work(connection, self._organisation(), now)
            # Who lost the right or has other roles by now, or took the file back, gets nothing.
            demand_still(work, run.job, self._kinds[run.job.kind])
            if isinstance(made, Deed):
                said, file = made.do(work), None
            else:
                said, file = made.said, (made.name, made.mime, made.body)
            if isinstance(made, Made) and made.rows:
                table.pulse(connection, run.job.id, self._holder, made.rows, made.rows)
            if not table.finish(connection, run.job.id, self._holder, now, said=said, file=file):
                run.over = run.over or "cancelled"
                raise _EndedError

        self._database.write_now(end)


def _plain(value: object) -> object:
    """Return a fact of a sentence as JSON can keep it."""
    return value if isinstance(value, int | str) else str(value)
