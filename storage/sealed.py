"""Values that are kept encrypted: AES-256-GCM, each bound to the place where it is kept, so that none can be moved."""

from __future__ import annotations

import base64
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12
VERSION = "1:"
"""Says how a value was sealed, should that ever change."""


class UnsealError(ValueError):
    """The value was sealed with another key, in another place, or is damaged."""


@lru_cache(maxsize=8)
def _cipher(key: bytes) -> AESGCM:
    """Return the cipher of the program's key; links are signed with the key itself, so this uses one made from it."""
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"dangqun sealed values").derive(key))


def seal(key: bytes, place: str, value: str) -> str:
    """Return a value as it is kept in this place."""
    nonce = os.urandom(NONCE)
    return VERSION + base64.b64encode(nonce + _cipher(key).encrypt(nonce, value.encode(), place.encode())).decode()


def unseal(key: bytes, place: str, kept: str) -> str:
    """Return the value. Raises `UnsealError`."""
    try:
        raw = base64.b64decode(kept.removeprefix(VERSION), validate=True)
        return _cipher(key).decrypt(raw[:NONCE], raw[NONCE:], place.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise UnsealError("sealed with another key, or damaged") from error
