"""The typed call behind a button: `noun.verb:arg:arg`, checked when it is built."""

from __future__ import annotations

import re
from functools import lru_cache

_NAME = re.compile(r"[a-z_]+\.[a-z_]+")


@lru_cache(maxsize=1024)
def call(name: str, *arguments: str | int) -> str:
    """Build the call. Raises ValueError for a name that no handler could have or an unreadable argument."""
    if not _NAME.fullmatch(name):
        msg = f"not a call: {name}"
        raise ValueError(msg)
    parts = [name, *(str(argument) for argument in arguments)]
    if any(":" in part for part in parts[1:]):
        msg = f"an argument of {name} holds a colon"
        raise ValueError(msg)
    return ":".join(parts)


def parse_call(words: str) -> tuple[str, tuple[str, ...]]:
    """Return the name and the arguments. Raises ValueError for what `call` did not build."""
    name, *arguments = words.split(":")
    if not _NAME.fullmatch(name):
        msg = f"not a call: {name}"
        raise ValueError(msg)
    return name, tuple(arguments)
