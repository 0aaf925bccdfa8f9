"""Broadcasts by calls that reach many: 20 calls a second of 100 people, 1,000 a minute of 200, against their ceiling.

The delivery of this process and a far side over loopback HTTP; its arrivals say how many calls came in which second.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from sqlalchemy import update

from benchmarks.broadcast import worst_window
from benchmarks.table import Row, at_least, at_most, show
from bot.delivery import Delivery
from bot.dispatch import Dispatch
from handlers.grammar import open_registry
from storage import address, campaign, migrate, outbox
from storage.engine import Database
from tests import crowd
from tests.postal import FarSide, postal
from tests.test_delivery import ORGANISATION, announce

CALLS = 240
"""How many calls each broadcast takes, the last of them not full."""


@dataclass
class Clocked(FarSide):
    """A far side that knows when each call came."""

    moments: list[float] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Take one call."""
        self.moments.append(time.monotonic())
        return await super().take(request)


async def _drain(database: Database, people: int, a_call: int, **pace: float) -> list[float]:
    """Send to everybody; returns the moments of the calls."""
    far = Clocked()
    async with postal(far=far, recipients_a_call=a_call, **pace) as (messenger, _):
        dispatch = Dispatch(ORGANISATION, open_registry(), {})
        delivery = Delivery(database, messenger, lambda reply, *_: reply, dispatch)  # type: ignore[arg-type]
        running = asyncio.create_task(delivery.run())
        number = announce(database, people=people)
        delivery.nudge()
        for _ in range(600):
            await asyncio.sleep(0.1)
            counts = await database.read(lambda c: campaign.counts(c, number))
            if counts.get(outbox.SENT) == people:
                break
        delivery.stop()
        await running
    assert counts == {outbox.SENT: people}, counts
    assert len(far.shown) == people
    assert set(far.shown.values()) == {1}
    assert [len(call) for call in far.calls] == [a_call] * (CALLS - 1) + [a_call - 1], "whole calls"
    return far.moments


def drain(a_call: int, **pace: float) -> list[float]:
    """Settle people and send to them; returns the moments of the calls."""
    people = CALLS * a_call - 1
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'batch.db'}")
        migrate.upgrade(database.engine)
        database.write_now(lambda c: crowd.settle(c, people))
        database.write_now(lambda c: c.execute(update(address.address).values(messenger="postal")))
        moments = asyncio.run(_drain(database, people, a_call, **pace))
        database.close()
    return moments


def rows() -> list[Row]:
    """Measure."""
    found = []
    for a_call, calls, name, pace in (
        (100, 20.0, "20/s x 100", {"per_second": 20.0}),
        (200, 1000 / 60, "1,000/min x 200", {"per_minute": 1000.0}),
    ):
        moments = drain(a_call, **pace)
        reached = (len(moments) - 1) / (moments[-1] - moments[0])
        found += [
            at_least(f"drain at {name}, of the ceiling", reached / calls, 0.99, digits=3),
            at_most(f"drain at {name}, worst second", worst_window(moments), calls + 1, digits=0),
        ]
    return found


def main() -> bool:
    """Print the table; False when a limit is missed."""
    return show(rows())


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
