"""A busy database, being backed up and then filled with a roster, while webhooks bring updates to a real process."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Iterator
from pathlib import Path
from statistics import quantiles

import aiohttp
import pytest
from sqlalchemy import Connection

from storage import inbox, migrate
from storage.engine import Database
from tests import crowd
from tests.code import ROOT
from tests.faults.figures import LONG, record, size
from tests.faults.test_webhook import SECRET, answering, environment, event
from tests.postgres import Server
from tests.test_kill import far_side, figures, free_port, start, wait_for

PEOPLE, EVENTS = size(3000, 30_000), size(60, 600)
"""So many are there, and at least so many of them check in during the backup and as many during the import."""
A_SECOND = 50
NEW = size(300, 10_000)
"""Rows of the roster."""
PATIENCE = 5.0
"""Seconds after which the most impatient messenger brings an update again."""
__all__ = ["far_side"]


def settle(connection: Connection) -> None:
    crowd.settle(connection, PEOPLE)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('member', 'id'), {PEOPLE})")


@pytest.fixture(params=["sqlite", "postgresql"] if LONG else ["sqlite"])
def crowded(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with many people, as a real process wants it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'busy.db'}"
    else:
        server: Server = request.getfixturevalue("postgres")
        url = server.create(f"busy_{os.getpid()}")
    database = Database(url)
    migrate.upgrade(database.engine)
    database.write_now(settle)
    database.close()
    return url


async def command(url: str, folder: Path, *words: str) -> int:
    """Run one of the program's commands beside it."""
    given = {**os.environ, "DANGQUN_DATABASE__URL": url, "DANGQUN_SECURITY__KEY": "ab" * 32, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, cwd=folder, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return await process.wait()


def roster(folder: Path) -> Path:
    file = folder / "roster.csv"
    lines = ["工号,姓名,部门,政治面貌,工会会员"]
    lines += [f"N{number:06},新{number},生产部/{number % 40}班,群众,是" for number in range(NEW)]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


async def bring(port: int, people: Iterator[int], busy: Awaitable[int]) -> list[float]:
    """Let people check in evenly until the database is busy no more; returns how many seconds each answer took."""
    took, going, ending = list[float](), list[asyncio.Task[None]](), asyncio.ensure_future(busy)

    async def once(session: aiohttp.ClientSession, number: int) -> None:
        begun = time.perf_counter()
        async with session.post(f"http://127.0.0.1:{port}/hooks/telegram-1", data=event(number)) as answer:
            assert answer.status == 200
        took.append(time.perf_counter() - begun)

    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:
        while len(going) < EVENTS or not ending.done():
            going.append(asyncio.create_task(once(session, next(people))))
            await asyncio.sleep(1 / A_SECOND)
        await asyncio.gather(*going)
    assert await ending == 0
    return took


def figure(fault: str, kind: str, how_much: str, took: list[float]) -> float:
    """Record how long answers took; returns the slowest of a hundred."""
    p99 = quantiles(took, n=100)[98]
    words = f"{len(took)} 条全部 all 200，p99 {p99 * 1000:.0f} ms，最慢 slowest {max(took) * 1000:.0f} ms"
    limit = "p99 < 1 s" if "备份" in fault else "< 5 s"
    record(f"{fault[: fault.index(' ·')]}（{kind}）{fault[fault.index(' ·') :]}", how_much, words, limit)
    return p99


def test_webhooks_are_answered_while_the_database_is_busy(crowded: str, far_side: str, tmp_path: Path) -> None:
    port, people = free_port(), iter(range(1, PEOPLE + 1))
    process = start(crowded, far_side, tmp_path, **environment(port))
    wait_for(lambda: asyncio.run(answering([port])))
    file = roster(tmp_path)
    copying = asyncio.run(bring(port, people, command(crowded, tmp_path, "backup", str(tmp_path / "copy.zip"))))
    filling = asyncio.run(bring(port, people, command(crowded, tmp_path, "import", "roster", str(file))))
    brought = len(copying) + len(filling)
    database = Database(crowded)
    wait_for(lambda: database.read_now(inbox.counts) == {("telegram", inbox.DONE): brought})
    assert database.read_now(figures) == (brought, brought, brought, brought)
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0
    kind = "SQLite" if database.sqlite else "PostgreSQL"
    database.close()
    p99 = figure("备份时的 webhook · webhooks during a backup", kind, f"{PEOPLE:,} 人 people", copying)
    figure("导入花名册时的 webhook · webhooks during an import", kind, f"导入 import {NEW:,} 人", filling)
    assert not LONG or p99 < 1
    assert max(filling) < PATIENCE
