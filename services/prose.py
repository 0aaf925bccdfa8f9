"""Words out of files that people write in: DOCX, Markdown and plain text, as lines and tables in their order.

A DOCX is looked at before it is unpacked; what Word counts by itself (1. 2. A. B.) is written out, for it stands in no
paragraph.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.refusal import Refusal
from services import sheet

LARGEST_INSIDE = 32 << 20
MOST_LINES = 100_000
LONGEST_LINE = 20_000
_CHINESE = "零一二三四五六七八九"
_LETTERS = {"upperLetter": 65, "lowerLetter": 97}
_CHINESE_COUNTS = {"chineseCounting", "chineseCountingThousand", "ideographDigital", "japaneseCounting"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line or paragraph. `number`: how the file counts it, from 1; `heading`: it is styled as one."""

    number: int
    words: str
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table between the lines."""

    number: int
    rows: tuple[tuple[str, ...], ...]


Part = Line | Grid


def is_docx(body: bytes) -> bool:
    """Answer whether a file is a Word document, whatever its name says."""
    if body[:4] != b"PK\x03\x04":
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return "word/document.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def read(body: bytes) -> list[Part]:
    """Read a DOCX or a text. Raises the refusal that says what is wrong with it."""
    if len(body) > sheet.LARGEST_FILE:
        raise Refusal("sheet.too_large", megabytes=sheet.LARGEST_FILE >> 20)
    if is_docx(body):
        found = _docx(body)
    elif body[:4] == b"PK\x03\x04" or body[:5] in {b"%PDF-", b"\xd0\xcf\x11\xe0\xa1"}:
        raise Refusal("prose.not_text")
    else:
        found = of_text(sheet.decode(body))
    if len(found) > MOST_LINES:
        raise Refusal("prose.too_many_lines", most=MOST_LINES)
    return found


def of_text(text: str) -> list[Part]:
    """Return the lines of a text; a Markdown heading is one."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [
        Line(number, words.lstrip("#").strip() if (head := words.startswith("#")) else words[:LONGEST_LINE], head)
        for number, words in enumerate(lines, 1)
    ]


def _has_document_type(body: bytes) -> bool:
    """Answer whether a part of an archive has one: Word writes none; only what means harm does."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for entry in archive.infolist():
            if entry.filename.endswith((".xml", ".rels")):
                with archive.open(entry) as part:
                    if b"<!DOCTYPE" in part.read(4096).upper():
                        return True
    return False


def _docx(body: bytes) -> list[Part]:
    sheet.refuse_bombs(body, LARGEST_INSIDE)
    try:
        strange = _has_document_type(body)
    except sheet.BROKEN as error:
        raise Refusal("sheet.broken") from error
    if strange:
        raise Refusal("sheet.broken")
    from docx import Document  # noqa: PLC0415 - start-up cost

    try:
        return list(_parts(Document(io.BytesIO(body))))
    except Exception as error:  # python-docx and lxml raise whatever the file provokes
        raise Refusal("sheet.broken") from error


def _blocks(parent: Any) -> Iterator[Any]:  # noqa: ANN401 - lxml's own
    """Yield paragraphs and tables, also those inside content controls."""
    for child in parent.iterchildren():
        kind = str(child.tag).rpartition("}")[2]
        if kind in {"p", "tbl"}:
            yield child
        elif kind in {"sdt", "sdtContent"}:
            yield from _blocks(child)


def _parts(document: Any) -> Iterator[Part]:  # noqa: ANN401 - python-docx's own
    counting = _Counting(document)
    headings = {style.style_id for style in document.styles if style.name.lower().startswith(("heading", "title"))}
    for number, block in enumerate(_blocks(document.element.body), 1):
        if str(block.tag).endswith("}tbl"):
            yield Grid(number, tuple(_rows(block)))
            continue
        before = counting.before(block)
        for words in (before + _words(block)).split("\n"):
            yield Line(number, words[:LONGEST_LINE], block.style in headings)


def _words(paragraph: Any) -> str:  # noqa: ANN401 - python-docx's own
    return str(paragraph.text or "").replace("\x0b", "\n")


def _rows(table: Any) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 - python-docx's own
    """Yield the rows; a cell that is merged downwards has its words in each of them."""
    above: list[str] = []
    for row in table.tr_lst:
        cells: list[str] = []
        for cell in row.tc_lst:
            words = "\n".join(_words(one) for one in cell.p_lst).strip()[: sheet.LONGEST_CELL]
            if cell.vMerge == "continue" and len(cells) < len(above):
                words = above[len(cells)]
            cells += [words, *[""] * (min(int(cell.grid_span), sheet.MOST_COLUMNS) - 1)]
        above = cells[: sheet.MOST_COLUMNS]
        yield tuple(above)


class _Counting:
    """Counts as Word does: lists go on, and letters begin anew after another list or a line in between."""

    def __init__(self, document: Any) -> None:  # noqa: ANN401 - python-docx's own
        self._styles = {style.style_id: style.element for style in document.styles}
        parts = (one.target_part for one in document.part.rels.values() if one.reltype.endswith("/numbering"))
        self._numbering: Any = getattr(next(parts, None), "element", None)
        self._kinds: dict[tuple[str, str], tuple[str, str, int, str]] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._last = ""

    def before(self, paragraph: Any) -> str:  # noqa: ANN401 - python-docx's own
        """Return what Word shows before a paragraph."""
        place = self._place(paragraph)
        if place is None or self._numbering is None:
            if _words(paragraph).strip():
                self._last = ""
            return ""
        form, pattern, start, abstract = self._kind(*place)
        key = (abstract, place[1])
        for other in [one for one in self._counts if one[0] == abstract and one[1] > place[1]]:
            del self._counts[other]
        if form in _LETTERS and self._last != form:
            self._counts.pop(key, None)
        self._last = form
        self._counts[key] = self._counts.get(key, start - 1) + 1
        shown = _shown(form, self._counts[key])
        return pattern.replace(f"%{int(place[1]) + 1}", shown) + " " if shown and "%" in pattern else ""

    def _place(self, paragraph: Any) -> tuple[str, str] | None:  # noqa: ANN401 - python-docx's own
        """Return (list, level) of a paragraph, by itself or by its style."""
        style = self._styles.get(paragraph.style or "")
        for one in (paragraph, style):
            found = None if one is None or one.pPr is None else one.pPr.numPr
            if found is not None and found.numId is not None:
                level = 0 if found.ilvl is None else found.ilvl.val
                return str(found.numId.val), str(level)
        return None

    def _kind(self, number: str, level: str) -> tuple[str, str, int, str]:
        """Return (form, pattern, start, what counts together) of a list's level."""
        if (number, level) not in self._kinds:
            names = {"w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main"}
            one = self._numbering.find(f"w:num[@w:numId='{number}']", names)
            of = None if one is None else one.find("w:abstractNumId", names)
            abstract = "" if of is None else str(next(iter(of.attrib.values())))
            here = f"w:abstractNum[@w:abstractNumId='{abstract}']/w:lvl[@w:ilvl='{level}']/w:"
            said = {}
            for name in ("numFmt", "lvlText", "start"):
                found = self._numbering.find(here + name, names)
                said[name] = "" if found is None else str(found.get(f"{{{names['w']}}}val") or "")
            restarts = one is not None and one.find("w:lvlOverride/w:startOverride", names) is not None
            start = int(said["start"]) if said["start"].isdigit() else 1
            self._kinds[number, level] = (
                said["numFmt"], said["lvlText"], start, f"{abstract}:{number}" if restarts else abstract,
            )  # fmt: skip
        return self._kinds[number, level]


def _shown(form: str, count: int) -> str:
    if form in _LETTERS:
        return chr(_LETTERS[form] + (count - 1) % 26)
    if form in _CHINESE_COUNTS:
        tens, ones = divmod(count, 10)
        head = "" if not tens else "十" if tens == 1 else _CHINESE[tens % 10] + "十"
        return head + (_CHINESE[ones] if ones else "") or "零"
    return "" if form in {"bullet", "none", ""} else str(count)
