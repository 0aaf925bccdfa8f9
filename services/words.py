"""Cutting Chinese sentences into words with jieba, whose dictionary (0.7 s, 66 MB) is loaded once, when first needed.

Its cache file goes to a private folder: the default, a predictable name in the shared temporary folder, is read with
`marshal` and so would run what a stranger put there.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any

_loading = threading.Lock()


class _Where:
    """Where the cache lives; chosen once at start."""

    folder: Path | None = None


def keep_cache_in(folder: Path) -> None:
    """Choose the cache folder; it is made readable by its owner alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    _Where.folder = folder


@cache
def _tokenizer() -> Any:  # noqa: ANN401 - jieba has no types
    import jieba  # noqa: PLC0415 - its dictionary must not be paid for at start

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = str(_Where.folder or tempfile.mkdtemp(prefix="dangqun-"))
    tokenizer.initialize()
    return tokenizer


def load() -> None:
    """Load the dictionary now; call it off the event loop. Safe to call from several threads."""
    with _loading:
        _tokenizer()


def cut(sentence: str) -> list[str]:
    """Return the words of a sentence, without blanks and punctuation."""
    load()
    return [word for word in _tokenizer().lcut(sentence) if any(character.isalnum() for character in word)]
