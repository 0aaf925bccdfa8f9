"""From a raw update to its turn: stored first, then read, then heard, one at a time and in order for each account."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection

from bot.dispatch import Dispatch
from bot.lease import is_dead_neighbour
from bot.understand import needs_dictionary
from domain.arrival import Arrival, Ignored, MalformedUpdateError, Pressed, Uploaded
from domain.codec import decode_reply
from domain.member import NOTICE_VERSION
from domain.refusal import Refusal
from messengers.base import MailboxItem, Messenger, Outgoing, PausedError, Raw, SendFailedError, StoredFile
from services import words
from services.work import Handing
from storage import address, attachment, inbox, lease, outbox
from storage.engine import Database, StorageError

log = logging.getLogger(__name__)

AT_ONCE = 64
"""Turns in progress at the same time; each is one piece of work for the database."""
PATIENCE = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries while the database can't be reached; the last one repeats."""
FETCH_TRIES = 3
FORGOTTEN = timedelta(seconds=10)
"""What is of our own, not heard for so long and in nobody's line, was dropped when the database went away."""
RESCUES = 20
"""So often an update is taken up again before only a restart does."""


class Intake:
    """Implements `messengers.base.Doors`, and serves what came through them."""

    def __init__(
        self,
        database: Database,
        dispatch: Dispatch,
        posted: Callable[[str, Handing | None], None],
        takes: Callable[[str], bool],
        owner: str = "",
        paused: Callable[[], bool] = lambda: False,
    ) -> None:
        """`posted(messenger, …)` is called with what a turn wrote, None: nobody knows what; `owner` names this process.

        `takes(messenger)`: whether answers may be handed over to be sent at once. `paused()`: whether all has to wait.
        """
        self._paused = paused
        self._takes = takes
        self._owner = owner
        self._database = database
        self._dispatch = dispatch
        self._posted = posted
        self._messengers: dict[str, Messenger] = {}
        self._lines: dict[tuple[str, str], deque[tuple[int, Arrival, str]]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)
        self._serving: dict[tuple[str, str], asyncio.Task[Any]] = {}
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

    async def accept(self, messenger: str, events: Sequence[Raw], cursor: str | None = None) -> None:
        """Commit raw updates and cursor together, then serve the new ones."""
        if self.paused():
            raise PausedError
        if len(events) == 1 and await self._at_once(messenger, events[0], cursor):
            return
        now = datetime.now(UTC)
        pairs = [(event.key, event.body) for event in events]
        for row, body in await self._database.write(partial(self._keep, messenger, pairs, now, cursor)):
            await self._read(row, messenger, body)

    async def cursor(self, messenger: str) -> str | None:
        """Return the cursor committed last."""
        return await self._database.read(lambda c: inbox.cursor_of(c, messenger))

    async def keep_file(self, stored: StoredFile) -> int:
        """Keep bytes; returns the attachment id."""
        now = datetime.now(UTC)
        return await self._database.write(lambda c: attachment.keep(c, stored.name, stored.mime, stored.body, now))

    async def open_file(self, attachment_id: int) -> StoredFile | None:
        """Return a kept file."""
        found = await self._database.read(lambda c: attachment.load(c, attachment_id))
        return None if found is None else StoredFile(*found)

    async def mailbox(self, messenger: str, user: str, after: int, limit: int) -> list[MailboxItem]:
        """Return a person's newest letters and own raw updates, oldest first."""

        def look(connection: Connection) -> list[MailboxItem]:
            letters = outbox.sent_to(connection, messenger, user, after, limit)
            since = letters[0][0] if after and letters else None
            own = [] if after and not letters else inbox.said_by(connection, messenger, user, since, limit)
            items = [
                (at, 1, MailboxItem(at.isoformat(), letter=Outgoing(number, user, chat, decode_reply(payload), edits)))
                for at, number, chat, edits, payload in letters
            ]
            items += [(at, 0, MailboxItem(at.isoformat(), raw=Raw(key, body))) for at, key, body in own]
            return [item for _, _, item in sorted(items, key=lambda entry: entry[:2])]

        return await self._database.read(look)

    async def may_send_files(self, messenger: str, user: str) -> bool:
        """Answer whether a file of this user is kept at all."""
        caller = await self._database.read(lambda c: address.caller(c, messenger, user))
        return caller is not None and caller.person is not None and caller.person.consent >= NOTICE_VERSION

    async def news(self, messenger: str, users: Sequence[str], seconds: float) -> list[tuple[str, Outgoing]]:
        """Return (sent at, letter) of what left for these users lately, whichever process sent it."""
        since = datetime.now(UTC) - timedelta(seconds=seconds)
        rows = await self._database.read(lambda c: outbox.left_since(c, messenger, users, since))
        return [
            (at.isoformat(), Outgoing(number, user, chat, decode_reply(payload), edits))
            for at, number, user, chat, edits, payload in rows
        ]

    # serving

    async def resume(self, *, alone: bool = False) -> int:
        """Serve what a dead process, or we ourselves, stored and did not hear; returns how many updates that was.

        `alone`: no other process uses this database, so whatever was left is ours, however lately its owner lived.
        """

        def orphans(connection: Connection) -> list[tuple[int, str, str]]:
            known = set() if alone else lease.alive(connection, datetime.now(UTC))
            living = [holder for holder in known if not is_dead_neighbour(holder)]
            return inbox.adopt(connection, self._owner, living)

        count = 0
        while rows := await self._database.write(orphans):
            for row, messenger, body in rows:
                count += 1
                await self._read(row, messenger, body)
        waiting = {row for line in self._lines.values() for row, _, _ in line}
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

    def _after(self, turn: asyncio.Task[None], line: deque[tuple[int, Arrival, str]], account: tuple[str, str]) -> None:
        """Let those go on who came from the same account meanwhile."""
        self._tasks.discard(turn)
        if line:
            self._go_on(line, account)
        else:
            self._lines.pop(account, None)
            self._serving.pop(account, None)

    def _simple(self, messenger: str, body: str) -> Arrival | None:
        """Return an arrival whose turn needs nothing but the database; None for all that wants more, or is odd."""
        face = self._messengers.get(messenger)
        try:
            arrival = None if face is None else face.receive(body)
        except Exception:  # noqa: BLE001 - it is read once more when it is kept, and that is told
            return None
        if not isinstance(arrival, Arrival) or isinstance(arrival.content, Uploaded) or needs_dictionary(arrival):
            return None
        return arrival

    async def _keep_and_hear(
        self, event: Raw, arrival: Arrival, cursor: str | None, line: deque[tuple[int, Arrival, str]]
    ) -> None:
        now, name = datetime.now(UTC), arrival.messenger
        hand = self._takes(name)

        def at_once(connection: Connection) -> Handing | None:
            if cursor is not None:
                inbox.move_cursor(connection, name, cursor)
            return self._dispatch.hear_unseen(connection, event, arrival, now, hand=hand, owner=self._owner)

        try:
            handing = await self._database.write(at_once)
        except StorageError:
            raise
        except Exception:  # noqa: BLE001 - a refusal or our mistake: kept alone it comes again, and is answered
            kept = await self._database.write(partial(self._keep, name, [(event.key, event.body)], now, cursor))
            line.extendleft((row, arrival, body) for row, body in kept)
            return
        if isinstance(arrival.content, Pressed):
            self._acknowledge(name, event.body)
        self._posted(name, handing)

    def _keep(
        self, messenger: str, events: list[tuple[str, str]], now: datetime, cursor: str | None, connection: Connection
    ) -> list[tuple[int, str]]:
        kept = inbox.keep(connection, messenger, events, now, self._owner)
        if cursor is not None:
            inbox.move_cursor(connection, messenger, cursor)
        return kept

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
        line = self._lines.setdefault((arrival.messenger, arrival.user), deque())
        line.append((row, arrival, body))
        if len(line) == 1 and (arrival.messenger, arrival.user) not in self._serving:
            self._go_on(line, (arrival.messenger, arrival.user))

    def _go_on(self, line: deque[tuple[int, Arrival, str]], account: tuple[str, str]) -> None:
        task = self._serving[account] = asyncio.create_task(self._serve(line, account))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, line: deque[tuple[int, Arrival, str]], account: tuple[str, str]) -> None:
        """Serve one account's updates, each to its end before the next."""
        while line and not self._stopping:
            if self.paused():
                await asyncio.sleep(PATIENCE[-2])
                continue
            row, arrival, body = line[0]
            async with self._places:
                try:
                    await self._turn(row, arrival, body)
                except Exception:
                    log.exception("update %d could not even be answered", row)
            line.popleft()
        self._lines.pop(account, None)
        self._serving.pop(account, None)

    async def _turn(self, row: int, arrival: Arrival, body: str) -> None:
        face = self._messengers[arrival.messenger]
        self._acknowledge(arrival.messenger, body)
        unfetched = isinstance(arrival.content, Uploaded) and arrival.content.attachment is None
        if unfetched and await self.may_send_files(arrival.messenger, arrival.user):
            arrival = await self._fetch(face, arrival)
        if needs_dictionary(arrival):
            await asyncio.to_thread(words.load)
        self._posted(arrival.messenger, await self._hear(row, arrival))

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

    async def _fetch(self, face: Messenger, arrival: Arrival) -> Arrival:
        """Bring an upload's bytes home before its turn. When they can't be had the turn sees an upload without them."""
        content = arrival.content
        if not isinstance(content, Uploaded):
            return arrival
        for attempt in range(FETCH_TRIES):
            try:
                stored = await face.fetch(content)
            except SendFailedError as error:
                log.warning("%s: a file could not be fetched: %s", arrival.messenger, error.why)
                if error.permanent:
                    break
                await asyncio.sleep(error.retry_after or PATIENCE[attempt])
                continue
            number = await self.keep_file(stored)
            kept = Uploaded(content.remote, stored.name, stored.mime, len(stored.body), content.caption, number)
            return Arrival(
                arrival.messenger, arrival.user, arrival.chat, arrival.private, arrival.at, kept, arrival.language
            )
        return arrival
