"""What Telegram shows of rendered messages: styles from their entities, buttons under the words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from domain.preview import Bubble
from domain.reply import Span

_STYLES = {"bold": "bold", "italic": "italic", "code": "code", "text_link": "link"}


def preview(messages: Sequence[Mapping[str, Any]]) -> list[Bubble]:
    """Return each message as a reader sees it."""
    return [_bubble(message) for message in messages]


def _bubble(message: Mapping[str, Any]) -> Bubble:
    rows = tuple(tuple(button["text"] for button in row) for row in message.get("keyboard", ()))
    if message["method"] == "sendMessage":
        return Bubble(tuple(_spans(message["text"], message["entities"])), rows)
    caption = message.get("caption", "")
    name = str(message.get("name") or caption)
    words = (Span(caption),) if caption else ()
    return Bubble(words, rows, name, picture=message["method"] == "sendPhoto")


def _spans(words: str, entities: Sequence[Mapping[str, Any]]) -> Iterator[Span]:
    """Cut words where a style begins or ends; Telegram counts in UTF-16."""
    units, done = words.encode("utf-16-le"), 0
    for entity in entities:
        start, end = entity["offset"] * 2, (entity["offset"] + entity["length"]) * 2
        if done < start:
            yield Span(units[done:start].decode("utf-16-le", "replace"))
        yield Span(units[start:end].decode("utf-16-le", "replace"), _STYLES[entity["type"]], entity.get("url", ""))
        done = end
    if done < len(units):
        yield Span(units[done:].decode("utf-16-le", "replace"))
