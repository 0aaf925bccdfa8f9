"""What became of a letter is said once, by whoever holds it; nothing is sent twice, given up or lost by mistake."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select, update

from bot import breaker
from bot.delivery import LEAVE, Delivery
from bot.dispatch import Dispatch
from bot.lease import LASTS, RENEW
from handlers.grammar import Registry
from messengers.base import Outgoing, SendFailedError, Sent
from services import claim as service
from services.work import Work
from storage import campaign, claim, hold, outbox, spending
from storage.claim import Claimed, Settlement
from storage.engine import Database, StorageError
from tests.postal import Postal, postal
from tests.running import eventually
from tests.talk import Company
from tests.test_delivery import ORGANISATION, announce, answer, delivering, reached, settled, states

__all__ = ["settled"]
LEASE = timedelta(seconds=60)


def column(database: Database, name: str) -> list[object]:
    """Return a column of every letter."""
    return list(database.read_now(lambda c: c.scalars(select(outbox.letter.c[name]).order_by(outbox.letter.c.id))))


def test_who_has_lost_a_letter_has_nothing_to_say_about_it(settled: Database) -> None:
    answer(settled, "7")
    now = datetime.now(UTC)
    [first] = settled.write_now(lambda c: claim.take_answers(c, "postal", now, LEASE, 10))
    settled.write_now(lambda c: claim.free(c, "postal", now))
    [second] = settled.write_now(lambda c: claim.take_answers(c, "postal", now, LEASE, 10))
    late = Settlement(first.id, outbox.READY, first.claim)
    assert not settled.write_now(lambda c: claim.settle(c, late, now))
    assert column(settled, "state") == [outbox.SENDING]
    out = Settlement(second.id, outbox.SENT, second.claim)
    assert settled.write_now(lambda c: claim.settle(c, out, now))
    for one in (late, replace(late, claim=second.claim)):
        assert not settled.write_now(lambda c, one=one: claim.settle(c, one, now))  # type: ignore[misc]
    assert column(settled, "state") == [outbox.SENT]


def test_what_was_freed_and_not_taken_again_may_still_be_told(settled: Database) -> None:
    answer(settled, "7")
    now = datetime.now(UTC)
    [first] = settled.write_now(lambda c: claim.take_answers(c, "postal", now, LEASE, 10))
    settled.write_now(lambda c: claim.free(c, "postal", now))
    assert settled.write_now(lambda c: claim.settle(c, Settlement(first.id, outbox.SENT, first.claim), now))
    assert column(settled, "state") == [outbox.SENT]


def test_what_was_in_the_air_is_sent_whatever_was_thought_of_it_meanwhile(settled: Database) -> None:
    number, now = announce(settled, people=3), datetime.now(UTC)

    def take(connection: Connection, at: datetime) -> list[Claimed]:
        return service.take(Work(connection, ORGANISATION, at), "postal", 10, 50).letters

    first, *_ = settled.write_now(lambda c: take(c, now))
    settled.write_now(lambda c: campaign.turn(c, number, outbox.HELD, now, now))
    assert settled.write_now(lambda c: take(c, now + 2 * LEASE)) == []
    assert states(settled, number) == {"held": 3}
    assert settled.write_now(lambda c: claim.settle(c, Settlement(first.id, outbox.SENT, first.claim), now))
    settled.write_now(lambda c: campaign.turn(c, number, outbox.READY, now, now))
    assert first.id not in [one.id for one in settled.write_now(lambda c: take(c, now + 3 * LEASE))]


async def test_who_must_stop_sending_has_stopped_before_others_begin(settled: Database, registry: Registry) -> None:
    async with postal() as (messenger, far):
        far.slow[""] = 4.5
        number = announce(settled, "learning", 3)
        dispatch = Dispatch(ORGANISATION, registry, {})
        delivery = Delivery(settled, messenger, lambda reply, *_: reply, dispatch)  # type: ignore[arg-type]
        running = asyncio.create_task(delivery.run())
        await eventually(lambda: len(far.calls) == 3)
        begun = time.monotonic()
        running.cancel()
        await asyncio.wait([running])
        took = time.monotonic() - begun
        assert not delivery.running
        # A lease is given up when it has not been renewed for so long, and is free at `LASTS`.
        assert took + LASTS.total_seconds() - RENEW < LASTS.total_seconds()
        assert took >= LEAVE
        assert states(settled, number) == {"unknown": 3}


@pytest.mark.parametrize("call", [1, 10])
async def test_what_outlasts_its_lease_is_not_sent_again(
    settled: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    monkeypatch.setattr(service, "LEASE", timedelta(seconds=0.6))
    async with postal(recipients_a_call=call) as (messenger, far):
        far.slow[""] = 2.0
        number = announce(settled, people=3)
        answer(settled, "1200")
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, sent=3))
            await asyncio.sleep(1)
        assert far.shown == {"1": 1, "2": 1, "3": 1, "1200": 1}
        assert set(column(settled, "state")) == {outbox.SENT}


async def test_leases_of_what_is_in_hand_are_renewed(
    settled: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LEASE", timedelta(seconds=0.6))
    async with postal() as (messenger, far):
        far.slow[""] = 2.0
        announce(settled, people=3)
        async with delivering(settled, messenger, registry) as delivery:
            await eventually(lambda: len(far.calls) == 3)
            monkeypatch.setattr(delivery, "_claim", lambda: asyncio.sleep(0))
            until = time.monotonic() + 1.5
            while time.monotonic() < until:
                found = settled.read_now(lambda c: claim.due(c, "postal", datetime.now(UTC), 10))
                assert not found, "others would send it too"
                await asyncio.sleep(0.05)


class Breaking(Postal):
    """A messenger in which something breaks that is not its far side."""

    breaks: int = 0
    error: Exception = StorageError("the server closed the connection")

    async def send_many(self, letters: Sequence[Outgoing]) -> Sequence[Sent | SendFailedError]:
        """Break some times, then work."""
        if self.breaks:
            self.breaks -= 1
            raise self.error
        return await super().send_many(letters)


@pytest.mark.parametrize("call", [1, 10])
@pytest.mark.parametrize(
    ("kind", "error", "breaks", "end"),
    [
        ("announcement", StorageError("away"), 6, "sent"),
        ("learning", StorageError("away"), 6, "sent"),
        ("announcement", ValueError("ours"), 1, "sent"),
        ("announcement", ValueError("ours"), 99, "failed"),
        ("learning", ValueError("ours"), 1, "failed"),
    ],
)
async def test_what_breaks_on_our_side_is_retried_and_has_an_end(
    settled: Database,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    call: int,
    kind: str,
    error: Exception,
    breaks: int,
    end: str,
) -> None:
    monkeypatch.setattr("bot.outcome.LONGEST_PAUSE", 0.05)
    async with postal(recipients_a_call=call) as (plain, far):
        messenger = Breaking(plain._url, plain.limits, 5.0)
        messenger.breaks, messenger.error = breaks, error
        number = announce(settled, kind, 1 if call == 1 else 3)
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, **{end: 1 if call == 1 else 3}))
        await messenger.close()
        assert set(far.shown.values()) <= {1}


async def test_a_letter_of_a_kind_that_nobody_knows_is_set_aside(settled: Database, registry: Registry) -> None:
    async with postal() as (messenger, far):
        number = announce(settled, people=5)
        settled.write_now(lambda c: c.execute(update(outbox.letter).where(outbox.letter.c.id == 2).values(kind="tea")))
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, sent=4, failed=1))
        assert "no such kind of letter" in column(settled, "note")
        assert "2" not in far.shown


async def test_sending_goes_on_after_a_surprise(
    settled: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = Delivery._claim
    surprises = [KeyError("tea")]

    async def surprised(self: Delivery) -> datetime | None:
        if surprises:
            raise surprises.pop()
        return await claimed(self)

    monkeypatch.setattr(Delivery, "_claim", surprised)
    async with postal() as (messenger, _far):
        number = announce(settled, people=5)
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, sent=5))


async def test_an_answer_does_not_wait_for_a_broadcast_to_the_same_person(
    settled: Database, registry: Registry
) -> None:
    async with postal() as (messenger, far):
        far.slow["7"] = 3.0
        announce(settled, people=10)
        async with delivering(settled, messenger, registry) as delivery:
            await eventually(lambda: far.shown["7"] == 1)
            begun = time.monotonic()
            answer(settled, "7")
            delivery.nudge()
            await eventually(lambda: far.shown["7"] == 2)
            assert time.monotonic() - begun < 1


async def test_one_call_that_fails_is_one_failure_of_the_way(settled: Database, registry: Registry) -> None:
    async with postal(recipients_a_call=100) as (messenger, far):
        far.down = True
        number = announce(settled, people=100)
        async with delivering(settled, messenger, registry) as delivery:
            await eventually(lambda: "503" in column(settled, "note"))
            assert not delivery._breaker.open
            far.down = False
            await eventually(reached(settled, number, sent=100))
            assert [len(call) for call in far.calls] == [100]


async def test_after_a_flood_they_go_out_by_whole_calls_again(settled: Database, registry: Registry) -> None:
    async with postal(recipients_a_call=100) as (messenger, far):
        far.floods = [0.3]
        number = announce(settled, people=100)
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, sent=100))
        assert [len(call) for call in far.calls] == [100]


async def test_a_call_that_is_refused_whole_is_taken_apart(settled: Database, registry: Registry) -> None:
    async with postal(recipients_a_call=10) as (messenger, far):
        far.hates = "4"
        number = announce(settled, people=20)
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, sent=20))
        assert sorted(len(call) for call in far.calls) == [1] * 10 + [10]
        assert set(far.shown.values()) == {1}


async def test_no_call_is_made_for_nobody(settled: Database, registry: Registry) -> None:
    async with postal(recipients_a_call=10) as (messenger, far):
        number = announce(settled, people=3)
        past = datetime.now(UTC) - timedelta(minutes=1)
        settled.write_now(lambda c: c.execute(update(outbox.letter).values(too_late_at=past)))
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, failed=3))
        assert far.calls == []


async def test_only_a_try_that_may_have_arrived_uses_up_the_second(settled: Database, registry: Registry) -> None:
    async with postal(0.3) as (messenger, far):
        far.floods, far.silent = [0.1], 1
        number = announce(settled, people=1)
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, sent=1))
        assert column(settled, "unknowns") == [1]
        assert settled.read_now(lambda c: outbox.unanswered(c, number)) == 1


async def test_what_nobody_ever_answered_ends_as_unknown(
    settled: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "FIRST", 0.01)
    monkeypatch.setattr(breaker, "LONGEST", 0.01)
    async with postal(0.1, keyed=True) as (messenger, far):
        far.silent = 99
        number = announce(settled, people=1)
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, unknown=1))
        assert len(far.calls) == 8
        assert far.shown == {"1": 1}
        assert settled.read_now(outbox.unanswered) == 8


async def test_a_hold_is_kept_by_whoever_sends_next(settled: Database, registry: Registry) -> None:
    async with postal() as (messenger, far):
        far.floods = [2.5]
        announce(settled, people=1)
        async with delivering(settled, messenger, registry):
            await eventually(lambda: "429" in column(settled, "note"))
        begun = time.monotonic()
        answer(settled, "7")
        async with delivering(settled, messenger, registry) as delivery:
            await eventually(lambda: delivery.running)
            assert not delivery.takes
            await asyncio.sleep(1.5)
            assert not far.calls
            await eventually(lambda: far.shown == {"1": 1, "7": 1})
        assert 1.9 < time.monotonic() - begun < 4


def test_a_hold_never_lasts_longer_for_a_clock_that_was_set_back(database: Database) -> None:
    now, lasts = datetime.now(UTC), timedelta(seconds=30)

    def left(at: datetime) -> float:
        return database.read_now(lambda c: hold.left(c, "postal", at))

    database.write_now(lambda c: hold.begin(c, "postal", now, lasts))
    database.write_now(lambda c: hold.begin(c, "postal", now, lasts / 2))
    assert left(now + lasts / 3) == pytest.approx(20)
    assert left(now + lasts) == 0
    assert left(now - timedelta(hours=2)) == pytest.approx(30)


async def test_each_process_leaves_the_others_letters_alone(settled: Database, registry: Registry) -> None:
    def theirs(connection: Connection) -> None:
        until = datetime.now(UTC) + timedelta(seconds=2)
        connection.execute(update(outbox.letter).values(state=outbox.SENDING, lease_until=until, attempts=1))

    answer(settled, "7")
    settled.write_now(theirs)
    async with postal(per_process=True) as (messenger, far), delivering(settled, messenger, registry) as delivery:
        await eventually(lambda: delivery.running)
        await asyncio.sleep(0.5)
        assert bool(far.calls) == settled.sqlite, "beside a SQLite file there is no other process"
        delivery.nudge()
        await eventually(lambda: far.shown == {"7": 1})


def test_people_of_a_kind_that_nobody_knows_hold_nobody_up(settled: Database) -> None:
    strange, known = announce(settled), announce(settled)
    settled.write_now(
        lambda c: c.execute(update(outbox.campaign).where(outbox.campaign.c.id == strange).values(kind="tea"))
    )

    def take(connection: Connection) -> service.Taken:
        return service.take(Work(connection, ORGANISATION, datetime.now(UTC)), "postal", 10, 50)

    taken = settled.write_now(take)
    assert [one.campaign_id for one in taken.letters] == [known] * 50


def test_an_author_sees_every_try_that_nobody_answered(company: Company) -> None:
    company.lin.says("/announce 明早的通知")
    company.lin.presses("发送")
    company.travel(minutes=1)
    company.write(lambda c: c.execute(update(outbox.letter).where(outbox.letter.c.lane > 0).values(unknowns=2)))
    assert "次发出后没有回音" in company.lin.presses("刷新")


class Parted(Postal):
    """A messenger that sends each letter in three parts; the database is away before the last, once."""

    away: int = 1

    async def send(self, letter: Outgoing) -> Sent:
        """Send what is left of the parts."""
        for part in range(letter.parts_done, 3):
            if part > letter.parts_done:
                await letter.pause()
            if part == 2 and self.away:
                self.away -= 1
                raise StorageError("away")
            await self.send_many([letter])
        return Sent("3")


async def test_each_part_is_a_call_and_goes_out_once(
    settled: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.outcome.LONGEST_PAUSE", 0.05)
    async with postal(per_day=1000) as (plain, far):
        messenger = Parted(plain._url, plain.limits, 5.0)
        number = announce(settled, people=4)
        async with delivering(settled, messenger, registry):
            await eventually(reached(settled, number, sent=4))
        await messenger.close()
        assert far.shown == {str(person): 3 for person in range(1, 5)}
        today = ORGANISATION.today(datetime.now(UTC))
        # The one that could not be read is counted too: nobody knows how far it came.
        assert settled.read_now(lambda c: spending.since(c, "postal", today)) == 13
