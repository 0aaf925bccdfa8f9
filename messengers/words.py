"""Words for messengers that count bytes: cut at a paragraph, line, sentence or clause, never inside a character.

And buttons as numbers to be typed, where there is no room for them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from domain.reply import Button

_CUTS = (re.compile(r"\n\n"), re.compile(r"\n"), re.compile(r"[。！？!?；;]"), re.compile(r"[，,、\s]"))
_ESCAPED = frozenset('"\\\n\r\t\b\f')
_FLAGS = ("\U0001f1e6", "\U0001f1ff")


def numbered(buttons: Sequence[Button], first: int = 1) -> list[str]:
    """Return buttons as lines, counted from `first`: who types the number has pressed it."""
    return [
        f"{place}. {button.label}" + (f" {button.url}" if button.url else "")
        for place, button in enumerate(buttons, first)
    ]


def clipped(words: str, size: int) -> str:
    """Return as much of words as so many bytes of UTF-8 hold, never half a character."""
    end = len(words.encode("utf-8", "ignore")[:size].decode("utf-8", "ignore"))
    while 0 < end < len(words) and _joined(words, end):
        end -= 1
    return words[:end]


def file_name(name: str) -> str:
    """Return a file's name as one line without quotes or slashes: it stands in a header of the upload."""
    # Lone halves of a character can't be sent, and what no console prints would end the header or hide its end.
    line = "".join(one if one.isprintable() else " " for one in name.encode("utf-8", "replace").decode())
    return " ".join(line.replace('"', "＂").replace("\\", "＼").replace("/", "／").split()) or "file"


def weight(character: str) -> int:
    """Return how many bytes a character takes inside JSON."""
    if character in _ESCAPED:
        return 2
    if character < " ":
        return 6
    return len(character.encode("utf-8", "replace"))


def parts(words: str, size: int, chars: int | None = None) -> list[str]:
    """Cut words into pieces of at most so many bytes (and characters); pieces without any word are left out."""
    found, start = list[str](), 0
    while start < len(words):
        end = _cut(words, start, size if chars is None else chars, size)
        if words[start:end].strip():
            found.append(words[start:end])
        start = end
    return found


def _cut(words: str, start: int, chars: int, size: int) -> int:
    """Return where a piece that begins at `start` ends."""
    end, taken = start, 0
    while end < len(words) and end - start < chars:
        taken += weight(words[end])
        if taken > size:
            break
        end += 1
    if end >= len(words):
        return len(words)
    half = start + (end - start) // 2
    for pattern in _CUTS:
        found = [match.end() for match in pattern.finditer(words, half, end) if not _joined(words, match.end())]
        if found:
            return found[-1]
    whole = end
    while whole > half and _joined(words, whole):
        whole -= 1
    # Marks without end belong to one character, which no message could hold.
    return max(start + 1, whole if whole > half else end)


def _joined(words: str, place: int) -> bool:
    """Whether the character at this place belongs to the one before it."""
    if not 0 < place < len(words):
        return False
    character, before = words[place], words[place - 1]
    return (
        before == "\u200d"
        or character in "\u200d\u20e3"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
        or unicodedata.category(character).startswith("M")
        or (character == "\n" and before == "\r")
        or _second_flag(words, place)
    )


def _second_flag(words: str, place: int) -> bool:
    """Whether here stands the second letter of a flag."""
    count = 0
    while place >= count and _FLAGS[0] <= words[place - count] <= _FLAGS[1]:
        count += 1
    return count > 1 and count % 2 == 0
