"""Short readings: what one is, how its text becomes search tokens, and where in it a query was found.

Tokens are single characters and pairs of neighbours, written as code points: `u5b89`, `u5b89x5168`. So any two
characters are found wherever they stand, in any script, and no query can mean anything to a database but tokens.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

QUERY_BYTES = 40
"""A query is cut to this, so that it fits behind a button (13 Chinese characters)."""
LONGEST_TITLE, LONGEST_BODY, LONGEST_SOURCE = 80, 2000, 300
AGAIN_AFTER = 30
"""Days after which reading something again counts again: the programme goes round."""
_AROUND = 24


@dataclass(frozen=True, slots=True)
class Page:
    """A reading in one language."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading. `ref` is its name for ever."""

    ref: str
    topic: str
    source_zh: str
    source_en: str
    pages: Mapping[str, Page] = field(hash=False)

    def to_json(self) -> str:
        """Return everything in it as one line; the same reading gives the same text."""
        pages = {language: [page.title, page.body] for language, page in sorted(self.pages.items())}
        return json.dumps([self.ref, self.topic, self.source_zh, self.source_en, pages], ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Topic:
    """What a group of readings is about."""

    name: str
    zh: str
    en: str

    def called(self, language: str) -> str:
        """Return its name in a language."""
        return self.en if language == "en" else self.zh


def _folded(words: str) -> tuple[str, list[int]]:
    """Return the words in one width and case, and for each character where it stood."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(words):
        for one in unicodedata.normalize("NFKC", character).casefold():
            characters.append(one)
            places.append(place)
    return "".join(characters), places


def runs(words: str) -> list[str]:
    """Return the stretches of letters, characters and digits, in one width and case."""
    folded, _ = _folded(unicodedata.normalize("NFC", words))
    return "".join(one if one.isalnum() else " " for one in folded).split()


def read_query(words: str) -> str:
    """Return what is looked for: stretches with one blank between, cut to `QUERY_BYTES`; empty when nothing is left."""
    return " ".join(runs(words)).encode()[:QUERY_BYTES].decode(errors="ignore").strip()


def _pair(first: str, second: str) -> str:
    return f"u{ord(first):x}x{ord(second):x}"


def tokens(words: str) -> list[str]:
    """Return every token of a text, each once."""
    found: dict[str, None] = {}
    for run in runs(words):
        found.update(dict.fromkeys(f"u{ord(one):x}" for one in run))
        found.update(dict.fromkeys(_pair(*pair) for pair in pairwise(run)))
    return list(found)


def query_tokens(query: str) -> list[str]:
    """Return the tokens that a text must hold to hold the query."""
    found: dict[str, None] = {}
    for run in runs(query):
        found.update(dict.fromkeys(_pair(*pair) for pair in pairwise(run)))
        if len(run) == 1:
            found[f"u{ord(run):x}"] = None
    return list(found)


def holds(words: str, query: str) -> bool:
    """Answer whether a text holds every stretch of a query as it stands; its tokens alone might be apart."""
    folded, _ = _folded(words)
    return all(run in folded for run in runs(query))


def snippet(body: str, query: str) -> tuple[str, str, str]:
    """Return the words before, the hit and the words after it; without a hit the beginning is all that comes after."""
    folded, places = _folded(body)
    for run in sorted(runs(query), key=len, reverse=True):
        at = folded.find(run)
        if at >= 0:
            first, last = places[at], places[at + len(run) - 1] + 1
            start, end = max(0, first - _AROUND), min(len(body), last + _AROUND)
            before = ("…" if start else "") + body[start:first]
            return before, body[first:last], body[last:end] + ("…" if end < len(body) else "")
    return "", "", body[: 2 * _AROUND] + ("…" if len(body) > 2 * _AROUND else "")


def next_of_day(readings: Sequence[tuple[int, int]], last: Mapping[int, date]) -> int | None:
    """Choose the day's reading for everybody: the one never read out, then the one read out longest ago.

    `readings`: (id, position). None when there are none.
    """
    return min(readings, key=lambda one: (last.get(one[0], date.min), one[1], one[0]), default=(None, 0))[0]


def interleaved(groups: Iterable[Sequence[Reading]]) -> list[Reading]:
    """Return the readings of all topics in turn, so that no week is about one thing."""
    placed = [(place, number, one) for number, group in enumerate(groups) for place, one in enumerate(group)]
    return [one for _, _, one in sorted(placed, key=lambda entry: entry[:2])]
