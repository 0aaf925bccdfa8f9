"""Tokens are fetched once, however many ask, renewed before their end and dropped when refused; nothing lies open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot import tokens
from bot.tokens import Tokens
from messengers.base import Note, SendFailedError
from storage import sealed, token
from storage.engine import Database

KEY = bytes(range(32))


class Office:
    """The far side that gives tokens out."""

    def __init__(self, seconds: float = 7200) -> None:
        """Give out tokens that are good for so long."""
        self.seconds = seconds
        self.given = 0
        self.broken = 0
        self.slow: asyncio.Event | None = None

    async def fetch(self) -> tuple[str, float]:
        """Give one out."""
        if self.slow is not None:
            await self.slow.wait()
        if self.broken:
            self.broken -= 1
            raise OSError("nobody there")
        self.given += 1
        return f"token-{self.given}", self.seconds


@asynccontextmanager
async def processes(database: Database, count: int) -> AsyncIterator[list[Tokens]]:
    """Let several processes use one database, each by its own door."""
    url = database.engine.url.render_as_string(hide_password=False)
    doors = [Database(url) for _ in range(count)]
    try:
        yield [Tokens(door, KEY) for door in doors]
    finally:
        for door in doors:
            door.close()


def grow_old(database: Database, by: timedelta) -> None:
    """Let what is kept have been fetched, and end, so much earlier."""
    kept = token.token
    with database.engine.begin() as connection:
        for row in connection.execute(select(kept)).all():
            connection.execute(kept.update().values(until=row.until - by, fetched_at=row.fetched_at - by))


async def test_many_processes_that_ask_at_once_fetch_one(database: Database) -> None:
    office = Office()
    async with processes(database, 4) as all_of_them:
        asking = [one.get("wecom", "access", office.fetch, "", 300) for one in all_of_them for _ in range(25)]
        assert set(await asyncio.gather(*asking)) == {"token-1"}
    assert office.given == 1


async def test_it_is_renewed_before_its_end_and_not_sooner(database: Database) -> None:
    office = Office()
    async with processes(database, 2) as (one, other):
        assert await one.get("feishu", "tenant", office.fetch, "", 1800) == "token-1"
        grow_old(database, timedelta(minutes=89))
        assert await other.get("feishu", "tenant", office.fetch, "", 1800) == "token-1"
        grow_old(database, timedelta(minutes=2))
        third = Tokens(other._database, KEY)
        assert await third.get("feishu", "tenant", office.fetch, "", 1800) == "token-2"


async def test_one_that_is_refused_is_dropped_once_for_all(database: Database) -> None:
    office = Office()
    async with processes(database, 3) as all_of_them:
        for one in all_of_them:
            assert await one.get("wecom", "access", office.fetch, "", 300) == "token-1"
        grow_old(database, timedelta(minutes=1))
        again = [one.get("wecom", "access", office.fetch, "token-1", 300) for one in all_of_them]
        assert set(await asyncio.gather(*again)) == {"token-2"}
        assert {await one.get("wecom", "access", office.fetch, "", 300) for one in all_of_them} == {"token-2"}
    assert office.given == 2


async def test_one_that_was_fetched_just_now_is_not_fetched_again_and_again(database: Database) -> None:
    office = Office()
    async with processes(database, 1) as (one,):
        given = await one.get("wecom", "access", office.fetch, "", 300)
        for _ in range(10):
            assert await one.get("wecom", "access", office.fetch, given, 300) == given
    assert office.given == 1


async def test_when_none_is_to_be_had_whoever_asks_hears_it_and_the_next_may_try(database: Database) -> None:
    office = Office()
    office.broken = 1
    async with processes(database, 2) as (one, other):
        with pytest.raises(OSError, match="nobody there"):
            await one.get("dingtalk", "access", office.fetch, "", 300)
        assert await other.get("dingtalk", "access", office.fetch, "", 300) == "token-1"


async def test_who_dies_while_fetching_stops_nobody_for_long(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "FETCHING", timedelta(seconds=0.5))
    now = datetime.now(UTC)
    database.write_now(lambda c: token.begin_fetching(c, "wecom", "access", now, tokens.FETCHING))
    office = Office()
    async with processes(database, 1) as (one,):
        monkeypatch.setattr(tokens, "FETCHING", timedelta(seconds=20))
        assert await one.get("wecom", "access", office.fetch, "", 300) == "token-1"


async def test_nothing_of_it_can_be_read_in_the_database_or_put_elsewhere(database: Database) -> None:
    office = Office()
    async with processes(database, 1) as (one,):
        await one.get("wecom", "access", office.fetch, "", 300)
        note = Note("webhook:ada", "https://oapi.example/session=secret", 60)
        database.write_now(lambda c: one.put_note(c, "dingtalk", note, datetime.now(UTC)))
        kept = database.read_now(lambda c: c.execute(select(token.token.c.value)).scalars().all())
        assert len(kept) == 2
        assert not [value for value in kept if "token-1" in value or "secret" in value]
        assert await one.note("dingtalk", "webhook:ada") == "https://oapi.example/session=secret"
        assert await one.note("wecom", "webhook:ada") is None
        stranger = Tokens(one._database, b"x" * 32)
        assert await stranger.note("dingtalk", "webhook:ada") is None
        with pytest.raises(sealed.UnsealError):
            sealed.unseal(KEY, "token|wecom|other", kept[0])
        grow_old(database, timedelta(seconds=61))
        assert await one.note("dingtalk", "webhook:ada") is None


async def test_a_letter_has_not_left_when_there_was_no_token_for_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unanswered() -> tuple[str, float]:
        raise SendFailedError("gettoken: TimeoutError", unknown=True)

    office = Office()
    office.slow = asyncio.Event()
    async with processes(database, 1) as (one,):
        with pytest.raises(SendFailedError) as failed:
            await one.get("wecom", "access", unanswered, "", 300)
        assert not failed.value.unknown
        monkeypatch.setattr(tokens, "FETCHING", timedelta(seconds=2.1))
        with pytest.raises(SendFailedError, match="nobody answered"):
            await one.get("wecom", "access", office.fetch, "", 300)
