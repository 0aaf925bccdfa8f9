"""From a raw update to its turn: stored first, then read, then heard, one at a time and in order for each account."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection

from bot.dispatch import Dispatch
from bot.journal import Journal
from bot.lease import is_dead_neighbour
from bot.shelf import Shelf
from bot.understand import needs_dictionary
from domain.arrival import Arrival, Ignored, MalformedUpdateError, Pressed, Uploaded
from domain.refusal import Refusal
from messengers.base import Messenger, PausedError, Raw
from services import words
from services.work import Handing
from storage import inbox, lease, outbox
from storage.engine import Database, StorageError

log = logging.getLogger(__name__)

AT_ONCE = 64
"""Turns in progress at the same time; each is one piece of work for the database."""
PATIENCE = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries while the database can't be reached; the last one repeats."""
FORGOTTEN = timedelta(seconds=10)
"""What is of our own, not heard for so long and in nobody's line, was dropped when the database went away."""
RESCUES = 20
"""So often an update is taken up again before only a restart does."""


@dataclass(slots=True, eq=False)
class _Place:
    """An update in its account's line, taken before it is kept: whoever comes later stands behind it."""

    arrival: Arrival
    body: str
    row: int | None = None
    """None while it is being kept."""
    gone: bool = False
    """It was known already, or could not be kept."""


_Account = tuple[str, str]
_Line = deque[_Place]


class Intake(Shelf):
    """Implements `messengers.base.Doors`, and serves what came through them."""

    def __init__(
        self,
        database: Database,
        dispatch: Dispatch,
        posted: Callable[[str, Handing | None], None],
        takes: Callable[[str], bool],
        owner: str = "",
        paused: Callable[[], bool] = lambda: False,
        key: bytes = b"",
        journal: Journal | None = None,
    ) -> None:
        """`posted(messenger, …)` is called with what a turn wrote, None: nobody knows what; `owner` names this process.

        `takes(messenger)`: whether answers may be handed over to be sent at once. `paused()`: whether all has to wait.
        `key` seals what messengers have kept; `journal`: where updates are written while the database is busy.
        """
        self._paused = paused
        self._takes = takes
        self._owner = owner
        super().__init__(database, key)
        self._journal = journal
        self._dispatch = dispatch
        self._posted = posted
        self._messengers: dict[str, Messenger] = {}
        self._lines: dict[_Account, _Line] = {}
        self._places = asyncio.Semaphore(AT_ONCE)
        self._serving: dict[_Account, asyncio.Task[Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = False
        self._rescued: Counter[int] = Counter()
        self.ignored: Counter[tuple[str, str]] = Counter()
        """(messenger, why) -> how many updates asked nothing of us."""

    def join(self, messenger: Messenger) -> None:
        """Serve this messenger."""
        self._messengers[messenger.name] = messenger

    # what messengers are lent

    def paused(self) -> bool:
        """Answer whether this copy is paused."""
        return self._paused()

    async def accept(
        self, messenger: str, events: Sequence[Raw], cursor: str | None = None, *, within: float | None = None
    ) -> None:
        """Commit raw updates and cursor together, then serve the new ones; write them down when that takes too long."""
        if within is None or self._journal is None:
            await self._accept(messenger, events, cursor)
        else:
            await self._journal.accept(within, self._accept, messenger, events)

    async def _accept(self, messenger: str, events: Sequence[Raw], cursor: str | None = None) -> None:
        if self.paused():
            raise PausedError
        if len(events) == 1 and await self._at_once(messenger, events[0], cursor):
            return
        places = [self._place(messenger, event.body) for event in events]
        keeping = asyncio.create_task(self._keep_in_line(messenger, events, cursor, places))
        self._tasks.add(keeping)
        keeping.add_done_callback(self._tasks.discard)
        # Whoever brought them may be cancelled; what is kept is served in its order all the same.
        await asyncio.shield(keeping)

    # serving

    async def adopt(self) -> int:
        """Bring in what dead processes wrote down while the database was away; returns how many updates."""
        return 0 if self._journal is None else await self._journal.adopt(self._accept)

    async def resume(self, *, alone: bool = False) -> int:
        """Serve what a dead process, or we ourselves, stored and did not hear; returns how many updates that was.

        `alone`: no other process uses this database, so whatever was left is ours, however lately its owner lived.
        """

        def orphans(connection: Connection) -> list[tuple[int, str, str]]:
            known = set() if alone else lease.alive(connection)
            living = [holder for holder in known if not is_dead_neighbour(holder)]
            return inbox.adopt(connection, self._owner, living)

        count = 0
        while rows := await self._database.write(orphans):
            for row, messenger, body in rows:
                count += 1
                await self._read(row, messenger, body)
        waiting = {place.row for line in self._lines.values() for place in line}
        before = datetime.now(UTC) - FORGOTTEN
        for row, messenger, body in await self._database.read(lambda c: inbox.left(c, self._owner, before)):
            if row not in waiting and self._rescued[row] < RESCUES:
                count += 1
                self._rescued[row] += 1
                await self._read(row, messenger, body)
        return count

    async def stop(self, seconds: float = 25) -> None:
        """Start no more turns, and wait for those in progress; the rest stays in the inbox for the next start."""
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        if self._journal is not None:
            await self._journal.close()

    async def settled(self, messenger: str, user: str) -> None:
        """Wait until everything that this account said so far has been answered."""
        task = self._serving.get((messenger, user))
        if task is not None:
            await asyncio.wait({task})

    async def idle(self) -> None:
        """Wait until everything accepted so far has been served."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _at_once(self, messenger: str, event: Raw, cursor: str | None) -> bool:
        """Keep an update and have its turn in one transaction, when nothing stands before it; else False, and nothing.

        Raises `StorageError` when it was not kept.
        """
        arrival = self._simple(messenger, event.body)
        if arrival is None:
            return False
        account = (messenger, arrival.user)
        if self._stopping or account in self._lines or len(self._serving) >= AT_ONCE:
            return False
        line = self._lines[account] = deque()
        turn = asyncio.create_task(self._keep_and_hear(event, arrival, cursor, line))
        self._tasks.add(turn)
        self._serving[account] = turn
        turn.add_done_callback(lambda done: self._after(done, line, account))
        # Whoever brought it may be cancelled; the turn goes on to its end.
        await asyncio.shield(turn)
        return True

    def _after(self, turn: asyncio.Task[None], line: _Line, account: _Account) -> None:
        """Let those go on who came from the same account meanwhile."""
        self._tasks.discard(turn)
        self._serving.pop(account, None)
        self._go_on(line, account)

    def _glance(self, messenger: str, body: str) -> Arrival | None:
        """Return the arrival in a raw update; None for what asks nothing of us, or is odd."""
        face = self._messengers.get(messenger)
        try:
            arrival = None if face is None else face.receive(body)
        except Exception:  # noqa: BLE001 - it is read once more when it is kept, and that is told
            return None
        return arrival if isinstance(arrival, Arrival) else None

    def _simple(self, messenger: str, body: str) -> Arrival | None:
        """Return an arrival whose turn needs nothing but the database; None for all that wants more, or is odd."""
        arrival = self._glance(messenger, body)
        if arrival is None or isinstance(arrival.content, Uploaded) or needs_dictionary(arrival):
            return None
        return arrival

    def _place(self, messenger: str, body: str) -> _Place | None:
        """Take a place in the account's line for what is about to be kept."""
        arrival = self._glance(messenger, body)
        if arrival is None:
            return None
        place = _Place(arrival, body)
        self._lines.setdefault((messenger, arrival.user), deque()).append(place)
        return place

    async def _keep_in_line(
        self, messenger: str, events: Sequence[Raw], cursor: str | None, places: Sequence[_Place | None]
    ) -> None:
        """Keep updates, and let those be served who have a place; one that was known already gives its place up."""
        odd = []
        try:
            kept = await self._database.write(partial(self._keep, messenger, events, datetime.now(UTC), cursor))
            for place, event, row in zip(places, events, kept, strict=True):
                if place is not None:
                    place.row = row
                elif row is not None:
                    odd.append((row, event.body))
        finally:
            for place in places:
                if place is not None:
                    place.gone = place.row is None
                    account = (messenger, place.arrival.user)
                    self._go_on(self._lines[account], account)
        for row, body in odd:
            await self._read(row, messenger, body)

    async def _keep_and_hear(self, event: Raw, arrival: Arrival, cursor: str | None, line: _Line) -> None:
        now, name = datetime.now(UTC), arrival.messenger
        hand = self._takes(name)

        def at_once(connection: Connection) -> Handing | None:
            if cursor is not None:
                inbox.move_cursor(connection, name, cursor)
            self._keep_notes(connection, name, [event], now)
            return self._dispatch.hear_unseen(connection, event, arrival, now, hand=hand, owner=self._owner)

        try:
            handing = await self._database.write(at_once)
        except StorageError:
            raise
        except Exception:  # noqa: BLE001 - a refusal or our mistake: kept alone it comes again, and is answered
            [row] = await self._database.write(partial(self._keep, name, [event], now, cursor))
            if row is not None:
                line.appendleft(_Place(arrival, event.body, row))
            return
        if isinstance(arrival.content, Pressed):
            self._acknowledge(name, event.body)
        await self._heard(arrival, handing, hand=hand)

    async def _heard(self, arrival: Arrival, handing: Handing | None, *, hand: bool) -> None:
        """Hand over what the turn wrote; or it was had before, perhaps by ourselves, and the word of it was lost."""
        name = arrival.messenger
        if handing is None and hand and not self._database.sqlite:
            await self._database.write(lambda c: outbox.free_handed(c, name, arrival.user, datetime.now(UTC)))
        self._posted(name, handing)

    def _keep(
        self, messenger: str, events: Sequence[Raw], now: datetime, cursor: str | None, connection: Connection
    ) -> list[int | None]:
        """Keep updates and cursor; returns the row of each, None for one that was known already."""
        kept = [inbox.keep(connection, messenger, [(one.key, one.body)], now, self._owner) for one in events]
        self._keep_notes(connection, messenger, events, now)
        if cursor is not None:
            inbox.move_cursor(connection, messenger, cursor)
        return [rows[0][0] if rows else None for rows in kept]

    def _keep_notes(self, connection: Connection, messenger: str, events: Sequence[Raw], now: datetime) -> None:
        for event in events:
            if event.note is not None:
                self._tokens.put_note(connection, messenger, event.note, now)

    def _acknowledge(self, messenger: str, body: str) -> None:
        acknowledging = asyncio.create_task(self._messengers[messenger].acknowledge(body))
        self._tasks.add(acknowledging)
        acknowledging.add_done_callback(self._tasks.discard)

    async def _read(self, row: int, messenger: str, body: str) -> None:
        """Make an arrival of a stored update; what can't be read becomes a dead letter, and the next one is served."""
        face = self._messengers.get(messenger)
        if face is None:
            return
        try:
            arrival = face.receive(body)
        except MalformedUpdateError as error:
            log.warning("%s: update %d can't be read: %s", messenger, row, error)
            await self._settle(row, inbox.DEAD, str(error))
            return
        except Exception as error:
            log.exception("%s: update %d broke its reader", messenger, row)
            await self._settle(row, inbox.DEAD, f"{type(error).__name__}: {error}")
            return
        if isinstance(arrival, Ignored):
            self.ignored[messenger, arrival.why] += 1
            await self._settle(row, inbox.IGNORED, arrival.why)
            return
        self._queue(row, arrival, body)

    async def _settle(self, row: int, state: str, note: str) -> None:
        await self._database.write(lambda c: inbox.settle(c, row, state, note=note))

    def _queue(self, row: int, arrival: Arrival, body: str) -> None:
        account = (arrival.messenger, arrival.user)
        line = self._lines.setdefault(account, deque())
        line.append(_Place(arrival, body, row))
        self._go_on(line, account)

    def _go_on(self, line: _Line, account: _Account) -> None:
        """Serve a line whose first is kept; while it is being kept, whoever keeps it comes by here afterwards."""
        if account in self._serving:
            return
        while line and line[0].gone:
            line.popleft()
        if not line:
            self._lines.pop(account, None)
        elif line[0].row is not None and not self._stopping:
            task = self._serving[account] = asyncio.create_task(self._serve(line, account))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, line: _Line, account: _Account) -> None:
        """Serve one account's updates, each to its end before the next, as far as they are kept."""
        while line and not self._stopping and (line[0].gone or line[0].row is not None):
            if self.paused():
                await asyncio.sleep(PATIENCE[-2])
                continue
            place = line[0]
            if place.row is not None:
                async with self._places:
                    try:
                        await self._turn(place.row, place.arrival, place.body)
                    except Exception:
                        log.exception("update %d could not even be answered", place.row)
            line.popleft()
        self._serving.pop(account, None)
        self._go_on(line, account)

    async def _turn(self, row: int, arrival: Arrival, body: str) -> None:
        face = self._messengers[arrival.messenger]
        self._acknowledge(arrival.messenger, body)
        unfetched = isinstance(arrival.content, Uploaded) and arrival.content.attachment is None
        if unfetched and await self.may_send_files(arrival.messenger, arrival.user):
            arrival = await self.bring_home(face, arrival)
        if needs_dictionary(arrival):
            await asyncio.to_thread(words.load)
        hand = self._takes(arrival.messenger)
        await self._heard(arrival, await self._hear(row, arrival), hand=hand)

    async def _hear(self, row: int, arrival: Arrival) -> Handing | None:
        """Have the turn; while the database is away the update waits, and so does everything behind it."""
        for attempt in range(1_000_000):
            now = datetime.now(UTC)
            hear = partial(self._dispatch.hear, row=row, arrival=arrival, now=now, hand=self._takes(arrival.messenger))
            try:
                return await self._database.write(hear)
            except Refusal as refusal:
                await self._database.write(
                    partial(self._dispatch.refuse, row=row, arrival=arrival, refusal=refusal, now=now)
                )
            except StorageError:
                log.warning("the database is away; update %d waits", row, exc_info=attempt == 0)
                if self._stopping:
                    return None
                await asyncio.sleep(PATIENCE[min(attempt, len(PATIENCE) - 1)])
                continue
            except Exception as error:
                apologise = partial(self._dispatch.apologise, row=row, arrival=arrival, error=error, now=now)
                reference = await self._database.write(apologise)
                log.exception("turn of update %d failed, reference %s", row, reference)
            return None
        return None
