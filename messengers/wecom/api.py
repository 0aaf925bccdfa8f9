"""Calls to WeCom's API: one session, one token for all processes, and what each error code means for a letter."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from messengers.base import Doors, SendFailedError
from messengers.wecom import Section
from messengers.words import file_name

log = logging.getLogger(__name__)

STALE = {40014, 42001, 40001}
"""The token is wrong or at its end: it is dropped once."""
FLOODS = {45009: 60.0, 45033: 2.0}
"""Too often, too many at once: seconds to be left alone."""
SEND, UPLOAD = "message/send", "media/upload"
NOT_ALLOWED = 48002
NOT_OURS = {60020: "this address is not among the app's trusted IPs", NOT_ALLOWED: "the app may not call this"}
"""Nothing that a letter could help: an administrator has to mend it, and what waits is kept."""
MENDING = 60.0
NOBODY = {81013, 40003, 60011, 60111}
"""None of those whom it is for may use the app, or there is nobody of that name, or the app has no right over them.

The last, 60011, is for an administrator to mend, as 81013 is: the person is outside the app's visible range. Holding
everything for it would let one person silence all others; so their address is closed, and the first word that they can
say again opens it.
"""
SAID = {"errcode", "access_token", "media_id"}
"""One of these is in every answer of WeCom's."""
ANSWER_BYTES = 1 << 20
FILE_BYTES = 20 << 20
_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
_LONG = aiohttp.ClientTimeout(total=60, connect=5)


class Api:
    """The API of one app."""

    def __init__(self, section: Section, doors: Doors) -> None:
        """Call nobody yet."""
        self._base = section.api_base.rstrip("/")
        self._section = section
        self._doors = doors
        self._session: aiohttp.ClientSession | None = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self._session

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def fetch_token(self) -> tuple[str, float]:
        """Ask for a token. Raises `SendFailedError`."""
        secret = self._section.secret.get_secret_value()
        told, _ = await self.ask("GET", "gettoken", {"corpid": self._section.corp_id, "corpsecret": secret})
        self.demand(told)
        return str(told["access_token"]), float(told.get("expires_in", 7200))

    async def call(
        self, name: str, payload: Mapping[str, Any], *, also: frozenset[int] = frozenset()
    ) -> dict[str, Any]:
        """Call a method with the token. Raises `SendFailedError`; codes in `also` are no failure."""
        # The bytes are the letter's: what is sent again must be the same to the last of them.
        body = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        return await self._with_token(name, {}, lambda: body, also)

    async def upload(self, name: str, kind: str, body: bytes) -> str:
        """Upload bytes; returns the media id, which is good for three days. Raises `SendFailedError`."""

        def form() -> aiohttp.FormData:
            # Not percent-encoded: WeCom shows the name to the reader as it stands here.
            made = aiohttp.FormData(quote_fields=False)
            made.add_field("media", body, filename=file_name(name), content_type="application/octet-stream")
            return made

        told = await self._with_token(UPLOAD, {"type": kind}, form, frozenset())
        return str(told["media_id"])

    async def download(self, media: str) -> tuple[bytes, str]:
        """Return (bytes, type) of an upload. Raises `SendFailedError`."""
        refused = ""
        for _ in range(2):
            token = await self._token(refused)
            body, kind = await self._downloaded({"access_token": token, "media_id": media})
            told = _told(body) if kind in {"application/json", "text/plain"} or body[:1] == b"{" else None
            if told is None:
                return body, kind
            if told.get("errcode") not in STALE:
                self.demand(told, name="media/get")
                break
            refused = token
        raise SendFailedError("media/get: no file came")

    async def _downloaded(self, query: Mapping[str, str]) -> tuple[bytes, str]:
        try:
            async with self._opened().get(f"{self._base}/cgi-bin/media/get", params=query, timeout=_LONG) as answer:
                if answer.status != 200:  # noqa: PLR2004 - HTTP
                    raise SendFailedError(f"media/get: HTTP {answer.status}")
                return await _words(answer, FILE_BYTES), answer.content_type
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SendFailedError(f"media/get: {type(error).__name__}") from None
        except ValueError:
            raise SendFailedError("the file is larger than 20 MB", permanent=True) from None

    async def _token(self, refused: str) -> str:
        return await self._doors.token("wecom", "access", self.fetch_token, refused=refused)

    async def _with_token(
        self, name: str, query: dict[str, str], make: Callable[[], bytes | aiohttp.FormData], also: frozenset[int]
    ) -> dict[str, Any]:
        """Post what `make` returns; with a fresh token once more when this one is refused."""
        token = await self._token("")
        told, _ = await self.ask("POST", name, {**query, "access_token": token}, make())
        if told.get("errcode") in STALE:
            token = await self._token(token)
            told, _ = await self.ask("POST", name, {**query, "access_token": token}, make())
        self.demand(told, also, name)
        return told

    async def ask(
        self, method: str, name: str, query: dict[str, str], body: bytes | aiohttp.FormData | None = None
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """Return the answer and its headers. Raises `SendFailedError`, whose words never hold a secret."""
        url = f"{self._base}/cgi-bin/{name}"
        timeout = _LONG if isinstance(body, aiohttp.FormData) else _TIMEOUT
        try:
            async with self._opened().request(method, url, params=query, data=body, timeout=timeout) as answer:
                told = json.loads(await _words(answer, ANSWER_BYTES))
                status, headers = answer.status, answer.headers
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # There was no connection by which anything could have arrived.
            raise SendFailedError(f"{name}: {type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SendFailedError(f"{name}: {type(error).__name__}", unknown=True) from None
        except (ValueError, RecursionError):
            # A page of some proxy, or an error of the far side's: nobody knows what became of it.
            raise SendFailedError(f"{name}: no JSON", unknown=True) from None
        if not isinstance(told, dict) or status >= 500 or not told.keys() & SAID:  # noqa: PLR2004 - HTTP
            # Some proxy speaks: nobody knows what became of it.
            raise SendFailedError(f"{name}: HTTP {status}, none of WeCom's answers", unknown=True)
        return told, headers

    def demand(self, told: Mapping[str, Any], also: frozenset[int] = frozenset(), name: str = "") -> None:
        """Raise `SendFailedError` for an answer that says no to the method of this name."""
        code = told.get("errcode", 0)
        if code == 0 or code in also:
            return
        why = f"{code}: {str(told.get('errmsg', ''))[:120]}"
        if code in FLOODS:
            raise SendFailedError(why, retry_after=FLOODS[code])
        if code == NOT_ALLOWED and name != SEND:
            # Words go out all the same: a card is drawn anew, a letter with a file is tried for some minutes.
            log.error("wecom: the app may not call %s (%s)", name, code)
            raise SendFailedError(why, permanent=name != UPLOAD, reached=True)
        if code in NOT_OURS:
            log.error("wecom: %s (%s)", NOT_OURS[code], code)
            raise SendFailedError(why, retry_after=MENDING)
        if code in STALE or code in {40013, 40056, 42009}:
            log.error("wecom: the app's own secrets are refused (%s)", code)
            raise SendFailedError(why, retry_after=MENDING)
        if code == -1:
            raise SendFailedError(why)
        raise SendFailedError(why, permanent=True, closes_address=name == SEND and code in NOBODY)


def _told(body: bytes) -> dict[str, Any] | None:
    """Return what an answer says instead of a file; None when it is a file."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) and "errcode" in told else None


async def _words(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """Return an answer's body, as far as one may go. Raises ValueError."""
    words = bytearray()
    async for chunk in answer.content.iter_chunked(64 << 10):
        words += chunk
        if len(words) > most:
            raise ValueError("an answer that does not end")
    return bytes(words)
