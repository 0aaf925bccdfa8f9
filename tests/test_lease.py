"""Several processes as one bot: leases that move, updates that are never served twice, pages on any process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from bot import lease as leases
from bot.app import RESCUE
from bot.lease import Leases, is_dead_neighbour, new_holder
from domain.arrival import Arrival, Said
from storage import inbox, lease
from storage.engine import Database
from tests.running import age, bind_web, eventually, new_token, page, running
from tests.talk import Company

LONG = timedelta(seconds=8)


def test_a_lease_is_held_by_one_and_taken_over_when_it_runs_out(database: Database) -> None:
    def take(holder: str, after: float) -> bool:
        database.write_now(lambda c: age(c, timedelta(seconds=after)))
        return database.write_now(lambda c: lease.take(c, "clock", holder, LONG))

    assert take("one", 0)
    assert not take("two", 1)
    assert take("one", 4)
    assert not take("two", 7)
    assert take("two", 1)
    assert not take("one", 1)
    database.write_now(lambda c: lease.release(c, "two"))
    assert take("one", 1)
    assert database.read_now(lease.alive) == {"one"}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("ahead", [timedelta(seconds=9), timedelta(hours=2), -timedelta(hours=2)])
def test_a_machine_whose_clock_is_wrong_takes_nothing_from_another(database: Database, ahead: timedelta) -> None:
    assert database.write_now(lambda c: lease.take(c, "clock", "one", LONG))
    with time_machine.travel(datetime.now(UTC) + ahead):
        assert not database.write_now(lambda c: lease.take(c, "clock", "two", LONG))
        assert database.read_now(lease.alive) == {"one"}
        assert database.read_now(lease.holders) == {"clock": "one"}
        assert database.write_now(lambda c: lease.take(c, "send", "two", LONG))
    assert not database.write_now(lambda c: lease.take(c, "send", "one", LONG))
    database.write_now(lambda c: age(c, LONG))
    assert database.write_now(lambda c: lease.take(c, "send", "one", LONG))


async def test_what_a_dead_process_of_another_machine_did_goes_on_in_less_than_ten_seconds(database: Database) -> None:
    ran: list[str] = []

    async def work(name: str) -> None:
        ran.append(name)
        await asyncio.sleep(60)

    elsewhere, here = Leases(database, "elsewhere:4026531836:77:abcdef"), Leases(database, new_holder())
    one = asyncio.create_task(elsewhere.hold("send", lambda: work("elsewhere")))
    await eventually(lambda: ran == ["elsewhere"])
    two = asyncio.create_task(here.hold("send", lambda: work("here")))
    await asyncio.sleep(0.1)
    # It dies just after it has renewed, without a word; of what follows most is let pass at once.
    assert await elsewhere.take("send")
    one.cancel()
    begun, passed = time.monotonic(), leases.LASTS - timedelta(seconds=1)
    await database.write(lambda c: age(c, passed))
    await asyncio.sleep(0.5)
    assert ran == ["elsewhere"], "its lease has not run out"
    await eventually(lambda: ran == ["elsewhere", "here"], 5)
    took = passed.total_seconds() + time.monotonic() - begun
    assert took < 9, "ten, and a margin"
    assert leases.LASTS.total_seconds() + RESCUE < 9, "its updates are looked for as soon"
    for task in (one, two):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_silent_database_does_not_keep_the_work_going(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LASTS", timedelta(seconds=0.6))
    monkeypatch.setattr(leases, "RENEW", 0.1)
    ended: list[float] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(time.monotonic())

    held = Leases(database, "first")
    task = asyncio.create_task(held.hold("send", work))
    await eventually(lambda: database.read_now(lease.holders))
    await asyncio.sleep(0.2)

    async def silent(*_: object) -> bool:
        await asyncio.sleep(60)
        return True

    begun = time.monotonic()
    monkeypatch.setattr(Database, "write", silent)
    await eventually(lambda: ended, 5)
    assert ended[0] - begun < leases.LASTS.total_seconds(), "it stops before another may begin"
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


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
        holders = one.read(lease.holders)
        assert {name for name in holders if not name.startswith("process")} == {"clock"}
        assert len([name for name in holders if name.startswith("process")]) == 2


def test_another_machine_of_the_same_name_is_no_neighbour(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = new_holder().rpartition(":")[0].rpartition(":")[0] + ":999999999:abc"
    assert is_dead_neighbour(gone)
    read = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda self, **given: "another start" if "boot_id" in str(self) else read(self, **given)
    )
    assert not is_dead_neighbour(gone)
