"""From a reply to Bot API messages. Pure: method and arguments, in the order in which they leave.

Styles are entities, counted in UTF-16 as Telegram counts; no markup language is involved, so nothing needs escaping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from domain.reply import Button, Choices, Document, Picture, Reply, Span, Text

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
MOST_ENTITIES = 100
BUTTONS_PER_ROW = 8
MOST_BUTTONS = 100
_STYLES = {"bold": "bold", "italic": "italic", "code": "code", "link": "text_link"}
_CUTS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"[。！？!?；;]"), re.compile(r"[，,、\s]"))


def units(words: str) -> int:
    """Return how long Telegram finds these words."""
    return len(words.encode("utf-16-le")) // 2


def render(reply: Reply) -> list[dict[str, Any]]:
    """Return the messages that a reply becomes; never empty, no word lost, the buttons under the last text."""
    spans = _joined(block for block in reply.blocks if isinstance(block, Text))
    keyboard, left_over = _keyboard(block for block in reply.blocks if isinstance(block, Choices))
    if left_over:
        spans = [*spans, *(Span(f"\n{number}. {button.label}") for number, button in left_over)]
    files = [block for block in reply.blocks if isinstance(block, Picture | Document)]
    messages: list[dict[str, Any]] = []
    for block in files:
        if isinstance(block, Picture):
            messages.append({"method": "sendPhoto", "attachment": block.attachment, **_caption(block.alt)})
        else:
            messages.append({"method": "sendDocument", "attachment": block.attachment, "name": block.name})
    messages += [{"method": "sendMessage", **part} for part in _parts(spans)]
    if keyboard:
        if not messages:
            messages.append({"method": "sendMessage", "text": "⋯", "entities": []})
        messages[-1]["keyboard"] = keyboard
    return messages or [{"method": "sendMessage", "text": "⋯", "entities": []}]


def _joined(texts: Iterable[Text]) -> list[Span]:
    spans: list[Span] = []
    for text in texts:
        if spans:
            spans.append(Span("\n"))
        spans += text.spans
    return spans


def _caption(words: str) -> dict[str, Any]:
    cut = words
    while units(cut) > CAPTION_UNITS:
        cut = cut[:-1]
    return {"caption": cut} if cut else {}


def _keyboard(choices: Iterable[Choices]) -> tuple[list[list[dict[str, str]]], list[tuple[int, Button]]]:
    """Return the inline keyboard, and the numbered buttons for which it has no room."""
    keyboard: list[list[dict[str, str]]] = []
    left_over: list[tuple[int, Button]] = []
    count = 0
    for choice in choices:
        for row in choice.rows:
            for start in range(0, len(row), BUTTONS_PER_ROW):
                drawn = []
                for button in row[start : start + BUTTONS_PER_ROW]:
                    count += 1
                    if count > MOST_BUTTONS:
                        left_over.append((count, button))
                        continue
                    target = {"url": button.url} if button.url else {"callback_data": button.call}
                    drawn.append({"text": button.label, **target})
                if drawn:
                    keyboard.append(drawn)
    return keyboard, left_over


def _parts(spans: list[Span]) -> list[dict[str, Any]]:
    """Cut styled words into messages, at the end of a sentence where there is one."""
    if not any(span.text.strip() for span in spans):
        return []
    words = "".join(span.text for span in spans)
    parts, start = [], 0
    while start < len(words):
        end = _cut(words, start, spans)
        piece = words[start:end]
        if piece.strip():
            parts.append({"text": piece, "entities": _entities(spans, start, end)})
        start = end
    return parts


def _cut(words: str, start: int, spans: list[Span]) -> int:
    """Return where a part that begins at `start` ends."""
    end = min(len(words), start + TEXT_UNITS)
    while units(words[start:end]) > TEXT_UNITS:
        end -= max(1, (units(words[start:end]) - TEXT_UNITS) // 2)
    while len(_entities(spans, start, end)) > MOST_ENTITIES:
        end = start + max(1, (end - start) // 2)
    if end >= len(words):
        return len(words)
    half = start + (end - start) // 2
    for pattern in _CUTS:
        found = [match.end() for match in pattern.finditer(words, half, end)]
        if found:
            return found[-1]
    while end > start + 1 and _joins(words[end]):
        end -= 1
    return end


def _joins(character: str) -> bool:
    """Whether a character belongs to the one before it: a variation mark, a joiner, a skin tone."""
    return character in "\u200d\ufe0f\u20e3" or "\U0001f3fb" <= character <= "\U0001f3ff"


def _entities(spans: list[Span], start: int, end: int) -> list[dict[str, Any]]:
    """Return the styles of the words from start to end, counted from start."""
    entities = []
    place = 0
    words = "".join(span.text for span in spans)
    for span in spans:
        first, last = max(place, start), min(place + len(span.text), end)
        place += len(span.text)
        if span.style == "plain" or first >= last:
            continue
        entity: dict[str, Any] = {
            "type": _STYLES[span.style],
            "offset": units(words[start:first]),
            "length": units(words[first:last]),
        }
        if span.style == "link":
            entity["url"] = span.url
        entities.append(entity)
    return entities
