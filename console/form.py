"""What a browser sends: where its form stood, the form itself, and its files."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

LARGEST_FILE = 20 << 20
Form = tuple[dict[str, str], dict[str, tuple[str, bytes]]]
"""Fields, and files: name of the field -> (file name, bytes)."""


def same_origin(request: web.Request) -> bool:
    """Whether a request was made by our own page.

    Browsers send `Origin` with every form, and new ones where it stood. Of a form with neither only the page that it
    names as its `Referer` can tell: our pages let browsers name it, and whatever names nothing is no browser of ours.
    """
    site = request.headers.get("Sec-Fetch-Site", "")
    if site not in {"", "same-origin"}:
        return False
    origin = request.headers.get("Origin")
    if origin is not None:
        return _ours(request, origin) is not None
    return bool(site) or request.method != "POST" or _ours(request, request.headers.get("Referer", "")) is not None


def stands_alone(request: web.Request) -> bool:
    """Whether our own page asked for it, or the person (typed, a bookmark), and no page of others."""
    return request.headers.get("Sec-Fetch-Site", "") in {"", "same-origin", "none"}


def _ours(request: web.Request, address: str) -> str | None:
    """Return the path of an address of this host; None for any other, and for what is no address."""
    try:
        came = urlsplit(address)
    except ValueError:
        return None
    return came.path if came.netloc == request.host else None


def stood_on(request: web.Request) -> str:
    """Return the page that the form stood on, when it was ours."""
    path = _ours(request, request.headers.get("Referer", "")) or ""
    return path if path.startswith("/console/") and path.isascii() else "/console/"


def plain(said: Mapping[str, str]) -> dict[str, str]:
    """Return names and values as words that a database can hold: without NUL and what is half a character."""
    return {_words(name): _words(value) for name, value in said.items()}


def _words(said: str) -> str:
    return said.replace("\0", "").encode("utf-8", "replace").decode()


async def read(request: web.Request) -> Form | None:
    """Read a form and its files; None when it is larger than we take, or no form at all."""
    try:
        posted = await request.post()
    except (ValueError, LookupError, RuntimeError, HttpProcessingError, web.RequestPayloadError, web.HTTPException):
        return None
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for name, value in posted.items():
        if isinstance(value, str):
            fields[_words(name)] = _words(value)
        elif isinstance(value, web.FileField):
            body = value.file.read(LARGEST_FILE + 1)
            if len(body) > LARGEST_FILE:
                return None
            files[_words(name)] = (_words(value.filename), body)
    return fields, files
