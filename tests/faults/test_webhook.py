"""Each webhook event brought fifty times, twenty at once, to two processes: one effect, and every answer is 200."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

import aiohttp

from storage import inbox, migrate
from storage.engine import Database
from tests import crowd
from tests.faults.figures import LONG, record, size
from tests.postgres import Server
from tests.test_kill import far_side, figures, free_port, start, wait_for

EVENTS = size(40, 400)
TIMES, AT_ONCE = 50, 20
SECRET = "s" * 40
__all__ = ["far_side"]


def environment(port: int) -> dict[str, str]:
    return {
        "DANGQUN_WEB__PORT": str(port),
        "DANGQUN_TELEGRAM__MODE": "webhook",
        "DANGQUN_TELEGRAM__WEBHOOK_URL": "http://127.0.0.1/hooks/telegram-1",
        "DANGQUN_TELEGRAM__WEBHOOK_SECRET": SECRET,
        "DANGQUN_TELEGRAM__PER_SECOND": "1000",
    }


def event(number: int) -> bytes:
    someone = {"id": number, "is_bot": False, "first_name": "x", "language_code": "zh"}
    chat = {"id": number, "type": "private"}
    words = {"message_id": number, "date": int(time.time()), "chat": chat, "from": someone, "text": "签到"}
    return json.dumps({"update_id": number, "message": words}).encode()


async def bring(ports: list[int]) -> tuple[Counter[int], list[float]]:
    """Bring every event fifty times; returns the answers and how many seconds each took."""
    answers, took = Counter[int](), list[float]()
    places = asyncio.Semaphore(AT_ONCE)
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}

    async def once(session: aiohttp.ClientSession, number: int, time_: int) -> None:
        async with places:
            url = f"http://127.0.0.1:{ports[time_ % len(ports)]}/hooks/telegram-1"
            begun = time.perf_counter()
            async with session.post(url, data=event(number), headers=headers) as answer:
                answers[answer.status] += 1
            took.append(time.perf_counter() - begun)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(once(session, number, t) for number in range(1, EVENTS + 1) for t in range(TIMES)))
    return answers, took


@contextmanager
def busy(database: Database) -> Iterator[None]:
    """Keep the database busy: 200 rows rewritten by each of many transactions."""
    ending = threading.Event()

    def write() -> None:
        while not ending.is_set():
            database.write_now(lambda c: c.exec_driver_sql("UPDATE member SET name = name WHERE id <= 200"))

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def test_fifty_times_the_same_event_is_one(postgres: Server, far_side: str, tmp_path: Path) -> None:
    url = postgres.create(f"webhook_{os.getpid()}")
    database = Database(url)
    migrate.upgrade(database.engine)
    database.write_now(lambda c: crowd.settle(c, EVENTS + 200))
    ports = [free_port(), free_port()]
    running = [start(url, far_side, tmp_path, **environment(port)) for port in ports]
    wait_for(lambda: asyncio.run(answering(ports)))
    with busy(database):
        answers, took = asyncio.run(bring(ports))
    assert answers == {200: EVENTS * TIMES}
    wait_for(lambda: database.read_now(inbox.counts).get(("telegram", inbox.DONE), 0) == EVENTS)
    assert database.read_now(figures) == (EVENTS, EVENTS, EVENTS, EVENTS)
    for process in running:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(40) for process in running] == [0, 0]
    database.close()
    p99 = quantiles(took, n=100)[98]
    record(
        "同一事件 ×50、两个进程、数据库忙 · each event fifty times, two processes, a busy database",
        f"{EVENTS} × {TIMES}",
        f"效果 effects {EVENTS}，全部 200，p99 {p99 * 1000:.0f} ms",
        "各一次 once each；< 1 s",
    )
    assert not LONG or p99 < 1


async def answering(ports: list[int]) -> bool:
    """Answer whether each process serves."""
    async with aiohttp.ClientSession() as session:
        for port in ports:
            try:
                async with session.post(f"http://127.0.0.1:{port}/hooks/telegram-1", data=b"{}") as answer:
                    if answer.status != 403:
                        return False
            except aiohttp.ClientError:
                return False
    return True
