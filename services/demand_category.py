"""What demands are about: categories with their words, who is responsible, and the limits that hold from which day."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from content import FOLDER, ContentError
from domain import demand_similar as likeness
from domain.demand import Terms, suggest
from domain.permission import Role
from domain.reply import Personal
from services import words

FILE = FOLDER / "demand" / "categories.toml"
OTHER = "other"
"""What nothing else fits."""


@dataclass(frozen=True, slots=True)
class Category:
    """One category; `roles` are responsible in this order."""

    code: str
    name: str
    name_en: str
    roles: tuple[Role, ...]
    words: tuple[str, ...]
    hardship: bool = False
    """Whether whatever is filed in it is about somebody's health, money or dignity."""

    def called(self, language: str) -> str:
        """Return its name in a language."""
        return self.name_en if language == "en" else self.name


@dataclass(frozen=True, slots=True)
class Pack:
    """Everything of the file."""

    categories: dict[str, Category]
    outer: tuple[dict[str, Any], ...]
    """Newest first."""
    house: tuple[dict[str, Any], ...]
    hardship: re.Pattern[str]
    """Words that are about health, money or dignity, in whatever category."""
    common: frozenset[str]
    """Words that say nothing about what a demand is about."""


def load(path: Path) -> Pack:
    """Read and check a file. Raises `ContentError` that names what is wrong."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        categories = {
            row["code"]: Category(
                row["code"],
                row["name"],
                row["name_en"],
                tuple(map(Role, row["roles"])),
                tuple(row["words"]),
                bool(row.get("hardship", False)),
            )
            for row in data["category"]
        }
        dated = [tuple(sorted(data[key], key=lambda row: row["since"], reverse=True)) for key in ("outer", "house")]
        hardship = re.compile("|".join(map(re.escape, data["hardship_words"])) or "(?!)", re.IGNORECASE)
        pack = Pack(categories, dated[0], dated[1], hardship, frozenset(data["common_words"]))
        for row in data["house"]:
            for code in ("", *row.get("category", {})):
                _terms(pack, code, row, pack.outer[-1])
    except (KeyError, ValueError, IndexError) as error:
        raise ContentError(f"{path.name}: {error!r}") from error
    if OTHER not in categories or len(categories) != len(data["category"]):
        raise ContentError(f"{path.name}: the codes must be unique, and one of them {OTHER!r}")
    return pack


def _terms(pack: Pack, code: str, house: dict[str, Any], outer: dict[str, Any]) -> Terms:
    if code and code not in pack.categories:
        raise KeyError(code)
    own = {**house, **house.get("category", {}).get(code, {})}
    terms = Terms(
        own["first_days"],
        own["finish_days"],
        outer["first_days"],
        outer["finish_days"],
        own["first_warn"],
        own["finish_warn"],
    )
    if not 1 <= terms.first_days <= terms.finish_days or min(terms.first_warn, terms.finish_warn) < 0:
        raise ValueError(f"limits of {code or 'house'}: {terms}")
    return terms


@cache
def pack() -> Pack:
    """Return the program's own file."""
    return load(FILE)


def _at(rows: tuple[dict[str, Any], ...], day: date) -> dict[str, Any]:
    """Return what holds on a day: the newest entry whose date has come, else the first ever."""
    return next((row for row in rows if row["since"] <= day), rows[-1])


def terms(code: str, day: date) -> Terms:
    """Return the limits for a demand of this category filed on this day."""
    known = pack()
    return _terms(known, code, _at(known.house, day), _at(known.outer, day))


def source(day: date, language: str) -> tuple[str, str]:
    """Return in words where the limits come from: the organisation's own, and the regulation that bounds them."""
    key = "source_en" if language == "en" else "source"
    return _at(pack().house, day)[key], _at(pack().outer, day)[key]


def known(code: str) -> Category:
    """Return a category; a code that the file no longer has is `other`."""
    return pack().categories.get(code, pack().categories[OTHER])


def exists(code: str) -> bool:
    """Answer whether there is such a category: a button may be forged."""
    return code in pack().categories


def class_of(code: str, *said: str) -> Personal:
    """Return how personal a demand of this category is in which these words stand."""
    if known(code).hardship or any(pack().hardship.search(words_said) for words_said in said):
        return Personal.HARDSHIP
    return Personal.REQUEST


def ordered(sentence: str) -> tuple[list[Category], int]:
    """Return all categories, those that the words point to first, and how many those are."""
    every = pack().categories
    found = suggest(words.cut(sentence), sentence, {code: one.words for code, one in every.items()})
    return [*(every[code] for code in found), *(one for code, one in every.items() if code not in found)], len(found)


def topic(sentence: str) -> list[str]:
    """Return the words that say what a sentence is about."""
    return likeness.topic(words.cut(sentence), pack().common)


def named(words_said: str) -> str:
    """Return the code of the category that is called exactly this; empty when none is."""
    said = words_said.strip().lower()
    return next((one.code for one in pack().categories.values() if said in {one.name, one.name_en.lower()}), "")
