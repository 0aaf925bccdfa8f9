"""The library of theme days: `activities.toml`, checked when loaded; a mistake names the idea and the field."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from content import FOLDER, LANGUAGES, ContentError
from domain.activity import LONGEST_TITLE, SUITS, Theme, ThemeWords

THEMES = FOLDER / "activities.toml"
_LONGEST = 200
_FIELDS = {"title", "material", "places", "checklist"}
_MINUTES = range(15, 24 * 60 + 1)


def _words(raw: dict[str, Any], language: str, where: str, problems: list[str]) -> ThemeWords:
    said = raw.get(language)
    if not isinstance(said, dict) or set(said) != _FIELDS:
        problems.append(f"{where}: {language}: the fields are {', '.join(sorted(_FIELDS))}")
        return ThemeWords("", "", "", ())
    for field in ("title", "material", "places"):
        longest = LONGEST_TITLE if field == "title" else _LONGEST
        if not isinstance(said[field], str) or not 0 < len(said[field].strip()) <= longest:
            problems.append(f"{where}: {language}.{field}: 1 to {longest} characters are needed")
    items = said["checklist"]
    if not isinstance(items, list) or not items or not all(isinstance(one, str) and one.strip() for one in items):
        problems.append(f"{where}: {language}.checklist: a list of sentences is needed")
        items = []
    return ThemeWords(said["title"], said["material"], said["places"], tuple(items))


def load(path: Path) -> tuple[Theme, ...]:
    """Read and check the library. Raises `ContentError` that lists every mistake."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContentError(f"{path.name}: {error}") from error
    problems = [f"{path.name}: {one}: nobody reads this table" for one in sorted(set(data) - {"theme"})]
    found: dict[str, Theme] = {}
    for place, raw in enumerate(data.get("theme", []), 1):
        ref = str(raw.get("id", ""))
        where = f"{path.name}: {ref or f'theme {place}'}"
        problems += [f"{where}: {one}: nobody reads this field" for one in sorted(set(raw) - _KNOWN)]
        if not ref or ref in found or not ref.replace("_", "").isalnum():
            problems.append(f"{where}: id: a name of its own is needed")
        if raw.get("minutes") not in _MINUTES:
            problems.append(f"{where}: minutes: {_MINUTES.start} to {_MINUTES.stop - 1} are needed")
        suits = raw.get("suits")
        if not isinstance(suits, list) or not suits or not set(suits) <= SUITS:
            problems.append(f"{where}: suits: some of {', '.join(sorted(SUITS))} are needed")
            suits = []
        words = {language: _words(raw, language, where, problems) for language in LANGUAGES}
        found[ref] = Theme(ref, raw.get("minutes", 0), frozenset(suits), words)
    if problems:
        raise ContentError("\n".join(problems))
    return tuple(found.values())


_KNOWN = {"id", "minutes", "suits", *LANGUAGES}


@cache
def themes() -> tuple[Theme, ...]:
    """Return every idea."""
    return load(THEMES)


def theme(ref: str) -> Theme | None:
    """Return an idea by its id."""
    return next((one for one in themes() if one.ref == ref), None)
