"""What came in from a messenger, in the words that every row speaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Located:
    """A place that a person sent, in degrees, with its name where the messenger gave one."""

    latitude: float
    longitude: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A person stopped following, blocked or removed us: nothing is written to them until they come back."""


Content = Said | Pressed | Opened | Uploaded | Located | Left


@dataclass(frozen=True, slots=True)
class Arrival:
    """One thing said by one person in one place. `at` is UTC and aware.

    In private `chat` is the same as `user`, however the messenger calls that chat itself.
    """

    messenger: str
    user: str
    chat: str
    private: bool
    at: datetime
    content: Content
    language: str = ""
    directory_id: str = ""
    """What the company's own directory calls this person, where the messenger vouches for it."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A raw update that is well formed and asks nothing of us; `why` is counted, e.g. `edited`, `channel`, `bot`."""

    why: str


_UNPRINTABLE = {number: None for number in range(32) if chr(number) not in "\n\t"} | {127: None}


def clean(words: str) -> str:
    """Return words without control characters and halves of characters, which no database and no messenger takes."""
    if words.isprintable():
        return words
    return words.translate(_UNPRINTABLE).encode("utf-8", "ignore").decode("utf-8")


def cleaned(arrival: Arrival) -> Arrival:
    """Return an arrival whose words can be stored and sent anywhere."""
    match arrival.content:
        case Said(text):
            content: Content = Said(clean(text))
        case Opened(payload):
            content = Opened(clean(payload))
        case Pressed(call, message):
            content = Pressed(clean(call), clean(message) if message else None)
        case Located() as place:
            content = replace(place, label=clean(place.label))
        case Left():
            content = Left()
        case Uploaded() as file:
            content = replace(file, name=clean(file.name) or "file", mime=clean(file.mime), caption=clean(file.caption))
    return arrival if content == arrival.content else replace(arrival, content=content)


class MalformedUpdateError(ValueError):
    """A raw update that can't be read. It is kept among the dead letters and never blocks the next one."""
