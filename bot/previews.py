"""What each messenger that is switched on would make of a reply: its own drawing, behind the same veil as letters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.veil import Veil
from domain.preview import Preview
from domain.reply import Reply
from messengers.base import Messenger


class PreviewMaker:
    """Draws, and sends nothing."""

    def __init__(self, messengers: Mapping[str, Messenger], veil: Veil) -> None:
        """`messengers`: those that are switched on, by name."""
        self._messengers, self._veil = messengers, veil

    def __call__(self, reply: Reply, language: str, kind: str) -> Sequence[Preview]:
        """Return what each makes of it."""
        return [self._of(messenger, reply, language, kind) for messenger in self._messengers.values()]

    def _of(self, messenger: Messenger, reply: Reply, language: str, kind: str) -> Preview:
        shown = self._veil.example(reply, messenger, language, kind)
        bubbles = tuple(messenger.preview(shown))
        pressed = sum(len(row) for bubble in bubbles for row in bubble.rows)
        return Preview(messenger.name, bubbles, veiled=shown is not reply, typed=pressed < len(shown.buttons))
