"""What WeCom shows of rendered messages: plain words, and cards with a title and their buttons beneath one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.preview import Bubble
from domain.reply import Span


def preview(messages: Sequence[Mapping[str, Any]]) -> list[Bubble]:
    """Return each message as a reader sees it."""
    return [_bubble(message) for message in messages]


def _bubble(message: Mapping[str, Any]) -> Bubble:
    match message["msgtype"]:
        case "text":
            return Bubble((Span(message["text"]["content"]),))
        case "template_card":
            card = message["template_card"]
            more = card.get("sub_title_text", "")
            words = (Span(card["main_title"]["title"], "bold"), *((Span(f"\n{more}"),) if more else ()))
            return Bubble(words, tuple((button["text"],) for button in card["button_list"]))
        case kind:
            return Bubble(file=str(message.get("name", "")), picture=kind == "image")
