"""What a reader would see: a reply as one messenger draws it, in words and labels that any page can show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.reply import Reply, Span


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on a phone. `rows`: labels of buttons that can be pressed; `file`: the name of what hangs on it."""

    words: tuple[Span, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    file: str = ""
    picture: bool = False
    """The file is shown as a picture."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a messenger makes of a reply."""

    messenger: str
    bubbles: tuple[Bubble, ...]
    veiled: bool
    """A link stands in the place of what this messenger may not carry."""
    typed: bool
    """Some buttons are numbers to be typed."""


Previews = Callable[[Reply, str, str], Sequence[Preview]]
"""(reply, language, kind of push) -> what each messenger that is switched on makes of it."""
