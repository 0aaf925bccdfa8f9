"""What WeCom lets through to us: signed with our token, not old, encrypted for our company."""

from __future__ import annotations

import re
from collections.abc import Mapping

from messengers.envelope import LARGEST, Envelope, RefusedError

WINDOW = 600
"""Seconds by which a signed moment may differ from ours: what is not taken comes again within some seconds."""
_ENCRYPT = re.compile(rb"<Encrypt>\s*(?:<!\[CDATA\[)?([A-Za-z0-9+/]{22,}={0,2})(?:\]\]>)?\s*</Encrypt>")


class Gate(Envelope):
    """Lets in what WeCom has signed and encrypted for us."""

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
        timestamp = query.get("timestamp", "")
        self.demand_signed(query.get("msg_signature", ""), timestamp, query.get("nonce", ""), encrypted)
        if abs(int(timestamp) - now) > WINDOW:
            raise RefusedError("old")
        return self.decrypt(encrypted)
