"""What messengers are lent beside the door for updates: their cursor, kept files, and what a page shows of the past."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot import mailbox
from bot.tokens import Tokens
from domain.arrival import Arrival, Uploaded
from domain.member import NOTICE_VERSION
from messengers.base import Fetch, MailboxItem, Messenger, Outgoing, SendFailedError, StoredFile
from storage import address, attachment, inbox
from storage.engine import Database

log = logging.getLogger(__name__)

FETCH_PAUSES = (0.2, 0.5, 1.0)
"""Seconds between tries to fetch a file."""
LONGEST_PAUSE = 5.0
"""A messenger that wants to be left alone for longer is not asked for the file again."""


class Shelf:
    """The part of `messengers.base.Doors` that only looks up and keeps."""

    def __init__(self, database: Database, key: bytes) -> None:
        """Look up and keep in this database; `key` seals what is kept secret."""
        self._database = database
        self._tokens = Tokens(database, key)
        self.enter: Callable[[str, str], Awaitable[str]] | None = None
        """Lets browsers in; None: nobody is let in by links."""

    async def token(
        self,
        messenger: str,
        name: str,
        fetch: Fetch,
        *,
        refused: str = "",
        early: float = 300.0,
        lasts: float | None = None,
    ) -> str:
        """Return a token, fetched once for all processes."""
        return await self._tokens.get(messenger, name, fetch, refused, early, lasts)

    async def note(self, messenger: str, name: str) -> str | None:
        """Return what was noted under this name."""
        return await self._tokens.note(messenger, name)

    async def bring_home(self, face: Messenger, arrival: Arrival) -> Arrival:
        """Fetch an upload's bytes before its turn. When they can't be had the turn sees an upload without them."""
        content = arrival.content
        if not isinstance(content, Uploaded):
            return arrival
        for pause in FETCH_PAUSES:
            try:
                stored = await face.fetch(content)
            except SendFailedError as error:
                log.warning("%s: a file could not be fetched: %s", arrival.messenger, error.why)
                if error.permanent or (error.retry_after or 0.0) > LONGEST_PAUSE:
                    # Nobody is kept waiting so long for an answer: it says that the file did not come.
                    break
                await asyncio.sleep(error.retry_after or pause)
                continue
            number = await self.keep_file(stored)
            kept = Uploaded(content.remote, stored.name, stored.mime, len(stored.body), content.caption, number)
            return replace(arrival, content=kept)
        return arrival

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
        return await self._database.read(lambda c: mailbox.newest(c, messenger, user, after, limit))

    async def may_send_files(self, messenger: str, user: str) -> bool:
        """Answer whether a file of this user is kept at all."""
        now = datetime.now(UTC)
        caller = await self._database.read(lambda c: address.caller(c, messenger, user, now))
        return caller is not None and caller.person is not None and caller.person.consent >= NOTICE_VERSION

    async def sign_in(self, ticket: str, account: str) -> str:
        """Let a browser in by a one-time link."""
        return "unknown" if self.enter is None else await self.enter(ticket, account)

    async def news(self, messenger: str, users: Sequence[str], seconds: float) -> list[tuple[str, Outgoing]]:
        """Return (sent at, letter) of what left for these users lately, whichever process sent it."""
        since = datetime.now(UTC) - timedelta(seconds=seconds)
        return await self._database.read(lambda c: mailbox.news(c, messenger, users, since))
