"""What is sold is counted by what the messenger counts, and told in time; silent limits hold for broadcasts too."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from bot import calls, quota
from handlers.grammar import Registry
from messengers.base import Sent
from services import allowance
from storage import outbox, spending
from storage.engine import Database
from tests.postal import Postal, postal
from tests.running import eventually
from tests.talk import Company
from tests.test_delivery import ORGANISATION, announce, answer, delivering, reached, settled, states

__all__ = ["settled"]


def used(database: Database) -> int:
    """Return how many calls are counted today."""
    return database.read_now(lambda c: spending.since(c, "postal", ORGANISATION.today(datetime.now(UTC))))


async def test_where_people_are_counted_one_call_to_many_is_many(settled: Database, registry: Registry) -> None:
    async with postal(per_second=50.0, recipients_a_call=100, per_day=400, by_person=True) as (messenger, far):
        number = announce(settled, people=600)
        async with delivering(settled, messenger, registry):
            await eventually(lambda: states(settled, number).get("sent", 0) == 360)
            await eventually(lambda: used(settled) == 360)
        assert sum(far.shown.values()) == 360
        assert len(far.calls) == 4


async def test_a_reply_that_is_free_is_not_counted(settled: Database, registry: Registry) -> None:
    class Free(Postal):
        """A messenger whose answers cost nothing."""

        async def send(self, letter: object) -> Sent:
            return replace(await super().send(letter), calls=0)  # type: ignore[arg-type]

    async with postal(per_month=1000) as (messenger, far):
        free = Free(messenger._url, messenger.limits, 5.0)
        try:
            answer(settled, "7")
            async with delivering(settled, free, registry):
                await eventually(lambda: far.shown["7"] == 1)
            assert used(settled) == 0
        finally:
            await free.close()


async def test_what_went_to_many_and_may_have_arrived_goes_again_only_where_such_calls_have_a_key(
    settled: Database, registry: Registry
) -> None:
    async with postal(patience=0.3, recipients_a_call=100, keyed=True, keyed_batches=False) as (messenger, far):
        far.silent = 1
        number = announce(settled, "learning", people=100)
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, unknown=100))
        assert set(far.shown.values()) == {1}
        assert len(far.calls) == 1


async def test_who_has_had_so_much_that_the_rest_would_be_dropped_waits_and_others_do_not(
    settled: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "WAITS", 0.2)
    async with postal(recipients_a_call=100, per_chat_windows=((3, 600),)) as (messenger, far):
        async with delivering(settled, messenger, registry) as delivery:
            for _ in range(5):
                answer(settled, "7")
            delivery.nudge()
            await eventually(lambda: far.shown["7"] == 3)
            number = announce(settled, people=50)
            delivery.nudge()
            await eventually(reached(settled, number, sent=49, ready=1))
        assert far.shown["7"] == 3
        rows = settled.read_now(lambda c: c.execute(outbox.letter.select()).all())
        waiting = [row for row in rows if row.state == "ready"]
        assert len(waiting) == 3
        assert all(row.next_at > datetime.now(UTC) + timedelta(seconds=500) for row in waiting)
        # Whoever sends after us knows what left before.
        async with delivering(settled, messenger, registry) as delivery:
            answer(settled, "7")
            answer(settled, "8")
            delivery.nudge()
            await eventually(lambda: far.shown["8"] == 2)
            await eventually(lambda: settled.read_now(lambda c: outbox.counts(c)["postal", "ready"]) == 4)
        assert far.shown["7"] == 3


async def test_broadcasts_wait_for_the_busy_minute_to_pass_and_answers_do_not(
    settled: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = True
    monkeypatch.setattr(quota.Quota, "busy", lambda _self: busy)
    async with postal() as (messenger, far):
        number = announce(settled, people=20)
        async with delivering(settled, messenger, registry) as delivery:
            answer(settled, "1200")
            delivery.nudge()
            await eventually(lambda: far.shown["1200"] == 1)
            assert states(settled, number) == {"ready": 20}
            busy = False
            delivery.nudge()
            await eventually(reached(settled, number, sent=20))


def test_it_is_busy_in_the_minutes_that_a_messenger_names() -> None:
    now = datetime.now(UTC).minute

    class Named:
        """A messenger's limits."""

        per_day = per_month = None
        busy_minutes: tuple[int, ...] = ((now + 30) % 60,)

    assert not quota.Quota("postal", Named()).busy()  # type: ignore[arg-type]
    Named.busy_minutes = (now, (now + 1) % 60)
    assert quota.Quota("postal", Named()).busy()  # type: ignore[arg-type]
    Named.busy_minutes = ()
    assert not quota.Quota("postal", Named()).busy()  # type: ignore[arg-type]


def test_administrators_hear_at_seven_tenths_and_when_broadcasts_stop(company: Company) -> None:
    admin = company.root

    def spend(count: int) -> None:
        def work(connection: Connection) -> None:
            allowance.spend(company.work(connection), "dingtalk", count, None, 10_000)

        company.write(work)

    spend(6_990)
    assert admin.sees() == ""
    spend(20)
    assert "已经用了 7010 次，上限 10000 次" in admin.sees()
    spend(100)
    assert admin.sees() == ""
    spend(1_900)
    heard = admin.sees()
    assert "已经停下" in heard
    assert "这个月" in heard
    spend(50)
    assert admin.sees() == ""
    assert company.read(lambda c: allowance.room(company.work(c), "dingtalk", None, 10_000)) == 0


def test_nobody_hears_of_a_messenger_that_counts_nothing(company: Company) -> None:
    company.write(lambda c: allowance.spend(company.work(c), "web", 10**9))
    assert company.root.sees() == ""


async def test_who_is_stopped_before_it_has_begun_ends(settled: Database, registry: Registry) -> None:
    async with postal() as (messenger, _far), asyncio.timeout(5):
        for _ in range(3):
            async with delivering(settled, messenger, registry):
                pass
