"""Cutting Chinese sentences into words with jieba, whose dictionary (a second, 66 MB) is read once, when first needed.

And putting Chinese names into the order in which people look for them, by pinyin.

jieba's own cache of it is not used: read back in one piece it holds the interpreter for 0.4 s, in which nobody is
served, and its predictable name in the shared temporary folder is read with `marshal`, which runs what a stranger put
there.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any, TypeVar

T = TypeVar("T")
MOST_IN_ORDER = 500
"""Longer lists of names stay in the order of numbers: nobody reads them from one end to the other."""
_SURNAMES = {
    "曾": "zeng", "单": "shan", "仇": "qiu", "解": "xie", "查": "zha",
    "区": "ou", "朴": "piao", "缪": "miao", "翟": "zhai", "员": "yun",
}  # fmt: skip
"""Characters that sound otherwise as a surname."""
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


def cut(sentence: str) -> list[str]:
    """Return the words of a sentence, without blanks and punctuation."""
    load()
    return [word for word in _tokenizer().lcut(sentence) if any(character.isalnum() for character in word)]


def in_order(rows: Iterable[T], name: Callable[[T], str]) -> list[T]:
    """Return rows by the pinyin of their names, as a telephone book has them."""
    return sorted(rows, key=lambda row: _by_sound(name(row)))


@lru_cache(maxsize=4096)
def _by_sound(name: str) -> tuple[tuple[str, ...], str]:
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - its tables must not be paid for at start

    sounds = [syllable.lower() for syllable in lazy_pinyin(name)]
    return (*([_SURNAMES.get(name[:1], sounds[0])] if sounds else []), *sounds[1:]), name
