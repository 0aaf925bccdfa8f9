"""Pictures: an SVG template of `content/picture/`, filled with facts and drawn as PNG with the project's own font.

A picture never stands alone: whoever sends it gives the same facts in words. And QR codes, which are SVG as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from content import FOLDER

if TYPE_CHECKING:
    from jinja2 import Environment

FONT = FOLDER / "font" / "NotoSansSC-GBK.otf"
FAMILY = "Noto Sans SC"
SCALE = 2.0
"""Drawn at twice its size, so that it is sharp on a phone."""
_CLOSING = set("，。、；：！？”’）》」")
_PIECE = re.compile(r"[!-~]+|.", re.DOTALL)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - a start need not pay for it

    return Environment(loader=FileSystemLoader(FOLDER / "picture"), autoescape=True, undefined=StrictUndefined)


def svg(template: str, **facts: object) -> str:
    """Return the SVG of a template (`year.svg`); whatever people wrote is escaped."""
    return _environment().get_template(template).render(family=FAMILY, **facts)


def png(template: str, **facts: object) -> bytes:
    """Return the same, drawn."""
    from resvg_py import svg_to_bytes  # noqa: PLC0415 - as above

    body = svg_to_bytes(
        svg_string=svg(template, **facts),
        zoom=SCALE,
        background="#ffffff",
        skip_system_fonts=True,
        font_files=[str(FONT)],
        font_family=FAMILY,
        sans_serif_family=FAMILY,
    )
    return bytes(body)


def width(words: str) -> int:
    """Return how many half-width columns words take; a letter of Chinese is as wide as two others."""
    return sum(1 if letter.isascii() else 2 for letter in words)


def wrapped(lines: Iterable[str], wide: int) -> list[str]:
    """Cut lines that take more than so many columns: between letters of Chinese, or between words."""
    cut: list[str] = []
    for line in lines:
        now = ""
        for piece in _PIECE.findall(line):
            # A line never begins with what closes the one before.
            if now and width(now) + width(piece) > wide and piece not in _CLOSING:
                cut.append(now)
                now = ""
            now = f"{now}{piece}".lstrip(" ")
        cut.append(now)
    return cut


def qr(words: str) -> str:
    """Return a QR code of these words as SVG without a size, dark on light whatever stands around it."""
    import segno  # noqa: PLC0415 - as above

    return segno.make(words, error="m", micro=False).svg_inline(omitsize=True, border=4, dark="#000", light="#fff")
