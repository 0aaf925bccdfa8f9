"""From what DingTalk brings to what is kept of it, and from that to an arrival. Pure.

What is kept has neither the encrypted sender nor the address for replies: that is a secret, and is noted apart.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

from domain.arrival import Arrival, Content, Ignored, MalformedUpdateError, Pressed, Said, Uploaded
from messengers.base import Note, Raw

KEPT = ("msgtype", "text", "content", "conversationType", "conversationId", "senderStaffId", "createAt", "code")
PRIVATE, SPENT = "1", "20001"
MARGIN = 60.0
"""Seconds before its end from which an address for replies is not used any more."""
LONGEST_USER, LONGEST_CHAT = 64, 128
LONGEST_KEY = 180
_PLAIN = re.compile(r"[!-~]+")
LATEST = 4_102_444_800_000
"""The year 2100, in milliseconds."""
_FILES = {
    "picture": ("photo.jpg", "image/jpeg"),
    "audio": ("voice.amr", "audio/amr"),
    "video": ("video.mp4", "video/mp4"),
    "file": ("file", "application/octet-stream"),
}
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, OSError, RecursionError)


def message(data: object, now: float) -> Raw | Ignored:
    """Return what is kept of a robot's message. `now`: seconds. Raises `MalformedUpdateError`."""
    if not isinstance(data, dict) or not isinstance(data.get("msgId"), str) or not data["msgId"]:
        raise MalformedUpdateError("no msgId")
    if not data.get("senderStaffId"):
        return Ignored("outsider")
    kept = {name: data[name] for name in KEPT if name in data}
    try:
        body = json.dumps(kept)
        return Raw(f"m:{_key(data['msgId'])}", body, _note(data, now))
    except _UNREADABLE as error:
        raise MalformedUpdateError(f"{type(error).__name__}") from error


def _note(data: dict[str, Any], now: float) -> Note | None:
    """Return the address by which this chat is answered without a call that counts."""
    url, until = data.get("sessionWebhook"), data.get("sessionWebhookExpiredTime")
    if not isinstance(url, str) or isinstance(until, bool) or not isinstance(until, int):
        return None
    left = until / 1000 - now - MARGIN
    private = str(data.get("conversationType")) == PRIVATE
    chat = str(data["senderStaffId"] if private else data.get("conversationId"))
    if left <= 0 or not _PLAIN.fullmatch(chat) or not _PLAIN.fullmatch(url):
        return None
    return Note(f"webhook:{chat[:LONGEST_CHAT]}", url, min(left, 7200.0))


def _key(name: str) -> str:
    """Return an id as every database holds it."""
    plain = len(name) <= LONGEST_KEY and _PLAIN.fullmatch(name)
    return name if plain else hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()


def press(data: object, event: str) -> Raw:
    """Return what is kept of a press; `event`: the frame's own number. Raises `MalformedUpdateError`."""
    try:
        assert isinstance(data, dict)  # noqa: S101 - said as malformed below
        content = data["content"]
        inner = json.loads(content) if isinstance(content, str) else content
        private = inner["cardPrivateData"]
        call = (private.get("params") or {}).get("call") or (private.get("actionIds") or [""])[0]
        kept = {"call": call, "card": data["outTrackId"], "user": data["userId"]}
        space = f"{data.get('spaceType', '')}".upper()
        if space == "IM_GROUP" or str(data.get("openSpaceId", "")).startswith("dtv1.card//IM_GROUP"):
            kept["chat"] = str(data.get("spaceId", ""))
    except (*_UNREADABLE, AssertionError) as error:
        raise MalformedUpdateError(f"{type(error).__name__}") from error
    if not all(isinstance(value, str) and value for value in (kept["call"], kept["card"], kept["user"])):
        raise MalformedUpdateError("no call, card or user")
    told = json.dumps([kept, event])
    return Raw(f"p:{hashlib.sha256(told.encode()).hexdigest()}", json.dumps({"press": kept}))


def receive(body: str) -> Arrival | Ignored:
    """Read what was kept. Raises `MalformedUpdateError`."""
    try:
        data = json.loads(body)
        if "press" in data:
            return _pressed(data["press"])
        return _message(data)
    except _UNREADABLE as error:
        raise MalformedUpdateError(f"{type(error).__name__}: {error}"[:200]) from error


def _name(value: object, longest: int) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= longest:
        raise ValueError("no such account or chat")
    return value


def _pressed(kept: dict[str, Any]) -> Arrival:
    user = _name(kept["user"], LONGEST_USER)
    chat = _name(kept["chat"], LONGEST_CHAT) if kept.get("chat") else user
    content = Pressed(_text(kept["call"]), f"c:{_text(kept['card'])}")
    return Arrival(
        "dingtalk", user, chat, private=chat == user, at=datetime.now(UTC), content=content, directory_id=user
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _message(data: dict[str, Any]) -> Arrival | Ignored:
    user = _name(data["senderStaffId"], LONGEST_USER)
    private = str(data.get("conversationType")) == PRIVATE
    chat = user if private else _name(data.get("conversationId"), LONGEST_CHAT)
    moment = data.get("createAt")
    if isinstance(moment, bool) or not isinstance(moment, int) or not 0 <= moment < LATEST:
        raise ValueError("no such moment")
    content = _content(data)
    if isinstance(content, Ignored):
        return content
    at = datetime.fromtimestamp(moment / 1000, UTC)
    return Arrival("dingtalk", user, chat, private=private, at=at, content=content, directory_id=user)


def _content(data: dict[str, Any]) -> Content | Ignored:
    """Return what was said. When the organisation's calls are spent a message comes without its content."""
    kind = data.get("msgtype")
    inner = data.get("text") if kind == "text" else data.get("content")
    if not isinstance(inner, dict):
        return Ignored("quota" if str(data.get("code")) == SPENT or inner is None else "unknown")
    if kind == "text":
        return Said(_text(inner.get("content", "")).strip())
    if kind == "richText":
        return _rich(inner.get("richText") or [])
    if kind == "audio" and inner.get("recognition"):
        return Said(_text(inner["recognition"]).strip())
    if kind in _FILES:
        name, mime = _FILES[kind]
        name = _text(inner.get("fileName") or name)
        return Uploaded(_text(inner["downloadCode"]), name, mime, 0)
    return Ignored("unknown")


def _rich(pieces: list[Any]) -> Content | Ignored:
    """Return the words of a message with pictures; with a picture it is that, and the words are its caption."""
    words = re.sub(r"\n{3,}", "\n\n", "".join(_text(one.get("text", "")) for one in pieces)).strip()
    codes = [_text(one["downloadCode"]) for one in pieces if one.get("downloadCode")]
    if codes:
        return Uploaded(codes[0], *_FILES["picture"], 0, words)
    return Said(words) if words else Ignored("unknown")
