"""The machine's clock set by two hours under the running clock: it goes on waking, and each occurrence happens once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import Connection, select, update

from bot import clock
from bot.clock import Clock
from domain.schedule import Rule
from handlers.grammar import Registry
from storage import address, inbox, lease, schedule
from storage.engine import Database
from tests import crowd
from tests.company import MONDAY_MORNING
from tests.faults.figures import record, size
from tests.postal import postal
from tests.running import age, eventually
from tests.talk import Company
from tests.test_delivery import announce, answer, delivering, reached

SWEEP = timedelta(seconds=0.2)
CHANGES = size(2, 20)
TICK = "quiz.reminder"


def plan(connection: Connection, subject: str, due: datetime) -> None:
    """Write, as another process would, what is due then and never again."""
    rule = Rule("once", at="00:00", on="2020-01-01")
    schedule.put(connection, TICK, subject, rule.to_json(), due)


def happened(database: Database, subject: str) -> list[str]:
    """Return what became of each occurrence."""
    query = (
        select(schedule.occurrence.c.state)
        .join(schedule.schedule, schedule.schedule.c.id == schedule.occurrence.c.schedule_id)
        .where(schedule.schedule.c.tick == TICK, schedule.schedule.c.subject == subject)
    )
    return list(database.read_now(lambda c: c.scalars(query)))


@pytest.mark.parametrize("hours", [2, -2])
async def test_the_clock_goes_on_waking_however_it_is_set(
    company: Company, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "SWEEP", SWEEP)
    longest, loop = 0.0, asyncio.get_running_loop()
    with time_machine.travel(MONDAY_MORNING, tick=True) as machine:
        running = Clock(company.database, company.dispatch, lambda: None)
        task = asyncio.create_task(running.run())
        for number in range(CHANGES):
            await asyncio.sleep(3 * SWEEP.total_seconds())
            step = timedelta(hours=hours if number % 2 == 0 else -hours)
            machine.move_to(datetime.now(UTC) + step)
            company.write(lambda c, number=number: plan(c, f"s{number}", datetime.now(UTC)))  # type: ignore[misc]
            begun = loop.time()
            await eventually(lambda number=number: happened(company.database, f"s{number}"), 5)  # type: ignore[misc]
            longest = max(longest, loop.time() - begun)
        running.stop()
        await task
    assert [happened(company.database, f"s{number}") for number in range(CHANGES)] == [["done"]] * CHANGES
    kind = "SQLite" if company.database.sqlite else "PostgreSQL"
    record(
        f"运行中时钟先{'拨快' if hours > 0 else '拨慢'}两小时再拨回（{kind}）· the running clock set",
        f"{CHANGES} 次 times",
        f"每次到点各一回 each once，最长等 {longest:.1f} s（巡查 sweep {SWEEP.total_seconds()} s）",
        "各一次 once each",
    )


AIR = size(30, 48)
"""Letters that are in the air when the clock is set."""


@pytest.mark.parametrize("hours", [2, -2])
async def test_what_is_in_the_air_is_sent_once_however_the_clock_is_set(
    database: Database, registry: Registry, hours: int
) -> None:
    def settle(connection: Connection) -> None:
        crowd.settle(connection, AIR)
        connection.execute(update(address.address).values(messenger="postal"))

    database.write_now(settle)
    with time_machine.travel(datetime(2026, 11, 23, 1, 0, tzinfo=UTC), tick=True) as machine:
        async with postal() as (messenger, far):
            far.slow[""] = 1.0
            number = announce(database, people=AIR)
            for person in range(1, 6):
                answer(database, str(person))
            async with delivering(database, messenger, registry) as delivery:
                await eventually(lambda: sum(far.shown.values()) >= 10)
                for step in (hours, -hours, hours):
                    machine.move_to(datetime.now(UTC) + timedelta(hours=step))
                    delivery.nudge()
                    await asyncio.sleep(0.3)
                await eventually(reached(database, number, sent=AIR), 30 + AIR / 10)
                await asyncio.sleep(1.2)
    wanted = {str(person): 2 if person < 6 else 1 for person in range(1, AIR + 1)}
    assert dict(far.shown) == wanted
    if database.sqlite:
        record(
            f"信在空中时钟{'拨快' if hours > 0 else '拨慢'}两小时 · the clock set while letters are in the air",
            f"{AIR + 5} 封 letters",
            "丢 lost 0，重 doubled 0",
            "0",
        )


def test_what_a_dead_process_left_is_served_although_the_clock_was_set_back(company: Company) -> None:
    company.write(lambda c: lease.take(c, "process:dead", "dead", timedelta(seconds=8)))
    company.write(lambda c: inbox.keep(c, "web", [("k", "{}")], company.now, "dead"))
    assert company.write(lambda c: inbox.adopt(c, "me", lease.alive(c))) == []
    company.write(lambda c: age(c, -timedelta(hours=2)))
    found = company.write(lambda c: inbox.adopt(c, "me", lease.alive(c)))
    assert [body for *_, body in found] == ["{}"]
