"""Chats through a messenger's adapter: what is said is brought as the wire brings it, what is shown is drawn.

`THROUGH=wecom pytest …` sends the chat tests through one of them; without it each test goes through another one, so
that all of them are used. Accounts and messages stay the test's own: only what is said and shown takes the way.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bot.compare import opened
from domain.arrival import Arrival, Content, Opened, Pressed, Said
from domain.reply import Button, Reply
from messengers.base import Messenger, Raw
from messengers.dingtalk import receive as dingtalk
from messengers.dingtalk import render as dingtalk_render
from messengers.feishu import receive as feishu
from messengers.telegram.receive import Me, receive
from messengers.wecom import receive as wecom

NAMES = ("web", "telegram", "wecom", "dingtalk", "feishu")
APP = "cli_a1b2c3d4e5f60718"
NOW = 1_790_000_000


def _telegram(content: Content) -> Arrival:
    sender, chat = {"id": 7, "is_bot": False, "first_name": "x"}, {"id": 7, "type": "private"}
    message = {"message_id": 5, "date": NOW, "chat": chat, "from": sender}
    update: dict[str, Any] = {"update_id": 1}
    if isinstance(content, Pressed):
        update["callback_query"] = {"id": "1", "from": sender, "data": content.call, "message": message}
    else:
        words = content.text if isinstance(content, Said) else f"/start {getattr(content, 'payload', '')}".strip()
        update["message"] = {**message, "text": words}
    return _arrived(receive(json.dumps(update), Me()))


def _wecom(content: Content) -> Arrival:
    from tests.wecom_api import AGENT, WecomApi  # noqa: PLC0415 - it needs the running program, which needs this

    api = WecomApi()
    if isinstance(content, Pressed):
        rest = f"<Event>template_card_event</Event><EventKey><![CDATA[{content.call}]]></EventKey>"
        xml = api.message("ada", "event", f"{rest}<TaskId>t</TaskId><ResponseCode>c</ResponseCode>")
    elif isinstance(content, Opened):
        xml = api.message("ada", "event", "<Event>subscribe</Event>")
    else:
        words = getattr(content, "text", "").replace("]]>", "]]]]><![CDATA[>")
        xml = api.message("ada", "text", f"<Content><![CDATA[{words}]]></Content><MsgId>7</MsgId>")
    return _arrived(wecom.receive(_kept(wecom.read(xml.encode(), AGENT)).body))


def _dingtalk(content: Content) -> Arrival:
    from tests.dingtalk_api import DingtalkApi  # noqa: PLC0415 - it needs the running program, which needs this

    if isinstance(content, Pressed):
        inner = json.dumps({"cardPrivateData": {"params": {"call": content.call}}})
        raw = dingtalk.press({"outTrackId": "dq-1-0", "userId": "ada", "content": inner}, "f")
    else:
        words = getattr(content, "text", "")
        raw = _kept(dingtalk.message(DingtalkApi().message("ada", msgtype="text", text={"content": f" {words}"}), NOW))
    return _arrived(dingtalk.receive(raw.body))


def _feishu(content: Content) -> Arrival:
    head = {"event_id": "e", "create_time": f"{NOW}000", "app_id": APP, "token": "", "tenant_key": "t"}
    if isinstance(content, Pressed):
        kind = "card.action.trigger"
        event: dict[str, Any] = {
            "operator": {"open_id": "ou_ada"},
            "action": {"value": {"call": content.call}},
            "context": {"open_message_id": "om_1", "open_chat_id": "oc_1"},
        }
    else:
        kind = "im.message.receive_v1"
        told = {"message_id": "om_1", "create_time": f"{NOW}000", "chat_id": "oc_1", "chat_type": "p2p"}
        words = json.dumps({"text": getattr(content, "text", "")})
        sender = {"sender_id": {"open_id": "ou_ada"}, "sender_type": "user"}
        event = {"sender": sender, "message": {**told, "message_type": "text", "content": words}}
    whole = {"schema": "2.0", "header": {**head, "event_type": kind}, "event": event}
    return _arrived(feishu.receive(_kept(feishu.read(whole, APP, "ou_bot")).body))


def _kept(found: object) -> Raw:
    assert isinstance(found, Raw), found
    return found


def _arrived(found: object) -> Arrival:
    assert isinstance(found, Arrival), found
    return found


_WIRES: dict[str, Callable[[Content], Arrival]] = {
    "telegram": _telegram,
    "wecom": _wecom,
    "dingtalk": _dingtalk,
    "feishu": _feishu,
}
_OPENS = {"telegram", "wecom"}
"""Where opening the chat is something that the messenger tells."""


@dataclass
class Through:
    """The way through one messenger."""

    name: str
    carried: int = 0
    drawn: int = 0

    def carry(self, content: Content) -> Content:
        """Return what was said as the messenger's adapter reads it."""
        words = content.text if isinstance(content, Said) else ""
        sayable = isinstance(content, Pressed) or (isinstance(content, Said) and words.strip() and words.isprintable())
        if not sayable and not (isinstance(content, Opened) and self.name in _OPENS and not content.payload):
            return content
        found = _WIRES[self.name](content).content
        self.carried += 1
        if isinstance(content, Pressed):
            assert isinstance(found, Pressed)
            assert found.call == content.call
            return content
        if isinstance(content, Said) and isinstance(found, Said):
            assert found.text.strip() == content.text.strip()
        return found

    def draw(self, reply: Reply) -> str:
        """Return what the messenger is told to show, in which every button is to be found."""
        self.drawn += 1
        if self.name == "dingtalk":
            # As with a template: without one every button is a number.
            messages = dingtalk_render.render(reply, card=True)
        else:
            messages = _face(self.name).render(reply)
        shown = json.dumps(messages, ensure_ascii=False)
        for place, button in enumerate(reply.buttons, 1):
            assert _there(shown, button) or _numbered(shown, place, button), (self.name, button)
        return shown

    def press(self, reply: Reply, button: Button, *, newest: bool) -> Content | None:
        """Return what is typed instead of a press, where a button is only a number; None where it can be pressed."""
        shown = self.draw(reply)
        if _there(shown, button) or not newest:
            return None
        return Said(str(reply.buttons.index(button) + 1))


def _there(shown: str, button: Button) -> bool:
    return json.dumps(button.call or button.url, ensure_ascii=False) in shown


def _numbered(shown: str, place: int, button: Button) -> bool:
    return json.dumps(f"{place}. {button.label}", ensure_ascii=False)[1:-1] in shown


_faces: dict[str, Messenger] = {}


def _face(name: str) -> Messenger:
    """Return a messenger, opened once without a network."""
    if name not in _faces:
        # In a thread of its own: the test may be running a loop already.
        with ThreadPoolExecutor(1) as aside:
            _faces[name] = aside.submit(opened, name).result()
    return _faces[name]


def way(test: str) -> Through | None:
    """Return the way that a test's chats take; None: the embedded chat, which needs none."""
    name = os.environ.get("THROUGH") or NAMES[zlib.crc32(test.encode()) % len(NAMES)]
    return None if name == "web" else Through(name)
