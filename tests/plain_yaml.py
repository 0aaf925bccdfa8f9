"""A reader for as much YAML as our own files use: nested blocks, lists, flow values, anchors. No tabs, no folding.

Anything else is an error, so that a file which grows beyond it says so; the test holds it against PyYAML where some
Python on the machine has that.
"""

from __future__ import annotations

import json
import re
from typing import Any

_KEY = re.compile(r"([A-Za-z_][\w-]*):(?: +(.*))?")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class Reader:
    """Reads one document."""

    def __init__(self, words: str) -> None:
        """Drop comments and empty lines; keep how deep each line stands."""
        self._lines: list[tuple[int, str]] = []
        self._anchors: dict[str, Any] = {}
        for line in words.splitlines():
            bare = re.sub(r"(^|\s)#.*", "", line).rstrip()
            if "\t" in bare:
                raise ValueError(f"a tab: {line!r}")
            if bare:
                self._lines.append((len(bare) - len(bare.lstrip()), bare.strip()))

    def read(self) -> Any:  # noqa: ANN401 - whatever it says
        """Return the document."""
        found = self._block(self._lines[0][0])
        if self._lines:
            raise ValueError(f"what is this: {self._lines[0][1]!r}")
        return found

    def _block(self, depth: int) -> Any:  # noqa: ANN401
        if self._lines[0][1].startswith("- "):
            items = []
            while self._lines and self._lines[0][0] == depth and self._lines[0][1].startswith("- "):
                items.append(self._flow(self._lines.pop(0)[1].removeprefix("- ")))
            return items
        found: dict[str, Any] = {}
        while self._lines and self._lines[0][0] == depth:
            key = _KEY.fullmatch(self._lines.pop(0)[1])
            if key is None or key[1] in found:
                raise ValueError(f"no key, or the same twice: {key}")
            found[key[1]] = self._value(depth, key[2] or "")
        return found

    def _value(self, depth: int, words: str) -> Any:  # noqa: ANN401
        anchor = re.fullmatch(r"&(\w+) *(.*)", words)
        rest = anchor[2] if anchor else words
        nested = not rest and self._lines and self._lines[0][0] > depth
        value = self._block(self._lines[0][0]) if nested else self._flow(rest)
        if anchor:
            self._anchors[anchor[1]] = value
        return value

    def _flow(self, words: str) -> Any:  # noqa: ANN401
        value, rest = self._take(words, ends="")
        if rest:
            raise ValueError(f"left over: {rest!r}")
        return value

    def _take(self, words: str, ends: str) -> tuple[Any, str]:
        """Take one value off the front; `ends`: what ends a plain one."""
        if words.startswith("["):
            return self._several(words[1:], "]")
        if words.startswith("{"):
            return self._several(words[1:], "}")
        if (quoted := _QUOTED.match(words)) is not None:
            return json.loads(quoted[0]), words[quoted.end() :].lstrip()
        place = next((place for place, letter in enumerate(words) if letter in ends), len(words))
        return self._plain(words[:place].strip()), words[place:]

    def _several(self, words: str, last: str) -> tuple[Any, str]:
        pairs: list[tuple[str, Any]] = []
        words = words.lstrip()
        while not words.startswith(last):
            name = ""
            if last == "}":
                name, _, words = words.partition(":")
            value, words = self._take(words.lstrip(), ends=f",{last}")
            pairs.append((name.strip(), value))
            if not words.startswith((",", last)):
                raise ValueError(f"neither , nor {last}: {words!r}")
            words = words.removeprefix(",").lstrip()
        values: Any = dict(pairs) if last == "}" else [value for _, value in pairs]
        return values, words[1:].lstrip()

    def _plain(self, words: str) -> Any:  # noqa: ANN401
        if words.startswith("*"):
            return self._anchors[words[1:]]
        if re.fullmatch(r"-?[0-9]+", words):
            return int(words)
        return {"true": True, "false": False, "": None, "null": None}.get(words, words)
