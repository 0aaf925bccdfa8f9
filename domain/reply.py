"""What goes out: a small closed set of frozen blocks that every messenger can draw."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

CALL_BYTES = 64
"""Telegram's limit on the data behind a button; the smallest of all messengers, so it is everyone's."""


class Personal(IntEnum):
    """How personal a reply is; of two in one reply the higher holds. What carries which is in `domain/ceiling.py`."""

    PUBLIC = 0
    OWN = 1
    """The reader's own points, attendance, settings."""
    MEMBERSHIP = 2
    """Membership, development towards it, roles, names of others."""
    REQUEST = 3
    """The text of a request."""
    PULSE = 4
    """An answer to an anonymous question."""
    HARDSHIP = 5
    """Health, money, hardship."""
    SECRET = 6
    """What no messenger carries."""


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text in one style: `plain`, `bold`, `italic`, `code` or `link` (then `url` is set)."""

    text: str
    style: str = "plain"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Words. Several texts in one reply are paragraphs of one message."""

    spans: tuple[Span, ...]

    @property
    def plain(self) -> str:
        """The words without their styles."""
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class Button:
    """A labelled call (`noun.verb:arg:arg`, at most 64 bytes) or, with `url`, a link."""

    label: str
    call: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        """Refuse what a messenger would refuse later, when nobody can mend it."""
        if bool(self.call) == bool(self.url):
            msg = f"a button has either a call or a link: {self!r}"
            raise ValueError(msg)
        if len(self.call.encode()) > CALL_BYTES:
            msg = f"more than {CALL_BYTES} bytes behind a button: {self.call}"
            raise ValueError(msg)
        if not self.label.strip():
            msg = f"a button without a label: {self.call or self.url}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Choices:
    """Rows of buttons under the text."""

    rows: tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A kept picture, by attachment id; `alt` says in words what it shows."""

    attachment: int
    alt: str


@dataclass(frozen=True, slots=True)
class Document:
    """A kept file, by attachment id, under the name that the reader sees."""

    attachment: int
    name: str


Block = Text | Choices | Picture | Document


@dataclass(frozen=True, slots=True)
class Reply:
    """Blocks for one reader. `edits` means: redraw the message whose button was pressed, where the messenger can."""

    blocks: tuple[Block, ...]
    edits: bool = False
    personal: Personal = Personal.PUBLIC

    @property
    def plain(self) -> str:
        """All words of the reply, a line a paragraph."""
        return "\n".join(block.plain for block in self.blocks if isinstance(block, Text))

    @property
    def buttons(self) -> tuple[Button, ...]:
        """All buttons, in reading order."""
        return tuple(b for block in self.blocks if isinstance(block, Choices) for row in block.rows for b in row)


def text(words: str) -> Text:
    """Plain words, unstyled; for what people themselves wrote."""
    return Text((Span(words),))
