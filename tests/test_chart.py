"""Charts: the figures in the picture are those of the table, nothing hidden is drawn, nothing that is written runs."""

from __future__ import annotations

import struct
import zlib
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import chart
from services.chart import Chart, Kind, Series

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script>&\"'\x00\x08 ]]> <!--"


def made(kind: Kind, *series: tuple[int | None, ...], names: tuple[str, ...] = (), title: str = "按周的诉求") -> Chart:
    labels = names or tuple(f"第{at}周" for at in range(len(series[0])))
    lines = tuple(Series(name, values) for name, values in zip(("新提交", "已办结", "重开"), series, strict=False))
    return Chart(title, "每周的件数。", kind, "周", labels, lines, "不足 5 人，不显示")


def drawn(one: Chart, *, dark: bool = False) -> tuple[ET.Element, list[str]]:
    """Return the picture, and every text in it apart from title and description."""
    root = ET.fromstring(chart.svg(one, dark=dark))  # noqa: S314 - we made it
    return root, [node.text or "" for node in root.iter(f"{SVG}text")]


@pytest.mark.parametrize("kind", list(Kind))
def test_the_figures_in_the_picture_are_those_of_the_table(kind: Kind) -> None:
    one = made(kind, (3, 17, 0, 41), (11, 17, 29, 0))
    header, rows = chart.table(one)
    assert header == ["周", "新提交", "已办结"]
    assert rows == [["第0周", "3", "11"], ["第1周", "17", "17"], ["第2周", "0", "29"], ["第3周", "41", "0"]]
    root, texts = drawn(one)
    wanted = sorted(cell for row in rows for cell in row[1:])
    ticks = [str(tick) for tick in chart.scale(41)[1]] if kind is Kind.LINES else []
    assert sorted(text for text in texts if text.isdigit()) == sorted([*wanted, *ticks])
    assert (root.findtext(f"{SVG}title"), root.get("role")) == ("按周的诉求", "img")
    heard = root.findtext(f"{SVG}desc") or ""
    assert all(f"{row[0]}　新提交 {row[1]} · 已办结 {row[2]}" in heard for row in rows)
    assert all(f"{row[0]}　新提交 {row[1]} · 已办结 {row[2]}" in chart.words(one) for row in rows)


@pytest.mark.parametrize("kind", list(Kind))
def test_what_may_not_be_shown_is_nowhere(kind: Kind) -> None:
    one = made(kind, (31, None, 32, 33), (34, None, None, 35))
    root, texts = drawn(one)
    numbers = {int(text) for text in texts if text.isdigit()}
    assert numbers >= {31, 32, 33, 34, 35}
    assert numbers <= {31, 32, 33, 34, 35, *chart.scale(35)[1]}
    assert chart.table(one)[1][1] == ["第1周", "不足 5 人，不显示", "不足 5 人，不显示"]
    if kind is Kind.LINES:
        # A line ends before what is hidden, it does not lead through it.
        assert [len(line.get("points", "").split()) for line in root.iter(f"{SVG}polyline")] == [2]
    assert made(kind, (None, None)).empty
    drawn(made(kind, (None, None)))


@pytest.mark.parametrize("kind", list(Kind))
def test_hostile_words_stay_words(kind: Kind) -> None:
    one = made(kind, (1, 2), names=(HOSTILE, "x" * 300), title=HOSTILE)
    root, texts = drawn(one)
    assert {node.tag.removeprefix(SVG) for node in root.iter()} <= {
        "svg", "title", "desc", "rect", "text", "line", "polyline", "circle", "path",
    }  # fmt: skip
    attributes = {name for node in root.iter() for name in node.keys()}  # noqa: SIM118 - an element is no mapping
    assert not {name for name in attributes if name.startswith("on") or name in {"style", "href"}}
    assert any("<script>alert(1)</script>" in text for text in texts)
    assert chart.png(one)[:8] == b"\x89PNG\r\n\x1a\n"


@given(st.lists(st.tuples(*[st.none() | st.integers(0, 10**7)] * 3), min_size=1, max_size=60), st.sampled_from(Kind))
def test_anything_can_be_drawn(rows: list[tuple[int | None, ...]], kind: Kind) -> None:
    root, _ = drawn(made(kind, *zip(*rows, strict=True)))
    height = float(root.get("height", "0"))
    for node in root.iter(f"{SVG}text"):
        assert 0 < float(node.get("y", "-1")) < height
        assert 0 <= float(node.get("x", "-1")) <= chart.WIDTH


@given(st.integers(0, 10**12))
def test_an_axis_has_room_and_few_ticks(most: int) -> None:
    top, ticks = chart.scale(most)
    assert most <= top == ticks[-1]
    assert ticks[0] == 0
    assert 2 <= len(ticks) <= 6


def _rows_of_png(body: bytes) -> tuple[int, int, bytes]:
    """Read the size of a PNG and unpack its pixels, whose checksums hold."""
    at, packed, size = 8, b"", (0, 0)
    while at < len(body):
        [length] = struct.unpack(">I", body[at : at + 4])
        name, data = body[at + 4 : at + 8], body[at + 8 : at + 8 + length]
        assert struct.unpack(">I", body[at + 8 + length : at + 12 + length])[0] == zlib.crc32(name + data)
        size = struct.unpack(">II", data[:8]) if name == b"IHDR" else size
        packed += data if name == b"IDAT" else b""
        at += 12 + length
    return size[0], size[1], zlib.decompress(packed)


def test_the_png_is_the_same_picture_twice_as_large() -> None:
    one = made(Kind.LINES, (3, 17, 0, 41), (11, 17, 29, 0))
    width, height, pixels = _rows_of_png(chart.png(one))
    root, _ = drawn(one)
    assert (width, height) == (2 * int(root.get("width", "0")), 2 * int(root.get("height", "0")))
    assert len(pixels) > width * height
    assert pixels != _rows_of_png(chart.png(made(Kind.LINES, (3, 17, 0, 40), (11, 17, 29, 0))))[2]


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_word_can_be_read_on_its_ground(kind: Kind, *, dark: bool) -> None:
    root, _ = drawn(made(kind, (3, None), (4, 5), (1, 2)), dark=dark)
    ground = _light(str(next(root.iter(f"{SVG}rect")).get("fill")))
    marks = {node.get("fill") for tag in ("text", "circle", "path") for node in root.iter(f"{SVG}{tag}")}
    for colour in marks:
        high, low = sorted((_light(str(colour)), ground), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, colour
