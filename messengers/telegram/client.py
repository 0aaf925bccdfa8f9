"""Talking to the Bot API: sending, redrawing, files; by python-telegram-bot's Bot over our own request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from aiohttp import web
from telegram import Bot, BotCommand, InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from domain.arrival import Arrival, Ignored, Uploaded
from domain.preview import Bubble
from domain.reply import Reply
from messengers.ability import NO, PART, YES, Ability
from messengers.base import Check, Limits, Outgoing, SendFailedError, Sent, StoredFile, Surroundings
from messengers.telegram import Section
from messengers.telegram.intake import Poller, Webhook
from messengers.telegram.preview import preview
from messengers.telegram.receive import Me, receive
from messengers.telegram.render import render
from messengers.telegram.request import NotSentError, Request

log = logging.getLogger(__name__)

FILE_IN = 20 << 20
PATIENCE = 3.0
"""Seconds for which a start waits to hear our own name."""
ABILITIES = {
    "text_in": YES,
    "picture_in": YES,
    "file_in": YES,
    "voice_in": PART,
    "location_in": YES,
    "press_in": YES,
    "menu_in": YES,
    "follow_in": YES,
    "group_in": PART,
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
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid", "message identifier")
_SAME = "message is not modified"
_NO_TEXT = "no text in the message"
_NOBODY = ("chat not found", "user is deactivated", "peer_id_invalid", "bot can't initiate conversation")


async def open_client(section: Section, surroundings: Surroundings) -> TelegramMessenger:
    """Open Telegram. Without an answer from it the program starts all the same, and asks again later."""
    # At DEBUG the library writes its addresses into the log, and the token is part of them.
    logging.getLogger("telegram").setLevel(logging.WARNING)
    messenger = TelegramMessenger(section, surroundings)
    try:
        await asyncio.wait_for(messenger.learn_who_we_are(), PATIENCE)
    except TimeoutError:
        log.warning("telegram: getMe got no answer within %.0f s", PATIENCE)
    return messenger


class TelegramMessenger:
    """Telegram, opened."""

    name = "telegram"
    abilities: Mapping[str, Ability] = ABILITIES

    def __init__(self, section: Section, surroundings: Surroundings) -> None:
        """Make the bot; nothing is sent yet."""
        self._section = section
        self._surroundings = surroundings
        self._request, self._polling = Request(), Request()
        base = section.api_base.rstrip("/")
        self.bot = Bot(
            section.token.get_secret_value(),
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=self._request,
            get_updates_request=self._polling,
        )
        self.me = Me()
        self.limits = Limits(
            text_chars=4096,
            caption_chars=1024,
            button_chars=64,
            buttons_per_row=8,
            button_rows=12,
            file_in_bytes=FILE_IN,
            file_out_bytes=50 << 20,
            per_second=section.per_second,
            per_chat_per_second=1.0,
            per_group_per_minute=20,
        )
        self._poller = Poller(section, surroundings.doors, self.bot)
        self._webhook = Webhook(section, surroundings.doors)

    async def learn_who_we_are(self) -> bool:
        """Ask for our own name; False when there was no answer."""
        try:
            user = await self.bot.get_me()
        except TelegramError as error:
            log.warning("telegram: getMe failed: %s", type(error).__name__)
            return False
        self.me = Me(user.id, user.username or "")
        return True

    def receive(self, body: str) -> Arrival | Ignored:
        """Read one raw update."""
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
        done, sent = letter.parts_done, []
        try:
            if letter.edits and letter.edits.partition("+")[0].isdigit():
                return Sent(await self._redraw(letter, messages, letter.edits))
            for part in messages[letter.parts_done :]:
                if done > letter.parts_done:
                    await letter.pause()
                sent.append(await self._new(letter.chat, part))
                done += 1
        except TelegramError as error:
            raise _failure(error, done) from None
        # The last part carries the buttons and comes first; the others are kept for a recall.
        return Sent("+".join(reversed(sent))[:128].rstrip("+"))

    async def _redraw(self, letter: Outgoing, messages: list[dict[str, Any]], edits: str) -> str:
        """Redraw a card in place; one that is gone or too old is sent anew.

        Words take the place of words. A card with a file keeps its file and gets the new buttons; when the new drawing
        has no file any more (it was recalled), the messages with the old ones are deleted.
        """
        chat = letter.chat
        first, *others = edits.split("+")
        last = messages[-1]
        try:
            if len(messages) > 1 or last["method"] != "sendMessage":
                await self.bot.edit_message_reply_markup(int(chat), int(first), reply_markup=_keyboard(last))
                return edits
            for other in others:
                with contextlib.suppress(BadRequest):  # an earlier try deleted it
                    await self.bot.delete_message(int(chat), int(other))
                await letter.turn()
            await self.bot.edit_message_text(
                last["text"],
                chat_id=int(chat),
                message_id=int(first),
                entities=_entities(last),
                reply_markup=_keyboard(last),
            )
        except BadRequest as error:
            words = str(error).lower()
            if _SAME in words:
                return edits
            if _NO_TEXT not in words and not any(gone in words for gone in _GONE):
                raise
            if _NO_TEXT in words:
                await letter.turn()
                await self.bot.delete_message(int(chat), int(first))
            await letter.turn()
            return await self._new(chat, last)
        return first

    async def _new(self, chat: str, part: dict[str, Any]) -> str:
        try:
            return await self._send_part(chat, part)
        except ChatMigrated as moved:
            return await self._send_part(str(moved.new_chat_id), part)

    async def _send_part(self, chat: str, part: dict[str, Any]) -> str:
        if part["method"] == "sendMessage":
            return await self._say(chat, part)
        markup = _keyboard(part)
        stored = await self._surroundings.doors.open_file(part["attachment"])
        if stored is None:
            raise BadRequest("the kept file is gone")
        if part["method"] == "sendPhoto":
            sent = await self.bot.send_photo(
                int(chat), stored.body, filename=stored.name, caption=part.get("caption"), reply_markup=markup
            )
        else:
            sent = await self.bot.send_document(int(chat), stored.body, filename=part["name"], reply_markup=markup)
        return str(sent.message_id)

    async def _say(self, chat: str, part: dict[str, Any]) -> str:
        """Send words, by the library's errors but without its objects."""
        parameters: dict[str, Any] = {"chat_id": int(chat), "text": part["text"]}
        if part.get("entities"):
            parameters["entities"] = part["entities"]
        if part.get("keyboard"):
            parameters["reply_markup"] = {"inline_keyboard": part["keyboard"]}
        sent = await self._request.say(f"{self.bot.base_url}/sendMessage", parameters)
        return str(sent["message_id"])

    async def fetch(self, uploaded: Uploaded) -> StoredFile:
        """Fetch a file's bytes. Raises `SendFailedError`."""
        if uploaded.size > FILE_IN:
            raise SendFailedError("the file is larger than bots may fetch", permanent=True)
        try:
            file = await self.bot.get_file(uploaded.remote)
            body = bytes(await file.download_as_bytearray())
        except TelegramError as error:
            raise _failure(error, 0) from None
        return StoredFile(uploaded.name, uploaded.mime, body)

    async def acknowledge(self, body: str) -> None:
        """Stop the spinner on a pressed button; nothing else needs telling."""
        if '"callback_query"' not in body:
            return
        import json  # noqa: PLC0415 - only presses come here

        try:
            await self.bot.answer_callback_query(str(json.loads(body)["callback_query"]["id"]))
        except (TelegramError, ValueError, KeyError, TypeError) as error:
            log.debug("telegram: a press could not be acknowledged: %s", type(error).__name__)

    async def run(self) -> None:
        """Register the commands, and poll; with a webhook, register that."""
        introducing = asyncio.create_task(self._introduce())
        try:
            await self._take()
        finally:
            introducing.cancel()

    async def _introduce(self) -> None:
        """Learn our name and register the commands; tried until Telegram answers, while updates are taken already."""
        pause = 2.0
        while not ((self.me.id or await self.learn_who_we_are()) and await self._register_commands()):
            await asyncio.sleep(pause)
            pause = min(60.0, pause * 2)

    async def _take(self) -> None:
        if self._section.mode == "webhook":
            await self._webhook.register(self.bot)
            await asyncio.Event().wait()
        await self._poller.run()

    async def _register_commands(self) -> bool:
        for language, listed in self._surroundings.commands.items():
            commands = [BotCommand(name, words[:256]) for name, words in listed][:100]
            try:
                await self.bot.set_my_commands(commands, language_code=None if language == "zh" else language)
            except TelegramError as error:
                log.warning("telegram: commands could not be registered: %s", type(error).__name__)
                return False
        return True

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the webhook's route, when there is one."""
        return self._webhook.routes()

    def link(self, payload: str) -> str:
        """Return a deep link into the private chat."""
        if not self.me.username:
            return ""
        return f"https://t.me/{self.me.username}" + (f"?start={payload}" if payload else "")

    async def check(self) -> list[Check]:
        """Ask who we are."""
        try:
            user = await self.bot.get_me()
        except InvalidToken:
            return [Check("error", "telegram: 令牌无效 the token is refused", "向 @BotFather 重新取令牌")]
        except TelegramError as error:
            why = type(error).__name__
            return [Check("error", f"telegram: 连不上 {self._section.api_base} ({why})", "检查网络、代理与 api_base")]
        return [Check("ok", f"telegram: @{user.username}，{self._section.mode}")]

    async def close(self) -> None:
        """Close both sessions."""
        await self._request.shutdown()
        await self._polling.shutdown()


@lru_cache(maxsize=256)
def drawn(reply: Reply) -> list[dict[str, Any]]:
    """Return what `render` makes of a reply, made once for everybody who gets the same."""
    return render(reply)


def _entities(part: dict[str, Any]) -> list[MessageEntity]:
    return [MessageEntity(**entity) for entity in part.get("entities", ())]


def _keyboard(part: dict[str, Any]) -> InlineKeyboardMarkup | None:
    rows = part.get("keyboard")
    if not rows:
        return None
    return InlineKeyboardMarkup([[InlineKeyboardButton(**button) for button in row] for row in rows])


def _failure(error: TelegramError, done: int) -> SendFailedError:
    """Say what an error means for the letter; its text never holds the token."""
    why = f"{type(error).__name__}: {error}"[:200]
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        seconds = float(wait if isinstance(wait, int | float) else wait.total_seconds())
        return SendFailedError("flood", retry_after=seconds, parts_done=done)
    if isinstance(error, Forbidden | BadRequest):
        nobody = isinstance(error, Forbidden) or any(words in str(error).lower() for words in _NOBODY)
        return SendFailedError(why, permanent=True, closes_address=nobody, parts_done=done)
    if isinstance(error, InvalidToken):
        return SendFailedError("the token is refused", retry_after=60.0, parts_done=done)
    # Of what ends in the network, only a request that never left is known not to have arrived.
    left = not isinstance(error, NotSentError) and (isinstance(error, TimedOut) or not isinstance(error, NetworkError))
    return SendFailedError(why, unknown=left, parts_done=done)
