"""The way to a messenger is lost and found again: what waited leaves by itself, once, and the web noticed nothing."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot import breaker
from messengers.telegram import request
from storage import campaign, outbox
from tests.faults.figures import LONG, record, size
from tests.faults.test_limits import push, turns_of_the_web
from tests.running import eventually, far_side, free_socket, running
from tests.talk import Company

PEOPLE = size(20, 200)
OUTAGE = size(1.5, 90.0)
NAME = "bot.example"
real_getaddrinfo = socket.getaddrinfo


@dataclass
class Gate:
    """Stands before the far side. `way` is open, mute (takes connections, says nothing), shut or nameless."""

    far: str
    port: int
    way: str = "open"
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    server: asyncio.Server | None = None

    async def set(self, way: str) -> None:
        """Change the way, and end what was under way."""
        self.way = way
        for task in list(self.tasks):
            task.cancel()
        if way == "shut" and self.server is not None:
            self.server.close()
            self.server = None
        elif way != "shut" and self.server is None:
            self.server = await asyncio.start_server(self._take, "127.0.0.1", self.port)

    def look_up(self, host: str, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - the library's own signature
        """Answer for the DNS, which knows one name more unless it is away."""
        if host != NAME:
            return real_getaddrinfo(host, *rest, **more)
        if self.way == "nameless":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real_getaddrinfo("127.0.0.1", *rest, **more)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            if self.way == "mute":
                await asyncio.sleep(3600)
            there = urlsplit(self.far)
            far_in, far_out = await asyncio.open_connection(there.hostname, there.port)
            try:
                await asyncio.gather(_carry(reader, far_out), _carry(far_in, writer))
            finally:
                far_out.close()
        except (asyncio.CancelledError, ConnectionError):
            writer.transport.abort()
        finally:
            self.tasks.discard(task)
            writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def gate(far: str) -> AsyncIterator[Gate]:
    """Stand before the far side."""
    taken, port = free_socket()
    taken.close()
    standing = Gate(far, port)
    await standing.set("open")
    try:
        yield standing
    finally:
        await standing.set("shut")


@pytest.mark.parametrize("way", ["mute", "shut", "nameless"])
@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_what_waited_leaves_when_the_way_is_found_again(
    company: Company, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not LONG:
        monkeypatch.setattr(breaker, "FIRST", 0.2)
        monkeypatch.setattr(breaker, "LONGEST", 0.8)
    monkeypatch.setattr(request, "READ", size(0.4, 5.0))
    async with far_side() as (api, far), gate(far) as standing:
        monkeypatch.setattr(socket, "getaddrinfo", standing.look_up)
        if way == "nameless":
            # Before the start: a name that was found is remembered for a while.
            await standing.set(way)
        async with running(company, TELEGRAM__API_BASE=f"http://{NAME}:{standing.port}") as run:
            if way != "nameless":
                first = push(run, company, "一切正常", range(4000, 4001))
                await eventually(lambda: run.read(lambda c: campaign.counts(c, first)) == {outbox.SENT: 1})
                await standing.set(way)
            number = push(run, company, "周五停电检修", range(5000, 5000 + PEOPLE))
            slowest = await turns_of_the_web(run, company, OUTAGE)
            assert outbox.SENT not in run.read(lambda c: campaign.counts(c, number))
            await standing.set("open")
            begun = time.monotonic()

            def ended() -> Counter[str] | None:
                found = Counter(run.read(lambda c: campaign.counts(c, number)))
                return found if found[outbox.SENT] + found[outbox.UNKNOWN] == PEOPLE else None

            counts = await eventually(ended, size(20.0, 120.0))
            seconds = time.monotonic() - begun
    shown = Counter(seen.chat for seen in api.seen if seen.chat >= 5000)
    assert counts is not None
    unknown = counts[outbox.UNKNOWN]
    assert set(shown.values()) == {1}
    assert len(shown) == counts[outbox.SENT] == PEOPLE - unknown
    # Only of what was taken without a word nobody knows; of what could not even leave everybody knows.
    assert unknown == 0 if way != "mute" else unknown < PEOPLE
    assert slowest < 1
    record(
        f"Telegram 断了又通（{way}）· the way is lost and found again",
        f"{PEOPLE} 人 people，断 {OUTAGE} s",
        f"通后 {seconds:.1f} s 办完，重 doubled 0，不确定 unknown {unknown}，网页最慢 web {slowest * 1000:.0f} ms",
        "丢 lost 0，重 doubled 0；web < 1 s",
    )
