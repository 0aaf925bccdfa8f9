"""The callback's signature and cipher: sha1 over sorted parts, AES-256-CBC with padding to 32 bytes.

plain = 16 random bytes, the message's length in 4 bytes, the message, and whom it is for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
HEAD = 16 + 4
WINDOW = 600
"""Seconds by which a signed moment may differ from ours: what is not taken comes again within some seconds."""
LARGEST = 256 << 10
_ENCRYPT = re.compile(rb"<Encrypt>\s*(?:<!\[CDATA\[)?([A-Za-z0-9+/]{22,}={0,2})(?:\]\]>)?\s*</Encrypt>")


class RefusedError(Exception):
    """A request that is not WeCom's, for this reason."""


def signature(token: str, *parts: str) -> str:
    """Return the signature of these parts."""
    return hashlib.sha1("".join(sorted([token, *parts])).encode()).hexdigest()  # noqa: S324 - the messenger's rule


class Gate:
    """Lets in what WeCom has signed and encrypted for us."""

    def __init__(self, token: str, aes_key: str, corp_id: str) -> None:
        """Take the callback's own secrets, checked already."""
        self._token = token
        self._key = base64.b64decode(aes_key + "=")
        self._corp_id = corp_id

    def url_check(self, query: Mapping[str, str], now: float) -> str:
        """Return what the URL check is answered with. Raises `RefusedError`."""
        return self._open(query, query.get("echostr", ""), now).decode("utf-8", "strict")

    def message(self, query: Mapping[str, str], body: bytes, now: float) -> bytes:
        """Return the XML inside a message's body. Raises `RefusedError`."""
        if len(body) > LARGEST:
            raise RefusedError("too_large")
        found = _ENCRYPT.findall(body)
        if len(found) != 1:
            raise RefusedError("no_cipher")
        return self._open(query, found[0].decode("ascii"), now)

    def _open(self, query: Mapping[str, str], encrypted: str, now: float) -> bytes:
        """Check the signature before anything else is made of what came."""
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        given = query.get("msg_signature", "")
        if not (self._token and given and nonce and encrypted and re.fullmatch(r"[0-9]{1,12}", timestamp)):
            raise RefusedError("incomplete")
        wanted = signature(self._token, timestamp, nonce, encrypted)
        if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
            raise RefusedError("bad_signature")
        if abs(int(timestamp) - now) > WINDOW:
            raise RefusedError("old")
        return self.decrypt(encrypted)

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
        if len(message) != length or not hmac.compare_digest(receiver, self._corp_id.encode()):
            raise RefusedError("not_for_us")
        return message

    def encrypt(self, message: bytes) -> str:
        """Return a message as WeCom would send it to us: for trying our own callback."""
        plain = os.urandom(16) + len(message).to_bytes(4, "big") + message + self._corp_id.encode()
        pad = BLOCK - len(plain) % BLOCK
        encryptor = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16])).encryptor()
        return base64.b64encode(encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Return the signature of an encrypted message."""
        return signature(self._token, timestamp, nonce, encrypted)
