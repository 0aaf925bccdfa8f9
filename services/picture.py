"""Pictures: an SVG template of `content/picture/`, filled with facts and drawn as PNG with the project's own font.

A picture never stands alone: whoever sends it gives the same facts in words. And QR codes, which are SVG as well.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from content import FOLDER

if TYPE_CHECKING:
    from jinja2 import Environment

FONT = FOLDER / "font" / "NotoSansSC-GBK.otf"
FAMILY = "Noto Sans SC"
SCALE = 2.0
"""Drawn at twice its size, so that it is sharp on a phone."""


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


def qr(words: str) -> str:
    """Return a QR code of these words as SVG without a size, dark on light whatever stands around it."""
    import segno  # noqa: PLC0415 - as above

    return segno.make(words, error="m", micro=False).svg_inline(omitsize=True, border=4, dark="#000", light="#fff")
