"""Who a browser is, which origins may talk to us, and links that nobody else can use."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import web

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43,128}")


def account_of(token: str) -> str | None:
    """Return the account of a browser with this secret; None for what is no secret of ours (256 bits at least)."""
    if not _TOKEN.fullmatch(token):
        return None
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def sign(secret: bytes, *parts: object) -> str:
    """Return the signature of these parts."""
    joined = "\0".join(str(part) for part in parts)
    return hmac.new(secret, joined.encode(), hashlib.sha256).hexdigest()[:40]


def signed(secret: bytes, signature: str, *parts: object) -> bool:
    """Check a signature in constant time."""
    return hmac.compare_digest(sign(secret, *parts).encode(), signature.encode())


def origin_allowed(request: web.Request, embed_origins: Sequence[str]) -> bool:
    """Whether a request comes from our own page; a request without an origin is not from a browser's script."""
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc == request.host or origin in embed_origins


def headers(embed_origins: Sequence[str]) -> dict[str, str]:
    """Return what every page is served with."""
    frames = " ".join(["'self'", *embed_origins])
    return {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
            f"frame-src 'self'; frame-ancestors {frames}; base-uri 'none'; form-action 'none'; object-src 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }


def clean_name(name: str) -> str:
    """Return a file name without folders and control characters."""
    last = re.split(r"[\\/]", name)[-1]
    return "".join(c for c in last if c.isprintable())[:120].strip(". ") or "file"
