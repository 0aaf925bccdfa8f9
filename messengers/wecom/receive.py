"""From a callback's XML to what is kept of it, and from that to an arrival. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

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
from messengers.base import Raw

KEPT = (
    "FromUserName",
    "CreateTime",
    "MsgType",
    "Content",
    "MediaId",
    "Location_X",
    "Location_Y",
    "Label",
    "Title",
    "Url",
    "Event",
    "EventKey",
    "TaskId",
    "ResponseCode",
    "MsgId",
)
UNHEARD = {"location", "enter_agent"}
"""Events that ask nothing of us and are not even kept: where a member is, and that the app was opened."""
ACCOUNT = re.compile(r"[^\W_][\w.@-]{0,63}")
"""What an account looks like: `|` stands between accounts, and `@all` is everybody."""
LATEST = 4_102_444_800
"""The year 2100: a later moment is a mistake."""
_FILES = {
    "image": ("photo.jpg", "image/jpeg"),
    "voice": ("voice.amr", "audio/amr"),
    "video": ("video.mp4", "video/mp4"),
}


def read(xml: bytes, agent_id: int) -> Raw | Ignored:
    """Return what is kept of a message. Raises `MalformedUpdateError`."""
    try:
        root = fromstring(xml, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise MalformedUpdateError(f"no XML: {type(error).__name__}") from error
    fields = {child.tag: child.text or "" for child in root if not len(child)}
    if not fields.get("FromUserName") or not fields.get("MsgType"):
        raise MalformedUpdateError("no sender or no kind")
    if fields.get("AgentID", "") not in {"", str(agent_id)}:
        return Ignored("other_app")
    if fields["MsgType"] == "event" and fields.get("Event", "").lower() in UNHEARD:
        return Ignored("unheard")
    body = json.dumps({name: fields[name] for name in KEPT if name in fields})
    return Raw(_key(fields), body)


def _key(fields: dict[str, str]) -> str:
    """Return the published key; two presses in one second share it, so ours has more in it."""
    if fields.get("MsgId"):
        return f"m:{fields['MsgId'][:64]}"
    names = ("FromUserName", "CreateTime", "Event", "TaskId", "EventKey", "ResponseCode")
    told = json.dumps([fields.get(name, "") for name in names])
    return f"e:{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()}"


def receive(body: str) -> Arrival | Ignored:
    """Read what was kept. Raises `MalformedUpdateError`."""
    try:
        fields = json.loads(body)
        user, moment = _sender(fields), _moment(fields)
        content = _content(fields)
    except MalformedUpdateError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise MalformedUpdateError(f"{type(error).__name__}: {error}") from error
    if isinstance(content, Ignored):
        return content
    account = user.lower()
    return Arrival(
        "wecom",
        account,
        account,
        private=True,
        at=moment,
        content=content,
        directory_id=user,
    )


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def _sender(fields: dict[str, object]) -> str:
    user = _text(fields, "FromUserName").strip()
    if not ACCOUNT.fullmatch(user):
        raise ValueError("no such sender")
    return user


def _moment(fields: dict[str, object]) -> datetime:
    seconds = int(_text(fields, "CreateTime"))
    if not 0 <= seconds < LATEST:
        raise ValueError("no such moment")
    return datetime.fromtimestamp(seconds, UTC)


def _content(fields: dict[str, object]) -> Content | Ignored:
    kind = _text(fields, "MsgType").lower()
    if kind == "text":
        return Said(_text(fields, "Content"))
    if kind == "event":
        return _event(fields)
    if kind in _FILES:
        media = _text(fields, "MediaId")
        if not media:
            raise ValueError("a file without an id")
        return Uploaded(media, *_FILES[kind], 0)
    if kind == "location":
        latitude, longitude = float(_text(fields, "Location_X")), float(_text(fields, "Location_Y"))
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # noqa: PLR2004 - the globe
            raise ValueError("no such place")
        return Located(latitude, longitude, _text(fields, "Label"))
    if kind == "link":
        return Said(f"{_text(fields, 'Title')} {_text(fields, 'Url')}".strip())
    return Ignored("unknown")


def _event(fields: dict[str, object]) -> Content | Ignored:
    event = _text(fields, "Event").lower()
    if event == "subscribe":
        return Opened("")
    if event == "unsubscribe":
        return Left()
    if event == "click":
        # What stands behind a menu's entry in WeCom's console is taken as words: 签到, or /checkin.
        return Said(_text(fields, "EventKey"))
    if event == "template_card_event":
        call = _text(fields, "EventKey")
        if not call:
            raise ValueError("a press without a key")
        return Pressed(call, f"|{_text(fields, 'TaskId')}|{_text(fields, 'ResponseCode')}")
    return Ignored("unknown")
