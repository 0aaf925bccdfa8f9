"""nginx before the processes, as deploy/ has it: it accepts the files, and the bot is served through it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import aiohttp
import pytest
from aiohttp import web

from messengers.web import security
from storage import address, pause
from storage.engine import Database
from tests.company import MONDAY_MORNING
from tests.running import PATIENCE, new_token
from tests.test_deploy import DEPLOY
from tests.test_kill import far_side, free_port, start, url, wait_for

__all__ = ["far_side", "url"]
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx on this machine: apt-get install nginx-light")
SECRET = "a" * 40


def write_files(folder: Path, upstream: str, changes: dict[str, str]) -> Path:
    """Copy the site and an upstream file into a whole configuration; `changes`: what is rewritten in them."""
    for name in ("nginx.conf", upstream):
        words = (DEPLOY / name).read_text(encoding="utf-8")
        for before, after in changes.items():
            words = words.replace(before, after)
        (folder / f"site.{name}").write_text(words, encoding="utf-8")
    # As root the workers would be somebody who may not look into this folder.
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = (
        f"{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log; "
        f"events {{}} http {{ access_log off; {temporary} include {folder}/site.*; }}"
    )
    (folder / "whole.conf").write_text(whole, encoding="utf-8")
    return folder / "whole.conf"


def command(configuration: Path, *more: str) -> list[str]:
    """Return how nginx is called."""
    return [str(NGINX), "-e", "stderr", "-p", str(configuration.parent), "-c", str(configuration), *more]


@contextmanager
def proxy(folder: Path, upstream: str, changes: dict[str, str]) -> Iterator[str]:
    """Run nginx on a free port; yields its address."""
    port = free_port()
    configuration = write_files(folder, upstream, {"listen 8080": f"listen 127.0.0.1:{port}", **changes})
    with subprocess.Popen(command(configuration)) as process:

        def listens() -> bool:
            with socket.socket() as trying:
                return trying.connect_ex(("127.0.0.1", port)) == 0

        try:
            wait_for(listens, 10)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def status_of(address_: str) -> int:
    """Ask for a page; returns its status, 0 when nobody answers."""
    try:
        return int(urllib.request.urlopen(address_, timeout=10).status)  # noqa: S310 - our own server
    except HTTPError as error:
        return error.code
    except (URLError, OSError):
        return 0


@pytest.mark.parametrize("upstream", ["upstream.systemd.conf", "upstream.compose.conf"])
def test_nginx_accepts_the_files(tmp_path: Path, upstream: str) -> None:
    configuration = write_files(tmp_path, upstream, {})
    found = subprocess.run(command(configuration, "-t"), capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert "[warn]" not in found.stderr


def bind_both(database: Database, token: str) -> None:
    """Let person 1 of the crowd have this browser too."""

    def bind(connection: Any) -> None:  # noqa: ANN401 - sqlalchemy.Connection
        account = str(security.account_of(token))
        address.meet(connection, "web", account, account, "zh", MONDAY_MORNING)
        here, there = (address.caller(connection, *who) for who in (("web", account), ("telegram", "1")))
        assert here is not None
        assert there is not None
        assert there.person is not None
        address.bind(connection, here.address_id, there.person.id, MONDAY_MORNING)

    database.write_now(bind)


def telegram(number: int) -> dict[str, Any]:
    """Return a check-in as Telegram brings it."""
    someone = {"id": 2, "is_bot": False, "first_name": "x", "language_code": "zh"}
    chat = {"id": 2, "type": "private"}
    message = {"message_id": number, "date": 1_790_000_000, "chat": chat, "from": someone, "text": "签到"}
    return {"update_id": number, "message": message}


async def hears(socket_: aiohttp.ClientWebSocketResponse, words: str) -> None:
    """Wait until a page is told this."""
    async with asyncio.timeout(PATIENCE):
        async for message in socket_:
            if words in str(message.json()):
                return
    raise AssertionError(f"the page was never told {words}")


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_three_processes_on_one_database_are_served_through_it(url: str, far_side: str, tmp_path: Path) -> None:
    database, token = Database(url), new_token()
    bind_both(database, token)
    ports = [free_port() for _ in range(3)]
    changes = {f"127.0.0.1:{8081 + place}": f"127.0.0.1:{port}" for place, port in enumerate(ports)}
    with proxy(tmp_path, "upstream.systemd.conf", changes) as front:
        more = {
            "DANGQUN_TELEGRAM__MODE": "webhook",
            "DANGQUN_TELEGRAM__WEBHOOK_URL": f"{front}/hooks/telegram-4f1c",
            "DANGQUN_TELEGRAM__WEBHOOK_SECRET": SECRET,
            "DANGQUN_WEB__BASE_URL": front,
        }
        running = [start(url, far_side, tmp_path, DANGQUN_WEB__PORT=str(port), **more) for port in ports]
        try:
            for port in ports:
                await asyncio.to_thread(
                    wait_for,
                    lambda port=port: status_of(f"http://127.0.0.1:{port}/healthz") == 200,  # type: ignore[misc]
                )
            await chats(front, token, far_side)
            await is_paused_politely(front, database)
            # One goes home and comes back, as in an upgrade: nobody is turned away meanwhile.
            running[0].send_signal(signal.SIGTERM)
            while running[0].poll() is None:
                assert await asyncio.to_thread(status_of, f"{front}/chat/") == 200
            assert [await asyncio.to_thread(status_of, f"{front}/chat/") for _ in range(12)] == [200] * 12
        finally:
            for process in running:
                process.terminate()
            assert [await asyncio.to_thread(process.wait, 40) for process in running] == [0, 0, 0]
    database.close()


async def is_paused_politely(front: str, database: Database) -> None:
    """Let every process refuse webhooks: nginx must not take them for dead, the page says what is the matter."""
    database.write_now(lambda c: pause.begin(c, pause.RESTORED, datetime.now(UTC)))
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with aiohttp.ClientSession() as session:

        async def brings(number: int) -> int:
            async with session.post(f"{front}/hooks/telegram-4f1c", json=telegram(number), headers=headers) as answer:
                return answer.status

        # Each process looks by itself; six in a row is twice around.
        refusals = 0
        for number in range(100, 400):
            refusals = refusals + 1 if await brings(number) == 503 else 0
            if refusals == 6:
                break
            await asyncio.sleep(0.1)
        assert refusals == 6
        assert [await asyncio.to_thread(status_of, f"{front}/chat/labels") for _ in range(6)] == [200] * 6
        assert {await brings(number) for number in range(500, 506)} == {503}
    database.write_now(pause.end)


async def chats(front: str, token: str, far: str) -> None:
    """Open the page, check in on it, bring a file and a webhook, all through nginx."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{front}/chat/") as answer:
            assert answer.status == 200
            assert "chat.js" in await answer.text()
        origin = {"Origin": front}
        async with session.ws_connect(f"{front}/chat/socket", headers=origin) as socket_:
            await socket_.send_json({"token": token, "last": 0})
            await socket_.send_json({"id": "one", "kind": "text", "text": "签到"})
            await hears(socket_, "签到成功")
        large = b"%PDF-1.7 " + b"x" * (19 << 20)
        headers = {"Authorization": f"Bearer {token}", **origin}
        async with session.post(f"{front}/chat/upload?name=a.pdf", data=large, headers=headers) as answer:
            assert answer.status == 200
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        async with session.post(f"{front}/hooks/telegram-4f1c", json=telegram(7), headers=headers) as answer:
            assert answer.status == 200
        until = asyncio.get_running_loop().time() + PATIENCE
        while True:
            async with session.get(f"{far}/control/seen") as answer:
                if "签到成功" in json.dumps(await answer.json(), ensure_ascii=False):
                    return
            assert asyncio.get_running_loop().time() < until
            await asyncio.sleep(0.1)


class Names(asyncio.DatagramProtocol):
    """A name server that knows one name, as Docker's does."""

    def __init__(self) -> None:
        """Know nobody yet."""
        self.at = ""
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - the base class's
        self.transport = transport

    def datagram_received(self, data: bytes, who: Any) -> None:  # noqa: ANN401 - the base class's
        end = data.index(b"\0", 12) + 5
        head = data[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
        record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04" + socket.inet_aton(self.at)
        self.transport.sendto(head + data[12:end] + record, who)


@asynccontextmanager
async def container(host: str, port: int) -> AsyncIterator[None]:
    """Something that says on which address it was reached."""

    async def say(request: web.Request) -> web.Response:
        return web.json_response(
            {"at": host, "host": request.headers["Host"], "for": request.headers["X-Forwarded-For"]}
        )

    application = web.Application()
    application.add_routes([web.get("/", say)])
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def test_a_container_that_is_made_anew_is_found_at_its_new_address(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    transport, names = await loop.create_datagram_endpoint(Names, ("127.0.0.1", 0))
    at, port = f"127.0.0.1:{transport.get_extra_info('sockname')[1]}", free_port()
    changes = {"127.0.0.11 valid=5s": f"{at} valid=1s", "dangqun:8080": f"dangqun:{port}"}
    assert all(one in (DEPLOY / "upstream.compose.conf").read_text(encoding="utf-8") for one in changes)

    async def told(front: str) -> dict[str, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(front, headers={"X-Forwarded-For": "1.1.1.1"}) as found,
        ):
            if found.status != 200:
                return {}
            said: dict[str, str] = await found.json()
            return said

    names.at = "127.0.0.2"
    with proxy(tmp_path, "upstream.compose.conf", changes) as front:
        async with container("127.0.0.2", port):
            assert await told(front) == {"at": "127.0.0.2", "host": front.removeprefix("http://"), "for": "127.0.0.1"}
        async with container("127.0.0.3", port):
            names.at = "127.0.0.3"
            for _ in range(50):
                found = await told(front)
                if found.get("at") == "127.0.0.3":
                    break
                await asyncio.sleep(0.2)
            assert found.get("at") == "127.0.0.3"
    transport.close()
