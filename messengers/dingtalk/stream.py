"""DingTalk's Stream: a socket that we open, so that nobody needs to reach us. What is not acknowledged comes again."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

from domain.arrival import Ignored, MalformedUpdateError
from messengers.base import Doors, Raw, SendFailedError
from messengers.dingtalk import Section
from messengers.dingtalk.api import Api
from messengers.dingtalk.intake import stored
from messengers.dingtalk.receive import message, press

log = logging.getLogger(__name__)

MESSAGES, CARDS = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"
LARGEST = 1 << 20
BEAT = 30.0
"""Seconds between pings of our own: a line that is dead on one side is noticed."""
SHORTEST, LONGEST = 1.0, 60.0
"""Bounds of the pause before the next try, in seconds."""
GOOD = 60.0
"""A line that held so long was good: the next pause is short again."""
AT_ONCE = 64
"""Frames that are being kept at the same time; more wait in the socket."""


def ack(frame: dict[str, Any], data: object) -> dict[str, Any]:
    """Return what tells DingTalk that a frame was taken."""
    headers = frame.get("headers")
    number = headers.get("messageId") if isinstance(headers, dict) else None
    return {
        "code": 200,
        "headers": {"messageId": number, "contentType": "application/json"},
        "message": "OK",
        "data": json.dumps(data),
    }


class Stream:
    """The socket of one app."""

    def __init__(self, section: Section, doors: Doors, api: Api) -> None:
        """Open nothing yet."""
        self._section = section
        self._doors = doors
        self._api = api
        self._places = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Hold a socket open until cancelled."""
        pause = SHORTEST
        while True:
            begun, asked = time.monotonic(), 0.0
            try:
                wanted = await self._hold()
            except (SendFailedError, aiohttp.ClientError, TimeoutError, OSError, ValueError, LookupError) as error:
                why = error.why if isinstance(error, SendFailedError) else type(error).__name__
                log.warning("dingtalk: the stream is not open (%s); it is tried again", why)
                wanted, asked = False, getattr(error, "retry_after", None) or 0.0
            good = time.monotonic() - begun > GOOD
            if good:
                pause = SHORTEST
            # A gateway that goes down says so to everybody: who comes back at once again and again is shut out.
            if not (wanted and good):
                # Who asks before the time that he was given is left out for longer.
                await asyncio.sleep(asked + pause * random.uniform(0.5, 1.5))  # noqa: S311 - not all come at once
                pause = min(LONGEST, pause * 2)

    async def _hold(self) -> bool:
        """Open one socket and serve it to its end; True when DingTalk asked us to come again at once."""
        told = await self._api.open_stream((MESSAGES, CARDS))
        endpoint, ticket = str(told["endpoint"]), str(told["ticket"])
        parts = urlsplit(endpoint)
        if parts.scheme != "wss" and not (parts.scheme == "ws" and parts.hostname in {"127.0.0.1", "localhost"}):
            raise ValueError("no address of a safe socket")
        url = f"{endpoint}?ticket={quote(ticket, safe='')}"
        tasks: set[asyncio.Task[None]] = set()
        async with self._api.socket(url, heartbeat=BEAT, max_msg_size=LARGEST) as socket:
            log.info("dingtalk: the stream is open")
            try:
                async for came in socket:
                    if came.type is not aiohttp.WSMsgType.TEXT:
                        continue
                    frame = _read(came.data)
                    if frame is None:
                        continue
                    if frame.get("type") == "SYSTEM" and _topic(frame) == "disconnect":
                        return True
                    await self._places.acquire()
                    task = asyncio.create_task(self._serve(socket, frame))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
            finally:
                if tasks:
                    await asyncio.wait(tasks, timeout=5)
        return False

    async def _serve(self, socket: aiohttp.ClientWebSocketResponse, frame: dict[str, Any]) -> None:
        try:
            answer = await self.answer(frame)
            if answer is not None:
                await socket.send_str(json.dumps(ack(frame, answer)))
        except (ConnectionError, aiohttp.ClientError):
            log.info("dingtalk: the line went before something was acknowledged; it comes again")
        except Exception:
            log.exception("dingtalk: a frame could not be served; it comes again")
        finally:
            self._places.release()

    async def answer(self, frame: dict[str, Any]) -> object | None:
        """Take a frame and return what it is answered with; None: it is not taken, and comes again."""
        kind, topic = frame.get("type"), _topic(frame)
        data = _read(frame.get("data"))
        if kind == "SYSTEM":
            return data or {}
        if kind == "EVENT":
            return {"status": "SUCCESS"}
        try:
            found = _found(topic, data, frame)
        except MalformedUpdateError as error:
            log.warning("dingtalk: a frame can't be read: %s", error)
            found = Ignored("malformed")
        if self._doors.paused() or (isinstance(found, Raw) and not await stored(self._doors, found)):
            return None
        return {} if topic == CARDS else {"response": "OK"}


def _found(topic: str, data: object, frame: dict[str, Any]) -> Raw | Ignored:
    """Return what is kept of a callback's frame. Raises `MalformedUpdateError`."""
    if topic == MESSAGES:
        return message(data, time.time())
    if topic == CARDS:
        return press(data, str((frame.get("headers") or {}).get("messageId")))
    return Ignored("unknown")


def _topic(frame: dict[str, Any]) -> str:
    headers = frame.get("headers")
    return str(headers.get("topic", "")) if isinstance(headers, dict) else ""


def _read(words: object) -> dict[str, Any] | None:
    """Return an object that came as words; None for anything else."""
    try:
        found = json.loads(words) if isinstance(words, str) else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
