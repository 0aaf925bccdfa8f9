"""What DingTalk shows of rendered messages: plain words, and cards by the company's own template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.preview import Bubble
from domain.reply import Span
from messengers.dingtalk.render import MOST_BUTTONS


def preview(messages: Sequence[Mapping[str, Any]]) -> list[Bubble]:
    """Return each message as a reader sees it."""
    return [_bubble(message) for message in messages]


def _bubble(message: Mapping[str, Any]) -> Bubble:
    if "card" in message:
        card = message["card"]
        labels = [card[f"label_{place}"] for place in range(1, MOST_BUTTONS + 1)]
        return Bubble((Span(card["text"]),), tuple((label,) for label in labels if label))
    if message["msgKey"] == "sampleText":
        return Bubble((Span(message["msgParam"]["content"]),))
    return Bubble(file=str(message.get("name", "")), picture=message["msgKey"] == "sampleImageMsg")
