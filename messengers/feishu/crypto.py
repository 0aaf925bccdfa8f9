"""How Feishu proves that a request is its own, and how it seals it. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 16


class SealError(ValueError):
    """What was sealed is not what Feishu seals; the words never tell in which way."""


def signature(moment: str, nonce: str, key: str, body: bytes) -> str:
    """Return what stands in `X-Lark-Signature`."""
    return hashlib.sha256(f"{moment}{nonce}{key}".encode("utf-8", "surrogateescape") + body).hexdigest()


def is_signed(given: str, moment: str, nonce: str, key: str, body: bytes) -> bool:
    """Whether a signature is right; takes equally long for every wrong one."""
    wanted = signature(moment, nonce, key, body)
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), wanted.encode())


def same(one: str, other: str) -> bool:
    """Whether two secrets are the same, in constant time; an empty one is the same as nothing."""
    equal = hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
    return equal and bool(other)


def _cipher(key: str, iv: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.CBC(iv))


def decrypt(sealed: str, key: str) -> bytes:
    """Return what was sealed. Raises `SealError`."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SealError("not sealed") from error
    iv, rest = raw[:BLOCK], raw[BLOCK:]
    if len(iv) < BLOCK or not rest or len(rest) % BLOCK:
        raise SealError("not sealed")
    opener = _cipher(key, iv).decryptor()
    plain = opener.update(rest) + opener.finalize()
    count = plain[-1]
    # Every byte of the padding counts: a check of the last alone lets altered ends through.
    if not 1 <= count <= BLOCK or plain[-count:] != bytes([count]) * count:
        raise SealError("not sealed")
    return plain[:-count]


def encrypt(plain: bytes, key: str, iv: bytes) -> str:
    """Seal as Feishu does; `doctor` calls our own callback with it."""
    count = BLOCK - len(plain) % BLOCK
    closer = _cipher(key, iv).encryptor()
    return base64.b64encode(iv + closer.update(plain + bytes([count]) * count) + closer.finalize()).decode()
