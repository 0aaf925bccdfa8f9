"""DingTalk as documented: Stream with tickets and acks, two APIs and their errors, counted calls, free replies."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from tests.running import free_socket

CLIENT, SECRET, ROBOT = "dingapp0key1a2b3c", "S3cr3t-a1b2c3d4e5f60718293a4b5c6d7e8f90", "dingrobot1"
MESSAGES, CARDS = "/v1.0/im/bot/messages/get", "/v1.0/card/instances/callback"


@dataclass
class Shown:
    """A message on somebody's phone."""

    name: str
    words: str
    card: dict[str, str] = field(default_factory=dict)
    withdrawn: bool = False


@dataclass
class DingtalkApi:
    """The far side."""

    base: str = ""
    now: float = field(default_factory=time.time)
    members: set[str] | None = None
    controlled: set[str] = field(default_factory=set)
    """Who gets too much just now."""
    filtered: set[str] = field(default_factory=set)
    """To whom DingTalk lets nothing through."""
    forbidden: set[str] = field(default_factory=set)
    """Paths that the app has no right to."""
    wrong: set[str] = field(default_factory=set)
    """A call that names one of these is refused, without a word about whom."""
    hides_cards: bool = False
    """Cards are made, and shown to nobody."""
    most_a_call: int = 100
    tokens: dict[str, float] = field(default_factory=dict)
    secret: str = SECRET
    fetched: int = 0
    counted: int = 0
    """Calls that the organisation pays with."""
    free: int = 0
    """Replies by the address that came with a message."""
    refuses: list[tuple[int, dict[str, Any] | str]] = field(default_factory=list)
    """What the next sends are answered with instead: (status, body)."""
    slow: float = 0.0
    """Seconds between a send and its answer."""
    silent: int = 0
    """So many sends are taken and never answered."""
    broken_replies: int = 0
    phones: dict[str, list[Shown]] = field(default_factory=lambda: defaultdict(list))
    groups: dict[str, list[Shown]] = field(default_factory=lambda: defaultdict(list))
    cards: dict[str, Shown] = field(default_factory=dict)
    routes: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name of a route for presses -> (address, secret)."""
    calls: list[tuple[str, Any]] = field(default_factory=list)
    sessions: dict[str, str] = field(default_factory=dict)
    """Session -> chat."""
    read: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)
    tickets: set[str] = field(default_factory=set)
    opened: int = 0
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    acks: dict[str, dict[str, Any]] = field(default_factory=dict)
    heard: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    deaf: bool = False
    """New sockets are refused."""
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def application(self) -> web.Application:
        """Return the server."""
        site = web.Application(client_max_size=30 << 20)
        site.router.add_post("/v1.0/oauth2/accessToken", self._token)
        site.router.add_post("/v1.0/gateway/connections/open", self._open)
        site.router.add_get("/stream", self._stream)
        site.router.add_post("/robot/sendBySession", self._session)
        site.router.add_post("/media/upload", self._upload)
        site.router.add_get("/file/{name}", self._file)
        for method, path, answer in (
            ("POST", "/v1.0/robot/oToMessages/batchSend", self._send),
            ("POST", "/v1.0/robot/groupMessages/send", self._send_group),
            ("POST", "/v1.0/robot/otoMessages/batchRecall", self._recall),
            ("GET", "/v1.0/robot/oToMessages/readStatus", self._reads),
            ("POST", "/v1.0/card/instances/createAndDeliver", self._deliver),
            ("PUT", "/v1.0/card/instances", self._update),
            ("POST", "/v1.0/card/callbacks/register", self._register),
            ("POST", "/v1.0/robot/messageFiles/download", self._download),
        ):
            site.router.add_route(method, path, self._guarded(path, answer))
        return site

    def revoke(self) -> None:
        """Make every token worthless before its time."""
        self.tokens.clear()

    async def _token(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if (asked["appKey"], asked["appSecret"]) != (CLIENT, self.secret):
            return web.json_response({"code": "invalidClientIdOrSecret", "message": "无效的clientId"}, status=400)
        self.fetched += 1
        token = f"t{next(self.numbers)}"
        self.tokens[token] = self.now + 7200
        return web.json_response({"accessToken": token, "expireIn": 7200})

    def _guarded(self, path: str, answer: Any) -> Any:  # noqa: ANN401 - aiohttp's handlers
        async def take(request: web.Request) -> web.StreamResponse:
            self.counted += 1
            if self.tokens.get(request.headers.get("x-acs-dingtalk-access-token", ""), 0.0) <= self.now:
                return web.json_response(
                    {"code": "InvalidAuthentication", "message": "不合法的access_token"}, status=401
                )
            payload = await request.json() if request.can_read_body else dict(request.query)
            self.calls.append((path, payload))
            if path in self.forbidden:
                denied = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
                return web.json_response({"code": denied, "message": "应用尚未开通所需的权限"}, status=403)
            if self.refuses and "Send" in path:
                status, told = self.refuses.pop(0)
                return (
                    web.Response(text=told, status=status)
                    if isinstance(told, str)
                    else web.json_response(told, status=status)
                )
            found: web.StreamResponse = await answer(payload)
            await asyncio.sleep(self.slow)
            if self.silent and "Send" in path:
                self.silent -= 1
                assert request.transport is not None
                request.transport.abort()
            return found

        return take

    def _words(self, payload: dict[str, Any]) -> str:
        assert len(payload["msgParam"].encode()) <= 15_000
        param = json.loads(payload["msgParam"])
        return str(param.get("content") or f"[{payload['msgKey']}]")

    async def _send(self, payload: dict[str, Any]) -> web.Response:
        users = payload["userIds"]
        if len(users) > self.most_a_call:
            return web.json_response({"code": "invalidParameter.userIds", "message": "too many"}, status=400)
        if self.wrong.intersection(users) or any(one in payload["msgParam"] for one in self.wrong):
            return web.json_response({"code": "invalidParameter", "message": "no"}, status=400)
        invalid = [one for one in users if self.members is not None and one not in self.members]
        controlled = [one for one in users if one in self.controlled]
        key = f"key{next(self.numbers)}"
        for user in users:
            if user not in {*invalid, *controlled, *self.filtered}:
                self.phones[user].append(Shown(key, self._words(payload)))
        told = {"processQueryKey": key, "invalidStaffIdList": invalid, "flowControlledStaffIdList": controlled}
        told["filteredStaffIdList"] = [one for one in users if one in self.filtered]
        return web.json_response(told)

    async def _send_group(self, payload: dict[str, Any]) -> web.Response:
        key = f"key{next(self.numbers)}"
        self.groups[payload["openConversationId"]].append(Shown(key, self._words(payload)))
        return web.json_response({"processQueryKey": key})

    async def _recall(self, payload: dict[str, Any]) -> web.Response:
        for phone in self.phones.values():
            for shown in phone:
                if shown.name in payload["processQueryKeys"]:
                    shown.withdrawn = True
        return web.json_response({"successResult": payload["processQueryKeys"]})

    async def _reads(self, payload: dict[str, Any]) -> web.Response:
        had = [user for user, phone in self.phones.items() for one in phone if one.name == payload["processQueryKey"]]
        told = [{"userId": user, "readStatus": "READ" if user in self.read else "UNREAD"} for user in had]
        return web.json_response({"messageReadInfoList": told})

    async def _register(self, payload: dict[str, Any]) -> web.Response:
        name = payload["callbackRouteKey"]
        if name not in self.routes or payload.get("forceUpdate"):
            self.routes[name] = (payload["callbackUrl"], payload["apiSecret"])
        url, secret = self.routes[name]
        return web.json_response({"success": True, "result": {"callbackUrl": url, "apiSecret": secret}})

    async def _deliver(self, payload: dict[str, Any]) -> web.Response:
        track, user = payload["outTrackId"], payload["openSpaceId"].rpartition(".")[2]
        assert len(track) <= 64
        assert all(isinstance(value, str) for value in payload["cardData"]["cardParamMap"].values())
        if track not in self.cards:
            card = payload["cardData"]["cardParamMap"]
            self.cards[track] = Shown(track, card["text"], card)
            if not self.hides_cards:
                self.phones[user].append(self.cards[track])
        told = {"spaceType": "IM_ROBOT", "success": not self.hides_cards, "errorMsg": "chatbot not exist"}
        return web.json_response({"success": True, "result": {"outTrackId": track, "deliverResults": [told]}})

    async def _update(self, payload: dict[str, Any]) -> web.Response:
        shown = self.cards.get(payload["outTrackId"])
        if shown is None:
            return web.json_response({"code": "card.notExist", "message": "no such card"}, status=400)
        shown.card = payload["cardData"]["cardParamMap"]
        shown.words = shown.card["text"]
        return web.json_response({"success": True})

    async def _session(self, request: web.Request) -> web.Response:
        if self.broken_replies:
            self.broken_replies -= 1
            return web.json_response({"errcode": 310000, "errmsg": "session expired"})
        self.free += 1
        chat = self.sessions[request.query["session"]]
        words = (await request.json())["text"]["content"]
        place = self.groups if chat.startswith("cid") else self.phones
        place[chat].append(Shown("", words))
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    async def _upload(self, request: web.Request) -> web.Response:
        self.counted += 1
        if self.tokens.get(request.query["access_token"], 0.0) <= self.now:
            return web.json_response({"errcode": 88, "sub_code": "40014", "sub_msg": "不合法的access_token"})
        form = await request.post()
        media = f"@media{next(self.numbers)}"
        self.files[media] = form["media"].file.read()  # type: ignore[union-attr]
        return web.json_response({"errcode": 0, "media_id": media})

    async def _download(self, payload: dict[str, Any]) -> web.Response:
        return web.json_response({"downloadUrl": f"{self.base}/file/{payload['downloadCode']}"})

    async def _file(self, request: web.Request) -> web.Response:
        body = self.files.get(request.match_info["name"])
        return web.Response(status=404) if body is None else web.Response(body=body)

    # the stream

    async def _open(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if (asked["clientId"], asked["clientSecret"]) != (CLIENT, SECRET) or self.deaf:
            return web.json_response({"code": "unauthorized", "message": "no"}, status=401)
        ticket = f"a+b/c={next(self.numbers)}"
        self.tickets.add(ticket)
        return web.json_response({"endpoint": f"{self.base.replace('http', 'ws', 1)}/stream", "ticket": ticket})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query["ticket"]
        if ticket not in self.tickets:
            return web.Response(status=401)
        self.tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.opened += 1
        async for came in socket:
            if came.type is WSMsgType.TEXT:
                answer = json.loads(came.data)
                self.acks[answer["headers"]["messageId"]] = answer
                self.heard[answer["headers"]["messageId"]].set()
        self.sockets.remove(socket)
        return socket

    async def frame(self, kind: str, topic: str, data: object, number: str = "") -> str:
        """Send a frame down the newest socket; returns its number."""
        number = number or f"f{next(self.numbers)}"
        headers = {"topic": topic, "messageId": number, "contentType": "application/json"}
        words = json.dumps({"specVersion": "1.0", "type": kind, "headers": headers, "data": json.dumps(data)})
        await self.sockets[-1].send_str(words)
        return number

    async def acked(self, number: str, patience: float = 10.0) -> dict[str, Any]:
        """Wait for a frame's acknowledgement."""
        async with asyncio.timeout(patience):
            await self.heard[number].wait()
        return self.acks[number]

    # what members do

    def message(self, user: str, group: str = "", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields
        """Return a robot's message as DingTalk sends it."""
        session = f"s{next(self.numbers)}"
        self.sessions[session] = group or user
        return {
            "conversationId": group or "cidAAAA==",
            "conversationType": "2" if group else "1",
            "chatbotUserId": "$:LWCP_v1:$bot",
            "msgId": f"msg{next(self.numbers)}==",
            "senderNick": "张三",
            "senderStaffId": user,
            "senderId": "$:LWCP_v1:$abc",
            "createAt": int(time.time() * 1000),
            "sessionWebhook": f"{self.base}/robot/sendBySession?session={session}",
            "sessionWebhookExpiredTime": int((time.time() + 5400) * 1000),
            "robotCode": ROBOT,
            **more,
        }

    async def says(self, user: str, text: str, group: str = "") -> dict[str, Any]:
        """Type words; returns the acknowledgement."""
        data = self.message(user, group, msgtype="text", text={"content": f" {text}"})
        return await self.acked(await self.frame("CALLBACK", MESSAGES, data))

    async def sends(self, user: str, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """Send anything else."""
        data = self.message(user, msgtype=kind, content=content)
        return await self.acked(await self.frame("CALLBACK", MESSAGES, data))

    async def presses(self, user: str, label: str) -> dict[str, Any]:
        """Press the newest card's button with this label."""
        return await self.acked(await self.frame("CALLBACK", CARDS, self.press(user, label)))

    def press(self, user: str, label: str) -> dict[str, Any]:
        """Return a press on the newest card's button with this label as DingTalk sends it."""
        for shown in reversed(self.phones[user]):
            for place in range(1, 9):
                if shown.card.get(f"label_{place}") == label:
                    params = {"call": shown.card[f"call_{place}"]}
                    inner = json.dumps({"cardPrivateData": {"actionIds": [f"button{place}"], "params": params}})
                    data = {"type": "actionCallback", "outTrackId": shown.name, "userId": user, "content": inner}
                    return {**data, "spaceType": "IM_ROBOT"}
        raise AssertionError(f"no button {label} on {self.phones[user]}")

    def words(self, user: str) -> str:
        """Return everything that somebody's phone shows now."""
        return "\n".join(shown.words for shown in self.phones[user] if not shown.withdrawn)


async def calls_back(url: str, data: object, *, secret: str = SECRET, stamp: float | None = None) -> int:
    """Call our HTTP callback as DingTalk does; returns the status."""
    timestamp = str(int((time.time() if stamp is None else stamp) * 1000))
    told = f"{timestamp}\n{secret}".encode()
    sign = base64.b64encode(hmac.new(secret.encode(), told, hashlib.sha256).digest()).decode()
    headers = {"timestamp": timestamp, "sign": sign}
    async with aiohttp.ClientSession() as session, session.post(url, json=data, headers=headers) as answer:
        return answer.status


async def presses_back(url: str, data: object, *, secret: str = SECRET, stamp: float | None = None) -> int:
    """Call our address for presses as DingTalk does; returns the status."""
    timestamp = str(int((time.time() if stamp is None else stamp) * 1000))
    sign = base64.b64encode(hmac.new(secret.encode(), timestamp.encode(), hashlib.sha256).digest()).decode()
    headers = {"x-ddpaas-signature-timestamp": timestamp, "x-ddpaas-signature": sign}
    async with aiohttp.ClientSession() as session, session.post(url, json=data, headers=headers) as answer:
        return answer.status


def environment(url: str) -> dict[str, str]:
    """Return the configuration that leads here."""
    return {
        "DINGTALK__ENABLED": "true",
        "DINGTALK__BUSY_MINUTES": "[]",
        "DINGTALK__CLIENT_ID": CLIENT,
        "DINGTALK__CLIENT_SECRET": SECRET,
        "DINGTALK__ROBOT_CODE": ROBOT,
        "DINGTALK__API_BASE": url,
        "DINGTALK__OAPI_BASE": url,
        "DINGTALK__PATH": "/hooks/dingtalk-4f1c",
    }


@asynccontextmanager
async def dingtalk_side() -> AsyncIterator[tuple[DingtalkApi, str]]:
    """Serve a far side; yields it and its address."""
    api = DingtalkApi()
    runner = web.AppRunner(api.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    taken, port = free_socket()
    await web.SockSite(runner, taken).start()
    api.base = f"http://127.0.0.1:{port}"
    try:
        yield api, api.base
    finally:
        for socket in list(api.sockets):
            await socket.close()
        await runner.cleanup()
