"""Broadcasts: enqueuing a million people, draining at the ceiling, and what others notice of it.

Enqueue: our push to a described audience beside one `INSERT … SELECT` of a letter a person, both rolled back, in turn.
Drain: the whole program in this process, a Bot API of ours in another; the far side's arrivals say how even it is.
Alone for the share of a core; and once more to a hundred thousand while people of the embedded chat check in, whose
times are compared with an idle program's. Calls for many people at once: `benchmarks.batch`.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlalchemy import Connection, func, select, text

from benchmarks.table import Row, at_least, at_most, show
from bot.app import App, spare_garbage
from bot.config import load
from domain.push import Audience
from domain.reply import Reply
from domain.reply import text as words
from messengers.base import Raw
from services import post
from services.work import Work
from storage import migrate, outbox, stretch
from storage.engine import Database
from tests import crowd
from tests.botapi import TOKEN
from tests.running import free_socket

MILLION = 1_000_000
ROUNDS = 5
ALONE = 12
"""Seconds that a broadcast takes with nobody else about."""
CROWD = 100_000
CALM, BUSY, PACE = 1000, 4000, 50
"""How many check in before the large broadcast and while it leaves, and how many a second."""


class _EnoughError(Exception):
    """Roll back."""


def _push(connection: Connection, app: App, whom: Audience | range) -> int:
    work = Work(connection, app.settings.as_organisation(), datetime.now(UTC))
    posted = post.push(work, whom, "announcement", lambda _voice: Reply((words("周五停电检修"),)))
    return posted.campaign or 0


def _rows(connection: Connection, number: int) -> None:
    """Write a letter a person, as one statement."""
    connection.execute(
        text(
            "INSERT INTO letter (messenger, recipient, chat, member_id, lane, kind, campaign_id, state, created_at, "
            "next_at) SELECT messenger, account, chat, member_id, 3, 'announcement', :number, 'ready', :now, :now "
            "FROM address WHERE open"
        ),
        {"number": number, "now": "2026-11-23 00:00:00.000000"},
    )


def _timed(database: Database, work: Callable[[Connection], object]) -> float:
    """Return the seconds that a piece of work takes, rolled back."""
    took = 0.0

    def measured(connection: Connection) -> None:
        nonlocal took
        begun = time.perf_counter()
        work(connection)
        took = time.perf_counter() - begun
        raise _EnoughError

    try:
        database.write_now(measured)
    except _EnoughError:
        return took
    raise AssertionError


def enqueue(folder: Path) -> tuple[float, float]:
    """Return (seconds for ours, seconds for a row a person), medians of alternating rounds at a million people."""
    database, app = _open(folder, MILLION)
    number = database.write_now(lambda c: _push(c, app, Audience("/")))
    ours, rows = [], []
    for _ in range(ROUNDS):
        ours.append(_timed(database, lambda c: _push(c, app, Audience("/"))))
        rows.append(_timed(database, lambda c: _rows(c, number)))
    database.close()
    return median(ours), median(rows)


def _open(folder: Path, people: int, web: int = 0, **environment: str) -> tuple[Database, App]:
    database = Database(f"sqlite:///{folder / 'broadcast.db'}")
    migrate.upgrade(database.engine)
    database.write_now(lambda c: crowd.settle(c, people, web=web))
    settings = load(
        None,
        {
            "DANGQUN_SECURITY__KEY": "ab" * 32,
            "DANGQUN_QUIET_HOURS__START": "00:00",
            "DANGQUN_QUIET_HOURS__END": "00:00",
            "DANGQUN_QUIET_HOURS__DAYS_OFF": "false",
            "DANGQUN_BACKUP__DAILY": "false",
            **environment,
        },
    )
    return database, App(settings, database, b"x" * 32, "http://127.0.0.1")


def drain(folder: Path, per_second: int, people: int, others: int) -> dict[str, float]:
    """Return what a broadcast looked like from the far side; with `others`, what so many noticed of a second one."""
    taken, port = free_socket()
    taken.close()
    far = f"http://127.0.0.1:{port}"
    with subprocess.Popen([sys.executable, "-m", "tests.botapi", "--port", str(port)]) as process:  # noqa: S603 - ours
        _answers(far)
        environment = {
            "DANGQUN_TELEGRAM__ENABLED": "true",
            "DANGQUN_TELEGRAM__TOKEN": TOKEN,
            "DANGQUN_TELEGRAM__API_BASE": far,
            "DANGQUN_TELEGRAM__PER_SECOND": str(per_second),
        }
        database, app = _open(folder, people + others, web=others, **environment)
        try:
            return asyncio.run(_drain(app, database, far, per_second * ALONE, people, others))
        finally:
            process.kill()


def _answers(far: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"{far}/control/seen").close()  # noqa: S310 - our own server
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the far side did not start")


async def _drain(app: App, database: Database, far: str, first: int, people: int, others: int) -> dict[str, float]:
    bound, _ = free_socket()
    await app.start([bound])
    spare_garbage()
    await asyncio.sleep(2)
    used, begun = os.times(), time.perf_counter()
    await _broadcast(app, database, range(1, first + 1))
    spent, seconds = os.times(), time.perf_counter() - begun
    calm, busy = [1.0], [1.0]
    if others:
        calm = await _check_ins(app, range(people + 1, people + CALM + 1))
        draining = asyncio.create_task(_broadcast(app, database, Audience("/")))
        busy = await _check_ins(app, range(people + CALM + 1, people + others + 1))
        assert not draining.done(), "they checked in while it was being sent"
        await draining
    seen = await asyncio.to_thread(_seen, far)
    await app.stop()
    broadcast = Counter(one["chat"] for one in seen if "停电" in one["text"])
    twice = {n: 2 if n <= first else 1 for n in range(1, people + 1)}
    assert broadcast == (twice if others else dict.fromkeys(range(1, first + 1), 1)), "everybody, and nobody once more"
    moments = sorted(one["at"] for one in seen)
    alone = moments[:first]
    return {
        "per_second": (len(alone) - 1) / (alone[-1] - alone[0]),
        "worst": float(max(worst_window(alone), worst_window(moments[first:]))),
        "core": (spent.user + spent.system - used.user - used.system) / seconds,
        "calm_p99": quantiles(calm * 2, n=100)[98],
        "busy_p99": quantiles(busy * 2, n=100)[98],
    }


async def _broadcast(app: App, database: Database, whom: Audience | range) -> None:
    """Announce something, and wait until it has left."""
    number = await database.write(lambda c: _push(c, app, whom))
    app.nudge()
    for _ in range(1500):
        await asyncio.sleep(0.2)
        if await database.read(lambda c: _left(c, number)) == 0:
            return
    raise AssertionError("it never ended")


def _left(connection: Connection, number: int) -> int:
    """Return how many of a broadcast have not left: by indexes, so that looking costs next to nothing."""
    unsent = select(func.count()).where(
        outbox.letter.c.campaign_id == number, outbox.letter.c.state.in_((outbox.READY, outbox.SENDING))
    )
    return (connection.scalar(unsent) or 0) + stretch.left(connection, number)


def worst_window(moments: list[float]) -> int:
    """Return how many of these moments, in order, lie in the fullest second."""
    worst = left = 0
    for right, moment in enumerate(moments):
        while moment - moments[left] >= 1.0:
            left += 1
        worst = max(worst, right - left + 1)
    return worst


def _seen(far: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{far}/control/seen") as answer:  # noqa: S310 - our own server
        found: list[dict[str, Any]] = json.load(answer)["seen"]
    return found


async def _check_ins(app: App, people: range) -> list[float]:
    """Let people of the embedded chat check in at an even pace; returns the milliseconds of each turn."""
    took = []
    for number in people:
        begun = time.perf_counter()
        said = {"user": str(number), "at": datetime.now(UTC).isoformat(), "kind": "text", "text": "签到"}
        await app.intake.accept("web", [Raw(str(number), json.dumps(said))])
        await app.intake.settled("web", str(number))
        took.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(max(0.0, 1 / PACE - took[-1] / 1000))
    return took


def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        ours, each = enqueue(Path(folder))
    found = [
        at_least("enqueue a million: a row each / ours", each / ours, 100, " x", 0),
        Row("  ours, a row each", f"{ours * 1000:.1f} ms, {each:.2f} s"),
    ]
    for per_second, people, others in ((30, 30 * ALONE, 0), (1000, CROWD, CALM + BUSY)):
        with tempfile.TemporaryDirectory() as folder:
            drained = drain(Path(folder), per_second, people, others)
        name, most = f"drain at {per_second}/s", per_second + max(1.0, per_second / 100)
        found += [
            at_least(f"{name}, of the ceiling", drained["per_second"] / per_second, 0.99, digits=3),
            at_most(f"{name}, worst second", drained["worst"], most, digits=0),
            at_most(f"{name}, share of a core", drained["core"], 0.35),
        ]
        if others:
            what = f"others' p99 while {people:,} are enqueued and drained / idle"
            found += [
                at_most(what, drained["busy_p99"] / drained["calm_p99"], 1.5, " x"),
                Row("  others' p99, idle and then", f"{drained['calm_p99']:.1f}, {drained['busy_p99']:.1f} ms"),
            ]
    return found


def main() -> bool:
    """Print the table; False when a limit is missed."""
    return show(rows())


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
