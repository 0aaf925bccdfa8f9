"""Tokens and notes of messengers: in the database, sealed; fetched once, however many processes want one."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from messengers.base import Fetch, Note, SendFailedError
from storage import sealed, token
from storage.engine import Database, StorageError

log = logging.getLogger(__name__)

FETCHING = timedelta(seconds=20)
"""How long one process may take to get a token before another tries."""
LOOK = 0.25
"""Seconds between looks whether another process has got it."""
REMEMBERED = 500
"""Tokens and media that are remembered outside the database."""
YOUNG = timedelta(seconds=10)
"""A token so young is not fetched again, whatever is said of it: asking too often is refused too."""


@dataclass(frozen=True, slots=True)
class _Known:
    value: str
    until: datetime


class Tokens:
    """The tokens and notes of all messengers."""

    def __init__(self, database: Database, key: bytes) -> None:
        """`key`: the program's own, by which they are sealed."""
        self._database = database
        self._key = key
        self._known: dict[tuple[str, str], _Known] = {}
        self._locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(
        self, messenger: str, name: str, fetch: Fetch, refused: str, early: float, lasts: float | None = None
    ) -> str:
        """Return a token that is good for `early` seconds at least, and is not the refused one.

        `lasts`: how long fetching it may take. Raises `SendFailedError` when none is to be had.
        """
        place = messenger, name
        known = self._known.get(place)
        if known is not None and known.value != refused and _good(known, early):
            return known.value
        async with self._locks[place]:
            known = self._known.get(place)
            if known is None or known.value == refused or not _good(known, early):
                while len(self._known) > REMEMBERED:
                    self._known.pop(next(iter(self._known)))
                known = self._known[place] = await self._renewed(
                    messenger, name, fetch, refused, early, FETCHING if lasts is None else timedelta(seconds=lasts)
                )
            return known.value

    async def _renewed(
        self, messenger: str, name: str, fetch: Fetch, refused: str, early: float, lasts: timedelta
    ) -> _Known:
        while True:
            take = partial(self._look, messenger=messenger, name=name, refused=refused, early=early, lasts=lasts)
            known, ours = await self._database.write(take)
            if known is not None:
                return known
            if ours:
                return await self._fetched(messenger, name, fetch, lasts)
            await asyncio.sleep(LOOK)

    def _look(
        self, connection: Connection, messenger: str, name: str, refused: str, early: float, lasts: timedelta
    ) -> tuple[_Known | None, bool]:
        """Return the token that is there, or whether it is for us to fetch one."""
        now = datetime.now(UTC)
        known = self._kept(connection, messenger, name, refused, early)
        if known is not None or not token.begin_fetching(connection, messenger, name, now, lasts):
            return known, False
        # Whoever was at it just before us may have been done when our turn came.
        known = self._kept(connection, messenger, name, refused, early)
        if known is not None:
            token.end_fetching(connection, messenger, name)
        return known, known is None

    def _kept(self, connection: Connection, messenger: str, name: str, refused: str, early: float) -> _Known | None:
        """Return the token that is kept, if it is good and not refused; a refused one that is very young has to do."""
        kept = token.get(connection, messenger, name)
        known = None if kept is None else self._opened(messenger, name, kept)
        if kept is None or known is None or not _good(known, early):
            return None
        if known.value != refused:
            return known
        if timedelta() <= datetime.now(UTC) - kept.fetched_at < YOUNG:
            log.warning("%s: a token that was fetched just now is refused", messenger)
            return known
        return None

    def _opened(self, messenger: str, name: str, kept: token.Kept) -> _Known | None:
        try:
            return _Known(sealed.unseal(self._key, _place(messenger, name), kept.value), kept.until)
        except sealed.UnsealError:
            return None

    async def _fetched(self, messenger: str, name: str, fetch: Fetch, lasts: timedelta) -> _Known:
        try:
            async with asyncio.timeout(lasts.total_seconds() - 2):
                value, seconds = await fetch()
        except BaseException as error:
            await self._database.write(partial(token.end_fetching, messenger=messenger, name=name))
            if isinstance(error, SendFailedError):
                # Whatever became of the asking: the letter that it was for has not left.
                error.unknown = False
            elif isinstance(error, TimeoutError):
                raise SendFailedError(f"{messenger}: nobody answered who gives tokens out") from None
            elif isinstance(error, LookupError | ValueError | TypeError):
                raise SendFailedError(f"{messenger}: an answer without a token") from None
            raise
        now = datetime.now(UTC)
        until = now + timedelta(seconds=seconds)
        kept = sealed.seal(self._key, _place(messenger, name), value)
        try:
            await self._database.write(lambda c: token.put(c, messenger, name, kept, now, until))
        except StorageError:
            log.warning("%s: a token could not be kept; others will fetch their own", messenger)
        return _Known(value, until)

    def put_note(self, connection: Connection, messenger: str, note: Note, now: datetime) -> None:
        """Keep a note, in the transaction of the update that brought it."""
        kept = sealed.seal(self._key, _place(messenger, note.name), note.value)
        until = now + timedelta(seconds=max(0.0, note.seconds))
        token.put(connection, messenger, _note(note.name), kept, now, until)

    async def note(self, messenger: str, name: str) -> str | None:
        """Return a note; None when there is none, or it is worth nothing any more."""
        kept = await self._database.read(lambda c: token.get(c, messenger, _note(name)))
        if kept is None or kept.until <= datetime.now(UTC):
            return None
        try:
            return sealed.unseal(self._key, _place(messenger, name), kept.value)
        except sealed.UnsealError:
            return None


def _good(known: _Known, early: float) -> bool:
    return known.until - timedelta(seconds=early) > datetime.now(UTC)


def _place(messenger: str, name: str) -> str:
    return f"token|{messenger}|{name}"


def _note(name: str) -> str:
    return f"note:{name}"
