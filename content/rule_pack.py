"""Rule packs from their files: the national one that comes with the program, and those of the organisation."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from content import FOLDER
from domain.rule import Book, Pack
from domain.rule_change import stand
from domain.rule_reading import RuleError, read_pack

NATIONAL = FOLDER / "rules" / "national.toml"


@cache
def national() -> Pack:
    """Return the pack of national rules."""
    return read_pack(tomllib.loads(NATIONAL.read_text(encoding="utf-8")))


def load_local(paths: Sequence[Path]) -> tuple[Pack, ...]:
    """Return the organisation's packs, checked against all beneath them. Raises `RuleError`, which names the file."""
    book = Book((national(),))
    for path in paths:
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise RuleError(f"{path}：读不了 · can't be read ({error.strerror})") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RuleError(f"{path}：不是 TOML · is not TOML ({error})") from error
        try:
            book = stand(book, read_pack(data, book))
        except RuleError as error:
            raise RuleError("\n".join(f"{path}: {line}" for line in str(error).splitlines())) from error
    return book.packs[1:]


@cache
def book(local: tuple[Pack, ...] = ()) -> Book:
    """Return the national pack with these over it."""
    return Book((national(), *local))
