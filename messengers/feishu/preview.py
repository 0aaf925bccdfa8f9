"""What Feishu shows of rendered messages: plain words, and cards with rows of buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.preview import Bubble
from domain.reply import Span


def preview(messages: Sequence[Mapping[str, Any]]) -> list[Bubble]:
    """Return each message as a reader sees it."""
    return [_bubble(message) for message in messages]


def _bubble(message: Mapping[str, Any]) -> Bubble:
    match message["msg_type"]:
        case "text":
            return Bubble((Span(message["text"]),))
        case "interactive":
            elements = message["card"]["elements"]
            words = tuple(Span(one["text"]["content"]) for one in elements if one["tag"] == "div")
            actions = [one["actions"] for one in elements if one["tag"] == "action"]
            return Bubble(words, tuple(tuple(button["text"]["content"] for button in row) for row in actions))
        case kind:
            return Bubble(file=str(message.get("name", "")), picture=kind == "image")
