"""The HTTP callback: signature over the raw body, seal, token and window are checked, then stored, then answered."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from domain.arrival import Ignored, MalformedUpdateError
from messengers.base import Doors, PausedError, Raw
from messengers.feishu import Section
from messengers.feishu.crypto import SealError, decrypt, is_signed, same
from messengers.feishu.receive import PRESS, kind_of, moment_of, parsed, read, token_of

log = logging.getLogger(__name__)

LARGEST = 256 << 10
WITHIN = 1.5
"""Seconds for the database: Feishu waits three, and its way to us and back is part of them."""
EVENT_SECONDS = 8 * 3600
"""An event is brought again up to six hours later."""
PRESS_SECONDS = 600
"""A press is never brought again."""
AHEAD_SECONDS = 300
"""By so much Feishu's clock may be before ours."""


class RefusedError(Exception):
    """A request that is not Feishu's, or not for us; `status` is what it is answered."""

    def __init__(self, status: int, why: str) -> None:
        """`why` is for the log: it never holds anything of the request."""
        super().__init__(why)
        self.status = status


class Gate:
    """Says what a request brings. Pure: the moment is given."""

    def __init__(self, app_id: str, token: str, key: str) -> None:
        """Fails closed: without a token or without a key nothing gets in."""
        self._app_id, self._token, self._key = app_id, token, key

    @property
    def open(self) -> bool:
        """Whether anything can get in at all."""
        return bool(self._token and self._app_id)

    def take(self, headers: Mapping[str, str], body: bytes, now: float, me: str = "") -> Raw | Ignored | dict[str, str]:
        """Return what is to be stored, or the answer to a challenge. Raises `RefusedError`."""
        if not self.open:
            raise RefusedError(403, "nothing is configured")
        signed = not self._key or self._is_signed(headers, body)
        try:
            event = self._opened(parsed(body))
        except (SealError, MalformedUpdateError):
            # Whoever has no key is told nothing of where it failed.
            raise RefusedError(400 if signed else 403, "can't be opened") from None
        # The challenge is the one request that Feishu does not sign: its token is what is checked.
        if event.get("type") == "url_verification":
            return self._challenge(event)
        if not signed:
            raise RefusedError(403, "wrong signature")
        if not same(token_of(event), self._token):
            raise RefusedError(403, "wrong token")
        try:
            self._demand_recent(event, now)
            return read(event, self._app_id, me)
        except MalformedUpdateError:
            raise RefusedError(400, "can't be read") from None

    def _opened(self, told: dict[str, Any]) -> dict[str, Any]:
        """Return the event inside; where a key is set, nothing plain is taken."""
        sealed = told.get("encrypt")
        if self._key:
            if not isinstance(sealed, str):
                raise RefusedError(403, "not sealed")
            return parsed(decrypt(sealed, self._key))
        if sealed is not None:
            raise RefusedError(403, "sealed, and there is no key")
        return told

    def _challenge(self, event: Mapping[str, Any]) -> dict[str, str]:
        token, challenge = event.get("token"), event.get("challenge")
        if not isinstance(token, str) or not same(token, self._token):
            raise RefusedError(403, "wrong token")
        if not isinstance(challenge, str):
            raise RefusedError(400, "no challenge")
        return {"challenge": challenge}

    def _is_signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        names = ("Signature", "Request-Timestamp", "Request-Nonce")
        given, moment, nonce = (headers.get(f"X-Lark-{name}", "") for name in names)
        return is_signed(given, moment, nonce, self._key, body)

    def _demand_recent(self, event: dict[str, Any], now: float) -> None:
        age = now - moment_of(event)
        longest = PRESS_SECONDS if kind_of(event) == PRESS else EVENT_SECONDS
        if not -AHEAD_SECONDS <= age <= longest:
            raise RefusedError(403, "too old, or from the future")


class Callback:
    """Takes what Feishu brings."""

    def __init__(
        self,
        section: Section,
        doors: Doors,
        me: Callable[[], str],
        now: Callable[[], float] = time.time,
    ) -> None:
        """`me` tells the bot's own open_id, as far as it is known."""
        self._path = section.path
        self._wanted = section.mode == "callback"
        self._doors = doors
        self._me = me
        self._now = now
        self.gate = Gate(
            section.app_id, section.verification_token.get_secret_value(), section.encrypt_key.get_secret_value()
        )

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the route, in callback mode."""
        return [web.post(self._path, self._take)] if self._wanted and self.gate.open else []

    async def _take(self, request: web.Request) -> web.Response:
        """Check, store, and only then say 200; whatever is not stored is brought again."""
        try:
            found = self.gate.take(request.headers, await _body(request), self._now(), self._me())
        except RefusedError as refused:
            log.warning("feishu: a request was refused: %s", refused)
            return web.Response(status=refused.status)
        if isinstance(found, dict):
            return web.json_response(found)
        if isinstance(found, Raw):
            try:
                await self._doors.accept("feishu", [found], within=WITHIN)
            except PausedError:
                return web.Response(status=503)
            except Exception:
                log.exception("feishu: an event could not be stored; Feishu brings it again")
                return web.Response(status=503)
        return web.json_response({})


async def _body(request: web.Request) -> bytes:
    """Return a request's raw body, as far as it may go. Raises `RefusedError`."""
    if (request.content_length or 0) > LARGEST:
        raise RefusedError(413, "too large")
    if request.content_type != "application/json":
        raise RefusedError(415, "no JSON")
    body = await request.content.read(LARGEST + 1)
    while len(body) <= LARGEST and (more := await request.content.read(LARGEST + 1 - len(body))):
        body += more
    if len(body) > LARGEST:
        raise RefusedError(413, "too large")
    return body
