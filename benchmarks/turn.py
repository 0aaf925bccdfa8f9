"""Durable check-ins through the whole turn, beside a bare python-telegram-bot echo that stores nothing.

Ours: the raw update is committed to the inbox, the turn checks in (day, streak, ledger) and its answer is a row, on
SQLite with synchronous FULL. The echo: python-telegram-bot parses the update and its handler answers over a request
that returns at once. Both take the same raw JSON. Rounds alternate, so that a machine that gets slower slows both.
"""

from __future__ import annotations

import asyncio
import gc
import json
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection, func, select
from telegram import Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters
from telegram.request import BaseRequest

from benchmarks.table import Row, at_least, at_most, show
from bot.app import App, spare_garbage
from bot.config import load
from domain.member import NOTICE_VERSION
from messengers.base import Raw
from messengers.telegram import Section
from messengers.telegram.client import TelegramMessenger
from storage import address, member, migrate, outbox
from storage.checkin import checkin
from storage.engine import Database

ROUNDS = 5
PER_ROUND = 1500
WARM = 200
RATIO, P50_MS = 1.0, 3.0
TOKEN = "1:benchmark"  # noqa: S105 - nobody's


def update(number: int) -> dict[str, Any]:
    """Return the raw update of one person's check-in."""
    someone = {"id": number, "is_bot": False, "first_name": "u", "language_code": "zh-hans"}
    chat = {"id": number, "type": "private", "first_name": "u"}
    return {
        "update_id": number,
        "message": {"message_id": number, "date": 1_790_000_000, "chat": chat, "from": someone, "text": "签到"},
    }


class AtOnce(BaseRequest):
    """A network without distance."""

    _SENT = json.dumps(
        {"ok": True, "result": {"message_id": 1, "date": 0, "chat": {"id": 1, "type": "private"}, "text": "x"}}
    ).encode()
    _ME = json.dumps({"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "b", "username": "b"}}).encode()

    @property
    def read_timeout(self) -> float | None:
        """Return none."""
        return None

    async def initialize(self) -> None:
        """Open nothing."""

    async def shutdown(self) -> None:
        """Close nothing."""

    async def do_request(self, url: str, *_: Any, **__: Any) -> tuple[int, bytes]:  # noqa: ANN401 - the library's own
        """Answer at once."""
        return 200, self._ME if url.endswith("getMe") else self._SENT


async def _echo(update_: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if update_.message is not None and update_.message.text is not None:
        await update_.message.reply_text(update_.message.text)


@dataclass
class Echo:
    """The bare echo."""

    application: Any = field(
        default_factory=lambda: (
            Application.builder().token(TOKEN).request(AtOnce()).get_updates_request(AtOnce()).build()
        )
    )

    async def open(self) -> None:
        """Start it."""
        self.application.add_handler(MessageHandler(filters.TEXT, _echo))
        await self.application.initialize()

    async def one(self, raw: str) -> None:
        """Serve one raw update to its end."""
        await self.application.process_update(Update.de_json(json.loads(raw), self.application.bot))

    async def close(self) -> None:
        """Stop it."""
        await self.application.shutdown()


class Ours:
    """The product's turn, without network: intake, dispatch, storage."""

    def __init__(self, folder: Path, people: int) -> None:
        """Settle so many people."""
        self.database = Database(f"sqlite:///{folder / 'benchmark.db'}")
        migrate.upgrade(self.database.engine)
        self.database.write_now(lambda c: _settle(c, people))
        settings = load(None, {"DANGQUN_SECURITY__KEY": "ab" * 32})
        self.app = App(settings, self.database, b"x" * 32, "http://127.0.0.1")
        self.messenger = TelegramMessenger(Section(token=TOKEN), _Nothing())  # type: ignore[arg-type]
        self.app.intake.join(self.messenger)

    async def one(self, raw: str) -> None:
        """Serve one raw update until its answer is a committed row."""
        number = raw[len('{"update_id": ') : raw.index(",")]
        await self.app.intake.accept("telegram", [Raw(number, raw)])
        await self.app.intake.settled("telegram", number)

    def figures(self) -> tuple[int, int]:
        """Return (check-ins, answers)."""

        def look(connection: Connection) -> tuple[int, int]:
            days = connection.scalar(select(func.count()).select_from(checkin)) or 0
            letters = connection.scalar(select(func.count()).select_from(outbox.letter)) or 0
            return days, letters

        return self.database.read_now(look)


class _Nothing:
    """The messenger's surroundings, of which a check-in needs nothing."""

    doors = None
    commands: dict[str, Any] = {}  # noqa: RUF012 - a stand-in


def _settle(connection: Connection, people: int) -> None:
    now = datetime.now(UTC)
    for number in range(people):
        person = member.add(connection, f"B{number}", f"员工{number}", now)
        member.change(connection, person, consent=NOTICE_VERSION, language="zh")
        address.meet(connection, "telegram", str(number), str(number), "zh", now)
        caller = address.caller(connection, "telegram", str(number))
        if caller is not None:
            address.bind(connection, caller.address_id, person, now)


async def _round(one: Any, raws: list[str], at_once: int) -> tuple[float, list[float]]:  # noqa: ANN401 - either side
    """Serve these updates, so many at once; returns (a second, milliseconds each)."""
    waiting, took = iter(raws), []

    async def worker() -> None:
        for raw in waiting:
            begun = time.perf_counter()
            await one(raw)
            took.append((time.perf_counter() - begun) * 1000)

    gc.collect()
    begun = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return len(raws) / (time.perf_counter() - begun), took


async def measure(folder: Path) -> tuple[list[tuple[str, int, float, float]], float]:
    """Return (side, at once, turns a second, p50 in ms), medians of the rounds; and the ratio at 64, of the pairs."""
    echo, total = Echo(), WARM + 2 * ROUNDS * PER_ROUND
    ours = Ours(folder, total)
    await echo.open()
    numbers = iter(range(total))
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}

    async def both(at_once: int, count: int, *, keep: bool) -> None:
        raws = [json.dumps(update(next(numbers))) for _ in range(count)]
        for side, one in (("echo", echo.one), ("ours", ours.one)):
            rate, took = await _round(one, raws, at_once)
            if keep:
                found.setdefault((side, at_once), []).append((rate, median(took)))

    spare_garbage()
    await both(8, WARM, keep=False)
    for _ in range(ROUNDS):
        for at_once in (1, 64):
            await both(at_once, PER_ROUND, keep=True)
    assert ours.figures() == (total, total), "every turn has its effect and its answer, once"
    await echo.close()
    ours.database.close()
    pairs = zip(found["ours", 64], found["echo", 64], strict=True)
    ratio = median(own / echos for (own, _), (echos, _) in pairs)
    return [
        (side, at_once, median(rate for rate, _ in kept), median(ms for _, ms in kept))
        for (side, at_once), kept in sorted(found.items())
    ], ratio


def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory() as folder:
        found, ratio = asyncio.run(measure(Path(folder)))
    figures = {(side, at_once): (rate, ms) for side, at_once, rate, ms in found}
    return [
        at_least("turn, 64 at once, ours / echo", ratio, RATIO, " x"),
        at_most("turn, one at a time, p50", figures["ours", 1][1], P50_MS, " ms"),
        *(
            Row(f"  {side}, {at_once} at once: a second, p50", f"{rate:.0f}, {ms:.2f} ms")
            for (side, at_once), (rate, ms) in figures.items()
        ),
    ]


def main() -> bool:
    """Print the table; False when a limit is missed."""
    return show(rows())


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
