"""Words as messengers take them that count bytes: cut between sentences, and buttons as numbers to be typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from domain.reply import Button

_CUTS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"[。！？!?；;]"), re.compile(r"[，,、\s]"))


def numbered(buttons: Sequence[Button], first: int = 1) -> list[str]:
    """Return buttons as lines, counted from `first`: who types the number has pressed it."""
    return [
        f"{place}. {button.label}" + (f" {button.url}" if button.url else "")
        for place, button in enumerate(buttons, first)
    ]


def parts(words: str, most: int) -> list[str]:
    """Cut words into messages of at most so many bytes of UTF-8, at the end of a sentence where there is one."""
    if not words.strip():
        return []
    found, start = [], 0
    while start < len(words):
        end = _cut(words, start, most)
        if words[start:end].strip():
            found.append(words[start:end])
        start = end
    return found


def _cut(words: str, start: int, most: int) -> int:
    """Return where a part that begins at `start` ends."""
    end, size = start, 0
    while end < len(words) and (size := size + _bytes(words[end])) <= most:
        end += 1
    if end >= len(words):
        return len(words)
    half = start + (end - start) // 2
    for pattern in _CUTS:
        found = [match.end() for match in pattern.finditer(words, half, end)]
        if found:
            return found[-1]
    whole = end
    while whole > half and _joins(words[whole], words[whole - 1]):
        whole -= 1
    return whole if whole > half else end


def _bytes(character: str) -> int:
    return len(character.encode("utf-8", "surrogatepass"))


def _joins(character: str, before: str) -> bool:
    """Whether a character belongs to the one before it."""
    return (
        character in "\u200d\ufe0f\u20e3"
        or before == "\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or unicodedata.combining(character) > 0
    )
