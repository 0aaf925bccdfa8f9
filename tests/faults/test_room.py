"""A real process whose files may grow no more, killed meanwhile too: 503, nothing corrupt, and room is all it needs."""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import aiohttp
import pytest

from storage import inbox, migrate
from storage.engine import Database
from tests import crowd
from tests.faults.figures import record, size
from tests.faults.test_webhook import SECRET, answering, environment, event
from tests.test_kill import far_side, figures, free_port, start, wait_for

EVENTS = size(150, 1500)
ROOM = 256 << 10
"""Bytes by which each file may still grow when the disk is nearly full."""
__all__ = ["far_side"]


def leave_room(process: subprocess.Popen[bytes], folder: Path, room: int | None) -> None:
    """Let no file of the process become longer than the database is now and so much more; None: as it likes."""
    longest = max(file.stat().st_size for file in folder.glob("room.db*"))
    limit = resource.RLIM_INFINITY if room is None else longest + room
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


async def bring(port: int, numbers: Iterable[int]) -> dict[int, int]:
    """Bring each event once; returns the answers. 0: there was none."""
    answers: dict[int, int] = {}
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with aiohttp.ClientSession(headers=headers) as session:
        for number in numbers:
            try:
                async with session.post(f"http://127.0.0.1:{port}/hooks/telegram-1", data=event(number)) as answer:
                    answers[number] = answer.status
            except aiohttp.ClientError:
                answers[number] = 0
    return answers


def shown(far: str) -> Counter[int]:
    """Return how often each chat was shown something."""
    with urllib.request.urlopen(f"{far}/control/seen") as answer:  # noqa: S310 - our own server
        return Counter(one["chat"] for one in json.load(answer)["seen"])


def whole(database: Database) -> str:
    return str(database.read_now(lambda c: c.exec_driver_sql("PRAGMA integrity_check").scalar_one()))


@pytest.mark.parametrize("killed", [False, True], ids=["goes on", "killed when full"])
def test_a_process_without_room_for_its_files(far_side: str, tmp_path: Path, *, killed: bool) -> None:
    url = f"sqlite:///{tmp_path / 'room.db'}"
    database = Database(url)
    migrate.upgrade(database.engine)
    database.write_now(lambda c: crowd.settle(c, EVENTS))
    port = free_port()
    settings = {**environment(port), "DANGQUN_BACKUP__DAILY": "false"}
    process = start(url, far_side, tmp_path, **settings)
    wait_for(lambda: asyncio.run(answering([port])))
    leave_room(process, tmp_path, ROOM)
    answers = asyncio.run(bring(port, range(1, EVENTS + 1)))
    assert set(answers.values()) == {200, 503}
    refused = [number for number, status in answers.items() if status != 200]
    assert process.poll() is None
    assert whole(database) == "ok"
    if killed:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = start(url, far_side, tmp_path, **settings)
        wait_for(lambda: asyncio.run(answering([port])))
    else:
        leave_room(process, tmp_path, None)
    begun = time.monotonic()
    while waiting := [number for number in refused if answers[number] != 200]:
        answers |= asyncio.run(bring(port, waiting))
        assert time.monotonic() < begun + 30, "it does not recover"
    served_after = time.monotonic() - begun
    wait_for(lambda: database.read_now(inbox.counts) == {("telegram", inbox.DONE): EVENTS})
    assert database.read_now(figures) == (EVENTS, EVENTS, EVENTS, EVENTS)
    assert whole(database) == "ok"
    wait_for(lambda: len(shown(far_side)) == EVENTS)
    doubled = shown(far_side).total() - EVENTS
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    database.close()
    # What was sent when nobody could write that down is sent again by whoever comes after a kill, and only then.
    assert killed or not doubled
    record(
        f"文件写不下去的真实进程（{'满时 kill -9' if killed else '不重启'}）· a real process without room",
        f"{EVENTS} 条消息 updates",
        f"503 {len(refused)}，有空间后 {served_after:.1f} s 全部收下，各一次 once each，重发 doubled {doubled}",
        "不丢 none lost，不坏 none corrupt",
    )
