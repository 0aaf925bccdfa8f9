"""From what a browser sent to an arrival. The server itself wrote the stored JSON, but it is checked all the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from domain.arrival import Arrival, Content, Ignored, MalformedUpdateError, Opened, Pressed, Said, Uploaded, clean

LONGEST_USER = 128


def receive(body: str) -> Arrival | Ignored:
    """Read one stored update. Raises `MalformedUpdateError`."""
    try:
        data = json.loads(body)
        at = datetime.fromisoformat(data["at"])
        utc = at.astimezone(UTC)
        user, language = data["user"], data.get("language", "")
        content = _content(data)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise MalformedUpdateError(f"{type(error).__name__}: {error}") from error
    if not (isinstance(user, str) and user and user == clean(user)[:LONGEST_USER] and isinstance(language, str)):
        raise MalformedUpdateError("no user")
    if at.tzinfo is None:
        raise MalformedUpdateError("a time without a zone")
    return Arrival("web", user, user, private=True, at=utc, content=content, language=language)


def _content(data: dict[str, Any]) -> Content:
    match data:
        case {"kind": "text", "text": str(text)}:
            return Said(text)
        case {"kind": "press", "call": str(call)}:
            message = data.get("message")
            return Pressed(call, str(message) if message else None)
        case {"kind": "open"}:
            return Opened(str(data.get("payload", "")))
        case {"kind": "upload", "attachment": int(attachment), "name": str(name), "mime": str(mime), "size": int(size)}:
            return Uploaded(str(attachment), name, mime, size, str(data.get("caption", "")), attachment)
    raise ValueError(f"no such kind: {data.get('kind')!r}")
