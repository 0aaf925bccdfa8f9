"""Cutting Chinese sentences into words with jieba, whose dictionary (a second, 66 MB) is read once, when first needed.

jieba's own cache of it is not used: read back in one piece it holds the interpreter for 0.4 s, in which nobody is
served, and its predictable name in the shared temporary folder is read with `marshal`, which runs what a stranger put
there.
"""

from __future__ import annotations

import logging
import threading
from functools import cache
from typing import Any

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
