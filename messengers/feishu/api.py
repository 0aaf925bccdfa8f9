"""Calls to Feishu's API: one session, one token for all processes, and what each error code means for a letter."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from messengers.base import Doors, SendFailedError
from messengers.feishu import Section

log = logging.getLogger(__name__)

STALE = {99991661, 99991663, 99991664, 99991668}
"""The token is missing, wrong or at its end: it is dropped once."""
FLOOD = 99991400
FULL = 11247
"""All batch messages of the day are used up."""
FULL_SECONDS = 3600.0
CROWDED = 230020
"""This person, or this group, gets too much at once: nobody else has to wait."""
AGAIN = {230049, 230101}
"""The message is still on its way, or something of theirs broke: its uuid lets it be sent again."""
NOBODY = {230002, 230013, 230034, 230053, 99992351, 99992361}
"""Not in the group, out of the app's range, no such person, or a person who wants nothing from the bot."""
NO_SCOPE = {230027, 99991672, 99991679}
"""The app may not do this; what else it may do goes on."""
MENDING = {10003, 10014, 230006, 99991401, 99991662, 99991671, 99991673} | NO_SCOPE
"""Secrets, scopes, addresses: an administrator has to mend it, and what waits is kept."""
MENDING_SECONDS = 60.0
SEND = "im/v1/messages"
UPLOADS = {"im/v1/images", "im/v1/files"}
ANSWER_BYTES = 1 << 20
FILE_BYTES = 20 << 20
_TIMEOUT = aiohttp.ClientTimeout(total=15, connect=5)
_LONG = aiohttp.ClientTimeout(total=60, connect=5)

Body = Callable[[], bytes | aiohttp.FormData]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the JSON object, the headers."""

    status: int
    told: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def code(self) -> int:
        """Feishu's own code; nought is success."""
        code = self.told.get("code", 0)
        return code if isinstance(code, int) else -1

    @property
    def stale(self) -> bool:
        """Whether the token was refused."""
        return self.status == 401 or self.code in STALE  # noqa: PLR2004 - HTTP

    @property
    def data(self) -> dict[str, Any]:
        """What the answer is about."""
        data = self.told.get("data")
        return data if isinstance(data, dict) else {}


class Api:
    """The API of one app."""

    def __init__(self, section: Section, doors: Doors) -> None:
        """Call nobody yet."""
        self._base = section.api_base.rstrip("/")
        self._section = section
        self._doors = doors
        self._session: aiohttp.ClientSession | None = None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self._session

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def fetch_token(self) -> tuple[str, float]:
        """Ask for a token. Raises `SendFailedError`."""
        answer = await self.ask_token()
        demand(answer)
        token = answer.told.get("tenant_access_token")
        if not isinstance(token, str) or not token:
            raise SendFailedError("tenant_access_token: none came")
        return token, float(answer.told.get("expire", 7200))

    async def ask_token(self) -> Answer:
        """Return what the far side says to our id and secret."""
        secret = {"app_id": self._section.app_id, "app_secret": self._section.app_secret.get_secret_value()}
        return await self.ask("POST", "/open-apis/auth/v3/tenant_access_token/internal", lambda: _bytes(secret))

    async def endpoint(self) -> Mapping[str, Any]:
        """Ask where the long connection is. Raises `SendFailedError`."""
        secret = {"AppID": self._section.app_id, "AppSecret": self._section.app_secret.get_secret_value()}
        answer = await self.ask("POST", "/callback/ws/endpoint", lambda: _bytes(secret))
        demand(answer)
        return answer.told

    async def bot(self) -> dict[str, Any]:
        """Return who the bot is. Raises `SendFailedError`."""
        told = await self._with_token("GET", "bot/v3/info", None, {})
        bot = told.told.get("bot")
        return bot if isinstance(bot, dict) else {}

    async def call(
        self, method: str, name: str, payload: Mapping[str, Any] | None = None, **query: str
    ) -> dict[str, Any]:
        """Call with the token; returns the answer's data. Raises `SendFailedError`."""
        body = None if payload is None else lambda: _bytes(payload)
        return (await self._with_token(method, name, body, query)).data

    async def upload(self, name: str, fields: Mapping[str, str], part: str, file: str, body: bytes) -> dict[str, Any]:
        """Upload bytes. Raises `SendFailedError`."""

        def form() -> aiohttp.FormData:
            made = aiohttp.FormData()
            for key, value in fields.items():
                made.add_field(key, value)
            made.add_field(part, body, filename=file, content_type="application/octet-stream")
            return made

        try:
            return (await self._with_token("POST", name, form, {}, _LONG)).data
        except SendFailedError as error:
            # Whatever became of the file, nobody has seen it.
            error.unknown = False
            raise

    async def download(self, message: str, key: str, kind: str) -> tuple[bytes, str]:
        """Return (bytes, type) of what a message carries. Raises `SendFailedError`."""
        url = f"{self._base}/open-apis/im/v1/messages/{quote(message, safe='')}/resources/{quote(key, safe='')}"
        refused = ""
        for _ in range(2):
            token = await self._token(refused)
            head = {"Authorization": f"Bearer {token}"}
            try:
                async with self._opened().get(url, params={"type": kind}, headers=head, timeout=_LONG) as got:
                    body, mime = await _limited(got, FILE_BYTES), got.content_type
                    status, headers = got.status, got.headers
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise SendFailedError(f"resources: {type(error).__name__}") from None
            if status == 200 and mime != "application/json":  # noqa: PLR2004 - HTTP
                if len(body) > FILE_BYTES:
                    raise SendFailedError("the file is larger than 20 MB", permanent=True)
                return body, mime
            answer = Answer(status, _object(body), headers)
            if not answer.stale or refused:
                break
            refused = token
        if status >= 500:  # noqa: PLR2004 - HTTP
            raise SendFailedError(f"resources: HTTP {status}")
        demand(answer, "GET", "resources")
        raise SendFailedError(f"resources: HTTP {status}", permanent=True)

    async def _token(self, refused: str) -> str:
        return await self._doors.token("feishu", "tenant", self.fetch_token, refused=refused, early=1800)

    async def _with_token(
        self,
        method: str,
        name: str,
        body: Body | None,
        query: Mapping[str, str],
        timeout: aiohttp.ClientTimeout = _TIMEOUT,  # noqa: ASYNC109 - aiohttp's own, and it differs by call
    ) -> Answer:
        """Ask, and with a fresh token once more when this one is refused."""
        token = await self._token("")
        answer = await self.ask(method, f"/open-apis/{name}", body, token, query, timeout)
        if answer.stale:
            token = await self._token(token)
            answer = await self.ask(method, f"/open-apis/{name}", body, token, query, timeout)
        demand(answer, method, name)
        return answer

    async def ask(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        token: str = "",
        query: Mapping[str, str] | None = None,
        timeout: aiohttp.ClientTimeout = _TIMEOUT,  # noqa: ASYNC109 - aiohttp's own, and it differs by call
    ) -> Answer:
        """Return the answer. Raises `SendFailedError`, whose words never hold a secret."""
        made = body() if body is not None else None
        head = {"Authorization": f"Bearer {token}"} if token else {}
        if isinstance(made, bytes):
            head["Content-Type"] = "application/json; charset=utf-8"
        name = path.rpartition("/open-apis/")[2].partition("?")[0]
        try:
            async with self._opened().request(
                method, self._base + path, params=query, data=made, headers=head, timeout=timeout
            ) as got:
                words, status, headers = await _limited(got, ANSWER_BYTES), got.status, got.headers
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            # There was no connection by which anything could have arrived.
            raise SendFailedError(f"{name}: {type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SendFailedError(f"{name}: {type(error).__name__}", unknown=True) from None
        answer = Answer(status, _object(words), headers)
        if status == 429:  # noqa: PLR2004 - HTTP
            return Answer(status, {**answer.told, "code": FLOOD}, headers)
        if status >= 500 or "code" not in answer.told:  # noqa: PLR2004 - HTTP
            if answer.stale:
                return answer
            # A page of some proxy, or an error of the far side's: nobody knows what became of it.
            raise SendFailedError(f"{name}: HTTP {status}, no answer", unknown=True)
        return answer


def demand(answer: Answer, method: str = "", name: str = "") -> None:
    """Raise `SendFailedError` for an answer that says no to this call."""
    code = answer.code
    if code == 0 and answer.status < 400:  # noqa: PLR2004 - HTTP
        return
    words = str(answer.told.get("msg", ""))[:160]
    why = f"{code}: {words}"
    if code == FLOOD:
        raise SendFailedError(why, retry_after=_reset(answer.headers))
    if code == FULL:
        raise SendFailedError(why, retry_after=FULL_SECONDS)
    if code == CROWDED or code in AGAIN:
        raise SendFailedError(why, reached=True)
    if code == -1:
        raise SendFailedError(why)
    if code in NO_SCOPE and name and (method, name) != ("POST", SEND):
        # Words go out all the same: a card is said anew, a letter with a file is tried for some minutes.
        log.error("feishu: %s may not be called: %s; see `dangqun doctor`", name, why)
        raise SendFailedError(why, permanent=name not in UPLOADS, reached=True)
    if code in MENDING or answer.stale:
        log.error("feishu: %s; see `dangqun doctor`", why)
        raise SendFailedError(why, retry_after=MENDING_SECONDS)
    # A wrong parameter may be the person: then the words say which one.
    nobody = code in NOBODY or (code == 230001 and ("receive_id" in words or "open_id" in words))  # noqa: PLR2004
    raise SendFailedError(why, permanent=True, closes_address=nobody)


def _reset(headers: Mapping[str, str]) -> float:
    """Return for how many seconds Feishu wants to be left alone."""
    try:
        seconds = float(headers.get("x-ogw-ratelimit-reset", "1"))
    except ValueError:
        return 1.0
    return min(3600.0, max(1.0, seconds)) if seconds > 0 else 1.0


def _bytes(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _object(words: bytes) -> dict[str, Any]:
    try:
        found = json.loads(words)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


async def _limited(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """Return an answer's body, and one byte more than `most` at the utmost."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(64 << 10):
        body += chunk
        if len(body) > most:
            return bytes(body[: most + 1])
    return bytes(body)
