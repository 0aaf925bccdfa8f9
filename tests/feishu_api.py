"""Feishu's side of the network on loopback: tokens that end early, limits, uuids, cards, batches, the long connection.

What is resent is resent when a test says so: nobody sleeps for six hours.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from messengers.feishu.frame import CONTROL, DATA, Frame, dump, load

APP, SECRET = "cli_a1b2c3d4e5f60718", "secret-secret-secret-secret-1234"
ME = "ou_bot"
SCOPES = {"im:message", "im:message.p2p_msg:readonly", "im:resource", "im:message:send_multi_users"}
LIMIT = 3.0
"""Seconds that Feishu waits for an answer to an event."""


@dataclass(slots=True)
class Kept:
    """A message that somebody was shown."""

    name: str
    to: str
    kind: str
    content: dict[str, Any]
    deleted: bool = False
    old: bool = False
    readers: list[str] = field(default_factory=list)
    edits: int = 0


@dataclass(slots=True)
class Refusal:
    """What the next call is answered instead."""

    code: int = 0
    status: int = 400
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None


@dataclass
class FeishuApi:
    """The far side."""

    messages: dict[str, Kept] = field(default_factory=dict)
    batches: dict[str, list[str]] = field(default_factory=dict)
    refusals: deque[Refusal] = field(default_factory=deque)
    tokens: set[str] = field(default_factory=set)
    fetched: int = 0
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    uuids: dict[str, str] = field(default_factory=dict)
    presses: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    """Token of a press -> (message, who pressed it, how often it may still be used)."""
    strangers: set[str] = field(default_factory=set)
    resources: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    silent: int = 0
    """So many of the next sends arrive, but the answer never comes."""
    unscoped: tuple[str, ...] = ()
    """Beginnings of paths that the app has no scope for."""
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    secret: str = SECRET
    bot: bool = True
    ping: int = 120
    opened: int = 0
    pings: int = 0
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    answers: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    pinged: asyncio.Event = field(default_factory=asyncio.Event)
    base: str = ""
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def application(self) -> web.Application:
        """Return the server."""
        app = web.Application(client_max_size=64 << 20)
        im = "/open-apis/im/v1"
        app.add_routes(
            [
                web.post("/open-apis/auth/v3/tenant_access_token/internal", self._token),
                web.post("/callback/ws/endpoint", self._endpoint),
                web.get("/ws", self._socket),
                web.get("/mute", self._mute),
                web.get("/open-apis/application/v6/scopes", self._guarded(self._granted)),
                web.get("/open-apis/bot/v3/info", self._guarded(self._bot)),
                web.post(f"{im}/messages", self._guarded(self._send)),
                web.get(f"{im}/messages/{{name}}", self._guarded(self._look)),
                web.patch(f"{im}/messages/{{name}}", self._guarded(self._change)),
                web.put(f"{im}/messages/{{name}}", self._guarded(self._change)),
                web.delete(f"{im}/messages/{{name}}", self._guarded(self._delete)),
                web.delete(f"{im}/batch_messages/{{name}}", self._guarded(self._delete_many)),
                web.get(f"{im}/messages/{{name}}/read_users", self._guarded(self._readers)),
                web.get(f"{im}/batch_messages/{{name}}/read_user", self._guarded(self._readers_of_many)),
                web.get(f"{im}/messages/{{name}}/resources/{{key}}", self._guarded(self._resource)),
                web.post("/open-apis/interactive/v1/card/update", self._guarded(self._change_pressed)),
                web.post("/open-apis/message/v4/batch_send/", self._guarded(self._send_many)),
                web.post(f"{im}/images", self._guarded(self._upload)),
                web.post(f"{im}/files", self._guarded(self._upload)),
            ]
        )
        return app

    def shown(self, to: str) -> list[Kept]:
        """Return what somebody sees, in order."""
        return [kept for kept in self.messages.values() if kept.to == to and not kept.deleted]

    def revoke(self) -> None:
        """End every token long before its time."""
        self.tokens.clear()

    def _name(self, kind: str) -> str:
        return f"{kind}{next(self._numbers)}"

    async def _token(self, request: web.Request) -> web.Response:
        given = await request.json()
        if given != {"app_id": APP, "app_secret": self.secret}:
            return web.json_response({"code": 10014, "msg": "app secret invalid"})
        self.fetched += 1
        token = f"t-{secrets.token_hex(8)}"
        self.tokens.add(token)
        return web.json_response({"code": 0, "msg": "ok", "tenant_access_token": token, "expire": 7200})

    def _guarded(self, call: Callable[[web.Request, dict[str, Any]], web.Response]) -> Any:  # noqa: ANN401 - aiohttp's
        async def guarded(request: web.Request) -> web.Response:
            if request.content_type == "multipart/form-data":
                given: dict[str, Any] = dict(await request.post())
            else:
                given = json.loads(await request.read() or b"{}")
            self.calls.append((request.method, request.path, given))
            if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
                return _no(99991663, "Invalid access token for authorization. Please make a test attempt", 400)
            if self.unscoped and request.path.startswith(self.unscoped):
                return _no(99991672, "Access denied. One of the following scopes is required: [im:x].")
            if self.refusals and (refusal := self.refusals.popleft()):
                if refusal.text is not None:
                    return web.Response(text=refusal.text, status=refusal.status, content_type="text/html")
                return _no(refusal.code, "refused", refusal.status, refusal.headers)
            answer = call(request, given)
            if self.silent and request.method == "POST":
                self.silent -= 1
                assert request.transport is not None
                request.transport.close()
            return answer

        return guarded

    def _bot(self, _: web.Request, __: dict[str, Any]) -> web.Response:
        if not self.bot:
            return _no(11205, "app do not have bot")
        return web.json_response({"code": 0, "msg": "ok", "bot": {"app_name": "党群助手", "open_id": ME}})

    def _granted(self, _: web.Request, __: dict[str, Any]) -> web.Response:
        status = {name: 1 if name in self.scopes else 2 for name in SCOPES | self.scopes}
        return _yes({"scopes": [{"scope_name": name, "grant_status": one} for name, one in status.items()]})

    def _send(self, request: web.Request, given: dict[str, Any]) -> web.Response:
        to = given["receive_id"]
        assert request.query["receive_id_type"] == ("chat_id" if to.startswith("oc_") else "open_id")
        if to in self.strangers:
            return _no(230013, "Bot has NO availability to this user.")
        content = json.loads(given["content"])
        assert len(given["content"].encode()) <= (150 << 10 if given["msg_type"] == "text" else 30 << 10)
        assert 0 < len(given["uuid"]) <= 50
        if given["uuid"] not in self.uuids:
            name = self.uuids[given["uuid"]] = self._name("om_")
            self.messages[name] = Kept(name, to, given["msg_type"], content)
        return _yes({"message_id": self.uuids[given["uuid"]]})

    def _send_many(self, _: web.Request, given: dict[str, Any]) -> web.Response:
        users = given["open_ids"]
        assert 0 < len(users) <= 200
        assert given["msg_type"] in {"text", "image", "post", "interactive"}
        content = given["card"] if given["msg_type"] == "interactive" else given["content"]
        assert isinstance(content, dict)
        bad = [user for user in users if user in self.strangers]
        name = self._name("bm-")
        self.batches[name] = []
        for user in users:
            if user not in bad:
                one = self._name("om_")
                self.messages[one] = Kept(one, user, given["msg_type"], content)
                self.batches[name].append(one)
        return _yes({"message_id": name, "invalid_open_ids": bad})

    def _look(self, _: web.Request, __: dict[str, Any]) -> web.Response:
        if "im:message" not in self.scopes:
            words = "Access denied. One of the following scopes is required: [im:message, im:message:readonly]."
            return _no(99991672, words)
        return _no(230001, "invalid message_id")

    def _change(self, request: web.Request, given: dict[str, Any]) -> web.Response:
        kept = self.messages.get(request.match_info["name"])
        if kept is None or kept.deleted:
            return _no(230011, "The message is withdrawn.")
        if kept.old or any(kept.name in names for names in self.batches.values()):
            return _no(230031, "The message was sent more than 14 days ago, or to many.")
        if (request.method == "PATCH") != (kept.kind == "interactive"):
            return _no(230054, "This operation is not supported for this message type.")
        assert len(given["content"].encode()) <= (150 << 10 if kept.kind == "text" else 30 << 10)
        content = json.loads(given["content"])
        if kept.kind == "interactive" and not kept.content["config"]["update_multi"]:
            return _no(230099, "not a shared card")
        kept.content, kept.edits = content, kept.edits + 1
        return _yes({})

    def press(self, kept: Kept, call: str) -> dict[str, Any]:
        """Press a button; returns the event, with a token that is good for two redrawings."""
        token = self._name("c-")
        self.presses[token] = kept.name, kept.to, 2
        value, who = {"call": call}, {"open_id": kept.to, "user_id": "A001"}
        inner = {"operator": who, "token": token, "action": {"value": value}, "context": {"open_message_id": kept.name}}
        head = {"event_id": self._name("e"), "event_type": "card.action.trigger", "app_id": APP, "token": "t"}
        return {"schema": "2.0", "header": {**head, "create_time": "1763790000000"}, "event": inner}

    def _change_pressed(self, _: web.Request, given: dict[str, Any]) -> web.Response:
        name, who, left = self.presses.get(given["token"], ("", "", 0))
        if not left:
            return _no(300050, "token invalid")
        card = dict(given["card"])
        if card.pop("open_ids", None) != [who]:
            return _no(300090, "openid empty")
        self.presses[given["token"]] = name, who, left - 1
        self.messages[name].content = card
        self.messages[name].edits += 1
        return web.json_response({"code": 0, "msg": "ok"})

    def _delete(self, request: web.Request, _: dict[str, Any]) -> web.Response:
        kept = self.messages.get(request.match_info["name"])
        if kept is None or kept.deleted:
            return _no(230011, "The message is withdrawn.")
        kept.deleted = True
        return _yes({})

    def _delete_many(self, request: web.Request, _: dict[str, Any]) -> web.Response:
        for name in self.batches.get(request.match_info["name"], []):
            self.messages[name].deleted = True
        return _yes({})

    def _readers(self, request: web.Request, _: dict[str, Any]) -> web.Response:
        kept = self.messages.get(request.match_info["name"])
        if kept is None or kept.old:
            return _no(230033, "The message was sent more than 7 days ago.")
        return _yes({"items": [{"user_id": one} for one in kept.readers], "has_more": False})

    def _readers_of_many(self, request: web.Request, _: dict[str, Any]) -> web.Response:
        names = self.batches[request.match_info["name"]]
        read = sum(bool(self.messages[name].readers) for name in names)
        return _yes({"read_user": {"read_count": str(read), "total_count": str(len(names))}})

    def _resource(self, request: web.Request, _: dict[str, Any]) -> web.Response:
        name = f"{request.match_info['name']}/{request.match_info['key']}/{request.query['type']}"
        if name not in self.resources:
            return _no(234003, "File not in message.")
        body, mime = self.resources[name]
        return web.Response(body=body, content_type=mime)

    def _upload(self, request: web.Request, given: dict[str, Any]) -> web.Response:
        if request.path.endswith("images"):
            assert given["image_type"] == "message"
            return _yes({"image_key": self._name("img_")})
        assert given["file_type"] == "stream"
        return _yes({"file_key": self._name("file_")})

    # the long connection

    async def _endpoint(self, request: web.Request) -> web.Response:
        self.opened += 1
        given = await request.json()
        if self.refusals and (refusal := self.refusals.popleft()):
            return web.Response(text=refusal.text or "", status=refusal.status)
        if given != {"AppID": APP, "AppSecret": self.secret}:
            return _no(514, "authentication failed", 200)
        url = f"{self.base.replace('http', 'ws', 1)}/ws?device_id=1&service_id=7"
        return _yes({"URL": url, "ClientConfig": {"PingInterval": self.ping, "ReconnectCount": -1}})

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.connected.set()
        async for got in socket:
            if got.type is WSMsgType.BINARY:
                await self._hear(socket, load(got.data))
        self.sockets.remove(socket)
        return socket

    async def _mute(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket

    async def _hear(self, socket: web.WebSocketResponse, frame: Frame) -> None:
        if frame.method == CONTROL:
            assert frame.header("type") == "ping"
            assert frame.service == 7
            self.pings += 1
            self.pinged.set()
            pong = Frame(7, CONTROL, (("type", "pong"),), json.dumps({"PingInterval": self.ping}).encode())
            await socket.send_bytes(dump(pong))
            return
        waiting = self.answers.pop(frame.seq_id, None)
        if waiting is not None and not waiting.done():
            assert frame.header("biz_rt").isdigit()
            waiting.set_result(json.loads(frame.payload))

    async def deliver(self, told: object, *, pieces: int = 1, kind: str = "event", backwards: bool = False) -> int:
        """Bring an event by the long connection; returns the code it is answered, 0 when nothing came in time."""
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        number, size = next(self._numbers), -(-len(body) // pieces)
        waiting = self.answers[number] = asyncio.get_running_loop().create_future()
        frames = []
        for place in range(pieces):
            heads = {"type": kind, "message_id": f"m{number}", "trace_id": "t", "sum": str(pieces), "seq": str(place)}
            piece = body[place * size : (place + 1) * size]
            frames.append(Frame(7, DATA, tuple(heads.items()), piece, number, 2**63, "json", "event", "log"))
        for frame in reversed(frames) if backwards else frames:
            await self.sockets[-1].send_bytes(dump(frame))
        try:
            answer = await asyncio.wait_for(waiting, LIMIT)
        except TimeoutError:
            return 0
        return int(answer["code"])


def _yes(data: Mapping[str, Any]) -> web.Response:
    return web.json_response({"code": 0, "msg": "success", "data": data})


def _no(code: int, words: str, status: int = 400, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"code": code, "msg": words}, status=status, headers=headers)
