"""What a browser sends: where its form stood, the form itself, and its files."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

LARGEST_FILE = 20 << 20
Form = tuple[dict[str, str], dict[str, tuple[str, bytes]]]
"""Fields, and files: name of the field -> (file name, bytes)."""


def same_origin(request: web.Request) -> bool:
    """Whether a form was sent by our own page: browsers say where it stood, and old ones its origin at least."""
    site = request.headers.get("Sec-Fetch-Site", "")
    origin = request.headers.get("Origin")
    if origin is None:
        return site in {"", "same-origin"}
    return urlsplit(origin).netloc == request.host and site in {"", "same-origin"}


def stood_on(request: web.Request) -> str:
    """Return the page that the form stood on, when it was ours."""
    came = urlsplit(request.headers.get("Referer", ""))
    return came.path if came.netloc == request.host and came.path.startswith("/console/") else "/console/"


async def read(request: web.Request) -> Form | None:
    """Read a form and its files; None when it is larger than we take, or no form at all."""
    try:
        posted = await request.post()
    except (ValueError, LookupError, RuntimeError, HttpProcessingError, web.HTTPRequestEntityTooLarge):
        return None
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for name, value in posted.items():
        if isinstance(value, str):
            fields[name] = value
        elif isinstance(value, web.FileField):
            body = value.file.read(LARGEST_FILE + 1)
            if len(body) > LARGEST_FILE:
                return None
            files[name] = (value.filename, body)
    return fields, files
