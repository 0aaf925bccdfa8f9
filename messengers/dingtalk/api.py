"""Calls to DingTalk's two APIs: one session, one token for all processes, and what each refusal means for a letter."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp

from messengers.base import Doors, SendFailedError
from messengers.dingtalk import Section

log = logging.getLogger(__name__)

STALE = {"40014", "42001", "InvalidAuthentication", "40001"}
SPENT = {"90020", "Forbidden.AccessDenied.ApiCountLimitForOrg"}
FAST = {
    "90018",
    "90002",
    "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi",
    "Forbidden.AccessDenied.QpsLimitForApi",
    "Throttling",
}
BUSY = {"-1"}
"""DingTalk is at fault, and says that nothing was done."""
RIGHTS = {"Forbidden.AccessDenied.AccessTokenPermissionDenied", "60011", "88"}
SPENT_SECONDS, FAST_SECONDS, PUNISHED_SECONDS, MENDING = 60.0, 1.0, 300.0, 60.0
"""Seconds to be left alone: the month's calls are spent (not for longer, as free replies go on), too fast, the address
is punished, rights are missing."""
LONGEST_TOKEN = 30 * 86400
ANSWER_BYTES, FILE_BYTES = 1 << 20, 20 << 20
REPLIES = {("https", "oapi.dingtalk.com"), ("https", "api.dingtalk.com")}
"""Where replies may go."""
HOSTS = ("dingtalk.com", "aliyuncs.com", "alicdn.com")
"""Where files may be fetched; anything else is not called."""
UNSENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
"""Nobody was reached: what was to be said surely did not arrive."""
HTTP_FAST = 429
_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
_LONG = aiohttp.ClientTimeout(total=60, connect=5)


class RefusedCodeError(SendFailedError):
    """DingTalk answered no, by this code: it was surely not done."""

    code: str = ""
    rights: bool = False
    """The app has no right to do this."""


class Api:
    """The APIs of one app."""

    def __init__(self, section: Section, doors: Doors) -> None:
        """Call nobody yet."""
        self._section = section
        self._doors = doors
        self.base, self.oapi = section.api_base.rstrip("/"), section.oapi_base.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self.counted = 0
        """Calls that the organisation pays with, as far as this process made them."""

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self._session

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def fetch_token(self) -> tuple[str, float]:
        """Ask for a token. Raises `SendFailedError`, never for ever: letters wait until the secret is right."""
        try:
            told, _ = await self.ask_token()
        except SendFailedError as error:
            # Nothing was sent yet.
            error.unknown = False
            if error.permanent:
                log.error("dingtalk: the app's own secrets are refused: %s", error.why)  # noqa: TRY400 - no surprise
                error.permanent, error.retry_after = False, MENDING
            raise
        token, seconds = told.get("accessToken"), told.get("expireIn", 7200)
        if not isinstance(token, str) or not token or not isinstance(seconds, int) or not 0 < seconds <= LONGEST_TOKEN:
            raise SendFailedError("accessToken: none came")
        return token, float(seconds)

    async def ask_token(self) -> tuple[dict[str, Any], Mapping[str, str]]:
        """Return what is said to our id and secret, and its headers. Raises `SendFailedError`."""
        asked = {"appKey": self._section.client_id, "appSecret": self._section.client_secret.get_secret_value()}
        return await self.ask("POST", f"{self.base}/v1.0/oauth2/accessToken", asked)

    async def open_stream(self, topics: Sequence[str]) -> dict[str, Any]:
        """Ask where the stream's socket is, and for the ticket to it, which is good once. Raises `SendFailedError`."""
        asked = {
            "clientId": self._section.client_id,
            "clientSecret": self._section.client_secret.get_secret_value(),
            "subscriptions": [
                {"type": "EVENT", "topic": "*"},
                *({"type": "CALLBACK", "topic": topic} for topic in topics),
            ],
            "ua": "dangqun-assistant",
            "localIp": socket.gethostname()[:60],
        }
        told, _ = await self.ask("POST", f"{self.base}/v1.0/gateway/connections/open", asked)
        return told

    def socket(self, url: str, **how: Any) -> Any:  # noqa: ANN401 - aiohttp's own
        """Open a socket."""
        return self._opened().ws_connect(url, **how)

    async def call(self, method: str, path: str, payload: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call the new API with the token; with a fresh one once more when it is refused. Raises `SendFailedError`."""

        async def ask(token: str) -> dict[str, Any]:
            self.counted += 1
            headers = {"x-acs-dingtalk-access-token": token}
            told, _ = await self.ask(method, f"{self.base}{path}", payload, headers)
            return told

        return await self._with_token(ask)

    async def upload(self, name: str, kind: str, body: bytes) -> str:
        """Upload bytes by the old API; returns the media id. Raises `SendFailedError`."""

        async def ask(token: str) -> dict[str, Any]:
            self.counted += 1
            form = aiohttp.FormData()
            form.add_field("media", body, filename=name, content_type="application/octet-stream")
            query = {"access_token": token, "type": kind}
            told, _ = await self._asked("POST", f"{self.oapi}/media/upload", query=query, data=form, timeout=_LONG)
            return told

        try:
            media = (await self._with_token(ask)).get("media_id")
        except SendFailedError as error:
            # Whatever became of the file, nobody has seen it.
            error.unknown = False
            raise
        if not isinstance(media, str) or not media:
            raise SendFailedError("media/upload: no media_id came")
        return media

    async def _with_token(self, ask: Callable[[str], Any]) -> dict[str, Any]:
        token = await self._doors.token("dingtalk", "access", self.fetch_token)
        try:
            told: dict[str, Any] = await ask(token)
        except RefusedCodeError as refused:
            if refused.code not in STALE:
                raise
            fresh = await self._doors.token("dingtalk", "access", self.fetch_token, refused=token)
            told = await ask(fresh)
        return told

    async def reply(self, webhook: str, payload: Mapping[str, Any]) -> None:
        """Answer by the address that came with a message: a call that is not counted. Raises `SendFailedError`."""
        if not self.may_reply(webhook):
            raise RefusedCodeError("the address for replies leads elsewhere")
        await self.ask("POST", webhook, payload)

    def may_reply(self, url: str) -> bool:
        """Answer whether an address for replies is the API's own: in callback mode nobody vouches for it."""
        parts = _split(url)
        if "\\" in url or "@" in url or parts is None:
            return False
        own = {(base.scheme, base.netloc) for base in (urlsplit(self.base), urlsplit(self.oapi))}
        return (parts.scheme, parts.netloc) in own | REPLIES

    def may_fetch(self, url: str) -> bool:
        """Answer whether a file's address is one where DingTalk keeps files."""
        if self.may_reply(url):
            return True
        parts = _split(url)
        if parts is None:
            return False
        host = parts.hostname or ""
        known = any(host == one or host.endswith(f".{one}") for one in HOSTS)
        return parts.scheme == "https" and known and parts.netloc == host and "\\" not in url

    async def download(self, url: str) -> bytes:
        """Return what is behind an address that DingTalk handed us. Raises `SendFailedError`."""
        if not self.may_fetch(url):
            raise SendFailedError("the file's address leads elsewhere", permanent=True)
        try:
            async with self._opened().get(url, timeout=_LONG, allow_redirects=False) as answer:
                if answer.status != 200:  # noqa: PLR2004 - HTTP
                    raise SendFailedError(f"the file: HTTP {answer.status}", permanent=answer.status < 500)  # noqa: PLR2004
                return await _words(answer, FILE_BYTES)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SendFailedError(f"the file: {type(error).__name__}") from None
        except ValueError:
            raise SendFailedError("the file is larger than 20 MB", permanent=True) from None

    async def ask(
        self,
        method: str,
        url: str,
        payload: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """Return an answer that says yes, and its headers. Raises `SendFailedError`."""
        return await self._asked(method, url, json=payload, headers=headers)

    async def _asked(self, method: str, url: str, **how: Any) -> tuple[dict[str, Any], Mapping[str, str]]:  # noqa: ANN401
        """Ask; no error's words hold the address, for a secret may be part of it."""
        query = how.pop("query", None)
        name = urlsplit(url).path[-60:]
        try:
            async with self._opened().request(method, url, params=query, allow_redirects=False, **how) as answer:
                words, status, told_headers = await _words(answer, ANSWER_BYTES), answer.status, answer.headers
        except UNSENT as error:
            raise SendFailedError(f"{name}: {type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SendFailedError(f"{name}: {type(error).__name__}", unknown=True) from None
        try:
            told = json.loads(words)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            if status == HTTP_FAST:
                raise SendFailedError(f"{name}: HTTP {status}", retry_after=FAST_SECONDS)
            if status < 500 and words.lstrip()[:1] == b"<":  # noqa: PLR2004 - an address that is punished sees a page
                raise SendFailedError(f"{name}: HTTP {status}, a page", retry_after=PUNISHED_SECONDS)
            raise SendFailedError(f"{name}: HTTP {status}, no JSON", unknown=True)
        demand(name, status, told)
        return told, told_headers


def _split(url: str) -> SplitResult | None:
    """Return an address's parts; None for what is none."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def demand(name: str, status: int, told: Mapping[str, Any]) -> None:
    """Raise `SendFailedError` for an answer that says no, in either API's way."""
    if told.get("punish") or str(told.get("status")) == "1111":
        raise SendFailedError(f"{name}: punished", retry_after=PUNISHED_SECONDS)
    if status >= 500:  # noqa: PLR2004 - HTTP
        raise SendFailedError(f"{name}: HTTP {status}", unknown=True)
    old = told.get("errcode")
    if old is not None and not isinstance(old, (int, str)):
        raise SendFailedError(f"{name}: HTTP {status}, none of DingTalk's answers", unknown=True)
    if status < 400 and (old is None or str(old) == "0"):  # noqa: PLR2004 - HTTP
        return
    code = str(told.get("sub_code") or "") if str(old) == "88" else str(told.get("code") or old or status)
    words = str(told.get("message") or told.get("sub_msg") or told.get("errmsg") or "")[:120]
    raise _refusal(code or str(old), f"{name}: {code} {words}", status)


def _refusal(code: str, why: str, status: int) -> RefusedCodeError:
    """Say what a code, and the HTTP status that it came with, mean for the letter."""
    if code in SPENT:
        log.error("dingtalk: the month's calls of the whole organisation are spent")
        error = RefusedCodeError(why, retry_after=SPENT_SECONDS)
    elif code in FAST or code.startswith("Throttling"):
        error = RefusedCodeError(why, retry_after=FAST_SECONDS)
    elif code in RIGHTS or code in STALE or code.startswith("Forbidden"):
        log.error("dingtalk: the app may not do this: %s", why)
        error = RefusedCodeError(why, retry_after=MENDING)
        error.rights = code not in STALE
    elif status == HTTP_FAST:
        error = RefusedCodeError(why, retry_after=FAST_SECONDS)
    elif code in BUSY:
        error = RefusedCodeError(why)
    else:
        error = RefusedCodeError(why, permanent=True)
    error.code = code
    return error


async def _words(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """Return a body, as far as one may go. Raises ValueError."""
    words = bytearray()
    async for chunk in answer.content.iter_chunked(64 << 10):
        words += chunk
        if len(words) > most:
            raise ValueError("an answer that does not end")
    return bytes(words)
