"""Sockets of the embedded chat. The letter's row is the mailbox: an open socket shows it at once, a reconnect later."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import WSMsgType, web

from domain.arrival import Arrival, Ignored, Uploaded, clean
from domain.preview import Bubble
from domain.reply import Reply
from messengers.ability import NO, YES, Ability
from messengers.base import (
    Check,
    Limits,
    MailboxItem,
    Outgoing,
    PausedError,
    Raw,
    SendFailedError,
    Sent,
    StoredFile,
    Surroundings,
)
from messengers.web import Section, security
from messengers.web.pages import Pages
from messengers.web.preview import preview
from messengers.web.receive import receive
from messengers.web.render import render

log = logging.getLogger(__name__)

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading a frame raises that our own page would never send."""
LONGEST_TEXT = 4000
LONGEST_FRAME = 64 << 10
REPLAYED = 200
BURST = 20
PER_SECOND = 2.0
MOST_SOCKETS = 12
GOING_AWAY, NO_CHAT, PAUSED = 1001, 4001, 4003
"""Why a socket is closed: the program ends, this page can't be served at all, this copy is paused."""
LOOK, LOOK_BACK = 1.0, 6.0
"""Seconds between looks for what other processes sent, and how far back each look goes."""
LIMITS = Limits(
    text_chars=20_000,
    caption_chars=2000,
    button_chars=60,
    buttons_per_row=4,
    button_rows=30,
    file_in_bytes=20 << 20,
    file_out_bytes=20 << 20,
    per_second=None,
    per_chat_per_second=None,
    per_group_per_minute=None,
    keyed=True,
    per_process=True,
)


ABILITIES = {
    "text_in": YES,
    "picture_in": YES,
    "file_in": YES,
    "voice_in": NO,
    "location_in": NO,
    "press_in": YES,
    "menu_in": NO,
    "follow_in": YES,
    "group_in": NO,
    "text_out": YES,
    "styles_out": YES,
    "picture_out": YES,
    "file_out": YES,
    "buttons_out": YES,
    "redraw": YES,
    "many_out": NO,
    "recall": YES,
    "reads": NO,
    "deep_link": YES,
    "no_public_address": YES,
}


class Allowance:
    """How much one account may still say now."""

    __slots__ = ("at", "left")

    def __init__(self, now: float) -> None:
        """Begin with all of it."""
        self.left, self.at = float(BURST), now

    def take(self, now: float) -> bool:
        """Take one; False when there is none left."""
        self.left = min(BURST, self.left + (now - self.at) * PER_SECOND)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class WebMessenger:
    """The embedded chat, opened."""

    name = "web"
    limits = LIMITS
    abilities: Mapping[str, Ability] = ABILITIES

    def __init__(self, section: Section, surroundings: Surroundings) -> None:
        """Open nothing yet; the program serves `routes`."""
        self._section = section
        self._surroundings = surroundings
        self._sockets: dict[str, set[web.WebSocketResponse]] = defaultdict(set)
        self._allowances: dict[str, Allowance] = {}
        self._pages = Pages(section, surroundings)

    def receive(self, body: str) -> Arrival | Ignored:
        """Read one stored update."""
        return receive(body)

    def render(self, reply: Reply) -> list[dict[str, Any]]:
        """Return the message that a reply becomes."""
        return render(reply)

    def preview(self, reply: Reply) -> list[Bubble]:
        """Return what readers see of it."""
        return preview(render(reply))

    async def send(self, letter: Outgoing) -> Sent:
        """Show it on every open page of the account; without one it waits in the mailbox, which is no failure."""
        await self._show(letter.user, self._drawn(letter, datetime.now(UTC).isoformat()))
        return Sent(letter.edits or str(letter.key))

    def _drawn(self, letter: Outgoing, at: str) -> dict[str, Any]:
        [message] = render(letter.reply)
        for block in message["blocks"]:
            number = block.get("picture") or block.get("document")
            if number:
                signature = security.sign(self._surroundings.secret, "file", number, letter.user)
                block["href"] = f"/chat/file/{number}?user={letter.user}&sig={signature}"
        return {"letter": letter.key, "at": at, "edits": letter.edits, **message}

    async def _show(self, user: str, frame: dict[str, Any]) -> None:
        words = json.dumps(frame, ensure_ascii=False)
        for socket in list(self._sockets.get(user, ())):
            try:
                await asyncio.wait_for(socket.send_str(words), 5)
            except (ConnectionError, TimeoutError, RuntimeError):
                self._sockets[user].discard(socket)

    async def fetch(self, uploaded: Uploaded) -> StoredFile:
        """Return the kept file; it was uploaded before it was mentioned."""
        found = await self._surroundings.doors.open_file(uploaded.attachment or 0)
        if found is None:
            raise SendFailedError("the file is gone", permanent=True)
        return found

    async def acknowledge(self, body: str) -> None:
        """Let the dots dance until the answer comes."""
        await self._show(json.loads(body)["user"], {"typing": True})

    async def run(self) -> None:
        """Take updates by `routes` alone, and beside other processes show what they sent to pages that hang here.

        When this copy is paused the pages are let go: they come back and are told why.
        """
        try:
            await (self._show_news() if self._surroundings.several else asyncio.Event().wait())
        finally:
            if self._surroundings.doors.paused():
                await self._let_go(PAUSED)

    async def _show_news(self) -> None:
        shown: dict[int, float] = {}
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(LOOK)
            users = list(self._sockets)
            if not users:
                continue
            try:
                found = await self._surroundings.doors.news("web", users, LOOK_BACK)
            except Exception:
                log.exception("what other processes sent could not be read")
                continue
            for at, letter in found:
                if letter.key not in shown:
                    shown[letter.key] = clock()
                    await self._show(letter.user, self._drawn(letter, at))
            shown = {key: when for key, when in shown.items() if clock() - when < 3 * LOOK_BACK}

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the page, its files and its socket."""
        return [*self._pages.routes(), web.get("/chat/socket", self._socket)]

    def link(self, payload: str) -> str:
        """Return a link that opens the chat with this payload."""
        return (
            f"{self._surroundings.base_url}/chat/?start={payload}"
            if payload
            else f"{self._surroundings.base_url}/chat/"
        )

    async def check(self) -> list[Check]:
        """Nothing to ask anybody."""
        return [Check("ok", f"web: {self._section.host}:{self._section.port}")]

    async def close(self) -> None:
        """Close every socket; the pages connect again when the program is back."""
        await self._let_go(GOING_AWAY)

    async def _let_go(self, code: int) -> None:
        sockets = [socket for group in self._sockets.values() for socket in group]
        await asyncio.gather(*(socket.close(code=code) for socket in sockets), return_exceptions=True)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if not security.origin_allowed(request, self._section.embed_origins):
            return web.Response(status=403)
        socket = web.WebSocketResponse(heartbeat=25, max_msg_size=LONGEST_FRAME)
        await socket.prepare(request)
        if self._surroundings.doors.paused():
            await socket.close(code=PAUSED)
            return socket
        user = await self._greet(socket)
        if user is None:
            await socket.close(code=NO_CHAT)
            return socket
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._take(socket, user, message.data)
        finally:
            self._sockets[user].discard(socket)
            if not self._sockets[user]:
                del self._sockets[user]
        return socket

    async def _greet(self, socket: web.WebSocketResponse) -> str | None:
        """Learn who connects, join the socket to the account, and replay what the page has missed."""
        try:
            hello = json.loads(await socket.receive_str(timeout=10))
            user = security.account_of(hello["token"])
            after = min(max(0, int(hello.get("last", 0))), 2**63 - 1)
        except (*UNREADABLE, TimeoutError):
            return None
        if user is None or len(self._sockets[user]) >= MOST_SOCKETS:
            return None
        # Joined before the replay: what is sent meanwhile comes twice, and the page knows letters by their number.
        self._sockets[user].add(socket)
        items = await self._surroundings.doors.mailbox("web", user, max(0, after - REPLAYED), REPLAYED)
        lines = [self._line(item) for item in items]
        await socket.send_str(json.dumps({"replay": [line for line in lines if line]}, ensure_ascii=False))
        return user

    def _line(self, item: MailboxItem) -> dict[str, Any] | None:
        if item.letter is not None:
            return self._drawn(item.letter, item.at)
        if item.raw is None:
            return None
        data = json.loads(item.raw.body)
        if data["kind"] not in {"text", "upload"}:
            return None
        said = data.get("text") or data.get("name", "")
        return {"own": item.raw.key.partition(":")[2], "at": item.at, "said": said, "kind": data["kind"]}

    async def _take(self, socket: web.WebSocketResponse, user: str, words: str) -> None:
        """Store what was said, then acknowledge it. A page repeats what was not acknowledged, under the same id."""
        try:
            frame = json.loads(words)
            key = clean(str(frame["id"]))[:64]
            body = self._checked(user, frame)
        except UNREADABLE:
            await socket.send_str(json.dumps({"nack": "", "why": "malformed", "again": False}))
            return
        now = asyncio.get_running_loop().time()
        if not self._allowances.setdefault(user, Allowance(now)).take(now):
            await socket.send_str(json.dumps({"nack": key, "why": "slow_down", "again": True}))
            return
        try:
            await self._surroundings.doors.accept("web", [Raw(f"{user}:{key}", json.dumps(body))])
        except PausedError:
            # The page keeps what was said, comes back until it is let in, and says it again.
            await socket.close(code=PAUSED)
            return
        except Exception:
            log.exception("an update of the embedded chat could not be stored")
            await socket.send_str(json.dumps({"nack": key, "why": "not_stored", "again": True}))
            return
        await socket.send_str(json.dumps({"ack": key}))

    def _checked(self, user: str, frame: dict[str, Any]) -> dict[str, Any]:
        """Return what is stored of a frame. Raises ValueError for what our own page would never send."""
        kind = frame["kind"]
        body: dict[str, Any] = {"kind": kind, "user": user, "at": datetime.now(UTC).isoformat()}
        body["language"] = str(frame.get("language", ""))[:8]
        if kind == "text":
            body["text"] = str(frame["text"])[:LONGEST_TEXT]
        elif kind == "press":
            body["call"], body["message"] = str(frame["call"])[:64], str(frame.get("message") or "")[:32]
        elif kind == "open":
            body["payload"] = str(frame.get("payload", ""))[:64]
        elif kind == "upload":
            parts = (int(frame["attachment"]), str(frame["name"]), str(frame["mime"]), int(frame["size"]))
            if not security.signed(self._surroundings.secret, str(frame["sig"]), "upload", user, *parts):
                raise ValueError("a file of somebody else")
            body["attachment"], body["name"], body["mime"], body["size"] = parts
            body["caption"] = str(frame.get("caption", ""))[:LONGEST_TEXT]
        else:
            raise ValueError("no such kind")
        return body
