"""Delivery against a far side that answers, refuses, hangs or is down: who gets it how often, by how many calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, update

from bot import breaker, calls
from bot.delivery import Delivery
from bot.dispatch import Dispatch
from domain.organisation import Organisation, QuietHours
from domain.push import Audience
from domain.reply import Reply, text
from handlers.grammar import Registry
from services import post
from services.work import Work
from storage import address, campaign, outbox, spending
from storage.engine import Database
from tests import crowd
from tests.postal import FarSide, Postal, postal
from tests.running import eventually

ORGANISATION = Organisation("江河集团", ZoneInfo("Asia/Shanghai"), quiet=QuietHours(time(0), time(0), days_off=False))
PEOPLE = 1234


@pytest.fixture
def settled(database: Database) -> Database:
    """Everybody is bound to the tests' own messenger."""

    def settle(connection: Connection) -> None:
        crowd.settle(connection, PEOPLE)
        connection.execute(update(address.address).values(messenger="postal"))

    database.write_now(settle)
    return database


@asynccontextmanager
async def delivering(database: Database, messenger: Postal, registry: Registry) -> AsyncIterator[Delivery]:
    """Deliver for this messenger."""
    dispatch = Dispatch(ORGANISATION, registry, {})
    delivery = Delivery(database, messenger, lambda reply, *_: reply, dispatch)  # type: ignore[arg-type]
    running = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        delivery.stop()
        await running


def announce(database: Database, kind: str = "announcement", people: int = PEOPLE) -> int:
    """Push to the first so many people."""

    def push(connection: Connection) -> int:
        work = Work(connection, ORGANISATION, datetime.now(UTC))
        whom: Audience | range = Audience("/") if people == PEOPLE else range(1, people + 1)
        posted = post.push(work, whom, kind, lambda _voice: Reply((text("周五停电检修"),)))
        return posted.campaign or 0

    return database.write_now(push)


def answer(database: Database, user: str) -> None:
    """Answer somebody."""

    def write(connection: Connection) -> None:
        work = Work(connection, ORGANISATION, datetime.now(UTC))
        post.answer(work, "postal", user, user, Reply((text("好的"),)))

    database.write_now(write)


def states(database: Database, number: int) -> dict[str, int]:
    """Return how many letters of a campaign stand in each state."""
    return database.read_now(lambda c: campaign.counts(c, number))


def reached(database: Database, number: int, **wanted: int) -> Callable[[], bool]:
    """Return a look whether the letters of a campaign stand so."""
    return lambda: states(database, number) == wanted


async def test_the_same_words_go_out_by_whole_calls(settled: Database, registry: Registry) -> None:
    async with postal(recipients_a_call=100, per_second=50.0, keyed=True) as (messenger, far):
        far.gone = {"5", "777"}
        number = announce(settled)
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, sent=PEOPLE - 2, failed=2))
        assert [len(call) for call in far.calls] == [100] * 12 + [34]
        assert set(far.shown.values()) == {1}
        closed = settled.read_now(lambda c: campaign.missed(c, number, "/", (), 10, 0))
        assert {row[2] for row in closed} == {"E5", "E777"}


async def test_what_may_have_arrived_goes_again_under_its_key(settled: Database, registry: Registry) -> None:
    async with postal(0.5, recipients_a_call=100, per_second=100.0, keyed=True) as (messenger, far):
        far.silent = 2
        number = announce(settled)
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, sent=PEOPLE))
        assert len(far.calls) > 13
        assert set(far.shown.values()) == {1}
        assert len(far.shown) == PEOPLE


@pytest.mark.parametrize(("kind", "doubled", "unknown"), [("announcement", 10, 0), ("learning", 0, 10)])
async def test_without_a_key_only_what_must_arrive_goes_once_more(
    settled: Database, registry: Registry, kind: str, doubled: int, unknown: int
) -> None:
    async with postal(0.5, recipients_a_call=10, per_second=100.0) as (messenger, far):
        far.silent = 1
        number = announce(settled, kind, 40)
        async with delivering(settled, messenger, registry):
            wanted = {"sent": 40 - unknown, **({"unknown": unknown} if unknown else {})}
            await eventually(reached(settled, number, **wanted))
        assert sum(far.shown.values()) == 40 + doubled
        assert len(far.shown) == 40


async def test_while_it_is_down_nothing_fails_and_it_is_tried_by_one_at_a_time(
    settled: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "FIRST", 0.3)
    async with postal(per_second=500.0) as (messenger, far):
        far.down = True
        number = announce(settled, people=300)
        async with delivering(settled, messenger, registry) as delivery:
            await eventually(lambda: delivery._breaker.open)
            await asyncio.sleep(1.5)
            assert "failed" not in states(settled, number)
            assert far.calls == []
            far.down = False
            await eventually(reached(settled, number, sent=300))
        assert set(far.shown.values()) == {1}


async def test_who_gets_too_much_at_once_keeps_nobody_else_waiting(settled: Database, registry: Registry) -> None:
    async with postal() as (messenger, far):
        far.crowded = "6"
        for _ in range(breaker.OPENS_AFTER + 3):
            answer(settled, "6")
        async with delivering(settled, messenger, registry) as delivery:
            await eventually(lambda: len(far.calls) > breaker.OPENS_AFTER)
            assert not delivery._breaker.open
            answer(settled, "7")
            await eventually(lambda: far.shown["7"] == 1)
            assert far.shown["6"] == 0
            far.crowded = ""
            await eventually(lambda: far.shown["6"] == breaker.OPENS_AFTER + 3)


async def test_the_last_tenth_of_what_is_sold_is_for_answers(settled: Database, registry: Registry) -> None:
    async with postal(per_second=500.0, per_day=100) as (messenger, far):
        number = announce(settled, people=300)
        async with delivering(settled, messenger, registry) as delivery:
            await eventually(lambda: states(settled, number).get("sent", 0) == 90)
            await asyncio.sleep(0.3)
            assert states(settled, number)["sent"] == 90
            answer(settled, "1200")
            delivery.nudge()
            await eventually(lambda: far.shown["1200"] == 1)
            today = ORGANISATION.today(datetime.now(UTC))
            await eventually(lambda: settled.read_now(lambda c: spending.since(c, "postal", today)) == 91)


async def test_what_is_recalled_while_it_is_retried_stays(settled: Database, registry: Registry) -> None:
    async with postal(per_second=100.0, keyed=True) as (messenger, far):
        far.down = True
        number = announce(settled, people=3)
        async with delivering(settled, messenger, registry):
            await asyncio.sleep(0.3)
            now = datetime.now(UTC)
            settled.write_now(lambda c: campaign.turn(c, number, outbox.RECALLED, now, now))
            far.down = False
            await eventually(reached(settled, number, recalled=3))
        assert isinstance(far, FarSide)
        assert not far.shown


async def test_an_answer_does_not_wait_behind_a_broadcast(settled: Database, registry: Registry) -> None:
    async with postal(per_second=30.0) as (messenger, far):
        announce(settled)
        async with delivering(settled, messenger, registry) as delivery:
            await eventually(lambda: len(far.calls) > 20)
            before = len(far.calls)
            answer(settled, "1200")
            delivery.nudge()
            await eventually(lambda: ["1200"] in far.calls)
            assert far.calls.index(["1200"]) - before <= 3


async def test_a_letter_that_waits_too_long_here_goes_back_and_comes_once(
    settled: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "WAITS", 0.5)
    async with postal(per_chat_per_second=4.0) as (messenger, far):
        for _ in range(10):
            answer(settled, "7")
        async with delivering(settled, messenger, registry):
            await eventually(lambda: sum(far.shown.values()) >= 10)
            await asyncio.sleep(0.5)
        assert far.shown == {"7": 10}
