"""SIGTERM under load, and how long the event loop is ever blocked."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import urllib.request
from pathlib import Path

import pytest

from storage import inbox
from storage.engine import Database
from tests.faults.figures import record, size
from tests.faults.test_limits import push
from tests.running import bind_web, eventually, new_token, page, running
from tests.talk import Company
from tests.test_kill import EACH, PEOPLE, far_side, figures, start, updates, url, wait_for

ENDS = size(2, 10)
BLOCKED = 0.2
"""Seconds that nothing may block the event loop for."""
__all__ = ["far_side", "url"]


def test_sigterm_under_load_ends_quickly_and_loses_nothing(url: str, far_side: str, tmp_path: Path) -> None:
    body = json.dumps(updates()).encode()
    urllib.request.urlopen(urllib.request.Request(f"{far_side}/control/updates", body))  # noqa: S310 - our own server
    database, longest = Database(url), 0.0

    def done() -> int:
        return database.read_now(lambda c: inbox.counts(c).get(("telegram", inbox.DONE), 0))

    ends = 0
    while ends < ENDS and (before := done()) < PEOPLE * EACH:
        process = start(url, far_side, tmp_path)
        # Only after its first turn: a process that has not begun to listen for signals is just ended by one.
        wait_for(lambda before=before: done() > before)  # type: ignore[misc]
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        longest, ends = max(longest, time.monotonic() - begun), ends + 1
    if done() < PEOPLE * EACH:
        process = start(url, far_side, tmp_path)
        wait_for(lambda: done() == PEOPLE * EACH)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert database.read_now(figures) == (PEOPLE, PEOPLE, PEOPLE * EACH, PEOPLE * EACH)
    kind = "SQLite" if database.sqlite else "PostgreSQL"
    database.close()
    record(
        f"负载中 SIGTERM（{kind}）· SIGTERM under load",
        f"{ends} ×",
        f"丢 lost 0，重 doubled 0，最长 {longest:.1f} s 退出",
        "0；< 30 s",
    )


class Watchdog:
    """Knows how late the event loop was at worst."""

    def __init__(self) -> None:
        """Begin at none."""
        self.worst = 0.0

    async def watch(self) -> None:
        """Wake every ten milliseconds and see how late it is."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.01
            await asyncio.sleep(0.01)
            self.worst = max(self.worst, loop.time() - due)


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_nothing_ever_blocks_the_event_loop(company: Company) -> None:
    token, watchdog = new_token(), Watchdog()
    bind_web(company, token, "lin")
    async with running(company, TELEGRAM__PER_SECOND="500") as run:
        await asyncio.sleep(1.5)  # the calendar loads in another thread and shares the interpreter's lock
        watching = asyncio.create_task(watchdog.watch())
        push(run, company, "周五停电检修", range(5000, 5000 + size(200, 2000)))
        for number in range(size(60, 600)):
            run.api.says(6000 + number % 30, "帮助")
        async with page(run, token) as chat:
            for words in ("签到", "答题", "我的积分", "怎么请假", "/announce 停电", "公告", "搜索 安全"):
                before = len(chat.shown)
                await chat.say(words)
                await eventually(lambda before=before: len(chat.shown) > before, 30)  # type: ignore[misc]
        await eventually(lambda: run.states().get(inbox.DONE, 0) >= size(60, 600), 60)
        watching.cancel()
    record(
        "事件循环被占用的最长时间 · the event loop at its slowest",
        f"{size(200, 2000)} 人群发、{size(60, 600)} 条消息",
        f"{watchdog.worst * 1000:.0f} ms",
        "< 200 ms",
    )
    assert watchdog.worst < BLOCKED


def test_the_watchdog_barks() -> None:
    async def main() -> float:
        watchdog = Watchdog()
        watching = asyncio.create_task(watchdog.watch())
        await asyncio.sleep(0.02)
        time.sleep(0.3)  # noqa: ASYNC251 - this is what it is there to find
        await asyncio.sleep(0.02)
        watching.cancel()
        return watchdog.worst

    assert asyncio.run(main()) > BLOCKED
