"""Connections to PostgreSQL cut at the worst moments, and deadlocks: nothing is lost, twice, or left lying for ever."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from bot import app, intake
from handlers.grammar import Registry
from storage import inbox
from storage.engine import Database
from tests import crowd
from tests.company import Roll
from tests.faults.figures import LONG, record, size
from tests.faults.wire import Wire
from tests.postgres import Server
from tests.running import Running, eventually, running
from tests.talk import Company
from tests.test_kill import figures

PEOPLE = size(60, 600)
LOST, CUT = 5, 97
"""Each so-manieth commit loses its confirmation; each so-manieth message cuts the connection."""


@pytest.fixture
def cuttable(postgres: Server, postgres_template: str, registry: Registry) -> Iterator[tuple[Wire, Company, Database]]:
    """People on PostgreSQL: the wire, the enterprise by way of it, and a way beside it for looking."""
    if postgres.folder is None:
        pytest.skip("the server is somebody else's, and its socket is not known")
    url = postgres.create(f"cut_{os.getpid()}", template=postgres_template)
    beside = Database(url)
    beside.write_now(lambda c: crowd.settle(c, PEOPLE))
    with Wire(postgres) as wire:
        by_wire = Database(wire.through(url))
        yield wire, Company(by_wire, registry, roll=Roll()), beside
        by_wire.close()
    beside.close()


async def everybody_speaks(run: Running) -> int:
    """Let everybody check in, press what is not there, and do what asks nothing of us; returns how many updates."""
    for user in range(1, PEOPLE + 1):
        run.api.update(message_reaction={"chat": {"id": user, "type": "private"}})
        run.api.says(user, "签到")
        run.api.presses(user, "quiz.next:-1", 5)
        await asyncio.sleep(0.03)
    return 3 * PEOPLE


async def test_cut_connections_lose_and_double_nothing(
    cuttable: tuple[Wire, Company, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    wire, company, beside = cuttable
    if not LONG:
        monkeypatch.setattr(app, "RESCUE", 0.3)
        monkeypatch.setattr(intake, "FORGOTTEN", intake.FORGOTTEN / 10)
    async with running(company, TELEGRAM__PER_SECOND="500") as run:
        begun = time.monotonic()
        wire.each, wire.words = LOST, CUT
        updates = await everybody_speaks(run)

        def settled() -> bool:
            counts = beside.read_now(inbox.counts)
            return sum(counts.values()) == updates and not counts.get(("telegram", inbox.NEW))

        await eventually(lambda: wire.lost >= 5, 30)
        await asyncio.sleep(size(2.0, 20.0))
        wire.each = wire.words = 0
        await eventually(settled, size(20.0, 120.0))
        seconds = time.monotonic() - begun
    counts = beside.read_now(inbox.counts)
    assert counts == {("telegram", inbox.DONE): 2 * PEOPLE, ("telegram", inbox.IGNORED): PEOPLE}
    assert beside.read_now(figures) == (PEOPLE, PEOPLE, 2 * PEOPLE, updates)
    record(
        "数据库连接在提交时被切断 · connections cut, commits unconfirmed",
        f"{updates} 条消息 updates，{wire.lost} 次提交无回音 commits，{wire.cut} 次切断 cuts",
        f"丢 lost 0，重 doubled 0，{seconds:.0f} s 内全部办完",
        "0",
    )


def test_of_two_that_wait_for_each_other_both_are_done(postgres: Server, postgres_template: str) -> None:
    database = Database(postgres.create(f"deadlock_{os.getpid()}", template=postgres_template))
    pairs = [(f"k{number}", "{}") for number in range(2)]
    rows = [row for row, _ in database.write_now(lambda c: inbox.keep(c, "web", pairs, datetime.now(UTC)))]
    meeting = threading.Barrier(2)
    tries = []

    def settle(connection: Connection, mine: list[int]) -> None:
        tries.append(mine)
        inbox.settle(connection, mine[0], inbox.DONE)
        if len(tries) <= 2:
            meeting.wait(10)
        inbox.settle(connection, mine[1], inbox.DONE)

    outcomes: list[object] = []

    def work(mine: list[int]) -> None:
        try:
            outcomes.append(database.write_now(lambda c: settle(c, mine)))
        except Exception as error:  # noqa: BLE001 - looked at below
            outcomes.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in (rows, rows[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert outcomes == [None, None]
    assert len(tries) == 3, "one of them was undone and tried again"
    assert database.read_now(inbox.counts) == {("web", inbox.DONE): 2}
    database.close()
