"""What is said, listened for and asked. Loaded once, checked while loading, then frozen.

`content/<language>/<noun>.toml` has the tables `say` (sentences; `**bold**` and `{placeholders}`), `label` (buttons),
`phrases` (what people type for an entry), `help` (an entry's line in the help) and, for pages, `page`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from domain.reply import Button, Span, Text

LANGUAGES = ("zh", "en")
FOLDER = Path(__file__).parent
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_WEEKDAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


class ContentError(Exception):
    """A content file is wrong; the message names file and key."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence cut into styled pieces; each piece may hold placeholders."""

    pieces: tuple[Span, ...]

    @property
    def placeholders(self) -> frozenset[str]:
        """The facts that it needs."""
        return frozenset(
            name for piece in self.pieces for _, name, _, _ in Formatter().parse(piece.text) if name is not None
        )

    def fill(self, facts: dict[str, object]) -> Text:
        """Return the words with the facts put in; what people wrote is never read as markup."""
        return Text(
            tuple(
                [
                    Span(piece.text.format(**facts), piece.style) if "{" in piece.text or "}" in piece.text else piece
                    for piece in self.pieces
                ]
            )
        )


def _sentence(words: str) -> Sentence:
    pieces = []
    for place, part in enumerate(_BOLD.split(words.strip("\n"))):
        if part:
            pieces.append(Span(part, "bold" if place % 2 else "plain"))
    return Sentence(tuple(pieces))


@dataclass(frozen=True, slots=True)
class Voice:
    """Everything that can be said in one language."""

    language: str
    sentences: dict[str, Sentence] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    phrases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    help: dict[str, str] = field(default_factory=dict)
    page: dict[str, dict[str, str]] = field(default_factory=dict)

    def say(self, code: str, /, **facts: object) -> Text:
        """Return the sentence `noun.name`. Raises KeyError for a code that does not exist: tests find those first."""
        return self.sentences[code].fill(facts)

    def line(self, code: str, /, **facts: object) -> str:
        """Return the same words without style, to be put into another sentence."""
        return self.say(code, **facts).plain

    def label(self, code: str, /, **facts: object) -> str:
        """Return the words on a button."""
        return self.labels[code].format(**facts)

    def button(self, code: str, call: str, /, **facts: object) -> Button:
        """Return a button with a label from `content/` and a call built by `domain.call.call`."""
        return Button(self.label(code, **facts), call)

    def day(self, day: date) -> str:
        """Return a date as people say it, with the weekday."""
        if self.language == "en":
            return f"{_WEEKDAYS['en'][day.weekday()]} {day.day} {day:%b} {day.year}"
        return f"{day.year}年{day.month}月{day.day}日 周{_WEEKDAYS['zh'][day.weekday()]}"

    def moment(self, local: datetime) -> str:
        """Return a moment as people say it; pass it on the organisation's clock (`organisation.local(at)`)."""
        return f"{self.day(local.date())} {local:%H:%M}"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path.name}: {error}"
        raise ContentError(msg) from error


@cache
def voice(language: str) -> Voice:
    """Return the voice of a language; an unknown language speaks Chinese."""
    if language not in LANGUAGES:
        return voice("zh")
    made = Voice(language)
    for path in sorted((FOLDER / language).glob("*.toml")):
        noun, data = path.stem, _read(path)
        made.sentences.update({f"{noun}.{key}": _sentence(words) for key, words in data.get("say", {}).items()})
        made.labels.update({f"{noun}.{key}": words for key, words in data.get("label", {}).items()})
        made.phrases.update({key: tuple(words) for key, words in data.get("phrases", {}).items()})
        made.help.update(data.get("help", {}))
        if "page" in data:
            made.page[noun] = data["page"]
    return made
