"""What our own page shows of a rendered message: all words in one bubble, with its buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.preview import Bubble
from domain.reply import Span


def preview(messages: Sequence[Mapping[str, Any]]) -> list[Bubble]:
    """Return the message as a reader sees it; each file is a bubble of its own before the words."""
    found: list[Bubble] = []
    words: list[Span] = []
    rows: list[tuple[str, ...]] = []
    for block in (block for message in messages for block in message["blocks"]):
        if "text" in block:
            words += [Span("\n")] if words else []
            words += [Span(one["t"], one["s"], one.get("u", "")) for one in block["text"]]
        elif "rows" in block:
            rows += [tuple(button["label"] for button in row) for row in block["rows"]]
        else:
            found.append(Bubble(file=str(block.get("name") or block.get("alt", "")), picture="picture" in block))
    return [*found, Bubble(tuple(words), tuple(rows))]
