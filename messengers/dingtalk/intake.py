"""What DingTalk calls: the robot's messages, presses on cards, and encrypted events; the last need an encrypted answer.

Neither a robot message's signature nor a press's covers the body: whoever sees one can forge others for an hour. So
they are good only together with TLS and a path that nobody guesses; Stream needs neither.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from domain.arrival import Ignored, MalformedUpdateError
from messengers.base import Doors, PausedError, Raw
from messengers.dingtalk import Section
from messengers.dingtalk.receive import message, press
from messengers.envelope import LARGEST, Envelope, RefusedError

log = logging.getLogger(__name__)

WITHIN, PRESS_WITHIN = 3.0, 1.2
"""Seconds after which a busy database is not waited for; a press is to be answered within two."""
HOUR, WINDOW = 3600_000, 600_000
"""Milliseconds by which the signed moment of a message, and of an event, may differ from ours."""
EVENTS, PRESSES = "/events", "/cards"


Read = Callable[[Mapping[str, str], bytes, float], Raw | Ignored]
"""Reads a request: its headers and body, and the seconds of now. Raises `RefusedError`."""


def _signed(secret: str, words: str) -> str:
    return base64.b64encode(
        hmac.new(secret.encode(), words.encode("utf-8", "replace"), hashlib.sha256).digest()
    ).decode()


def robot_sign(secret: str, timestamp: str) -> str:
    """Return the signature of a robot's message."""
    return _signed(secret, f"{timestamp}\n{secret}")


def press_sign(secret: str, timestamp: str) -> str:
    """Return the signature of a press on a card."""
    return _signed(secret, timestamp)


class Callback:
    """The HTTP callbacks of one app."""

    def __init__(self, section: Section, doors: Doors) -> None:
        """Take the secrets; without them nothing is let in."""
        self._section = section
        self._doors = doors
        token, aes_key = section.token.get_secret_value(), section.aes_key.get_secret_value()
        self._envelope = Envelope(token, aes_key, section.client_id) if token and aes_key else None

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the routes; none when messages come by Stream."""
        if self._section.mode == "stream":
            return []
        path = self._section.path.rstrip("/")
        return [
            web.post(path, self._take),
            web.post(f"{path}{PRESSES}", self._take_press),
            web.post(f"{path}{EVENTS}", self._take_event),
        ]

    def robot(self, headers: Mapping[str, str], body: bytes, now: float) -> Raw | Ignored:
        """Return what is kept of a robot's message. `now`: seconds. Raises `RefusedError`."""
        self._demand_signed(headers.get("timestamp", ""), headers.get("sign", ""), now, robot_sign)
        try:
            return message(json.loads(body), now)
        except (MalformedUpdateError, ValueError, RecursionError) as error:
            raise RefusedError("malformed") from error

    def card(self, headers: Mapping[str, str], body: bytes, now: float) -> Raw:
        """Return what is kept of a press on a card. `now`: seconds. Raises `RefusedError`."""
        timestamp = headers.get("x-ddpaas-signature-timestamp", "")
        self._demand_signed(timestamp, headers.get("x-ddpaas-signature", ""), now, press_sign)
        try:
            return press(json.loads(body), f"{timestamp}{hashlib.sha256(body).hexdigest()}")
        except (MalformedUpdateError, ValueError, RecursionError) as error:
            raise RefusedError("malformed") from error

    def _demand_signed(self, timestamp: str, given: str, now: float, sign: Callable[[str, str], str]) -> None:
        """Raise `RefusedError` unless this moment is signed with our secret, and is not long ago."""
        secret = self._section.client_secret.get_secret_value()
        if not secret or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > len(str(HOUR**2)):
            raise RefusedError("incomplete")
        if not hmac.compare_digest(sign(secret, timestamp).encode(), given.encode("utf-8", "replace")):
            raise RefusedError("bad_signature")
        if abs(int(timestamp) - now * 1000) > HOUR:
            raise RefusedError("old")

    def event(self, query: Mapping[str, str], body: bytes, now: float) -> dict[str, Any]:
        """Return an event. `now`: seconds. Raises `RefusedError`."""
        if self._envelope is None:
            raise RefusedError("not_configured")
        try:
            encrypted = json.loads(body)["encrypt"]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise RefusedError("malformed") from error
        timestamp = query.get("timestamp", "")
        given = query.get("msg_signature") or query.get("signature") or ""
        if not isinstance(encrypted, str):
            raise RefusedError("malformed")
        self._envelope.demand_signed(given, timestamp, query.get("nonce", ""), encrypted)
        if abs(int(timestamp) - now * 1000) > WINDOW:
            raise RefusedError("old")
        try:
            found = json.loads(self._envelope.decrypt(encrypted))
        except (ValueError, RecursionError) as error:
            raise RefusedError("malformed") from error
        if not isinstance(found, dict):
            raise RefusedError("malformed")
        return found

    def answer(self, words: str, now: float) -> dict[str, str]:
        """Return an encrypted answer to an event."""
        if self._envelope is None:
            raise RefusedError("not_configured")
        encrypted, stamp, nonce = self._envelope.encrypt(words.encode()), str(int(now * 1000)), secrets.token_hex(8)
        signed = self._envelope.sign(stamp, nonce, encrypted)
        return {"msg_signature": signed, "timeStamp": stamp, "nonce": nonce, "encrypt": encrypted}

    async def _take(self, request: web.Request) -> web.Response:
        return await self._taken(request, self.robot, WITHIN)

    async def _take_press(self, request: web.Request) -> web.Response:
        return await self._taken(request, self.card, PRESS_WITHIN)

    async def _taken(self, request: web.Request, read: Read, within: float) -> web.Response:
        body = await _body(request)
        if body is None:
            return web.Response(status=413)
        try:
            found = read(request.headers, body, time.time())
        except RefusedError as refused:
            return _refused(len(body), refused)
        if self._doors.paused():
            return web.Response(status=503)
        taken = isinstance(found, Ignored) or await stored(self._doors, found, within)
        return web.json_response({}) if taken else web.Response(status=503)

    async def _take_event(self, request: web.Request) -> web.Response:
        """Events ask nothing of us, but DingTalk wants to hear that they came."""
        body = await _body(request)
        if body is None:
            return web.Response(status=413)
        try:
            self.event(request.query, body, time.time())
        except RefusedError as refused:
            return _refused(len(body), refused)
        return web.json_response(self.answer("success", time.time()))


def _refused(size: int, refused: RefusedError) -> web.Response:
    log.warning("dingtalk: %d bytes were refused: %s", size, refused)
    return web.Response(status=400 if str(refused) == "malformed" else 403)


async def stored(doors: Doors, update: Raw, within: float = WITHIN) -> bool:
    """Keep an update; False when it could be kept nowhere, and has to come again."""
    try:
        await doors.accept("dingtalk", [update], within=within)
    except PausedError:
        return False
    except Exception:
        log.exception("dingtalk: an update could not be stored")
        return False
    return True


async def _body(request: web.Request) -> bytes | None:
    """Return the body; None when it is larger than anything that DingTalk sends."""
    if (request.content_length or 0) > LARGEST:
        return None
    parts, size = [], 0
    async for chunk in request.content.iter_chunked(64 << 10):
        size += len(chunk)
        if size > LARGEST:
            return None
        parts.append(chunk)
    return b"".join(parts)
