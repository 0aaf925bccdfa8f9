"""From a reply to Feishu's messages. Pure: kind and content, without whom they are for.

Words without buttons are plain `text`; with buttons they are a card. In a card everything is `plain_text`, so that
nothing that people wrote is read as markup. In plain texts Feishu reads `<at …>`, `<b>` and `[](…)`: there a space
without width breaks the sign.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from domain.reply import Button, Choices, Document, Picture, Reply, Span, Text
from messengers.words import numbered, parts

TEXT_CHARS, TEXT_BYTES = 30_000, 150_000
CARD_BYTES = 30_000
FRAME_BYTES = 1_500
"""What a card takes beside its words and buttons."""
BUTTONS_BYTES = 14_000
MOST_BUTTONS, BUTTONS_PER_ROW = 40, 4
HAND = "👇"
"""Stands in a card that has no words of its own."""
_MARKUP = re.compile(r"<(?=/?[a-z])|\](?=\()", re.IGNORECASE)


def render(reply: Reply) -> list[dict[str, Any]]:
    """Return the messages that a reply becomes; never empty, no word lost, the buttons in the last."""
    rows, more = _rows(reply)
    paragraphs = [_words(block) for block in reply.blocks if isinstance(block, Text)]
    paragraphs += [f"［{block.alt}］" for block in reply.blocks if isinstance(block, Picture) and block.alt]
    if more:
        paragraphs.append("\n".join(more))
    messages: list[dict[str, Any]] = []
    for block in reply.blocks:
        if isinstance(block, Picture):
            messages.append({"msg_type": "image", "attachment": block.attachment})
        elif isinstance(block, Document):
            messages.append({"msg_type": "file", "attachment": block.attachment, "name": block.name})
    words = "\n".join(paragraphs)
    before, inside = words, ""
    if rows:
        pieces = parts(words, CARD_BYTES - FRAME_BYTES - sum(map(_size, rows)), TEXT_CHARS)
        before, inside = "".join(pieces[:-1]), "".join(pieces[-1:])
    messages += [_text(part) for part in parts(before, TEXT_BYTES // 2, TEXT_CHARS // 2)]
    if rows:
        messages.append({"msg_type": "interactive", "card": card_of(inside, rows)})
    return messages or [_text("⋯")]


def _text(words: str) -> dict[str, Any]:
    return {"msg_type": "text", "text": _MARKUP.sub(lambda found: f"{found[0]}\u200b", words)}


def _words(text: Text) -> str:
    return "".join(_span(span) for span in text.spans)


def _span(span: Span) -> str:
    """Return the words of a run; a link is followed by where it leads."""
    return f"{span.text}（{span.url}）" if span.style == "link" and span.url != span.text else span.text


def _rows(reply: Reply) -> tuple[list[list[dict[str, Any]]], list[str]]:
    """Return rows of buttons, and as numbered words those for which a card has no room."""
    rows, more, count, size = list[list[dict[str, Any]]](), list[str](), 0, 0
    for drawn in _lines(reply):
        row = []
        for button in drawn:
            count += 1
            made = _button(button)
            size += _size(made)
            # Once one is among the words all that follow are, so that a row is read in its order.
            if count > MOST_BUTTONS or more or size > BUTTONS_BYTES:
                more += numbered([button], count)
                continue
            row.append(made)
        if row:
            rows.append(row)
    return rows, more


def _lines(reply: Reply) -> Iterator[Sequence[Button]]:
    for block in reply.blocks:
        if isinstance(block, Choices):
            for row in block.rows:
                for start in range(0, len(row), BUTTONS_PER_ROW):
                    yield row[start : start + BUTTONS_PER_ROW]


def _button(button: Button) -> dict[str, Any]:
    made: dict[str, Any] = {"tag": "button", "type": "default", "text": _plain(button.label)}
    return {**made, "url": button.url} if button.url else {**made, "value": {"call": button.call}}


def _plain(words: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": words}


def card_of(words: str, rows: Sequence[Sequence[dict[str, Any]]]) -> dict[str, Any]:
    """Return a card with these words and buttons."""
    elements: list[dict[str, Any]] = [{"tag": "div", "text": _plain(words or HAND)}]
    elements += [{"tag": "action", "actions": list(row)} for row in rows]
    # Only a shared card can be redrawn; and it must not be carried into a group with what it says of somebody.
    config = {"wide_screen_mode": True, "update_multi": True, "enable_forward": False}
    return {"config": config, "elements": elements}


def _size(value: object) -> int:
    """Return how many bytes something takes inside a message, where it is JSON within JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
