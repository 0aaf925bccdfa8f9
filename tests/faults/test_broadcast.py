"""kill -9, again and again, in the middle of a broadcast: nobody is missed, hardly anybody gets it twice."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import urllib.request
from collections import Counter
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, update

from domain.organisation import Organisation, QuietHours
from domain.push import Audience
from domain.reply import Reply, text
from messengers.web import security
from services import post
from services.work import Work
from storage import campaign, migrate, outbox, stretch
from storage.address import address
from storage.engine import Database
from tests import crowd
from tests.faults.figures import record, size
from tests.postgres import Server
from tests.running import Page, new_token
from tests.test_kill import far_side, free_port, start, wait_for

KILLS = size(4, 50)
PEOPLE = size(2000, 10_000)
"""On each messenger."""
BATCH = 25
"""In the air when a process dies: so many may arrive twice where the messenger takes no key."""
ORGANISATION = Organisation("江河集团", ZoneInfo("Asia/Shanghai"), quiet=QuietHours(time(0), time(0), days_off=False))
ENVIRONMENT = {
    "DANGQUN_TELEGRAM__PER_SECOND": "400",
    "DANGQUN_QUIET_HOURS__START": "00:00",
    "DANGQUN_QUIET_HOURS__END": "00:00",
    "DANGQUN_QUIET_HOURS__DAYS_OFF": "false",
}
__all__ = ["far_side"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database on a disk, in which everybody is bound."""
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path / 'broadcast.db'}"
    else:
        postgres: Server = request.getfixturevalue("postgres")
        made = postgres.create("broadcast")
    database = Database(made)
    migrate.upgrade(database.engine)
    database.write_now(lambda c: crowd.settle(c, 2 * PEOPLE, web=PEOPLE))
    database.close()
    return made


def broadcast(connection: Connection) -> int:
    """Announce something to everybody."""
    work = Work(connection, ORGANISATION, datetime.now(UTC))
    posted = post.push(work, Audience("/"), "announcement", lambda _voice: Reply((text("周五停电检修"),)))
    assert posted.campaign is not None
    return posted.campaign


async def history(port: int, token: str) -> list[str]:
    """Return what a browser shows that is opened afterwards."""
    import aiohttp  # noqa: PLC0415 - beside its use

    async with aiohttp.ClientSession() as session, session.ws_connect(f"http://127.0.0.1:{port}/chat/socket") as socket:
        await socket.send_str(json.dumps({"token": token, "last": 0}))
        page = Page(socket, token)
        hearing = asyncio.create_task(page.hear())
        await asyncio.sleep(1)
        hearing.cancel()
    return [json.dumps(one, ensure_ascii=False) for one in page.shown.values()]


@pytest.mark.parametrize("url", size(["sqlite"], ["sqlite", "postgresql"]), indirect=True)
def test_a_broadcast_survives_any_number_of_kills(url: str, far_side: str, tmp_path: Path) -> None:
    database, chance = Database(url), random.Random(7)  # noqa: S311 - when to kill is no secret
    token = new_token()
    own = update(address).where(address.c.member_id == 2 * PEOPLE).values(account=security.account_of(token))
    database.write_now(lambda c: c.execute(own))
    number = database.write_now(broadcast)
    assert database.read_now(lambda c: stretch.left(c, number)) >= 2

    def sent() -> int:
        return database.read_now(lambda c: campaign.counts(c, number)).get(outbox.SENT, 0)

    for kill in range(KILLS):
        process = start(url, far_side, tmp_path, **ENVIRONMENT)
        enough = sent() + chance.randrange(10, PEOPLE * 2 // (KILLS + 4))
        wait_for(lambda enough=enough: sent() >= enough)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert sent() < 2 * PEOPLE, f"it ended before kill {kill + 1}"
    port = free_port()
    process = start(url, far_side, tmp_path, **ENVIRONMENT, DANGQUN_WEB__PORT=str(port))
    wait_for(lambda: sent() == 2 * PEOPLE, 120)
    shown = asyncio.run(history(port, token))
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0

    assert database.read_now(lambda c: (stretch.left(c, number), campaign.counts(c, number))) == (
        0,
        {outbox.SENT: 2 * PEOPLE},
    )
    seen = json.load(urllib.request.urlopen(f"{far_side}/control/seen"))["seen"]  # noqa: S310 - our own server
    chats = Counter(one["chat"] for one in seen)
    lost, doubles = PEOPLE - len(chats), sum(chats.values()) - len(chats)
    assert lost == 0
    assert doubles <= KILLS * BATCH
    assert sum("停电检修" in one for one in shown) == 1
    kind = "PostgreSQL" if "postgres" in url else "SQLite"
    record(
        f"群发中 kill -9（{kind}，Telegram 与网页）· kill -9 while broadcasting",
        f"2 × {PEOPLE:,} 人 people, {KILLS} 次 kills",
        f"丢 lost {lost}，重 doubled Telegram {doubles}，网页 web 0",
        f"0；Telegram ≤ {KILLS * BATCH}，有键者 keyed 0",
    )
    database.close()
