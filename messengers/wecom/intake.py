"""The callback: the URL check is answered from memory, a message is stored, then answered, within five seconds."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence

from aiohttp import web

from domain.arrival import Ignored, MalformedUpdateError
from messengers.base import Doors, PausedError, Raw
from messengers.envelope import LARGEST, RefusedError
from messengers.wecom import Section
from messengers.wecom.crypto import Gate
from messengers.wecom.receive import read

log = logging.getLogger(__name__)

WITHIN = 3.0
"""Seconds after which a busy database is not waited for: WeCom cuts the connection after five."""


class Callback:
    """What WeCom calls."""

    def __init__(self, section: Section, doors: Doors) -> None:
        """Take the callback's secrets; without them nothing is let in."""
        self._section = section
        self._doors = doors
        token, aes_key = section.token.get_secret_value(), section.aes_key.get_secret_value()
        self.gate = Gate(token, aes_key, section.corp_id) if token and aes_key and section.corp_id else None

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the callback's routes."""
        return [web.get(self._section.path, self._check_url), web.post(self._section.path, self._take)]

    def url_check(self, query: Mapping[str, str], now: float) -> str:
        """Return what the URL check is answered with. Raises `RefusedError`."""
        if self.gate is None:
            raise RefusedError("not_configured")
        try:
            return self.gate.url_check(query, now)
        except UnicodeDecodeError:
            raise RefusedError("no_words") from None

    def message(self, query: Mapping[str, str], body: bytes, now: float) -> Raw | Ignored:
        """Return what is kept of a request. Raises `RefusedError`."""
        if self.gate is None:
            raise RefusedError("not_configured")
        try:
            return read(self.gate.message(query, body, now), self._section.agent_id)
        except MalformedUpdateError as error:
            raise RefusedError("malformed") from error

    async def _check_url(self, request: web.Request) -> web.Response:
        try:
            return web.Response(text=self.url_check(request.query, time.time()))
        except RefusedError as refused:
            log.warning("wecom: a URL check was refused: %s", refused)
            return web.Response(status=403)

    async def _take(self, request: web.Request) -> web.Response:
        body = await _body(request)
        if body is None:
            return web.Response(status=413)
        try:
            found = self.message(request.query, body, time.time())
        except RefusedError as refused:
            log.warning("wecom: %d bytes were refused: %s", len(body), refused)
            return web.Response(status=400 if str(refused) == "malformed" else 403)
        if self._doors.paused():
            return web.Response(status=503)
        return web.Response(status=200 if isinstance(found, Ignored) or await self._stored(found) else 503)

    async def _stored(self, update: Raw) -> bool:
        try:
            await self._doors.accept("wecom", [update], within=WITHIN)
        except PausedError:
            return False
        except Exception:
            log.exception("wecom: an update could not be stored")
            return False
        return True


async def _body(request: web.Request) -> bytes | None:
    """Return the body; None when it is larger than anything that WeCom sends."""
    if (request.content_length or 0) > LARGEST:
        return None
    parts, size = [], 0
    async for chunk in request.content.iter_chunked(64 << 10):
        size += len(chunk)
        if size > LARGEST:
            return None
        parts.append(chunk)
    return b"".join(parts)
