"""Telegram's side of the network for benchmarks, over bare sockets: it brings webhooks and takes what bots send.

One process plays both parts, as Telegram does, so that a turn's end is seen on the spot: the webhook is answered and
its message has arrived. It is plain protocols, because a framework here would take the time that is measured.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

SECRET = "benchmark-benchmark-benchmark-benchmark"  # noqa: S105 - nobody's
HEADER = "X-Telegram-Bot-Api-Secret-Token"
PATH = "/hooks/benchmark"
PATIENCE = 60.0

_ME = {"id": 1, "is_bot": True, "first_name": "b", "username": "b"}


def _message(chat: int) -> dict[str, Any]:
    return {"message_id": 7, "date": 1_790_000_000, "chat": {"id": chat, "type": "private"}, "text": "x"}


class _Http(asyncio.Protocol):
    """HTTP/1.1 messages with a Content-Length, one after another."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Cut the stream into messages."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            lower = head.lower()
            at = lower.find(b"content-length:")
            length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            assert b"transfer-encoding" not in lower, "only plain bodies are understood here"
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            self.took(head, body)

    def took(self, head: bytes, body: bytes) -> None:
        """Do something with a message."""
        raise NotImplementedError


class Api:
    """The Bot API: answers everything, and knows which chat was sent how much."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        self.sent: Counter[int] = Counter()
        self.waiting: dict[int, asyncio.Future[None]] = {}
        self.url = ""
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen on a free port of loopback."""
        self._server = await asyncio.get_running_loop().create_server(lambda: _Bot(self), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    def expect(self, chat: int) -> asyncio.Future[None]:
        """Return what is done when this chat was sent something."""
        self.waiting[chat] = future = asyncio.get_running_loop().create_future()
        return future

    def answer(self, method: str, body: bytes) -> object:
        """Answer a call."""
        if method == "getMe":
            return _ME
        if method != "sendMessage":
            return True
        given = json.loads(body) if body[:1] == b"{" else {k: v[0] for k, v in parse_qs(body.decode()).items()}
        chat = int(given["chat_id"])
        self.sent[chat] += 1
        future = self.waiting.pop(chat, None)
        if future is not None:
            future.set_result(None)
        return _message(chat)


class _Bot(_Http):
    """A bot's connection to the API."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self._api = api

    def took(self, head: bytes, body: bytes) -> None:
        """Answer one call."""
        method = head.split(b" ", 2)[1].rpartition(b"/")[2].decode()
        said = json.dumps({"ok": True, "result": self._api.answer(method, body)}).encode()
        assert self.transport is not None
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said)
        )


class _Hook(_Http):
    """One connection that brings webhooks."""

    def __init__(self) -> None:
        super().__init__()
        self.answered: asyncio.Future[bytes] | None = None

    def took(self, head: bytes, _body: bytes) -> None:
        """Take the status."""
        assert self.answered is not None
        self.answered.set_result(head.split(b" ", 2)[1])

    async def bring(self, body: bytes) -> None:
        """Bring one update; returns when it was answered with 200."""
        assert self.transport is not None
        self.answered = asyncio.get_running_loop().create_future()
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{HEADER}: {SECRET}\r\n"
        self.transport.write(head.encode() + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        status = await self.answered
        assert status == b"200", status


def update(number: int) -> dict[str, Any]:
    """Return the raw update of one person's check-in."""
    someone = {"id": number, "is_bot": False, "first_name": "u", "language_code": "zh-hans"}
    chat = {"id": number, "type": "private", "first_name": "u"}
    return {
        "update_id": number,
        "message": {"message_id": number, "date": int(time.time()), "chat": chat, "from": someone, "text": "签到"},
    }


async def block(api: Api, ports: Sequence[int], numbers: Sequence[int], at_once: int) -> tuple[float, list[float]]:
    """Bring these people's check-ins, so many at once, round about the ports.

    Returns (turns a second, milliseconds of each from the webhook's first byte to the message's arrival).
    """
    loop = asyncio.get_running_loop()
    hooks = [[(await loop.create_connection(_Hook, "127.0.0.1", port))[1] for port in ports] for _ in range(at_once)]
    waiting, took = iter([(n, json.dumps(update(n)).encode()) for n in numbers]), []

    async def worker(own: list[_Hook]) -> None:
        for turn, (number, body) in enumerate(waiting):
            begun = time.perf_counter()
            arrived = api.expect(number)
            await own[turn % len(own)].bring(body)
            await asyncio.wait_for(arrived, PATIENCE)
            took.append((time.perf_counter() - begun) * 1000)

    begun = time.perf_counter()
    await asyncio.gather(*(worker(own) for own in hooks))
    rate = len(numbers) / (time.perf_counter() - begun)
    for own in hooks:
        for hook in own:
            assert hook.transport is not None
            hook.transport.close()
    return rate, took
