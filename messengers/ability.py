"""What works on a messenger and how well, as data: `docs/messengers.md` is made of it."""

from __future__ import annotations

from dataclasses import dataclass

ABILITIES = (
    "text_in",
    "picture_in",
    "file_in",
    "voice_in",
    "location_in",
    "press_in",
    "menu_in",
    "follow_in",
    "group_in",
    "text_out",
    "styles_out",
    "picture_out",
    "file_out",
    "buttons_out",
    "redraw",
    "many_out",
    "recall",
    "reads",
    "deep_link",
    "no_public_address",
)
"""What `docs/messengers.md` compares, in its order."""


@dataclass(frozen=True, slots=True)
class Ability:
    """How well something works on a messenger: `yes`, `part` or `no`; the words for people are in `content/`.

    `content/<language>/<messenger>.toml` has a table `page.ability` with a line for each that is not simply yes.
    """

    level: str


YES, PART, NO = Ability("yes"), Ability("part"), Ability("no")
