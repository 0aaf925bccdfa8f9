"""From an event, old or new schema, to what is kept of it, and from that to an arrival. Pure."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
from datetime import UTC, datetime
from typing import Any

from domain.arrival import (
    Arrival,
    Content,
    Ignored,
    Located,
    MalformedUpdateError,
    Opened,
    Pressed,
    Said,
    Uploaded,
)
from messengers.base import Note, Raw
from messengers.feishu.post import flat, likely, spoken

MESSAGE = "im.message.receive_v1"
PRESS = "card.action.trigger"
MENU = "application.bot.menu_v6"
ENTERED = "im.chat.access_event.bot_p2p_chat_entered_v1"
LONGEST_ID = 128
PRESS_SECONDS = 1740.0
"""A card can be redrawn by its press for half an hour, less what it takes to get there."""
MICROSECONDS = 16
"""Digits of a moment in microseconds."""
LATEST = 4_102_444_800
"""The year 2100: a later moment is a mistake."""
_ID = re.compile(r"[\x21-\x7e]{1,128}")
_WRONG = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)
_FILES = {
    "audio": ("voice.opus", "audio/ogg"),
    "media": ("video.mp4", "video/mp4"),
}


def parsed(body: bytes | str) -> dict[str, Any]:
    """Return the object that JSON holds. Raises `MalformedUpdateError`."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedUpdateError(f"no JSON: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise MalformedUpdateError("no object")
    return found


def token_of(event: dict[str, Any]) -> str:
    """Return the verification token that an event carries, of either schema."""
    header = event.get("header")
    token = header.get("token") if isinstance(header, dict) else event.get("token")
    return token if isinstance(token, str) else ""


def moment_of(event: dict[str, Any]) -> float:
    """Return when an event came about, in seconds. Raises `MalformedUpdateError`."""
    header = event.get("header")
    try:
        modern = isinstance(header, dict)
        seconds = _moment_in(event["header"]["create_time"]) if modern else float(_text(event["ts"]))
    except _WRONG as error:
        raise MalformedUpdateError(f"no moment: {type(error).__name__}") from error
    if not 0 <= seconds < LATEST:
        raise MalformedUpdateError("no such moment")
    return seconds


def kind_of(event: dict[str, Any]) -> str:
    """Return the event's type, as far as it has one."""
    header, inner = event.get("header"), event.get("event")
    kind = header.get("event_type") if isinstance(header, dict) else None
    if kind is None and isinstance(inner, dict):
        kind = inner.get("type")
    return kind if isinstance(kind, str) else ""


def read(event: dict[str, Any], app_id: str, me: str = "") -> Raw | Ignored:
    """Return what is kept of an event; `me` is the bot's own open_id. Raises `MalformedUpdateError`.

    Tokens and vendor-wide ids are not kept in it; the one by which a pressed card is redrawn is a note.
    """
    try:
        if not isinstance(event.get("header"), dict):
            event = _modern(event)
        header, inner = event["header"], event["event"]
        if header.get("app_id") != app_id:
            return Ignored("other_app")
        kept = _kept(header["event_type"], inner)
        if isinstance(kept, Ignored):
            return kept
        if _from_elsewhere(header, inner):
            kept["user_id"] = ""
        kept["create_time"] = kept.get("create_time") or header["create_time"]
        if me:
            kept["me"] = me
        message = kept.get("message_id") if header["event_type"] == MESSAGE else None
        key = f"e:{_named(header['event_id'])}" if message is None else f"m:{_named(message)}"
        note = _press_note(kept, inner) if header["event_type"] == PRESS else None
    except _WRONG as error:
        raise MalformedUpdateError(f"{type(error).__name__}: {error}") from error
    return Raw(key, json.dumps(kept, separators=(",", ":")), note)


def note_of(message: str, user: str) -> str:
    """Return the name under which the token of somebody's press of a card is noted."""
    return f"press:{hashlib.sha256(f'{message}|{user}'.encode('utf-8', 'replace')).hexdigest()[:40]}"


def _press_note(kept: dict[str, Any], inner: dict[str, Any]) -> Note | None:
    """Return the token of a press in private; what stands in a group is everybody's, and redrawn for all at once."""
    token, message, user = inner.get("token"), kept["message_id"], kept["open_id"]
    if "in" in kept["value"] or not all(isinstance(one, str) and _ID.fullmatch(one) for one in (token, message, user)):
        return None
    return Note(note_of(message, user), str(token), PRESS_SECONDS)


def _from_elsewhere(header: dict[str, Any], inner: dict[str, Any]) -> bool:
    """Whether somebody of another company says it, whose directory's numbers mean nothing here."""
    who = inner.get("sender") or inner.get("operator") or {}
    theirs, ours = who.get("tenant_key"), header.get("tenant_key")
    return theirs != ours and not (theirs is None and "sender" not in inner)


def _named(value: object) -> str:
    """Return an id as a key can hold it."""
    name = _text(value)
    if not name:
        raise ValueError("an empty id")
    return name if _ID.fullmatch(name) else hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()


def _modern(old: dict[str, Any]) -> dict[str, Any]:
    """Return an event of the old schema in the words of the new one."""
    inner = old["event"]
    kind = inner.get("type")
    header = {"event_id": old["uuid"], "event_type": kind, "app_id": inner.get("app_id"), "token": ""}
    header["create_time"] = str(int(float(_text(old["ts"])) * 1000))
    who = {"open_id": inner.get("open_id"), "user_id": inner.get("employee_id") or ""}
    if kind == "message":
        header["event_type"] = MESSAGE
        message = {
            "message_id": inner["open_message_id"],
            "chat_id": inner.get("open_chat_id", ""),
            "chat_type": "p2p" if inner.get("chat_type") == "private" else "group",
            "message_type": inner.get("msg_type"),
            "content": json.dumps(
                {
                    "text": inner.get("text_without_at_bot", inner.get("text", "")),
                    "image_key": inner.get("image_key"),
                    "file_key": inner.get("file_key"),
                }
            ),
            "mentioned": inner.get("is_mention") is True,
        }
        return {"header": header, "event": {"sender": {"sender_id": who}, "message": message}}
    if kind == "p2p_chat_create":
        header["event_type"] = ENTERED
        return {"header": header, "event": {"operator_id": inner.get("user") or {}}}
    return {"header": header, "event": {}}


def _kept(kind: object, inner: dict[str, Any]) -> dict[str, Any] | Ignored:
    if kind == MESSAGE:
        return _kept_message(inner)
    if kind == PRESS:
        action, context = inner["action"], inner.get("context") or {}
        value = action.get("value")
        kept = {"kind": PRESS, "value": value if isinstance(value, dict) else {}, **_who(inner["operator"])}
        return {**kept, "message_id": context.get("open_message_id"), "chat_id": context.get("open_chat_id")}
    if kind == MENU:
        return {"kind": MENU, "event_key": inner["event_key"], **_who(inner["operator"]["operator_id"])}
    if kind == ENTERED:
        return {"kind": ENTERED, "known": bool(inner.get("last_message_id")), **_who(inner["operator_id"])}
    return Ignored("unknown")


def _kept_message(inner: dict[str, Any]) -> dict[str, Any] | Ignored:
    sender, message = inner["sender"], inner["message"]
    if sender.get("sender_type", "user") != "user":
        return Ignored("bot")
    names = ("message_id", "create_time", "chat_id", "chat_type", "message_type", "content", "mentioned")
    kept = {"kind": MESSAGE, **{name: message[name] for name in names if name in message}}
    kept["mentions"] = [
        {"key": one.get("key"), "name": one.get("name"), "open_id": (one.get("id") or {}).get("open_id")}
        for one in (message.get("mentions") or ())[:100]
    ]
    return {**kept, **_who(sender["sender_id"])}


def _who(ids: dict[str, Any]) -> dict[str, Any]:
    return {"open_id": ids["open_id"], "user_id": ids.get("user_id") or ""}


def receive(body: str, me: str = "") -> Arrival | Ignored:
    """Read what was kept. `me`: the bot's own open_id, where it was not known yet. Raises `MalformedUpdateError`."""
    try:
        kept = json.loads(body)
        user = _account(kept["open_id"])
        moment = _moment_in(kept["create_time"])
        if not 0 <= moment < LATEST:
            raise ValueError("no such moment")
        return _arrival(kept, user, datetime.fromtimestamp(moment, UTC), str(kept.get("me") or me))
    except _WRONG as error:
        raise MalformedUpdateError(f"{type(error).__name__}: {error}") from error


def _arrival(kept: dict[str, Any], user: str, at: datetime, me: str) -> Arrival | Ignored:
    kind, chat, private = kept["kind"], user, True
    content: Content | Ignored
    if kind == MESSAGE:
        private = _text(kept["chat_type"]) == "p2p"
        if not private:
            chat = _account(kept["chat_id"])
            if not _addressed(kept, me):
                return Ignored("group")
        content = _content(kept, me)
    elif kind == PRESS:
        where = kept["value"].get("in")
        if where is not None:
            chat, private = _account(where), False
        content = _press(kept)
    elif kind == MENU:
        content = Said(_text(kept["event_key"]))
    elif kind == ENTERED:
        content = Ignored("entered") if kept["known"] is True else Opened("")
    else:
        content = Ignored("unknown")
    if isinstance(content, Ignored):
        return content
    number = _text(kept.get("user_id", ""))
    return Arrival("feishu", user, chat, private=private, at=at, content=content, directory_id=number[:LONGEST_ID])


def _addressed(kept: dict[str, Any], me: str) -> bool:
    """Whether the bot's own name stands in a group message."""
    if kept.get("mentioned") is True:
        return True
    # While nobody knows who we are, somebody is taken to be named who may be us: Feishu brings little else.
    return any(one["open_id"] == me for one in kept["mentions"]) if me else bool(kept["mentions"])


def _press(kept: dict[str, Any]) -> Content | Ignored:
    call = kept["value"].get("call")
    if call is None:
        return Ignored("unknown")
    message = kept.get("message_id")
    return Pressed(_text(call), None if message is None else _text(message)[:512])


def _content(kept: dict[str, Any], me: str) -> Content | Ignored:
    kind, words = _text(kept["message_type"]), _text(kept["content"])
    inside = json.loads(words)
    if not isinstance(inside, dict):
        raise TypeError("no object inside")
    message = _text(kept["message_id"])
    if not me and kept["chat_type"] != "p2p":
        me = likely(str(inside.get("text") or ""), kept["mentions"])
    if kind == "text":
        return Said(spoken(_text(inside["text"]), kept["mentions"], me))
    if kind == "post":
        words, image = flat(inside, kept["mentions"], me)
        return Uploaded(f"{message}/{image}/image", "photo.jpg", "image/jpeg", 0, words) if image else Said(words)
    if kind == "image":
        return Uploaded(f"{message}/{_key(inside['image_key'])}/image", "photo.jpg", "image/jpeg", 0)
    if kind in {"file", "audio", "media"}:
        name, mime = _FILES.get(kind, ("file", "application/octet-stream"))
        name = _text(inside.get("file_name") or name)
        mime = mimetypes.guess_type(f"x.{name.rpartition('.')[2]}")[0] or mime if kind == "file" else mime
        return Uploaded(f"{message}/{_key(inside['file_key'])}/file", name, mime, 0)
    if kind == "location":
        latitude, longitude = float(_text(inside["latitude"])), float(_text(inside["longitude"]))
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # noqa: PLR2004 - the globe
            raise ValueError("no such place")
        return Located(latitude, longitude, _text(inside.get("name") or ""))
    return Ignored("sticker" if kind == "sticker" else "unknown")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r:.40}")
    return value


def _key(value: object) -> str:
    name = _text(value)
    if not _ID.fullmatch(name) or "/" in name:
        raise ValueError("no such file")
    return name


def _account(value: object) -> str:
    name = _text(value)
    if not _ID.fullmatch(name):
        raise ValueError("no such account")
    return name


def _moment_in(value: object) -> float:
    """Return a moment in seconds: messages have thirteen digits, and some events' own examples sixteen."""
    words = _text(value)
    if not (words.isascii() and words.isdigit() and len(words) <= MICROSECONDS):
        raise ValueError("no moment")
    return int(words) / (1_000_000 if len(words) == MICROSECONDS else 1000)
