"""The whole program in this process, on loopback, with the test enterprise and a Bot API at the far side."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import aiohttp
from aiohttp import web
from sqlalchemy import Connection, select

from bot.app import App
from bot.config import load
from messengers.web import security
from storage import address, inbox, lease, schedule
from storage.engine import Database
from tests.botapi import TOKEN, BotApi
from tests.company import MONDAY_MORNING, Roll
from tests.talk import Company

T = TypeVar("T")
PATIENCE = 15.0
KEY = bytes.fromhex("5a" * 32)


async def eventually(look: Callable[[], T], patience: float = PATIENCE) -> T:
    """Wait until something is true, and return it; fails with what it was last."""
    until = asyncio.get_running_loop().time() + patience
    while True:
        found = look()
        if found:
            return found
        if asyncio.get_running_loop().time() > until:
            raise AssertionError(f"it never came: {found!r}")
        await asyncio.sleep(0.01)


def free_socket() -> tuple[socket.socket, int]:
    """Return a listening socket on a free port of loopback."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen(64)
    taken.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return taken, taken.getsockname()[1]


@dataclass
class Running:
    """The program, and the far side."""

    app: App
    api: BotApi
    url: str

    def read(self, work: Callable[[Connection], T]) -> T:
        """Look something up."""
        return self.app.database.read_now(work)

    def states(self) -> dict[str, int]:
        """Return how many updates stand in each state."""
        found: Counter[str] = Counter()
        for (_, state), count in self.read(inbox.counts).items():
            found[state] += count
        return found


@asynccontextmanager
async def far_side() -> AsyncIterator[tuple[BotApi, str]]:
    """Serve a Bot API; yields it and its address."""
    api = BotApi()
    runner = web.AppRunner(api.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    taken, port = free_socket()
    await web.SockSite(runner, taken).start()
    try:
        yield api, f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def bind_telegram(database: Database, roll: Roll, users: dict[int, str]) -> None:
    """Bind Telegram accounts to people of the test enterprise."""

    def bind(connection: Connection) -> None:
        for user, nickname in users.items():
            address.meet(connection, "telegram", str(user), str(user), "zh", MONDAY_MORNING)
            caller = address.caller(connection, "telegram", str(user))
            assert caller is not None
            address.bind(connection, caller.address_id, roll.people[nickname], MONDAY_MORNING)

    database.write_now(bind)


def let_rest(connection: Connection) -> None:
    """Let nothing fall due by itself: else it would hang on the hour of the day what a test finds on a phone."""
    connection.execute(schedule.schedule.update().values(next_due=datetime.now(UTC) + timedelta(days=365)))


def age(connection: Connection, by: timedelta) -> None:
    """Let so much time pass for every lease; a negative one sets the clock back, whoever's clock it is."""
    for name, until in connection.execute(select(lease.lease.c.name, lease.lease.c.until)).all():
        connection.execute(lease.lease.update().where(lease.lease.c.name == name).values(until=until - by))


@asynccontextmanager
async def running(
    company: Company, *, telegram: bool = True, users: dict[int, str] | None = None, **settings: str
) -> AsyncIterator[Running]:
    """Run the program. `settings`: more of the environment; `{url}` in them is our own address."""
    database = Database(company.database.engine.url.render_as_string(hide_password=False))
    database.write_now(let_rest)
    bind_telegram(database, company.roll, users or {})
    async with far_side() as (api, far):
        taken, port = free_socket()
        url = f"http://127.0.0.1:{port}"
        journal = tempfile.TemporaryDirectory(prefix="journal-")
        environment = {
            "DANGQUN_DATABASE__JOURNAL": journal.name,
            "DANGQUN_BACKUP__FOLDER": f"{journal.name}/backup",
            "DANGQUN_ORGANISATION__NAME": "江河集团",
            "DANGQUN_TELEGRAM__ENABLED": str(telegram).lower(),
            "DANGQUN_TELEGRAM__TOKEN": TOKEN,
            "DANGQUN_TELEGRAM__API_BASE": far,
            "DANGQUN_QUIET_HOURS__START": "00:00",
            "DANGQUN_QUIET_HOURS__END": "00:00",
            "DANGQUN_QUIET_HOURS__DAYS_OFF": "false",
            **{f"DANGQUN_{name}": value.replace("{url}", url) for name, value in settings.items()},
        }
        settings_read = load(None, environment)
        app = App(settings_read, database, KEY, settings_read.web.base_url or url)
        try:
            await app.start([taken])
            yield Running(app, api, url)
        finally:
            await app.stop()
            journal.cleanup()


@dataclass
class Page:
    """A browser's page, without a browser: the socket and what the page would show."""

    socket: aiohttp.ClientWebSocketResponse
    token: str
    shown: dict[int, dict[str, Any]] = field(default_factory=dict)
    own: list[str] = field(default_factory=list)
    acks: list[str] = field(default_factory=list)
    nacks: list[dict[str, Any]] = field(default_factory=list)

    @property
    def account(self) -> str:
        """The account behind the token."""
        return str(security.account_of(self.token))

    async def hear(self) -> None:
        """Take frames for ever."""
        async for message in self.socket:
            self.take(json.loads(message.data))

    def take(self, frame: dict[str, Any]) -> None:
        """Take one frame as the page does."""
        for item in frame.get("replay", ()):
            self.take(item)
        if "letter" in frame:
            self.shown[frame["letter"]] = frame
        elif "own" in frame:
            self.own.append(frame["said"])
        elif "ack" in frame:
            self.acks.append(frame["ack"])
        elif "nack" in frame:
            self.nacks.append(frame)

    @property
    def words(self) -> str:
        """Everything on the page."""
        return json.dumps(list(self.shown.values()), ensure_ascii=False)

    async def say(self, text: str, key: str | None = None) -> str:
        """Say something; returns its id."""
        key = key or secrets.token_hex(8)
        await self.socket.send_str(json.dumps({"id": key, "kind": "text", "text": text}))
        return key


def new_token() -> str:
    """Return a browser's secret."""
    return secrets.token_urlsafe(32)


@asynccontextmanager
async def page(run: Running, token: str, last: int = 0, **headers: str) -> AsyncIterator[Page]:
    """Open the chat page of a browser with this secret."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{run.url}/chat/socket", headers=headers) as socket_,
    ):
        await socket_.send_str(json.dumps({"token": token, "last": last}))
        opened = Page(socket_, token)
        hearing = asyncio.create_task(opened.hear())
        try:
            yield opened
        finally:
            hearing.cancel()


def bind_web(company: Company, token: str, nickname: str) -> None:
    """Bind a browser to a person of the test enterprise."""

    def bind(connection: Connection) -> None:
        account = str(security.account_of(token))
        address.meet(connection, "web", account, account, "zh", MONDAY_MORNING)
        caller = address.caller(connection, "web", account)
        assert caller is not None
        address.bind(connection, caller.address_id, company.roll.people[nickname], MONDAY_MORNING)

    company.write(bind)
