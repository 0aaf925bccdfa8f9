"""Broadcasts on WeCom, DingTalk and Feishu: killed in the air, flooded, unanswered; nobody is missed."""

from __future__ import annotations

import asyncio
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from storage import campaign, migrate, outbox
from storage.address import address
from storage.engine import Database
from tests import crowd, dingtalk_api, sides, wecom_api
from tests.dingtalk_api import DingtalkApi
from tests.faults.figures import record, size
from tests.faults.test_broadcast import broadcast
from tests.feishu_api import FeishuApi, Refusal
from tests.test_kill import start, wait_for
from tests.wecom_api import WecomApi

KILLS = size(1, 20)
PLENTY = {"wecom": size(4000, 20_000), "dingtalk": size(1200, 5000), "feishu": size(2000, 10_000)}
IN_THE_AIR = {"wecom": 0, "dingtalk": 200, "feishu": 200}
"""How many may get it twice for each kill: the calls in the air; WeCom shows a call once that is repeated whole."""
ENVIRONMENT = {
    "TELEGRAM__ENABLED": "false",
    "QUIET_HOURS__START": "00:00",
    "QUIET_HOURS__END": "00:00",
    "QUIET_HOURS__DAYS_OFF": "false",
}


@dataclass
class Far:
    """A messenger's far side, in a loop of its own, which outlives every kill."""

    name: str
    api: Any
    environment: dict[str, str]

    def shown(self) -> Counter[str]:
        """Return how often each person was shown the announcement."""
        if isinstance(self.api, FeishuApi):
            return Counter(kept.to for kept in list(self.api.messages.values()))
        return Counter({user: len(phone) for user, phone in list(self.api.phones.items()) if phone})

    def floods(self) -> None:
        """Let some of the next calls be too many."""
        if isinstance(self.api, WecomApi):
            self.api.floods, self.api.flood_code = 2, 45033
        elif isinstance(self.api, DingtalkApi):
            told = {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "x"}
            self.api.refuses = [(400, told), (400, told)]
        else:
            flood = Refusal(99991400, 429, {"x-ogw-ratelimit-reset": "1"})
            self.api.refusals.extend([flood, flood])

    def falls_silent(self) -> None:
        """Let a call be taken, and never answered."""
        self.api.silent = 1


@contextmanager
def far_side(name: str) -> Iterator[Far]:
    """Serve a messenger's far side beside the test."""
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found: list[Far] = []
    make: dict[str, Callable[[], Any]] = {
        "wecom": wecom_api.wecom_side,
        "dingtalk": dingtalk_api.dingtalk_side,
        "feishu": sides.feishu_side,
    }
    given = {
        "wecom": wecom_api.environment,
        "dingtalk": dingtalk_api.environment,
        "feishu": sides.feishu_environment,
    }

    async def serve() -> None:
        async with make[name]() as (api, url):
            found.append(Far(name, api, {**ENVIRONMENT, **given[name](url)}))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


@pytest.fixture(params=["wecom", "dingtalk", "feishu"])
def far(request: pytest.FixtureRequest) -> Iterator[Far]:
    """Each messenger's far side in turn."""
    with far_side(request.param) as made:
        yield made


@dataclass
class Ground:
    """A company on one messenger, whose announcement is on its way."""

    far: Far
    url: str
    folder: Path
    database: Database
    number: int

    def sent(self) -> int:
        """Return how many have left, as far as the outbox knows."""
        return self.database.read_now(lambda c: campaign.counts(c, self.number)).get(outbox.SENT, 0)

    def start(self) -> Any:  # noqa: ANN401 - a process
        """Start the program."""
        environment = {f"DANGQUN_{name}": value for name, value in self.far.environment.items()}
        return start(self.url, "http://127.0.0.1:9", self.folder, **environment)


@pytest.fixture
def ground(far: Far, tmp_path: Path) -> Iterator[Ground]:
    """Have an announcement to everybody written."""
    url, people = f"sqlite:///{tmp_path / 'three.db'}", PLENTY[far.name]
    database = Database(url)
    migrate.upgrade(database.engine)
    database.write_now(lambda c: crowd.settle(c, people))
    database.write_now(lambda c: c.execute(update(address).values(messenger=far.name)))
    yield Ground(far, url, tmp_path, database, database.write_now(broadcast))
    database.close()


def ended(ground: Ground, process: Any, people: int) -> tuple[int, int]:  # noqa: ANN401 - a process
    """Wait for the end; returns (how many got nothing, how many once too often)."""
    wait_for(lambda: ground.sent() == people, 120)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    shown = ground.far.shown()
    return people - len(shown), shown.total() - len(shown)


def test_a_broadcast_survives_kills_in_the_air(ground: Ground) -> None:
    people, chance = PLENTY[ground.far.name], random.Random(7)  # noqa: S311 - when to kill is no secret
    if not isinstance(ground.far.api, FeishuApi):
        ground.far.api.slow = 0.06
    for kill in range(KILLS):
        before = ground.far.shown().total()
        process = ground.start()
        wait_for(lambda before=before: ground.far.shown().total() > before)  # type: ignore[misc]
        threading.Event().wait(chance.random() * 0.2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert ground.sent() < people, f"it ended before kill {kill + 1}"
    lost, doubles = ended(ground, ground.start(), people)
    assert lost == 0
    assert doubles <= KILLS * IN_THE_AIR[ground.far.name]
    record(
        f"群发中 kill -9（{ground.far.name}）· kill -9 while broadcasting by calls to many",
        f"{people:,} 人 people, {KILLS} 次 kills",
        f"丢 lost {lost}，重 doubled {doubles}",
        f"0；≤ {KILLS * IN_THE_AIR[ground.far.name]}",
    )


def test_a_broadcast_is_whole_after_floods_and_silence(ground: Ground) -> None:
    people = PLENTY[ground.far.name]
    ground.far.floods()
    process = ground.start()
    wait_for(lambda: ground.far.shown().total() > 0, 120)
    ground.far.falls_silent()
    lost, doubles = ended(ground, process, people)
    assert lost == 0
    assert doubles <= IN_THE_AIR[ground.far.name]
