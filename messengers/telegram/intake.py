"""Updates in: own poller and webhook. Raw updates are stored before Telegram may forget them.

python-telegram-bot's poller confirms updates before they are handled (935 of 1,000 were lost at a kill) and hangs for
ever on one that it can't parse. This one commits the raw batch and the new offset together, and only then
asks for the next.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import random
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from telegram import Bot
from telegram.error import TelegramError

from messengers.base import Doors, PausedError, Raw
from messengers.telegram import Section
from messengers.telegram.receive import event_key

log = logging.getLogger(__name__)

ALLOWED = ("message", "callback_query", "my_chat_member")
WAIT = 30
LONGEST_PAUSE = 30.0
LARGEST_UPDATE = 256 << 10
HEADER = "X-Telegram-Bot-Api-Secret-Token"


def as_raw(element: object) -> Raw:
    """Return one element of a batch as it is stored; what has no number gets one from its own bytes."""
    # In ASCII: half a character, which JSON may hold and no database takes, would block the whole batch for ever.
    body = json.dumps(element, separators=(",", ":"))
    key = event_key(element)
    return Raw(key or f"malformed:{hashlib.sha256(body.encode()).hexdigest()}", body)


def _brought(body: bytes) -> Raw:
    """Return what a webhook brought as it is stored: its own words where they have a number."""
    try:
        words = body.decode()
        element = json.loads(words)
    except (ValueError, RecursionError):
        return as_raw({"malformed": body.decode("utf-8", "replace")})
    key = event_key(element)
    return as_raw(element) if key is None or "\0" in words else Raw(key, words)


def next_offset(batch: Sequence[object], before: int) -> int:
    """Return the offset that confirms a batch, whatever else is wrong with it."""
    numbers = [int(key) for element in batch if (key := event_key(element)) is not None]
    return max([before, *(number + 1 for number in numbers)])


class Poller:
    """Asks for updates, for ever."""

    def __init__(self, section: Section, doors: Doors, bot: Bot) -> None:
        """Nothing is asked before `run`."""
        self._url = f"{section.api_base.rstrip('/')}/bot{section.token.get_secret_value()}/getUpdates"
        self._doors = doors
        self._bot = bot
        self._chance = random.Random()  # noqa: S311 - jitter

    async def run(self) -> None:
        """Poll until cancelled."""
        failures = 0
        try:
            # Without this a webhook set earlier would answer every poll with 409. Waiting updates are kept.
            await self._bot.delete_webhook(drop_pending_updates=False)
        except TelegramError as error:
            log.warning("telegram: deleteWebhook failed: %s", type(error).__name__)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=WAIT + 15)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                try:
                    await self._once(session)
                except (aiohttp.ClientError, TimeoutError, ValueError, OSError, PausedError) as error:
                    failures += 1
                    log.warning("telegram: polling failed: %s", type(error).__name__)
                except Exception:
                    failures += 1
                    log.exception("telegram: updates could not be stored; Telegram keeps them")
                else:
                    failures = 0
                    continue
                pause = min(LONGEST_PAUSE, 0.5 * 2 ** min(failures, 8))
                await asyncio.sleep(pause * (0.5 + self._chance.random()))

    async def _once(self, session: aiohttp.ClientSession) -> None:
        cursor = await self._doors.cursor("telegram")
        offset = int(cursor or 0)
        question = {"offset": offset, "timeout": WAIT, "limit": 100, "allowed_updates": list(ALLOWED)}
        async with session.post(self._url, json=question) as answer:
            status, body = answer.status, await answer.read()
        data = json.loads(body)
        if status != 200 or not data.get("ok"):  # noqa: PLR2004 - HTTP
            await self._refused(status, data)
            return
        batch = data["result"]
        if not isinstance(batch, list):
            raise TypeError("getUpdates gave no list")
        if batch:
            confirmed = next_offset(batch, offset)
            await self._doors.accept("telegram", [as_raw(element) for element in batch], str(confirmed))

    async def _refused(self, status: int, data: dict[str, Any]) -> None:
        """Wait as long as Telegram says, and name what a person must mend."""
        wait = (data.get("parameters") or {}).get("retry_after")
        if status == 409:  # noqa: PLR2004 - HTTP
            log.error("telegram: another program polls with this token, or a webhook is set; only one may")
        elif status in {401, 404}:
            log.error("telegram: the token is refused; check it with `dangqun doctor`")
        else:
            log.warning("telegram: getUpdates answered %s", status)
        await asyncio.sleep(float(wait) if isinstance(wait, int | float) else 5.0)


class Webhook:
    """Takes updates that Telegram brings."""

    def __init__(self, section: Section, doors: Doors) -> None:
        """Fails closed: without a secret there is no route."""
        self._section = section
        self._doors = doors
        self._secret = section.webhook_secret.get_secret_value().encode()

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the route, in webhook mode."""
        if self._section.mode != "webhook" or not self._secret:
            return []
        return [web.post(urlsplit(self._section.webhook_url).path, self._take)]

    async def register(self, bot: Bot) -> None:
        """Tell Telegram where to bring updates; tried until it hears."""
        for attempt in range(1_000):
            try:
                await bot.set_webhook(
                    self._section.webhook_url,
                    secret_token=self._section.webhook_secret.get_secret_value(),
                    allowed_updates=list(ALLOWED),
                    drop_pending_updates=False,
                )
            except TelegramError as error:
                log.warning("telegram: setWebhook failed: %s", type(error).__name__)
                await asyncio.sleep(min(LONGEST_PAUSE, 2.0 ** min(attempt, 5)))
            else:
                return

    async def _take(self, request: web.Request) -> web.Response:
        """Check, store, and only then say 200; whatever is not stored is brought again."""
        given = request.headers.get(HEADER, "").encode()
        if not hmac.compare_digest(given, self._secret):
            return web.Response(status=403)
        if (request.content_length or 0) > LARGEST_UPDATE:
            return web.Response(status=413)
        body = await request.content.read(LARGEST_UPDATE + 1)
        while len(body) <= LARGEST_UPDATE and (more := await request.content.read(LARGEST_UPDATE + 1 - len(body))):
            body += more
        if len(body) > LARGEST_UPDATE:
            return web.Response(status=413)
        try:
            await self._doors.accept("telegram", [_brought(body)])
        except PausedError:
            return web.Response(status=503)
        except Exception:
            log.exception("telegram: an update could not be stored; Telegram brings it again")
            return web.Response(status=503)
        return web.Response(status=200)
