"""Several processes as one bot: leases that move, updates that are never served twice, pages on any process."""

from __future__ import annotations

import asyncio
import contextlib
import os
from datetime import UTC, datetime, timedelta

import pytest

from bot import lease as leases
from bot.lease import Leases, is_dead_neighbour, new_holder
from domain.arrival import Arrival, Said
from storage import inbox, lease
from storage.engine import Database
from tests.running import bind_web, eventually, new_token, page, running
from tests.talk import Company

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
LONG = timedelta(seconds=8)


def test_a_lease_is_held_by_one_and_taken_over_when_it_runs_out(database: Database) -> None:
    def take(holder: str, after: float) -> bool:
        return database.write_now(lambda c: lease.take(c, "clock", holder, NOW + timedelta(seconds=after), LONG))

    assert take("one", 0)
    assert not take("two", 1)
    assert take("one", 5)
    assert not take("two", 12)
    assert take("two", 13)
    assert not take("one", 14)
    database.write_now(lambda c: lease.release(c, "two"))
    assert take("one", 15)
    assert database.read_now(lambda c: lease.alive(c, NOW + timedelta(seconds=16))) == {"one"}


async def test_work_moves_when_its_holder_stops_renewing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LASTS", timedelta(seconds=0.6))
    monkeypatch.setattr(leases, "RENEW", 0.1)
    ran: list[str] = []

    def work(name: str) -> object:
        async def run() -> None:
            ran.append(name)
            await asyncio.sleep(60)

        return run

    first, second = Leases(database, "first"), Leases(database, "second")
    one = asyncio.create_task(first.hold("send", work("first")))  # type: ignore[arg-type]
    await eventually(lambda: ran == ["first"])
    two = asyncio.create_task(second.hold("send", work("second")))  # type: ignore[arg-type]
    await asyncio.sleep(0.9)
    assert ran == ["first"], "a lease that is renewed stays"
    one.cancel()
    await eventually(lambda: ran == ["first", "second"])
    two.cancel()
    for task in (one, two):
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_a_process_of_this_machine_that_is_gone_is_dead() -> None:
    mine = new_holder()
    assert not is_dead_neighbour(mine)
    gone = os.fork()
    if gone == 0:
        os._exit(0)
    os.waitpid(gone, 0)
    assert is_dead_neighbour(mine.replace(f":{os.getpid()}:", f":{gone}:"))
    assert not is_dead_neighbour(f"elsewhere:1:{gone}:abc")
    assert not is_dead_neighbour("")


def test_an_update_is_served_once_whoever_tries(company: Company) -> None:
    [(row, _)] = company.write(lambda c: inbox.keep(c, "web", [("k", "{}")], company.now, "dead"))
    arrival = Arrival("web", "ada", "ada", private=True, at=company.now, content=Said("签到"))
    for _ in range(3):
        company.write(lambda c: company.dispatch.hear(c, row, arrival, company.now))
    assert company.ada.sees().count("签到成功") == 1
    assert "已签到" not in company.ada.everything


def test_only_what_no_living_process_has_is_taken_over(company: Company) -> None:
    for key, owner in (("a", "dead"), ("b", "living"), ("c", "me")):
        company.write(lambda c, key=key, owner=owner: inbox.keep(c, "web", [(key, key)], company.now, owner))  # type: ignore[misc]
    assert [body for *_, body in company.write(lambda c: inbox.adopt(c, "me", ["living"]))] == ["a"]
    assert company.write(lambda c: inbox.adopt(c, "me", ["living"])) == []
    assert company.write(lambda c: inbox.adopt(c, "other", ["living", "me"])) == []


@pytest.mark.parametrize("company", ["postgresql"], indirect=True)
async def test_a_page_on_one_process_shows_what_another_sent(company: Company) -> None:
    token = new_token()
    bind_web(company, token, "ada")
    async with running(company, telegram=False) as one, running(company, telegram=False) as two:
        async with page(one, token) as here, page(two, token) as there:
            for turn in range(3):
                await here.say("签到" if turn == 0 else "积分")
                await there.say("首页")
            await eventually(lambda: "签到成功" in here.words and "签到成功" in there.words)
            await eventually(lambda: here.words.count("我的积分") >= 2 and there.words.count("我的积分") >= 2)
            assert here.words.count("签到成功") == 1
        holders = one.read(lambda c: lease.holders(c, datetime.now(UTC)))
        assert {name for name in holders if not name.startswith("process")} == {"clock"}
        assert len([name for name in holders if name.startswith("process")]) == 2
