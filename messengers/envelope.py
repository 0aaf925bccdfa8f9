"""The envelope that WeCom and DingTalk put their callbacks in: sha1 over sorted parts, AES-256-CBC padded to 32 bytes.

plain = 16 random bytes, the message's length in 4 bytes, the message, and whom it is for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
HEAD = 16 + 4
LARGEST = 256 << 10
"""Bytes of a callback; neither sends more."""


class RefusedError(Exception):
    """A request that is not the messenger's, for this reason."""


def signature(token: str, *parts: str) -> str:
    """Return the signature of these parts."""
    joined = "".join(sorted([token, *parts])).encode("utf-8", "replace")
    return hashlib.sha1(joined).hexdigest()  # noqa: S324 - the messengers' rule


class Envelope:
    """Opens what was signed and encrypted for one receiver."""

    def __init__(self, token: str, aes_key: str, owner: str) -> None:
        """Take the callback's own secrets, checked already; `owner`: for whom it has to be."""
        self._token = token
        self._key = base64.b64decode(aes_key + "=")
        self._owner = owner

    def demand_signed(self, given: str, timestamp: str, nonce: str, encrypted: str) -> None:
        """Raise `RefusedError` unless it is signed with our token."""
        if not (self._token and given and nonce and encrypted and re.fullmatch(r"[0-9]{1,16}", timestamp)):
            raise RefusedError("incomplete")
        wanted = signature(self._token, timestamp, nonce, encrypted)
        if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
            raise RefusedError("bad_signature")

    def decrypt(self, encrypted: str) -> bytes:
        """Return the message. Raises `RefusedError` for a wrong length, padding or receiver."""
        try:
            raw = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise RefusedError("bad_base64") from None
        if not raw or len(raw) % 16:
            raise RefusedError("bad_length")
        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16])).decryptor()
        plain = decryptor.update(raw) + decryptor.finalize()
        pad = plain[-1]
        if not 1 <= pad <= BLOCK or len(plain) < HEAD + pad or plain[-pad:] != bytes([pad]) * pad:
            raise RefusedError("bad_padding")
        plain = plain[:-pad]
        length = int.from_bytes(plain[16:HEAD], "big")
        message, receiver = plain[HEAD : HEAD + length], plain[HEAD + length :]
        if len(message) != length or not hmac.compare_digest(receiver, self._owner.encode()):
            raise RefusedError("not_for_us")
        return message

    def encrypt(self, message: bytes) -> str:
        """Return a message as the messenger would send it to us: for trying our own callback."""
        plain = os.urandom(16) + len(message).to_bytes(4, "big") + message + self._owner.encode()
        pad = BLOCK - len(plain) % BLOCK
        encryptor = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16])).encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Return the signature of an encrypted message."""
        return signature(self._token, timestamp, nonce, encrypted)
