"""Charts: whole numbers as lines over time or as bars by name, drawn by one template for pages (SVG) and chats (PNG).

The same figures always go with it in words: `table` for a page, `words` for a chat, the description inside the picture
for whoever hears it. A value that is None is one that may not be shown.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from domain.reply import Picture, Text, text
from services import attachment, picture
from services.work import Work

WIDTH, LEFT, RIGHT, AXIS = 600, 24, 576, 64
PLOT = 220
"""How high the lines may rise."""
MOST_BARS = 20
"""So many names are drawn; the words have all of them."""
MOST_SAID = 14
"""With more points than these the numbers would cover each other; the words have them."""
_TICKS = 5
_TITLE, _LINE = 54, 82
"""So many half-width columns fit in a title, and in a line."""
_APART = 16
Points = list[dict[str, Any]]
_LIGHT = {"paper": "#ffffff", "ink": "#211d1a", "faint": "#625a53", "line": "#d9d2c8"}
_DARK = {"paper": "#25221f", "ink": "#f0ebe5", "faint": "#b8afa5", "line": "#4a433c"}
_STYLES = (
    ("circle", "", "#b3261e", "#f0857a"),
    ("square", "7 4", "#1a5fb4", "#8ab8f5"),
    ("triangle", "2 4", "#1e6b3a", "#8fd3a6"),
)
"""Shape, dashes, colour on light and on dark: nobody needs to tell colours apart."""


class Kind(StrEnum):
    """How it is drawn."""

    LINES = "lines"
    BARS = "bars"


@dataclass(frozen=True, slots=True)
class Series:
    """One line, or one bar of each name."""

    name: str
    values: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: each series has a value for each label."""

    title: str
    about: str
    """What the numbers are, in a sentence."""
    kind: Kind
    first: str
    """The heading of the labels."""
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    hidden: str
    """What stands for a value that may not be shown."""
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value is not None for one in self.series for value in one.values)

    @property
    def nought(self) -> bool:
        """Whether nothing ever happened: a flat line would only look as if nobody came."""
        return all(value == 0 for one in self.series for value in one.values)


def table(chart: Chart) -> tuple[list[str], list[list[str]]]:
    """Return the same figures as headers and rows."""
    rows = [
        [label, *(chart.hidden if value is None else str(value) for value in values)]
        for label, *values in zip(chart.labels, *(one.values for one in chart.series), strict=True)
    ]
    return [chart.first, *(one.name for one in chart.series)], rows


def words(chart: Chart) -> str:
    """Return the same figures as lines."""
    return "\n".join([chart.title, *_said(chart), *chart.notes])


def _said(chart: Chart) -> list[str]:
    (_, *names), rows = table(chart)
    return [
        f"{row[0]}　{' · '.join(f'{name} {said}' for name, said in zip(names, row[1:], strict=True))}" for row in rows
    ]


def svg(chart: Chart, *, dark: bool = False) -> str:
    """Return the picture, for a light page or a dark one."""
    return picture.svg("chart.svg", **_facts(_clean(chart), dark=dark))


def png(chart: Chart) -> bytes:
    """Return the picture as it is sent in a chat."""
    return picture.png("chart.svg", **_facts(_clean(chart), dark=False))


def drawn(work: Work, name: str, chart: Chart) -> tuple[Picture, Text]:
    """Return the picture as a chat shows it, kept as a file of this name, and the same figures in words beneath."""
    said = words(chart)
    return Picture(attachment.keep(work, f"{name}.png", "image/png", png(chart)), said), text(said)


def _plain(said: str) -> str:
    """Return words without what no XML holds."""
    return "".join(c for c in said if unicodedata.category(c) not in {"Cc", "Cs", "Cn"})


def _clean(chart: Chart) -> Chart:
    return replace(
        chart,
        title=_plain(chart.title),
        labels=tuple(map(_plain, chart.labels)),
        series=tuple(replace(one, name=_plain(one.name)) for one in chart.series),
    )


def _facts(chart: Chart, *, dark: bool) -> dict[str, Any]:
    styles = [
        {"name": one.name, "shape": shape, "dash": dash, "colour": on_dark if dark else on_light}
        for one, (shape, dash, on_light, on_dark) in zip(chart.series, _STYLES, strict=False)
    ]
    legend, top = _legend(styles)
    drawn = _lines(chart, styles, top) if chart.kind is Kind.LINES else _bars(chart, styles, top)
    lines = picture.wrapped((chart.about, *chart.notes), _LINE)
    foot = [{"y": drawn["bottom"] + 20 + 20 * at, "text": line} for at, line in enumerate(lines)]
    return {
        "width": WIDTH,
        "height": drawn["bottom"] + 30 + 20 * len(lines),
        "left": LEFT,
        "title": chart.title,
        "squeeze": picture.width(chart.title) > _TITLE,
        "desc": " ".join([chart.about, *_said(chart)]),
        "ink": _DARK if dark else _LIGHT,
        "hidden": chart.hidden,
        "legend": legend,
        "foot": foot,
        **{name: drawn.get(name, []) for name in ("ticks", "below", "lines", "rows")},
    }


def _legend(styles: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Return where the names of the series stand, and where they end."""
    placed: list[dict[str, Any]] = []
    x, y = LEFT + 6.0, 68
    for one in styles:
        wide = 14 + 7.5 * picture.width(one["name"]) + 28
        if placed and x + wide > RIGHT:
            x, y = LEFT + 6.0, y + 22
        placed.append({**one, "x": round(x, 1), "y": y})
        x += wide
    return placed, y + 12


def scale(most: int) -> tuple[int, list[int]]:
    """Return the top of an axis that has room for this number, and its ticks from 0 up."""
    step = 1
    for factor in _steps():
        step = factor
        if most <= step * (_TICKS - 1):
            break
    count = max(1, -(-most // step))
    return step * count, [step * at for at in range(count + 1)]


def _steps() -> Iterator[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def _lines(chart: Chart, styles: Sequence[dict[str, Any]], top: int) -> dict[str, Any]:
    values = [value for one in chart.series for value in one.values if value is not None]
    high, ticks = scale(max(values, default=0))
    top, count = top + 26, len(chart.labels)
    base = top + PLOT
    apart = (RIGHT - 20 - AXIS - 20) / max(1, count - 1)
    xs = [round(AXIS + 20 + apart * at, 1) if count > 1 else (AXIS + RIGHT) / 2 for at in range(count)]
    ys = [
        [None if value is None else round(base - PLOT * value / high, 1) for value in one.values]
        for one in chart.series
    ]
    every = max(1, -(-int(max(map(picture.width, chart.labels), default=1) * 6.5 + 8) // max(1, int(apart))))
    return {
        "bottom": base + 48,
        "ticks": [{"x1": AXIS, "x2": RIGHT, "y": round(base - PLOT * tick / high, 1), "value": tick} for tick in ticks],
        "below": [
            {"x": x, "y": base + 40, "text": label} for at, (x, label) in enumerate(zip(xs, chart.labels, strict=True))
            if (count - 1 - at) % every == 0
        ],
        "lines": [
            {**style, "stretches": _stretches(xs, ys[at]), "points": _points(chart, xs, ys, at)}
            for at, style in enumerate(styles)
        ],
    }  # fmt: skip


def _stretches(xs: Sequence[float], ys: Sequence[float | None]) -> list[str]:
    """Return the parts of a line between values that may not be shown."""
    parts: list[list[str]] = [[]]
    for x, y in zip(xs, ys, strict=True):
        if y is None:
            parts.append([])
        else:
            parts[-1].append(f"{x},{y}")
    return [" ".join(part) for part in parts if len(part) > 1]


def _points(chart: Chart, xs: Sequence[float], ys: Sequence[Sequence[float | None]], line: int) -> Points:
    """Return where a line's points stand, and the number of each."""
    return [
        {"x": xs[at], "y": y, "value": chart.series[line].values[at], "said": len(xs) <= MOST_SAID,
         "label": _numbers([other[at] for other in ys])[line]}
        for at, y in enumerate(ys[line])
        if y is not None
    ]  # fmt: skip


def _numbers(points: Sequence[float | None]) -> dict[int, float]:
    """Return at which height the number of each of the points above one label stands, so that none covers another.

    The highest has it above itself, the others beneath, where even at 0 there is room.
    """
    order = sorted((y, line) for line, y in enumerate(points) if y is not None)
    heights: list[float] = []
    for at, (y, _) in enumerate(order):
        heights.append(max(y + 20, heights[-1] + _APART) if at else y - 10)
    return {line: round(height, 1) for (_, line), height in zip(order, heights, strict=True)}


def _bars(chart: Chart, styles: Sequence[dict[str, Any]], top: int) -> dict[str, Any]:
    most = max([value for one in chart.series for value in one.values if value is not None], default=0) or 1
    rows, y = [], top + 24
    for at, label in enumerate(chart.labels[:MOST_BARS]):
        values = [one.values[at] for one in chart.series]
        if all(value is None for value in values):
            bars = [{"y": y + 8, "width": None}]
        else:
            bars = [
                {"y": y + 8 + 19 * place, "value": value, "colour": style["colour"],
                 "width": None if value is None else max(2, round((RIGHT - LEFT - 70) * value / most))}
                for place, (value, style) in enumerate(zip(values, styles, strict=True))
            ]  # fmt: skip
        rows.append({"y": y, "name": _cut(label), "bars": bars})
        y += 8 + 19 * len(bars) + 22
    return {"bottom": y - 14, "rows": rows}


def _cut(label: str) -> str:
    kept = label
    while picture.width(kept) > _LINE - 14:
        kept = f"{kept.removesuffix('…')[:-1]}…"
    return kept
