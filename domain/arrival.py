"""What came in from a messenger, in the words that every row speaks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Said:
    """Words that a person typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button, with the call behind it and the message it sat on (None when the messenger no longer knows it)."""

    call: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """First contact, or a deep link; `payload` is the text after the link, often empty."""

    payload: str = ""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file or picture. `remote` is the messenger's own name for it until `attachment` says where it is kept."""

    remote: str
    name: str
    mime: str
    size: int
    caption: str = ""
    attachment: int | None = None


Content = Said | Pressed | Opened | Uploaded


@dataclass(frozen=True, slots=True)
class Arrival:
    """One thing said by one person in one place. `at` is UTC and aware."""

    messenger: str
    user: str
    chat: str
    private: bool
    at: datetime
    content: Content
    language: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A raw update that is well formed and asks nothing of us; `why` is counted, e.g. `edited`, `channel`, `bot`."""

    why: str


class MalformedUpdateError(ValueError):
    """A raw update that can't be read. It is kept among the dead letters and never blocks the next one."""
