"""The long connection: opened with the app's secret; events are stored, and only then acknowledged."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from domain.arrival import MalformedUpdateError
from messengers.base import Doors, PausedError, Raw, SendFailedError
from messengers.feishu.frame import CONTROL, DATA, Frame, FrameError, Pieces, dump, load
from messengers.feishu.intake import WITHIN
from messengers.feishu.receive import parsed, read

log = logging.getLogger(__name__)

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
PING_SECONDS = 120.0
CONNECT_SECONDS = 15.0
LARGEST_FRAME = 1 << 20
AT_ONCE = 32
"""Events being stored at the same time; what comes beyond waits in the socket."""
SILENCE = 2.5
"""So many ping intervals without a word mean that the connection is dead."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect, and how often to ping."""

    url: str
    service: int
    ping: float


def endpoint(told: Mapping[str, Any]) -> Endpoint:
    """Read the answer of `callback/ws/endpoint`. Raises `SendFailedError`."""
    try:
        data = told["data"]
        url = str(data["URL"])
        service = parse_qs(urlsplit(url).query).get("service_id", ["0"])[0]
        ping = float((data.get("ClientConfig") or {}).get("PingInterval") or PING_SECONDS)
        found = Endpoint(url, int(service), _interval(ping))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise SendFailedError(f"callback/ws/endpoint: {type(error).__name__}") from None
    if not url.startswith(("wss://", "ws://127.0.0.1", "ws://localhost")):
        raise SendFailedError("callback/ws/endpoint: no secure address")
    return found


def _interval(seconds: float) -> float:
    return min(600.0, max(1.0, seconds)) if seconds == seconds else PING_SECONDS  # noqa: PLR0124 - NaN is not itself


class Connection:
    """Holds one connection at a time."""

    def __init__(
        self, app_id: str, doors: Doors, ask: Callable[[], Awaitable[Mapping[str, Any]]], me: Callable[[], str]
    ) -> None:
        """`ask` opens an endpoint; `me` tells the bot's own open_id, as far as it is known."""
        self._app_id = app_id
        self._doors = doors
        self._ask = ask
        self._me = me
        self._chance = random.Random()  # noqa: S311 - jitter
        self._pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def run(self) -> None:
        """Stay connected until cancelled."""
        failures = 0
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_connect=5)) as session:
            while True:
                begun = time.monotonic()
                try:
                    if not self._doors.paused():
                        await self._once(session, endpoint(await self._ask()))
                except (SendFailedError, aiohttp.ClientError, OSError, TimeoutError) as error:
                    log.warning("feishu: no connection: %s", getattr(error, "why", type(error).__name__))
                except Exception:
                    log.exception("feishu: the connection broke")
                # A connection that held for a while was a good one: the next try comes soon.
                failures = 0 if time.monotonic() - begun > LONGEST_PAUSE else failures + 1
                pause = min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** min(failures, 7) / 2)
                await self._pause(min(LONGEST_PAUSE, max(SHORTEST_PAUSE, pause * (0.5 + self._chance.random()))))

    async def _once(self, session: aiohttp.ClientSession, place: Endpoint) -> None:
        async with asyncio.timeout(CONNECT_SECONDS):
            socket = await session.ws_connect(place.url, max_msg_size=LARGEST_FRAME)
        async with socket:
            log.info("feishu: connected")
            await Visit(socket, place, self).hold()

    async def take(self, body: bytes) -> int:
        """Store one event; returns the code that it is answered: 500 has it brought again."""
        try:
            found = read(parsed(body), self._app_id, self._me())
        except MalformedUpdateError as error:
            log.warning("feishu: an event can't be read, and is not kept: %s", str(error)[:80])
            return 200
        if not isinstance(found, Raw):
            return 200
        try:
            await self._doors.accept("feishu", [found], within=WITHIN)
        except PausedError:
            return 500
        except Exception:
            log.exception("feishu: an event could not be stored; Feishu brings it again")
            return 500
        return 200

    def paused(self) -> bool:
        """Whether this copy is paused: then the connection is let go."""
        return self._doors.paused()


class Visit:
    """One connection, from its opening to its end."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, place: Endpoint, connection: Connection) -> None:
        """Take over an open socket."""
        self._socket = socket
        self._place = place
        self._ping = place.ping
        self._connection = connection
        self._pieces = Pieces()
        self._free = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    async def hold(self) -> None:
        """Read until the socket ends, falls silent, or this copy is paused."""
        pinging = asyncio.create_task(self._keep_pinging())
        try:
            while not self._connection.paused():
                got = await asyncio.wait_for(self._socket.receive(), self._ping * SILENCE)
                if got.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING}:
                    return
                if got.type is aiohttp.WSMsgType.ERROR:
                    raise aiohttp.ClientError("the socket broke")
                if got.type is aiohttp.WSMsgType.BINARY:
                    await self._hear(got.data)
            await self._socket.close()
        finally:
            pinging.cancel()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(pinging, *self._tasks, return_exceptions=True)

    async def _keep_pinging(self) -> None:
        while True:
            await self._socket.send_bytes(dump(Frame(self._place.service, CONTROL, headers=(("type", "ping"),))))
            await asyncio.sleep(self._ping)

    async def _hear(self, raw: bytes) -> None:
        try:
            frame = load(raw)
            if frame.method == CONTROL:
                self._settle(frame)
                return
            body = self._pieces.join(frame, time.monotonic())
        except FrameError as error:
            log.warning("feishu: a frame can't be read: %s", error)
            return
        if frame.method != DATA or body is None:
            return
        await self._free.acquire()
        task = asyncio.create_task(self._serve(frame, body))
        self._tasks.add(task)
        task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._free.release()

    def _settle(self, frame: Frame) -> None:
        """Take the interval that a pong brings."""
        if frame.header("type") != "pong" or not frame.payload:
            return
        try:
            ping = float(parsed(frame.payload).get("PingInterval") or self._ping)
        except (MalformedUpdateError, TypeError, ValueError):
            return
        self._ping = _interval(ping)

    async def _serve(self, frame: Frame, body: bytes) -> None:
        begun = time.monotonic()
        code = 200
        if frame.header("type") in {"event", "card"}:
            code = await self._connection.take(body)
        payload = json.dumps({"code": code, "data": base64.b64encode(b"{}").decode()}).encode()
        answer = frame.answered(payload, int((time.monotonic() - begun) * 1000))
        try:
            await self._socket.send_bytes(dump(answer))
        except (aiohttp.ClientError, OSError) as error:
            log.warning("feishu: an answer did not get out: %s", type(error).__name__)
