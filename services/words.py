"""Cutting Chinese sentences into words with jieba, whose dictionary (a second, 66 MB) is read once, when first needed.

And putting Chinese names into the order in which people look for them, by pinyin.

jieba's own cache of it is not used: read back in one piece it holds the interpreter for 0.4 s, in which nobody is
served, and its predictable name in the shared temporary folder is read with `marshal`, which runs what a stranger put
there.
"""

from __future__ import annotations

import json
import logging
import threading
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from domain.sound import COMPOUND, SURNAMES

T = TypeVar("T")
MOST_IN_ORDER = 500
"""Longer lists of names stay in the order of numbers: nobody reads them from one end to the other."""
_loading = threading.Lock()


@cache
def _tokenizer() -> Any:  # noqa: ANN401 - jieba has no types
    import jieba  # noqa: PLC0415 - its dictionary must not be paid for at start

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer


def load() -> None:
    """Load the dictionary now; call it off the event loop. Safe to call from several threads."""
    with _loading:
        _tokenizer()


def ready() -> bool:
    """Answer whether the dictionary is there; when it is not, it is being read from now on, and nobody waits for it."""
    if _tokenizer.cache_info().currsize:
        return True
    threading.Thread(target=load, name="words", daemon=True).start()
    return False


def cut(sentence: str) -> list[str]:
    """Return the words of a sentence, without blanks and punctuation."""
    load()
    return [word for word in _tokenizer().lcut(sentence) if any(character.isalnum() for character in word)]


def in_order(rows: Iterable[T], name: Callable[[T], str]) -> list[T]:
    """Return rows by the pinyin of their names, as a telephone book has them."""
    return sorted(rows, key=lambda row: _by_sound(name(row)))


@lru_cache(maxsize=4096)
def _by_sound(name: str) -> tuple[tuple[str, ...], str]:
    surname = COMPOUND.get(name[:2]) or SURNAMES.get(name[:1], ())[:1]
    return (*surname, *(_sounds().get(letter, letter.lower()) for letter in name[len(surname) :])), name


@cache
def _sounds() -> dict[str, str]:
    """Return the usual sound of every character, without its tone, from pypinyin's own table.

    The library itself is not imported for it: that takes 400 ms and 57 MB, for phrases that no name has.
    """
    found = find_spec("pypinyin")
    folder = Path(((found and found.submodule_search_locations) or [""])[0])
    table: dict[str, str] = json.loads((folder / "pinyin_dict.json").read_text(encoding="utf-8"))
    return {chr(int(number)): _toneless(said.partition(",")[0]) for number, said in table.items()}


def _toneless(said: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", said) if letter.isascii())
