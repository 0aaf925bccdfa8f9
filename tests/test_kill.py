"""kill -9 of the real process in the middle of 1,000 waiting updates: nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from domain.member import NOTICE_VERSION
from storage import address, inbox, lease, member, outbox, points
from storage.checkin import checkin
from storage.engine import Database
from tests.botapi import TOKEN
from tests.code import ROOT
from tests.company import MONDAY_MORNING
from tests.postgres import Server
from tests.running import free_socket

PEOPLE, EACH = 100, 10


def wait_for(look: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.005)


def free_port() -> int:
    taken, port = free_socket()
    taken.close()
    return port


def settle(connection: Connection) -> None:
    """Let a hundred people be bound to Telegram."""
    for number in range(1, PEOPLE + 1):
        person = member.add(connection, f"T{number:04}", f"员工{number}", MONDAY_MORNING)
        member.change(connection, person, consent=NOTICE_VERSION, language="zh")
        address.meet(connection, "telegram", str(number), str(number), "zh", MONDAY_MORNING)
        caller = address.caller(connection, "telegram", str(number))
        assert caller is not None
        address.bind(connection, caller.address_id, person, MONDAY_MORNING)


def updates() -> list[dict[str, Any]]:
    """Every person checks in ten times."""
    found = []
    for turn in range(EACH):
        for user in range(1, PEOPLE + 1):
            number = turn * PEOPLE + user
            someone = {"id": user, "is_bot": False, "first_name": "x", "language_code": "zh"}
            chat = {"id": user, "type": "private"}
            words = {"message_id": number, "date": 1_790_000_000, "chat": chat, "from": someone, "text": "签到"}
            found.append({"update_id": number, "message": words})
    return found


@pytest.fixture
def far_side() -> Iterator[str]:
    """A Bot API in a process of its own, which survives ours."""
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "tests.botapi", "--port", str(port)], cwd=ROOT) as process:
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            try:
                return bool(urllib.request.urlopen(f"{url}/control/seen"))  # noqa: S310 - our own server
            except OSError:
                return False

        wait_for(answers)
        yield url
        process.kill()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that survives, on a disk."""
    from storage import migrate  # noqa: PLC0415 - beside its use

    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path / 'kill.db'}"
    else:
        postgres: Server = request.getfixturevalue("postgres")
        made = postgres.create(f"kill_{os.getpid()}")
    database = Database(made)
    migrate.upgrade(database.engine)
    database.write_now(settle)
    database.close()
    return made


def start(url: str, far: str, folder: Path, **more: str) -> subprocess.Popen[bytes]:
    """Start the program. `more`: of its environment."""
    environment = {
        **os.environ,
        "DANGQUN_DATABASE__URL": url,
        "DANGQUN_SECURITY__KEY": "ab" * 32,
        "DANGQUN_WEB__PORT": str(free_port()),
        "DANGQUN_TELEGRAM__ENABLED": "true",
        "DANGQUN_TELEGRAM__TOKEN": TOKEN,
        "DANGQUN_TELEGRAM__API_BASE": far,
        "PYTHONPATH": str(ROOT),
        **more,
    }
    command = [sys.executable, "-m", "bot", "run"]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def test_nothing_is_lost_and_nothing_counts_twice(url: str, far_side: str, tmp_path: Path) -> None:
    body = json.dumps(updates()).encode()
    urllib.request.urlopen(urllib.request.Request(f"{far_side}/control/updates", body))  # noqa: S310 - our own server
    database = Database(url)

    def done() -> int:
        return database.read_now(lambda c: inbox.counts(c).get(("telegram", inbox.DONE), 0))

    for enough in (150, 400, 700):
        process = start(url, far_side, tmp_path)
        wait_for(lambda enough=enough: done() >= enough)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait()
    process = start(url, far_side, tmp_path)
    wait_for(lambda: done() == PEOPLE * EACH)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0

    assert database.read_now(figures) == (PEOPLE, PEOPLE, PEOPLE * EACH, PEOPLE * EACH)
    database.close()


def figures(connection: Connection) -> tuple[int, ...]:
    """Return (check-ins, points, answers, updates)."""
    letters = select(func.count()).where(outbox.letter.c.lane == outbox.ANSWER)
    return (
        connection.scalar(select(func.count()).select_from(checkin)) or 0,
        connection.scalar(select(func.sum(points.entry.c.points))) or 0,
        connection.scalar(letters) or 0,
        sum(inbox.counts(connection).values()),
    )


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_three_processes_are_one_bot_and_may_die_one_after_another(url: str, far_side: str, tmp_path: Path) -> None:
    database = Database(url)
    running = [start(url, far_side, tmp_path) for _ in range(3)]

    def done() -> int:
        return database.read_now(lambda c: inbox.counts(c).get(("telegram", inbox.DONE), 0))

    waiting = updates()
    for part in range(3):
        some = json.dumps(waiting[part * 300 : (part + 1) * 300 + (100 if part == 2 else 0)]).encode()
        urllib.request.urlopen(urllib.request.Request(f"{far_side}/control/updates", some))  # noqa: S310 - our own server
        wait_for(lambda part=part: done() >= part * 300 + 50)  # type: ignore[misc]
        holder = database.read_now(lease.holders).get("take:telegram", "")
        victim = next((one for one in running if f":{one.pid}:" in holder), running[0])
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        running = [one for one in running if one is not victim] + [start(url, far_side, tmp_path)]
    wait_for(lambda: done() == PEOPLE * EACH)

    def all_there() -> bool:
        """Answer whether the youngest has started too: before that SIGTERM just ends it."""
        holding = " ".join(database.read_now(lease.alive))
        return all(f":{one.pid}:" in holding for one in running)

    wait_for(all_there)
    for process in running:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(40) for process in running] == [0, 0, 0]
    assert database.read_now(figures) == (PEOPLE, PEOPLE, PEOPLE * EACH, PEOPLE * EACH)
    database.close()
