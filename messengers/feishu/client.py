"""Feishu, opened: sending to one and to two hundred, cards redrawn in place, withdrawing, files, counts of readers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from aiohttp import web

from domain.arrival import Arrival, Ignored, Uploaded
from domain.preview import Bubble
from domain.reply import Reply
from messengers.ability import NO, PART, YES, Ability
from messengers.base import Check, Limits, Outgoing, Reads, SendFailedError, Sent, StoredFile, Surroundings
from messengers.feishu import Section
from messengers.feishu.api import Api
from messengers.feishu.desk import Desk
from messengers.feishu.doctor import checks
from messengers.feishu.intake import Callback
from messengers.feishu.preview import preview
from messengers.feishu.receive import receive
from messengers.feishu.render import TEXT_BYTES, TEXT_CHARS, render
from messengers.feishu.socket import Connection

log = logging.getLogger(__name__)

A_CALL = 200
FILE_IN, FILE_OUT = 20 << 20, 30 << 20
BETWEEN = 30.0
"""Seconds between two questions who we are."""
ABILITIES = {
    "text_in": YES,
    "picture_in": YES,
    "file_in": YES,
    "voice_in": PART,
    "location_in": YES,
    "press_in": YES,
    "menu_in": YES,
    "follow_in": PART,
    "group_in": PART,
    "text_out": YES,
    "styles_out": NO,
    "picture_out": YES,
    "file_out": YES,
    "buttons_out": YES,
    "redraw": PART,
    "many_out": PART,
    "recall": PART,
    "reads": PART,
    "deep_link": PART,
    "no_public_address": YES,
}
LIMITS = Limits(
    text_chars=TEXT_CHARS,
    text_bytes=TEXT_BYTES,
    caption_chars=0,
    button_chars=60,
    buttons_per_row=4,
    button_rows=10,
    file_in_bytes=FILE_IN,
    file_out_bytes=FILE_OUT,
    per_second=50,
    per_minute=1000,
    per_chat_per_second=5,
    per_group_per_minute=None,
    recipients_a_call=A_CALL,
    keyed=True,
    keyed_batches=False,
    numbered=True,
)


class FeishuMessenger:
    """Feishu, opened."""

    name = "feishu"
    abilities: Mapping[str, Ability] = ABILITIES

    def __init__(self, section: Section, surroundings: Surroundings) -> None:
        """Open nothing yet."""
        self.limits = replace(LIMITS, busy_minutes=tuple(section.busy_minutes))
        self._section = section
        self._surroundings = surroundings
        self.api = Api(section, surroundings.doors)
        self._desk = Desk(self.api, surroundings.doors)
        self.me = ""
        self._learning: asyncio.Task[bool] | None = None
        self._asked = -BETWEEN
        self.callback = Callback(section, surroundings.doors, self.own_id)
        self.connection = Connection(section.app_id, surroundings.doors, self.api.endpoint, self.own_id)

    def own_id(self) -> str:
        """Return the bot's own open_id; while it is not known it is asked for, and nobody waits."""
        if not self.me and self._learning is None and time.monotonic() - self._asked > BETWEEN:
            self._learning = asyncio.get_running_loop().create_task(self.learn_who_we_are())
        return self.me

    async def learn_who_we_are(self) -> bool:
        """Ask for the bot's own open_id; False when there was no answer."""
        self._asked = time.monotonic()
        try:
            if self._surroundings.doors.paused():
                return False
            found = await self.api.bot()
        except SendFailedError as error:
            log.warning("feishu: bot/v3/info failed: %s", error.why)
            return False
        except Exception as error:  # noqa: BLE001 - the database may be away, and it is asked again
            log.warning("feishu: bot/v3/info failed: %s", type(error).__name__)
            return False
        finally:
            self._learning = None
        self.me = str(found.get("open_id") or "")
        return bool(self.me)

    def receive(self, body: str) -> Arrival | Ignored:
        """Read what was kept of an event."""
        return receive(body, self.me)

    def render(self, reply: Reply) -> list[dict[str, Any]]:
        """Return the messages that a reply becomes."""
        return render(reply)

    def preview(self, reply: Reply) -> list[Bubble]:
        """Return what readers see of it."""
        return preview(render(reply))

    async def send(self, letter: Outgoing) -> Sent:
        """Send every part that is not sent yet. Raises `SendFailedError`."""
        messages = drawn(letter.reply)
        if letter.edits and not letter.parts_done:
            redrawn = await self._desk.redraw(letter, messages)
            if redrawn is not None:
                return redrawn
            if letter.live:
                return Sent(letter.edits)
        first = min(letter.parts_done, len(messages) - 1)
        sent, done = list[str](), first
        try:
            for place in range(first, len(messages)):
                if done > first:
                    await letter.pause()
                elif letter.edits:
                    await letter.turn()
                sent.append(await self._desk.say(letter, messages[place], place))
                done += 1
        except SendFailedError as error:
            error.parts_done = done
            raise
        return Sent(joined(sent))

    async def send_many(self, letters: Sequence[Outgoing]) -> Sequence[Sent | SendFailedError]:
        """Send the same to all of them by one call. Raises `SendFailedError`, permanent: they have to go one by one."""
        if len(letters) == 1:
            return [await self.send(letters[0])]
        messages = drawn(letters[0].reply)
        alike = len({letter.parts_done for letter in letters}) == 1 and all(one.chat == one.user for one in letters)
        if not alike or not await self._desk.takes_many(messages):
            raise SendFailedError("no call brings files, or different parts, to many", permanent=True)
        done, sent, gone = letters[0].parts_done, list[str](), set[str]()
        failed: SendFailedError | None = None
        for message in messages[done:]:
            users = [letter.user for letter in letters if letter.user not in gone]
            if not users:
                break
            try:
                name, refused = await self._desk.say_many(users, message)
            except SendFailedError as error:
                if not sent:
                    raise
                # Something is out already: each letter goes on from there.
                failed = error.at(done)
                break
            gone |= refused
            sent.append(name)
            done += 1
        return [nobody() if letter.user in gone else failed or Sent(joined(sent)) for letter in letters]

    async def reads(self, letters: Sequence[tuple[str, str]]) -> Reads:
        """Count readers. Raises `SendFailedError`."""
        return await self._desk.reads(letters)

    async def fetch(self, uploaded: Uploaded) -> StoredFile:
        """Fetch a file's bytes. Raises `SendFailedError`."""
        message, _, rest = uploaded.remote.partition("/")
        key, _, kind = rest.partition("/")
        if not message or not key or kind not in {"image", "file"} or {message, key} & {".", ".."}:
            raise SendFailedError("no such file", permanent=True)
        body, mime = await self.api.download(message, key, kind)
        vague = mime in {"application/octet-stream", "text/plain", ""}
        return StoredFile(uploaded.name, uploaded.mime if vague else mime, body)

    async def acknowledge(self, body: str) -> None:
        """Nothing to do: the answer to the event has told Feishu already."""

    async def run(self) -> None:
        """Learn who we are, and hold the long connection; with a callback, wait."""
        learning = asyncio.create_task(self._learn_for_sure())
        try:
            if self._section.mode == "long":
                await self.connection.run()
            await asyncio.Event().wait()
        finally:
            learning.cancel()

    async def _learn_for_sure(self) -> None:
        pause = 2.0
        while not (self.me or await self.learn_who_we_are()):
            await asyncio.sleep(pause)
            pause = min(60.0, pause * 2)

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the callback's route, when there is one."""
        return self.callback.routes()

    def link(self, payload: str) -> str:
        """Return a link into the bot's chat; it carries no payload."""
        if payload or not self._section.app_id:
            return ""
        lark = "larksuite" in self._section.api_base
        host = "applink.larksuite.com" if lark else "applink.feishu.cn"
        return f"https://{host}/client/bot/open?appId={quote(self._section.app_id)}"

    async def check(self) -> list[Check]:
        """Look at credentials, the bot, the way in, scopes and the clock."""
        return await checks(self._section, self._surroundings, self.api)

    async def close(self) -> None:
        """Close the session."""
        if self._learning is not None:
            self._learning.cancel()
        await self.api.close()


@lru_cache(maxsize=256)
def drawn(reply: Reply) -> list[dict[str, Any]]:
    """Return what `render` makes of a reply, made once for everybody who gets the same."""
    return render(reply)


def joined(sent: Sequence[str]) -> str:
    """Return one name for all parts: the last part's id, which carries the buttons, then the others."""
    names = list(reversed(sent))
    while len("+".join(names)) > 512:  # noqa: PLR2004 - what a row holds
        names.pop()
    return "+".join(names)


def nobody() -> SendFailedError:
    """Return what becomes of a letter to somebody whom the app can't reach."""
    return SendFailedError(
        "not in the company, or not among those who may use the app", permanent=True, closes_address=True
    )
