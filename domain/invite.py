"""Binding codes: eight characters that nobody confuses when reading them aloud."""

from __future__ import annotations

import hashlib
import random
import unicodedata
from datetime import timedelta

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, O, 1, I and L."""
LENGTH = 8
LASTS = timedelta(days=7)
WRONG_TRIES = 5
WAIT = timedelta(minutes=15)


def new_code(chance: random.Random) -> str:
    """Draw a code. `chance` must not be guessable (`random.SystemRandom`)."""
    return "".join(chance.choice(ALPHABET) for _ in range(LENGTH))


def read_code(words: str) -> str | None:
    """Return the code that these words are, however they were spaced, dashed or typed; None when they are none."""
    folded = unicodedata.normalize("NFKC", words).upper()
    bare = "".join(one for one in folded if not one.isspace() and one not in "-_·.")
    return bare if len(bare) == LENGTH and set(bare) <= set(ALPHABET) else None


def looks_like_code(words: str) -> bool:
    """Answer whether words were meant as a code, even one with a wrong letter: eight letters or digits."""
    bare = unicodedata.normalize("NFKC", words).replace(" ", "").replace("-", "")
    return len(bare) == LENGTH and bare.isascii() and bare.isalnum()


def digest(code: str) -> str:
    """Return what is kept of a code."""
    return hashlib.sha256(f"dangqun-invite:{code}".encode()).hexdigest()
