"""WeCom as documented: tokens, silent drops, duplicate checks, cards with codes; it calls our callback and insists.

Time is `now`, moved by tests. A wrong or revoked token is 40014, a flood 45009; whoever is nobody of ours is named.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from messengers.wecom.crypto import Gate
from tests.running import free_socket

CORP, AGENT, SECRET = "ww1f2e3d4c5b6a7980", 1000002, "s3cret-of-the-app-0123456789"
TOKEN, AES_KEY = "QDG6eK7vecT0ken", "kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aQ"
LIMITS = ((30, 60.0), (1000, 3600.0))
ANSWER_IN = 5.0
TRIES = 3
CARD_SECONDS, RECALL_SECONDS = 72 * 3600, 24 * 3600
_XML = "<xml><ToUserName><![CDATA[{corp}]]></ToUserName><FromUserName><![CDATA[{user}]]></FromUserName>{rest}</xml>"


@dataclass
class Shown:
    """A message on somebody's phone."""

    msgid: str
    payload: dict[str, Any]
    at: float
    withdrawn: bool = False

    @property
    def words(self) -> str:
        """What it says."""
        if self.withdrawn:
            return ""
        if self.payload["msgtype"] == "text":
            return str(self.payload["text"]["content"])
        card = self.payload.get("template_card")
        if card is None:
            return f"[{self.payload['msgtype']}]"
        return "\n".join([card["main_title"]["title"], card.get("sub_title_text", "")]).strip()

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """Its buttons."""
        card = self.payload.get("template_card") or {}
        return [] if self.withdrawn else list(card.get("button_list", ()))


@dataclass
class WecomApi:
    """The far side."""

    now: float = field(default_factory=time.time)
    members: set[str] | None = None
    """Who may use the app, in lower case; None: everybody."""
    unlicensed: set[str] = field(default_factory=set)
    tokens: dict[str, float] = field(default_factory=dict)
    fetched: int = 0
    phones: dict[str, list[Shown]] = field(default_factory=lambda: defaultdict(list))
    calls: list[tuple[str, Any]] = field(default_factory=list)
    requests: dict[str, float] = field(default_factory=dict)
    """Digest of a request -> until when the same is not shown again."""
    dropped: int = 0
    proxied: int = 0
    """So many calls are answered by some proxy."""
    denied: dict[str, int] = field(default_factory=dict)
    """Method -> the code by which it is refused."""
    leaving: int = 0
    """After so many further sends somebody among their readers is outside what the app may see."""
    menu: list[dict[str, Any]] = field(default_factory=list)
    trusted: bool = True
    """Whether our address is among the app's trusted IPs."""
    floods: int = 0
    flood_code: int = 45009
    slow: float = 0.0
    """Seconds between a send and its answer."""
    silent: int = 0
    """So many sends are taken and never answered."""
    broken: int = 0
    """So many sends are answered by a page of HTML."""
    codes: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    """Response code -> (account, msgid, until); taken once."""
    files: dict[str, bytes] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    """What the uploads are called, as it stands on the wire."""
    url: str = ""
    """Where our callback is."""
    refused: list[int] = field(default_factory=list)
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def application(self) -> web.Application:
        """Return the server."""
        site = web.Application(client_max_size=30 << 20)
        site.router.add_get("/cgi-bin/gettoken", self._gettoken)
        for name, answer in (
            ("message/send", self._send),
            ("message/update_template_card", self._update),
            ("message/recall", self._recall),
            ("menu/create", self._menu),
        ):
            site.router.add_post(f"/cgi-bin/{name}", self._guarded(name, answer))
        site.router.add_get("/cgi-bin/agent/get", self._agent)
        site.router.add_post("/cgi-bin/media/upload", self._upload)
        site.router.add_get("/cgi-bin/media/get", self._download)
        return site

    def revoke(self) -> None:
        """Make every token worthless before its time."""
        self.tokens.clear()

    async def _gettoken(self, request: web.Request) -> web.Response:
        if request.query["corpid"] != CORP:
            return web.json_response({"errcode": 40013, "errmsg": "invalid corpid"})
        if request.query["corpsecret"] != SECRET:
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential"})
        self.fetched += 1
        token = next((one for one, until in self.tokens.items() if until > self.now), f"t{next(self.numbers)}" * 30)
        self.tokens[token] = self.now + 7200
        return web.json_response({"errcode": 0, "access_token": token, "expires_in": 7200})

    def _bad_token(self, request: web.Request) -> web.Response | None:
        until = self.tokens.get(request.query.get("access_token", ""))
        if until is None:
            return web.json_response({"errcode": 40014, "errmsg": "invalid access_token"})
        return web.json_response({"errcode": 42001, "errmsg": "expired"}) if until <= self.now else None

    def _guarded(self, name: str, answer: Any) -> Any:  # noqa: ANN401 - aiohttp's handlers
        async def take(request: web.Request) -> web.StreamResponse:
            body = await request.read()
            if (bad := self._bad_token(request)) is not None:
                return bad
            payload = json.loads(body)
            self.calls.append((name, payload))
            if self.proxied:
                self.proxied -= 1
                return web.json_response({"message": "upstream unavailable"}, status=502)
            if name in self.denied:
                return web.json_response({"errcode": self.denied[name], "errmsg": "refused"})
            told: web.StreamResponse = await answer(payload, body)
            await asyncio.sleep(self.slow)
            if self.silent and name == "message/send":
                self.silent -= 1
                # It was taken, and the line breaks before anybody hears of it.
                assert request.transport is not None
                request.transport.abort()
            return told

        return take

    async def _send(self, payload: dict[str, Any], body: bytes) -> web.StreamResponse:
        if self.floods:
            self.floods -= 1
            return web.json_response({"errcode": self.flood_code, "errmsg": "api freq out of limit"})
        users = payload["touser"].split("|")
        media = payload.get(payload["msgtype"], {}).get("media_id")
        if media is not None and media not in self.files:
            return web.json_response({"errcode": 40007, "errmsg": "invalid media_id"})
        if payload["agentid"] != AGENT or len(users) > 1000:
            return web.json_response({"errcode": 40056, "errmsg": "invalid agentid or too many users"})
        invalid = [one for one in users if self.members is not None and one.lower() not in self.members]
        if len(invalid) == len(users):
            return web.json_response({"errcode": 81013, "errmsg": "user & party & tag all invalid"})
        if self.leaving:
            self.leaving -= 1
            self.denied |= {} if self.leaving else {"message/send": 60011}
        answer = {"errcode": 0, "errmsg": "ok", "invaliduser": "|".join(one.lower() for one in invalid)}
        answer["unlicenseduser"] = "|".join(one for one in users if one.lower() in self.unlicensed)
        answer |= self._show(payload, body, [one for one in users if one not in invalid])
        if self.broken:
            self.broken -= 1
            return web.Response(text="<html>502 Bad Gateway</html>", status=502)
        return web.json_response(answer)

    def _show(self, payload: dict[str, Any], body: bytes, users: list[str]) -> dict[str, str]:
        digest = hashlib.sha256(body).hexdigest()
        seen = self.requests.get(digest, 0.0) > self.now
        if payload.get("enable_duplicate_check"):
            self.requests[digest] = self.now + payload["duplicate_check_interval"]
        msgid = f"msg-{digest[:12]}" if seen else f"msg-{next(self.numbers)}"
        code = ""
        for user in users:
            phone = self.phones[user.lower()]
            full = any(sum(one.at > self.now - span for one in phone) >= most for most, span in LIMITS)
            if full and not seen:
                self.dropped += 1
            if seen or full or user.lower() in self.unlicensed:
                continue
            if payload["msgtype"] == "text":
                cut = payload["text"]["content"].encode()[:2048].decode("utf-8", "ignore")
                payload = {**payload, "text": {"content": cut}}
            phone.append(Shown(msgid, payload, self.now))
        if payload["msgtype"] == "template_card":
            code = self._code(users[0].lower(), msgid)
        return {"msgid": msgid, "response_code": code}

    def _code(self, user: str, msgid: str) -> str:
        code = f"RC_{next(self.numbers)}"
        self.codes[code] = (user, msgid, self.now + CARD_SECONDS)
        return code

    async def _update(self, payload: dict[str, Any], _body: bytes) -> web.Response:
        user, msgid, until = self.codes.pop(payload["response_code"], ("", "", 0.0))
        if until <= self.now or user not in [one.lower() for one in payload["userids"]]:
            return web.json_response({"errcode": 42045, "errmsg": "invalid response_code"})
        for shown in self.phones[user]:
            if shown.msgid == msgid:
                card = dict(payload.get("template_card") or shown.payload["template_card"])
                if "button" in payload:
                    card["button_list"] = [{"text": payload["button"]["replace_name"]}]
                shown.payload = {**shown.payload, "template_card": card}
        return web.json_response({"errcode": 0})

    async def _recall(self, payload: dict[str, Any], _body: bytes) -> web.Response:
        found = [one for phone in self.phones.values() for one in phone if one.msgid == payload["msgid"]]
        if not found or any(one.at < self.now - RECALL_SECONDS for one in found):
            return web.json_response({"errcode": 40004, "errmsg": "invalid msgid"})
        for one in found:
            one.withdrawn = True
        return web.json_response({"errcode": 0})

    async def _menu(self, payload: dict[str, Any], _body: bytes) -> web.Response:
        for menu in payload["button"]:
            if len(menu["name"].encode()) > 16 or any(len(one["name"].encode()) > 40 for one in menu["sub_button"]):
                return web.json_response({"errcode": 40018, "errmsg": "invalid button name size"})
        self.menu = payload["button"]
        return web.json_response({"errcode": 0})

    async def _agent(self, request: web.Request) -> web.Response:
        if (bad := self._bad_token(request)) is not None:
            return bad
        if not self.trusted:
            words = "not allow to access from your ip, hint: [1584585651_79_4e4820cc23f1dd7483e0141640bc15f1]"
            more = "from ip: 203.0.113.77, more info at https://open.work.weixin.qq.com/devtool/query?e=60020"
            return web.json_response({"errcode": 60020, "errmsg": f"{words}, {more}"})
        return web.json_response({"errcode": 0, "agentid": AGENT, "name": "党群助手", "close": 0})

    async def _upload(self, request: web.Request) -> web.Response:
        if (bad := self._bad_token(request)) is not None:
            return bad
        if "media/upload" in self.denied:
            return web.json_response({"errcode": self.denied["media/upload"], "errmsg": "refused"})
        form = await request.post()
        head = form["media"].headers["Content-Disposition"]  # type: ignore[union-attr]
        self.names.append(head.partition('filename="')[2].rstrip('"'))
        media = f"media-{next(self.numbers)}"
        self.files[media] = form["media"].file.read()  # type: ignore[union-attr]
        return web.json_response({"errcode": 0, "media_id": media})

    async def _download(self, request: web.Request) -> web.Response:
        body = self.files.get(request.query["media_id"])
        if (bad := self._bad_token(request)) is not None:
            return bad
        if body is None:
            return web.json_response({"errcode": 40007, "errmsg": "invalid media_id"})
        return web.Response(body=body, content_type="image/jpeg")

    # what members do

    async def calls_back(self, xml: str, *, times: int = 1, now: float | None = None) -> int:
        """Call our callback as WeCom does, up to three times while it is not answered; returns the last status."""
        gate = Gate(TOKEN, AES_KEY, CORP)
        stamp = str(int(time.time() if now is None else now))
        encrypted = gate.encrypt(xml.encode())
        query = {"msg_signature": gate.sign(stamp, "n1", encrypted), "timestamp": stamp, "nonce": "n1"}
        body = f"<xml><ToUserName>{CORP}</ToUserName><AgentID>{AGENT}</AgentID><Encrypt>{encrypted}</Encrypt></xml>"
        status = 0
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_IN)) as session:
            for _ in range(times):
                for _ in range(TRIES):
                    async with session.post(self.url, params=query, data=body.encode()) as answer:
                        status = answer.status
                    if status == 200:
                        break
                    self.refused.append(status)
        return status

    def message(self, user: str, kind: str, rest: str) -> str:
        """Return a message's XML."""
        body = f"<CreateTime>{int(time.time())}</CreateTime><MsgType>{kind}</MsgType>{rest}<AgentID>{AGENT}</AgentID>"
        return _XML.format(corp=CORP, user=user, rest=body)

    async def says(self, user: str, text: str, *, times: int = 1) -> int:
        """Type words."""
        number = 7312345678900000000 + next(self.numbers)
        rest = f"<Content><![CDATA[{text}]]></Content><MsgId>{number}</MsgId>"
        return await self.calls_back(self.message(user, "text", rest), times=times)

    async def sends(self, user: str, kind: str, rest: str) -> int:
        """Send anything else."""
        return await self.calls_back(self.message(user, kind, f"{rest}<MsgId>{next(self.numbers)}</MsgId>"))

    async def does(self, user: str, event: str, rest: str = "") -> int:
        """Follow, open, leave, press a menu."""
        return await self.calls_back(self.message(user, "event", f"<Event>{event}</Event>{rest}"))

    async def presses(self, user: str, label: str) -> int:
        """Press the newest button with this label."""
        for shown in reversed(self.phones[user.lower()]):
            for button in shown.buttons:
                if label in button["text"] and "key" in button:
                    code = self._code(user.lower(), shown.msgid)
                    rest = (
                        f"<EventKey><![CDATA[{button['key']}]]></EventKey>"
                        f"<TaskId>{shown.payload['template_card']['task_id']}</TaskId><ResponseCode>{code}</ResponseCode>"
                    )
                    return await self.does(user, "template_card_event", rest)
        shown_now = [one["text"] for shown in self.phones[user.lower()] for one in shown.buttons]
        raise AssertionError(f"no button {label}; there are {shown_now}")

    def words(self, user: str) -> str:
        """Return everything that somebody's phone shows now."""
        return "\n".join(shown.words for shown in self.phones[user.lower()])


def environment(url: str) -> dict[str, str]:
    """Return the configuration that leads here."""
    return {
        "WECOM__ENABLED": "true",
        "WECOM__BUSY_MINUTES": "[]",
        "WECOM__CORP_ID": CORP,
        "WECOM__AGENT_ID": str(AGENT),
        "WECOM__SECRET": SECRET,
        "WECOM__TOKEN": TOKEN,
        "WECOM__AES_KEY": AES_KEY,
        "WECOM__API_BASE": url,
        "WECOM__PATH": "/hooks/wecom-4f1c",
    }


@asynccontextmanager
async def wecom_side() -> AsyncIterator[tuple[WecomApi, str]]:
    """Serve a far side; yields it and its address."""
    api = WecomApi()
    runner = web.AppRunner(api.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    taken, port = free_socket()
    await web.SockSite(runner, taken).start()
    try:
        yield api, f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
