"""Composition root: database, capabilities, messengers, clock, delivery, web server; started and stopped in order."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import signal
import threading
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from bot import overrides
from bot.clock import Clock, prepare
from bot.config import Settings
from bot.delivery import Delivery
from bot.dispatch import Dispatch
from bot.gate import Gate
from bot.intake import Intake
from bot.jobs import Jobs
from bot.journal import Journal
from bot.lease import Leases, new_holder
from bot.machine import Machine
from bot.previews import PreviewMaker
from bot.reading import Reading, tells
from bot.sign_in import SignIn
from bot.veil import Veil
from console.app import Console, Transaction
from console.jobs import kinds
from content import LANGUAGES, voice
from domain.organisation import Organisation
from handlers.grammar import Registry, open_registry
from messengers import NAMES
from messengers.base import Messenger, PausedError, Surroundings
from services import calendar
from services.work import Handing, Work
from storage import audit, bell
from storage.engine import Database, StorageError

log = logging.getLogger(__name__)

STOP_SECONDS = 25
CANCELS, CANCEL_AGAIN = 6, 5.0
"""So often what receives is told to end at a stop, and so many seconds apart."""
GARBAGE = (5_000, 20, 50)
"""The collector's thresholds: turns leave few cycles behind."""
FIRST_COPY = 60.0
"""Seconds after the start before a day's copy is looked for: a start has other things to do."""
RESCUE = 2.0
"""Seconds between looks for updates of dead processes; with the time of a lease that is less than ten."""


@dataclass(slots=True)
class App:
    """The running program."""

    settings: Settings
    database: Database
    key: bytes
    base_url: str
    demo_people: Sequence[Mapping[str, str]] = ()
    holder: str = field(default_factory=new_holder)
    registry: Registry = field(default_factory=open_registry)
    messengers: dict[str, Messenger] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    links: dict[str, Callable[[str], str]] = field(default_factory=dict)
    numbered: set[str] = field(default_factory=set)
    ringing: set[str] = field(default_factory=set)
    bells: set[asyncio.Task[None]] = field(default_factory=set)
    deaf: threading.Event = field(default_factory=threading.Event)
    gate: Gate = field(init=False)
    intake: Intake = field(init=False)
    clock: Clock = field(init=False)
    veil: Veil = field(init=False)
    leases: Leases = field(init=False)
    jobs: Jobs = field(init=False)
    runner: web.AppRunner | None = None

    def __post_init__(self) -> None:
        """Join what needs no network yet."""
        audit.seal_with(self.key)
        page = (self.settings.web.base_url or self.base_url).rstrip("/")
        dispatch = Dispatch(
            replace(self.settings.as_organisation(), page=page if self.settings.web.enabled else ""),
            self.registry,
            self.links,
            self.numbered,
            lambda messenger, personal: self.settings.ceiling_of(messenger).carries(personal, group=False),
        )
        self.veil = Veil(self.settings, self.key, self.links)
        self.leases = Leases(self.database, self.holder)
        self.gate = Gate(self.database, self._set)
        self.gate.freed = self.nudge
        journal = Journal(self.settings.journal(), self.key, self.leases.holder)
        self.intake = Intake(
            self.database,
            dispatch,
            self._posted,
            self._takes,
            self.leases.holder,
            lambda: self.gate.shut,
            self.key,
            journal,
        )
        self.intake.enter = SignIn(self.database, dispatch, self.key, lambda name: self._posted(name, None))
        self.clock = Clock(self.database, dispatch, self.nudge)
        self.jobs = Jobs(self.database, lambda: self.organisation, self.leases.holder, kinds())

    async def _set(self, values: Mapping[str, str]) -> None:
        """Go by what is set in the console from now on; whichever process is first writes the schedules anew."""
        dispatch, now = self.clock.dispatch, datetime.now(UTC)
        changed = overrides.over(self.settings, values).as_organisation()
        dispatch.organisation = replace(changed, page=self.organisation.page)
        await self.database.write(lambda c: prepare(c, dispatch, now))
        self.clock.wake()

    @property
    def organisation(self) -> Organisation:
        """How the organisation wants things now."""
        return self.clock.dispatch.organisation

    def nudge(self) -> None:
        """Tell every delivery that there may be letters, here or in another process."""
        for name, delivery in self.deliveries.items():
            delivery.nudge()
            if not delivery.running and not self.database.sqlite and name not in self.ringing:
                self.ringing.add(name)
                task = asyncio.create_task(self._ring(name))
                self.bells.add(task)
                task.add_done_callback(self.bells.discard)

    async def _ring(self, name: str) -> None:
        """Tell the process that sends for this messenger; what is posted while we do so is told with it."""
        self.ringing.discard(name)
        try:
            await self.database.write(lambda c: bell.ring(c, name))
        except StorageError:
            log.debug("nobody heard the bell; letters are looked for anyway")

    def _takes(self, messenger: str) -> bool:
        delivery = self.deliveries.get(messenger)
        return delivery is not None and delivery.takes

    def _posted(self, messenger: str, handing: Handing | None) -> None:
        """Hand over what a turn wrote to be sent at once, and tell of the rest."""
        if handing is not None and handing.letters:
            self.deliveries[messenger].take_over(handing.letters)
        if handing is None or handing.more or not handing.letters:
            self.nudge()

    async def start(self, sockets: Sequence[object]) -> None:
        """Open the messengers, serve what a former run left, then let the world in. `sockets` are bound already."""
        await self.gate.look()
        surroundings, veil = self._surroundings(), self.veil
        for name in NAMES:
            section = getattr(self.settings, name)
            if not section.enabled:
                continue
            package = importlib.import_module(f"messengers.{name}")
            messenger: Messenger = await package.open_messenger(section, surroundings)
            self.messengers[name] = messenger
            self.links[name] = messenger.link
            if messenger.limits.numbered:
                self.numbered.add(name)
            self.intake.join(messenger)
            self.deliveries[name] = Delivery(self.database, messenger, veil, self.clock.dispatch)
            self.deliveries[name].halted = self.gate.halted
        await self.database.write(lambda c: prepare(c, self.clock.dispatch, datetime.now(UTC)))
        await self.leases.take(f"process:{self.leases.holder}")
        await self._serve_what_waits()
        await self._serve_web(sockets)
        self._spawn(self.gate.watch(self._serve_what_waits), "messenger-gate")
        hold, passing = self._hold, self.gate.while_open
        for name, delivery in self.deliveries.items():
            # An open page hangs on one process: everybody shows what is theirs.
            everywhere = self.messengers[name].limits.per_process
            run = passing(delivery.run) if everywhere else hold(f"send:{name}", delivery.run)
            self._spawn(run, f"delivery-{name}")
        for name, messenger in self.messengers.items():
            everywhere = messenger.limits.per_process
            take = passing(messenger.run) if everywhere else hold(f"take:{name}", messenger.run)
            self._spawn(take, f"messenger-{name}")
        self._spawn(self.leases.beat(), "messenger-beat")
        if not self.database.sqlite:
            self._listen()
        if self.database.sqlite and self.settings.backup.daily:
            self._spawn(self._copy_daily(), "messenger-backup")
        self._spawn(self._rescue(), "messenger-rescue")
        self._spawn(asyncio.to_thread(calendar.load, datetime.now(UTC).year), "messenger-calendar")
        self._spawn(passing(self.jobs.run), "messenger-jobs")
        self._spawn(hold("clock", self.clock.run), "messenger-clock")
        for name, messenger in self.messengers.items():
            if tells(messenger):
                reading = Reading(self.database, self.settings.as_organisation(), messenger)
                self._spawn(hold(f"reads:{name}", reading.run), f"messenger-reads-{name}")

    async def _hold(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work while its lease is ours and this copy is not paused."""
        await self.gate.while_open(lambda: self.leases.hold(name, work))

    async def _serve_what_waits(self) -> None:
        """Serve what a former run left, or what came with a backup, as soon as this copy may."""
        if self.gate.shut:
            return
        try:
            if written := await self.intake.adopt():
                log.info("%d updates that a former run had written down are brought in", written)
        except (StorageError, OSError, PausedError):
            log.exception("what a former run had written down can't be brought in yet; it is tried again")
        waiting = await self.intake.resume(alone=self.database.sqlite)
        if waiting:
            log.info("%d updates of a former run are being served", waiting)

    async def _copy_daily(self) -> None:
        """Look once an hour whether the day's copy is made; one that fails is tried again, and said."""
        from bot.commands.backup import daily  # noqa: PLC0415 - the command line's own module, needed here once a day

        backup, organisation = self.settings.backup, self.settings.as_organisation()
        while True:
            await asyncio.sleep(FIRST_COPY)
            today = organisation.today(datetime.now(UTC))
            try:
                made = await asyncio.to_thread(
                    daily, self.database, organisation.name, Path(backup.folder), today, backup.keep
                )
            except Exception:
                log.exception("the daily copy could not be made")
            else:
                if made is not None:
                    log.info("the daily copy is %s", made)
            await asyncio.sleep(3600)

    async def _rescue(self) -> None:
        """Look for updates whose process died, for ever."""
        while True:
            await asyncio.sleep(RESCUE)
            if self.gate.shut:
                continue
            try:
                found = await self.intake.adopt() + await self.intake.resume()
            except (StorageError, OSError, PausedError):
                continue
            if found:
                log.warning("%d updates of a dead process are being served", found)

    def _listen(self) -> None:
        """Hear of letters that another process wrote for us to send."""
        loop = asyncio.get_running_loop()

        def heard(messenger: str) -> None:
            if messenger in self.deliveries and not loop.is_closed():
                loop.call_soon_threadsafe(self.deliveries[messenger].nudge)

        threading.Thread(target=bell.listen, args=(self.database, heard, self.deaf), name="bell", daemon=True).start()

    def _surroundings(self) -> Surroundings:
        entries = [e for e in self.registry.entries.values() if e.listed and e.needs is None]
        return Surroundings(
            doors=self.intake,
            secret=self.key,
            base_url=self.base_url.rstrip("/"),
            labels={
                language: {
                    **voice(language).page.get("web", {}),
                    "organisation": self.settings.organisation.name,
                    "zone": self.settings.organisation.timezone,
                }
                for language in LANGUAGES
            },
            demo_people=self.demo_people,
            several=not self.database.sqlite,
            commands={
                language: [(e.name, voice(language).help[e.name]) for e in entries if e.name in voice(language).help]
                for language in LANGUAGES
            },
        )

    def _console(self) -> Console:
        def within(transaction: Callable[[Callable[[Connection], Any]], Awaitable[Any]]) -> Transaction:
            async def run(do: Callable[[Work], Any]) -> Any:  # noqa: ANN401 - whatever the work returns
                return await transaction(lambda c: do(Work(c, self.organisation, datetime.now(UTC))))

            return run

        secure = self.base_url.startswith("https:")
        read, write = within(self.database.read), within(self.database.write)

        def changed() -> None:
            self.nudge()
            self.jobs.nudge()

        machine = Machine(self.settings, self.database, self.gate, self.deliveries)
        previews = PreviewMaker(self.messengers, self.veil)
        return Console(
            self.organisation, read, write, machine, secure=secure, sent=changed, links=self.links, previews=previews
        )

    async def _serve_web(self, sockets: Sequence[object]) -> None:
        site = web.Application(client_max_size=25 * 1024 * 1024)
        for messenger in self.messengers.values():
            site.add_routes(messenger.routes())
        site.add_routes(self._console().routes())
        self.runner = web.AppRunner(site, access_log=None, shutdown_timeout=2)
        await self.runner.setup()
        for bound in sockets:
            await web.SockSite(self.runner, bound).start()  # type: ignore[arg-type]

    def _spawn(self, coroutine: object, name: str) -> None:
        task = asyncio.create_task(coroutine, name=name)  # type: ignore[arg-type, var-annotated]
        task.add_done_callback(_tell_the_end)
        self.tasks.append(task)

    async def stop(self) -> None:
        """Take nothing in, finish what is in hand, let go. What is left stays in the database for the next start."""
        self.clock.stop()
        self.gate.stop()
        self.deaf.set()
        receiving = [task for task in self.tasks if task.get_name().startswith("messenger-")]
        await _end(receiving)
        await self.intake.stop(STOP_SECONDS)
        sending = [task for task in self.tasks if task not in receiving]
        for delivery in self.deliveries.values():
            delivery.stop()
        if sending:
            await asyncio.wait(sending, timeout=5)
        if self.runner is not None:
            await self.runner.cleanup()
        for messenger in self.messengers.values():
            await messenger.close()
        for task in sending:
            task.cancel()
        await self.leases.let_go()
        await asyncio.to_thread(self.database.close)


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel these, again and again: what is cancelled just as what it waits for comes may not notice."""
    left = set(tasks)
    for _ in range(CANCELS):
        for task in left:
            task.cancel()
        if not left:
            return
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN)
    if left:
        log.error("left behind at the stop: %s", ", ".join(sorted(task.get_name() for task in left)))


def _tell_the_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s ended by mistake; restart the program", task.get_name(), exc_info=error)


def spare_garbage() -> None:
    """Look no more through what a start made, which stays to the end: it was a tenth of the time under load."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


async def run_until_stopped(app: App, sockets: Sequence[object], ready: Callable[[Sequence[str]], None]) -> None:
    """Start, say that it is ready or why it is paused, and serve until SIGINT or SIGTERM."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)
    try:
        await app.start(sockets)
        spare_garbage()
        ready(app.gate.reasons)
        await stopping.wait()
    finally:
        await app.stop()
