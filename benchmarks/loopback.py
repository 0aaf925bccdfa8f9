"""Check-ins over loopback HTTP from the webhook to the arrived answer, beside a default python-telegram-bot echo.

Ours is `python -m bot run` as it is installed: Telegram by webhook, SQLite on disk with synchronous FULL; the update is
stored, the check-in with streak, ledger and answer committed, the letter claimed, sent and settled. The echo stores
nothing. All are up at once against one Bot API (`benchmarks.far`), and take turns; a turn counts when its webhook is
answered and its message has arrived. PostgreSQL with one and with three processes is told beside them.

The limit is set against the echo that serves as many at once as ours (`process_update`), for which it was found; the
library's other way, one after another from its `update_queue`, spares its HTTP client that company and is told too.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median

from sqlalchemy import func, select

from benchmarks import people
from benchmarks.far import PATH, SECRET, Api, block
from benchmarks.table import Row, at_least, at_most, show
from storage import migrate, outbox, points
from storage.checkin import checkin
from storage.engine import Database
from tests.postgres import Server, start_server

ROOT = Path(__file__).parent.parent
ROUNDS, TURNS, LONE, WARM = 5, 640, 200, 64
AT_ONCE = 32
TIMES, P50_MS = 5.0, 3.0


@dataclass
class Side:
    """Somebody who takes webhooks, on one port or several."""

    name: str
    ports: list[int]
    numbers: Iterator[int]
    url: str = ""
    """The database; none for an echo."""
    brought: list[int] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    lone: list[float] = field(default_factory=list)

    def next(self, many: int) -> list[int]:
        """Return people who have not spoken yet."""
        found = [next(self.numbers) for _ in range(many)]
        self.brought += found
        return found


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def _running(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run a process until the block ends; yields the line with which it says that it is ready."""
    given = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment}
    log = folder / f"log-{_free_port()}"
    with (
        log.open("wb") as said,
        subprocess.Popen(command, cwd=folder, env=given, stdout=subprocess.PIPE, stderr=said, text=True) as process,  # noqa: S603
    ):
        try:
            line = next((line for line in process.stdout or () if "ready" in line), "")
            assert line, log.read_text(encoding="utf-8")
            yield line
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(40)


def ours(stack: ExitStack, folder: Path, api: Api, url: str, processes: int) -> list[int]:
    """Start so many processes of the program on this database; returns their ports."""
    ports = [_free_port() for _ in range(processes)]
    for port in ports:
        environment = {
            "DANGQUN_DATABASE__URL": url,
            "DANGQUN_SECURITY__KEY": "ab" * 32,
            "DANGQUN_WEB__PORT": str(port),
            "DANGQUN_BACKUP__DAILY": "false",
            "DANGQUN_TELEGRAM__ENABLED": "true",
            "DANGQUN_TELEGRAM__TOKEN": "1:benchmark",
            "DANGQUN_TELEGRAM__API_BASE": api.url,
            "DANGQUN_TELEGRAM__MODE": "webhook",
            "DANGQUN_TELEGRAM__WEBHOOK_URL": f"http://127.0.0.1:{port}{PATH}",
            "DANGQUN_TELEGRAM__WEBHOOK_SECRET": SECRET,
            "DANGQUN_TELEGRAM__PER_SECOND": "100000",
        }
        stack.enter_context(_running([sys.executable, "-m", "bot", "run"], folder, environment))
    return ports


def _echo(stack: ExitStack, folder: Path, api: Api, *options: str) -> list[int]:
    command = [sys.executable, "-m", "benchmarks.echo", "--api", api.url, *options]
    return [int(stack.enter_context(_running(command, folder, {})).split()[1])]


def _settled(url: str, first: int, many: int) -> str:
    database = Database(url)
    migrate.upgrade(database.engine)
    database.write_now(lambda c: people.settle(c, range(first, first + many)))
    database.close()
    return url


def _sides(stack: ExitStack, folder: Path, api: Api, server: Server | None) -> list[Side]:
    """Start everybody, each with people of its own."""
    many = WARM + ROUNDS * (TURNS + LONE)
    first = count(1, many)
    begin = next(first)
    url = _settled(f"sqlite:///{folder / 'loopback.db'}", begin, many)
    found = [Side("ours, SQLite", ours(stack, folder, api, url, 1), count(begin), url)]
    found.append(Side("echo, update_queue", _echo(stack, folder, api, "--queue"), count(next(first))))
    found.append(Side("echo, process_update", _echo(stack, folder, api), count(next(first))))
    for processes in (1, 3) if server else ():
        begin = next(first)
        url = _settled(server.create(f"loopback_{processes}"), begin, many) if server else ""
        name = f"ours, PostgreSQL, {processes} process{'es' if processes > 1 else ''}"
        found.append(Side(name, ours(stack, folder, api, url, processes), count(begin), url))
    return found


async def _measure(api: Api, sides: list[Side]) -> None:
    for side in sides:
        await block(api, side.ports, side.next(WARM), AT_ONCE)
    for _ in range(ROUNDS):
        for side in sides:
            rate, _ = await block(api, side.ports, side.next(TURNS), AT_ONCE)
            side.rates.append(rate)
            _, took = await block(api, side.ports, side.next(LONE), 1)
            side.lone += took


def _check(api: Api, sides: list[Side]) -> None:
    """Every turn had its effect, its answer and its message, once."""
    for side in sides:
        assert all(api.sent[number] == 1 for number in side.brought), side.name
        if not side.url:
            continue
        total = len(side.brought)
        database = Database(side.url)
        sent = select(func.count()).where(outbox.letter.c.state == outbox.SENT)
        assert database.read_now(lambda c: c.scalar(select(func.count()).select_from(checkin))) == total
        assert database.read_now(lambda c: c.scalar(select(func.sum(points.entry.c.points)))) == total
        assert database.read_now(lambda c: c.scalar(select(func.count()).select_from(outbox.letter))) == total
        assert database.read_now(lambda c, s=sent: c.scalar(s)) == total  # type: ignore[misc]
        database.close()
    assert sum(api.sent.values()) == sum(len(side.brought) for side in sides)


async def _run(folder: Path, server: Server | None) -> list[Side]:
    api = Api()
    await api.open()
    with ExitStack() as stack:
        sides = await asyncio.to_thread(_sides, stack, folder, api, server)
        await _measure(api, sides)
        await asyncio.to_thread(stack.close)
    _check(api, sides)
    api.close()
    return sides


def rows() -> list[Row]:
    """Measure."""
    folder = Path(tempfile.mkdtemp(prefix="loopback-"))
    server = start_server()
    try:
        sides = asyncio.run(_run(folder, server))
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder)
    own, (queued, served) = (
        sides[0],
        (median(a / b for a, b in zip(sides[0].rates, echo.rates, strict=True)) for echo in sides[1:3]),
    )
    found = [at_least(f"loopback, {AT_ONCE} at once, ours / {sides[2].name}", served, TIMES, " x", 1)]
    found.append(Row(f"  ours / {sides[1].name}", f"{queued:.1f} x"))
    found.append(at_most("loopback, one at a time, p50 until the message arrived", median(own.lone), P50_MS, " ms"))
    return found + [
        Row(f"  {side.name}: a second, p50 of one", f"{median(side.rates):.0f}, {median(side.lone):.1f} ms")
        for side in sides
    ]


def main() -> bool:
    """Print the table; False when a limit is missed."""
    return show(rows())


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
