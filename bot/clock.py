"""The alarm clock: APScheduler wakes this process, the rows decide what is due, and each occurrence happens once.

APScheduler keeps nothing: its job stores can't be shared and lose one-off jobs at a kill. An occurrence is unique by
schedule and due time, so any number of processes may wake. What fell due while all were down is done late or, past its
tick's limit, recorded as missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import Connection, text

from bot.dispatch import Dispatch
from domain.schedule import Rule, next_due
from services import calendar
from services.work import Work
from storage import schedule
from storage.engine import Database, StorageError
from storage.schedule import DONE, FAILED, MISSED

log = logging.getLogger(__name__)

SWEEP = timedelta(seconds=30)
"""Look at least so often, whatever the next due time says: another process may have written a schedule."""


def prepare(connection: Connection, dispatch: Dispatch, now: datetime) -> None:
    """Write the schedules and the shipped content of every capability; at a second start nothing changes."""
    if connection.dialect.name == "postgresql":
        # Several processes may start at once: each waits for the one before.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('prepare', 0))"))
    work = Work(connection, dispatch.organisation, now)
    for routes in dispatch.registry.routes:
        for write in routes.schedules:
            write(work)


def run_next(connection: Connection, dispatch: Dispatch, now: datetime) -> bool:
    """Do the earliest thing that is due, and move its schedule on; False when nothing is due."""
    found = schedule.due(connection, now, limit=1)
    if not found:
        return False
    due = found[0]
    tick = dispatch.registry.ticks.get(due.tick)
    late = now - due.due
    state = MISSED if tick is None or late > tick.late_limit else DONE
    if schedule.take(connection, due.id, due.due, state, now) and state == DONE:
        dispatch.tick(connection, due.tick, due.subject, due.due, now)
    elif state == MISSED:
        log.warning("missed: %s %s, due %s, %s late", due.tick, due.subject, due.due.isoformat(), late)
    _move_on(connection, dispatch, due, now)
    return True


def _move_on(connection: Connection, dispatch: Dispatch, due: schedule.Due, now: datetime) -> None:
    """Set the next due time, unless the tick did so itself.

    What is done every few minutes is not made up for each time that was slept through.
    """
    work = Work(connection, dispatch.organisation, now)
    rule = Rule.from_json(due.rule)
    after = max(due.due, now) if rule.kind == "every" else due.due
    following = next_due(rule, after, dispatch.organisation.zone, lambda day: calendar.is_workday(work, day))
    schedule.move(connection, due.id, due.due, following)


def fail_next(connection: Connection, dispatch: Dispatch, due: schedule.Due, error: Exception, now: datetime) -> None:
    """Record that a tick broke, and move on: one broken tick must not stop the clock."""
    log.error("tick %s %s failed", due.tick, due.subject, exc_info=error)
    schedule.take(connection, due.id, due.due, FAILED, now, _why(error))
    _move_on(connection, dispatch, due, now)


def set_aside(connection: Connection, due: schedule.Due, error: Exception, now: datetime) -> None:
    """Let a schedule rest that can't even be moved on, its rule being unreadable: all others wait behind it."""
    log.error("the schedule %s %s rests: it has no next time", due.tick, due.subject, exc_info=error)
    schedule.take(connection, due.id, due.due, FAILED, now, _why(error))
    schedule.move(connection, due.id, due.due, None)


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


class Clock:
    """Wakes when the next schedule is due."""

    def __init__(self, database: Database, dispatch: Dispatch, posted: Callable[[], None]) -> None:
        """Call `posted` whenever letters may have been written."""
        self._database = database
        self.dispatch = dispatch
        self._posted = posted
        self._scheduler: AsyncIOScheduler | None = None
        self._ringing = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Catch up, and do what falls due, until stopped or cancelled."""
        scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        scheduler.start()
        self._scheduler = scheduler
        try:
            while not self._stopping:
                await self.sweep()
                # By the loop's own time: with a clock that was set back APScheduler would sleep for hours.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ringing.wait(), SWEEP.total_seconds())
                self._ringing.clear()
        finally:
            scheduler.shutdown(wait=False)

    async def _ring(self) -> None:
        self._ringing.set()

    async def sweep(self) -> None:
        """Do everything that is due, then set the alarm for the next."""
        try:
            while not self._stopping and await self._step():
                self._posted()
            wake = await self._database.read(schedule.next_wake)
        except StorageError:
            log.exception("the clock could not reach the database; it tries again within %s", SWEEP)
            return
        except Exception:
            # Ended, the clock would take its lease along, and the next process's clock would end the same way.
            log.exception("the clock stumbled; it tries again within %s", SWEEP)
            return
        if self._scheduler is not None and wake is not None and wake - datetime.now(UTC) < SWEEP:
            self._scheduler.add_job(self._ring, "date", run_date=wake, id="wake", replace_existing=True)

    async def _step(self) -> bool:
        now = datetime.now(UTC)
        try:
            return await self._database.write(lambda c: run_next(c, self.dispatch, now))
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a tick did wrong, the clock goes on
            broken = error
        found = await self._database.read(lambda c: schedule.due(c, now, limit=1))
        if not found:
            return False
        due = found[0]
        try:
            await self._database.write(lambda c: fail_next(c, self.dispatch, due, broken, now))
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - its rule is as wrong as can be
            unreadable = error
            await self._database.write(lambda c: set_aside(c, due, unreadable, now))
        return True

    def wake(self) -> None:
        """Look now: a schedule may have been written anew."""
        self._ringing.set()

    def stop(self) -> None:
        """Finish the tick in hand, and wake no more."""
        self._stopping = True
        self._ringing.set()
