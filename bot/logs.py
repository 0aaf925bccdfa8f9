"""Log lines for people and for collectors; secrets never reach them."""

from __future__ import annotations

import logging
import re
import sys

_SECRETS = (
    re.compile(r"\b\d{6,12}:[A-Za-z0-9_-]{30,}"),
    re.compile(r"(?<=://)[^\s:/@]+:[^\s/@]+(?=@)"),
    re.compile(r"(?i)(?<=authorization: )\S.*"),
)
MASK = "***"


def masked(words: str) -> str:
    """Return the words with everything that looks like a token or a password hidden."""
    for secret in _SECRETS:
        words = secret.sub(MASK, words)
    return words


class _Masking(logging.Formatter):
    """Masks the finished line, traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the masked line."""
        return masked(super().format(record)).replace("\r", "\\r")


def start_logging(level: int = logging.INFO, *, alone: bool = False) -> None:
    """Log to standard error, one line a record. `alone`: with one process there is nothing to say of who does what."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Masking("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("apscheduler", "httpx", "httpcore", "aiohttp.access", "telegram", *(("bot.lease",) if alone else ())):
        logging.getLogger(noisy).setLevel(logging.WARNING)
