"""From a raw Bot API update to an arrival. Pure, and by hand: the library's parser costs twenty times as much."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.arrival import (
    Arrival,
    Content,
    Ignored,
    Left,
    Located,
    MalformedUpdateError,
    Opened,
    Pressed,
    Said,
    Uploaded,
)

_IGNORED = {
    "edited_message": "edited",
    "edited_channel_post": "edited",
    "edited_business_message": "edited",
    "channel_post": "channel",
    "chat_member": "membership",
}
_LARGEST = 2**63 - 1
_COMMAND = re.compile(r"/([A-Za-z0-9_]+)(?:@([A-Za-z0-9_]+))?(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Me:
    """Who the bot is: a group message must address it by name, or answer it."""

    id: int = 0
    username: str = ""


def event_key(update: object) -> str | None:
    """Return the unique key of one element of getUpdates, or None when it has none."""
    number = update.get("update_id") if isinstance(update, dict) else None
    whole = isinstance(number, int) and not isinstance(number, bool) and abs(number) <= _LARGEST
    return str(number) if whole else None


def _demand_number(update: object) -> None:
    if not isinstance(update, dict) or event_key(update) is None:
        raise MalformedUpdateError("no update_id")


def receive(body: str, me: Me) -> Arrival | Ignored:
    """Read one raw update. Raises `MalformedUpdateError`."""
    try:
        update = json.loads(body)
        _demand_number(update)
        if "message" in update:
            return _message(update["message"], me)
        if "callback_query" in update:
            return _press(update["callback_query"])
        if "my_chat_member" in update:
            return _membership(update["my_chat_member"])
    except MalformedUpdateError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, OSError, RecursionError) as error:
        raise MalformedUpdateError(f"{type(error).__name__}: {error}") from error
    return Ignored(next((why for kind, why in _IGNORED.items() if kind in update), "unknown"))


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"not a whole number: {value!r:.40}")
    if abs(value) > _LARGEST:
        raise ValueError("a number that no column holds")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r:.40}")
    return value


def _message(message: dict[str, Any], me: Me) -> Arrival | Ignored:
    chat = message["chat"]
    private = _text(chat["type"]) == "private"
    sender = message.get("from")
    if chat["type"] == "channel" or sender is None or "sender_chat" in message:
        return Ignored("channel")
    if sender.get("is_bot"):
        return Ignored("bot")
    content = _content(message, me)
    if content is None:
        return Ignored("service")
    if not private and not _addressed(message, me):
        return Ignored("group")
    return Arrival(
        "telegram",
        str(_integer(sender["id"])),
        str(_integer(chat["id"])),
        private=private,
        at=datetime.fromtimestamp(_integer(message["date"]), UTC),
        content=content,
        language=str(sender.get("language_code") or ""),
    )


def _content(message: dict[str, Any], me: Me) -> Content | None:
    caption = str(message.get("caption") or "")
    if "text" in message:
        return _said(_text(message["text"]), me)
    if "location" in message:
        return _place(message)
    if "photo" in message:
        largest = message["photo"][-1]
        return Uploaded(_text(largest["file_id"]), "photo.jpg", "image/jpeg", int(largest.get("file_size", 0)), caption)
    for kind, name, mime in (
        ("document", "file", "application/octet-stream"),
        ("voice", "voice.ogg", "audio/ogg"),
        ("audio", "audio.mp3", "audio/mpeg"),
        ("video", "video.mp4", "video/mp4"),
    ):
        if kind in message:
            file = message[kind]
            return Uploaded(
                _text(file["file_id"]),
                str(file.get("file_name") or name),
                str(file.get("mime_type") or mime),
                int(file.get("file_size", 0)),
                caption,
            )
    return None


def _place(message: dict[str, Any]) -> Located:
    """Read a place; one with a name comes as a venue beside it."""
    place, venue = message["location"], message.get("venue") or {}
    latitude, longitude = _degrees(place["latitude"], 90), _degrees(place["longitude"], 180)
    return Located(latitude, longitude, _text(venue.get("title") or ""))


def _degrees(value: object, most: int) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -most <= value <= most:
        raise TypeError(f"not a place: {value!r:.40}")
    return float(value)


def _membership(change: dict[str, Any]) -> Arrival | Ignored:
    """Hear that somebody blocked us; that somebody came back is heard by what they say."""
    chat, sender = change["chat"], change["from"]
    if _text(chat["type"]) != "private" or _text(change["new_chat_member"]["status"]) != "kicked":
        return Ignored("membership")
    return Arrival(
        "telegram",
        str(_integer(sender["id"])),
        str(_integer(chat["id"])),
        private=True,
        at=datetime.fromtimestamp(_integer(change["date"]), UTC),
        content=Left(),
    )


def _said(text: str, me: Me) -> Content:
    command = _COMMAND.fullmatch(text.strip())
    if command is not None:
        name, _, rest = command.groups()
        if name == "start":
            return Opened((rest or "").strip())
        return Said(f"/{name} {rest}".strip() if rest else f"/{name}")
    if me.username:
        text = re.sub(rf"@{re.escape(me.username)}\b", "", text, flags=re.IGNORECASE).strip()
    return Said(text)


def _addressed(message: dict[str, Any], me: Me) -> bool:
    """Whether a group message is meant for the bot: a command (to it), its name, or an answer to it."""
    words = str(message.get("text") or message.get("caption") or "")
    command = _COMMAND.fullmatch(words.strip())
    if command is not None:
        return command[2] is None or command[2].lower() == me.username.lower()
    if me.username and f"@{me.username.lower()}" in words.lower():
        return True
    answered = message.get("reply_to_message") or {}
    return bool(me.id) and (answered.get("from") or {}).get("id") == me.id


def _press(query: dict[str, Any]) -> Arrival | Ignored:
    sender, message = query["from"], query.get("message")
    if sender.get("is_bot"):
        return Ignored("bot")
    if "data" not in query or message is None:
        return Ignored("unknown")
    chat = message["chat"]
    return Arrival(
        "telegram",
        str(_integer(sender["id"])),
        str(_integer(chat["id"])),
        private=_text(chat["type"]) == "private",
        at=datetime.now(UTC),
        content=Pressed(_text(query["data"]), str(_integer(message["message_id"]))),
        language=str(sender.get("language_code") or ""),
    )
