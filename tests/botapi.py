"""A small Bot API server on loopback: offset redelivery, flood answers, blocked users, files, time-outs after delivery.

`python -m tests.botapi --port N` runs it as a process of its own, with `/control/…` to queue updates and read what
chats saw, for tests that kill the program.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "123456789:AAtesttesttesttesttesttesttesttest0"
ME = {"id": 4242, "is_bot": True, "first_name": "党群助手", "username": "dangqun_test_bot"}


@dataclass(slots=True)
class Seen:
    """Something that a chat was shown."""

    method: str
    chat: int
    text: str
    at: float
    message: int
    data: dict[str, Any]


@dataclass
class BotApi:
    """The far side of the network."""

    updates: deque[Any] = field(default_factory=deque)
    seen: list[Seen] = field(default_factory=list)
    refusals: deque[tuple[int, dict[str, Any]]] = field(default_factory=deque)
    """(status, extra) for the next sends: 429 with retry_after, 403, 400."""
    blocked: set[int] = field(default_factory=set)
    silent: int = 0
    """So many of the next sends are delivered, but the answer never comes."""
    flood_each: int = 0
    """Each so-manieth send is answered 429, as long as there are waits left in `floods`."""
    floods: deque[int] = field(default_factory=deque)
    held: list[tuple[float, int]] = field(default_factory=list)
    """When it answered 429, and for how many seconds it wanted to be left alone."""
    sends: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    confirmed: int = 0
    _number: int = 100
    update_number: int = 1
    _waiting: asyncio.Event = field(default_factory=asyncio.Event)

    def application(self) -> web.Application:
        """Return the server."""
        app = web.Application(client_max_size=64 << 20)
        app.add_routes(
            [
                web.route("*", "/bot{token}/{method}", self._call),
                web.get("/file/bot{token}/{path:.*}", self._file),
                web.post("/control/updates", self._queue),
                web.get("/control/seen", self._tell),
            ]
        )
        return app

    def says(self, user: int, text: str, *, chat: int | None = None, kind: str = "private") -> int:
        """Queue words of a person; returns the update's number."""
        message: dict[str, Any] = {"message_id": self._next(), "date": int(time.time()), "text": text}
        message["from"] = {"id": user, "is_bot": False, "first_name": f"u{user}", "language_code": "zh-hans"}
        message["chat"] = {"id": chat or user, "type": kind}
        return self.update(message=message)

    def presses(self, user: int, data: str, message: int) -> int:
        """Queue a press."""
        query = {
            "id": str(self._next()),
            "from": {"id": user, "is_bot": False, "first_name": f"u{user}"},
            "chat_instance": "1",
            "data": data,
            "message": {"message_id": message, "date": 0, "chat": {"id": user, "type": "private"}},
        }
        return self.update(callback_query=query)

    def update(self, **content: Any) -> int:  # noqa: ANN401 - any update
        """Queue an update."""
        number = self.update_number
        self.update_number += 1
        self.updates.append({"update_id": number, **content})
        self._waiting.set()
        return number

    def texts(self, chat: int) -> list[str]:
        """Return what a chat was shown, in order."""
        return [seen.text for seen in self.seen if seen.chat == chat]

    def _next(self) -> int:
        self._number += 1
        return self._number

    async def _parameters(self, request: web.Request) -> dict[str, Any]:
        if request.content_type == "application/json":
            given = dict(await request.json())
            return {k: json.dumps(v, ensure_ascii=False) if isinstance(v, dict | list) else v for k, v in given.items()}
        posted = await request.post()
        return dict(posted.items())

    async def _call(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != TOKEN:
            return _error(401, "Unauthorized")
        method = request.match_info["method"]
        parameters = await self._parameters(request)
        if method == "getUpdates":
            return await self._get_updates(parameters)
        self.calls.append((method, {k: v for k, v in parameters.items() if isinstance(v, str | int)}))
        if method == "getMe":
            return _ok(ME)
        if method.startswith(("send", "edit")):
            return await self._send(method, parameters)
        if method == "getFile":
            return self._get_file(parameters)
        return _ok(True)  # noqa: FBT003 - what the Bot API answers

    def _get_file(self, parameters: dict[str, Any]) -> web.Response:
        name = parameters.get("file_id")
        if name not in self.files:
            return _error(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        return _ok({"file_id": name, "file_unique_id": "u", "file_path": f"documents/{name}"})

    async def _get_updates(self, parameters: dict[str, Any]) -> web.Response:
        offset = int(parameters.get("offset", 0))
        self.confirmed = max(self.confirmed, offset)
        while self.updates and isinstance(self.updates[0], dict) and self.updates[0].get("update_id", offset) < offset:
            self.updates.popleft()
        if not self.updates:
            self._waiting.clear()
            try:
                await asyncio.wait_for(self._waiting.wait(), min(float(parameters.get("timeout", 0)), 2.0))
            except TimeoutError:
                return _ok([])
        return _ok(list(self.updates)[: int(parameters.get("limit", 100))])

    async def _send(self, method: str, parameters: dict[str, Any]) -> web.StreamResponse:
        chat = int(parameters["chat_id"])
        if chat in self.blocked:
            return _error(403, "Forbidden: bot was blocked by the user")
        self.sends += 1
        if self.flood_each and self.floods and self.sends % self.flood_each == 0:
            self.held.append((time.monotonic(), self.floods.popleft()))
            return _error(429, "Too Many Requests", retry_after=self.held[-1][1])
        if self.refusals:
            status, extra = self.refusals.popleft()
            return _error(status, extra.pop("description", "refused"), **extra)
        message = int(parameters.get("message_id") or self._next())
        text = str(parameters.get("text") or parameters.get("caption") or "")
        plain = {k: v for k, v in parameters.items() if isinstance(v, str | int)}
        self.seen.append(Seen(method, chat, text, time.monotonic(), message, plain))
        if self.silent > 0:
            self.silent -= 1
            await asyncio.sleep(30)
        shown = {"message_id": message, "date": int(time.time()), "chat": {"id": chat, "type": "private"}, "text": text}
        return _ok(shown)

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["path"].rpartition("/")[2]
        if name not in self.files:
            return web.Response(status=404)
        return web.Response(body=self.files[name])

    async def _queue(self, request: web.Request) -> web.Response:
        for element in await request.json():
            self.updates.append(element)
        self._waiting.set()
        return web.Response(text="ok")

    async def _tell(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "confirmed": self.confirmed,
                "waiting": len(self.updates),
                "seen": [{"chat": s.chat, "text": s.text, "method": s.method, "at": s.at} for s in self.seen],
            }
        )


def _ok(result: object) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _error(status: int, description: str, **parameters: object) -> web.Response:
    body: dict[str, object] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        body["parameters"] = parameters
    return web.json_response(body, status=status)


def main() -> None:
    """Run it as a process of its own."""
    # It tells when things arrived: its own collecting would look like a burst of ours.
    gc.disable()
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    web.run_app(BotApi().application(), host="127.0.0.1", port=port, print=None, access_log=None)


if __name__ == "__main__":
    main()
