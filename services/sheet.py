"""Tables in and out: XLSX and CSV as companies have them, read with care, written so that no cell becomes a formula."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Generator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any

from domain.refusal import Refusal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
LARGEST_FILE = 20 << 20
LARGEST_INSIDE = 96 << 20
MOST_ENTRIES = 400
STEEPEST = 200
MOST_ROWS = 200_000
MOST_COLUMNS = 100
LONGEST_CELL = 4000
MOST_IN_XLSX, MOST_IN_CSV = 200_000, 500_000
"""Rows of a table that we write: it is held in memory, at 1.5 KB a row of a workbook and 0.6 KB a row of CSV."""
A_PART = 1000
"""So many rows are written in one step."""
BROKEN = (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError, zlib.error)
"""What a damaged archive raises, wherever it is damaged."""
WIDEST = 500_000
"""Cells in all areas that a file names: merged cells, links."""
_NOT_IN_NAMES, _LONGEST_NAME = "[]:*?/\\", 31
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BEFORE = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"
"""What may stand before the first `<` of what can be read as XML."""
_ENCODING = re.compile(rb"""<\?xml[^>]*?\bencoding\s*=\s*["']([^"']*)""")
_AREA = re.compile(rb"<(?:\w+:)?(?:mergeCell|hyperlink)\b([^>]*)")
_REF = re.compile(rb"""\bref\s*=\s*["']\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?["']""")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: its name and its rows of stripped text."""

    name: str
    rows: list[list[str]]


def read(name: str, body: bytes) -> list[Sheet]:
    """Read every table of an XLSX or CSV file. Raises the refusal that says what is wrong with it."""
    if len(body) > LARGEST_FILE:
        raise Refusal("sheet.too_large", megabytes=LARGEST_FILE >> 20)
    if body[:4] == b"PK\x03\x04":
        return _read_xlsx(body)
    if body[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Refusal("sheet.old_excel")
    return [read_text(name, decode(body))]


def _read_xlsx(body: bytes) -> list[Sheet]:
    refuse_bombs(body)
    from openpyxl import load_workbook  # noqa: PLC0415 - 200 ms that a start need not pay

    _refuse_wide(body)
    try:
        book = load_workbook(io.BytesIO(body), data_only=True, keep_links=False)
    except Exception as error:  # openpyxl raises whatever the file provokes
        raise Refusal("sheet.broken") from error
    return [_read_worksheet(worksheet) for worksheet in book.worksheets if worksheet.sheet_state == "visible"]


def refuse_bombs(body: bytes, largest: int = LARGEST_INSIDE) -> None:
    """Look at the sizes before anything is unpacked: 300 KB can hold 300 MB."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entries = archive.infolist()
    except BROKEN as error:
        raise Refusal("sheet.broken") from error
    inside = sum(entry.file_size for entry in entries)
    steep = any(e.file_size > 1 << 20 and e.file_size > STEEPEST * max(e.compress_size, 1) for e in entries)
    if len(entries) > MOST_ENTRIES or inside > largest or steep:
        raise Refusal("sheet.too_large_inside", megabytes=largest >> 20)


def _refuse_wide(body: bytes) -> None:
    """Look at the areas before they are walked cell by cell: a line of 50 letters can name 17 billion cells."""
    cells = 0
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for name in archive.namelist():
            try:
                words = archive.read(name)
            except BROKEN as error:
                raise Refusal("sheet.broken") from error
            if words.lstrip(_BEFORE)[:1] != b"<":
                continue
            said = _ENCODING.match(words.lstrip(_BEFORE))
            if b"\0" in words or (said and said[1].lower() not in {b"utf-8", b"us-ascii", b"ascii"}):
                # In another encoding the same words would be other bytes, and nothing would be found below.
                raise Refusal("sheet.broken")
            for found in _AREA.finditer(words):
                ref = _REF.search(found[1])
                if ref is None:
                    raise Refusal("sheet.broken")
                left, top = _number(ref[1]), int(ref[2])
                cells += (abs(_number(ref[3] or ref[1]) - left) + 1) * (abs(int(ref[4] or ref[2]) - top) + 1)
    if cells > WIDEST:
        raise Refusal("sheet.too_many_rows", most=MOST_ROWS)


def _number(letters: bytes) -> int:
    """Return the number of a column."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _read_worksheet(worksheet: Any) -> Sheet:  # noqa: ANN401 - openpyxl's own
    if (worksheet.max_row or 0) > MOST_ROWS:
        raise Refusal("sheet.too_many_rows", most=MOST_ROWS)
    values: list[list[Any]] = [[] for _ in range(worksheet.max_row or 0)]
    # `iter_rows` would make every cell between the first and a last one far out.
    for (row, column), cell in sorted(worksheet._cells.items()):  # noqa: SLF001 - no other way to the cells that are
        if column <= MOST_COLUMNS:
            line = values[row - 1]
            line.extend([None] * (column - 1 - len(line)))
            line.append(cell.value)
    for merged in worksheet.merged_cells.ranges:
        _spread(values, merged)
    return Sheet(str(worksheet.title), [[_as_text(value) for value in row] for row in values])


def _spread(values: list[list[Any]], merged: Any) -> None:  # noqa: ANN401 - openpyxl's own
    """Give every row of a merged column its value; a title across columns stays in its first cell."""
    top, bottom = merged.min_row - 1, min(merged.max_row, len(values))
    left = merged.min_col - 1
    if top >= len(values) or left >= len(values[top]) or merged.min_col != merged.max_col:
        return
    for row in values[top + 1 : bottom]:
        row.extend([None] * (left + 1 - len(row)))
        row[left] = values[top][left]


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime):
        value = value.date() if value.time() == datetime.min.time() else value
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()[:LONGEST_CELL]


def read_text(name: str, text: str) -> Sheet:
    """Read a table from text: commas, tabs or semicolons part its cells. Raises the refusal of one that is broken."""
    delimiter = max(",\t;", key=text[:20_000].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    try:
        for row in reader:
            rows.append([cell.strip()[:LONGEST_CELL] for cell in row[:MOST_COLUMNS]])
            if len(rows) > MOST_ROWS:
                raise Refusal("sheet.too_many_rows", most=MOST_ROWS)
    except csv.Error as error:
        raise Refusal("sheet.broken") from error
    return Sheet(name, rows)


def decode(body: bytes) -> str:
    """Read UTF-8 with or without a mark, UTF-16 with one, else GB18030, as Chinese Excel writes."""
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refusal("sheet.broken")


@dataclass(frozen=True, slots=True)
class Percent:
    """A percentage in tenths: a number in a workbook, so that it can be computed with, and words elsewhere."""

    tenths: int
    said: str

    def __str__(self) -> str:
        """Return the words."""
        return self.said


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number in a workbook, so that it can be summed, and words elsewhere."""

    value: int
    said: str

    def __str__(self) -> str:
        """Return the words."""
        return self.said


Cell = str | int | Percent | Number


@dataclass(frozen=True, slots=True)
class Page:
    """One table to be written: whole numbers and percentages stay numbers, all else is text.

    `marked`: rows (from 0) that stand out.
    """

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    marked: AbstractSet[int] = frozenset()


def write_xlsx(name: str, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """Return an XLSX file of numbers and text: nothing in it is a formula or a link."""
    return write_book([Page(name, header, rows)])


def write_book(pages: Sequence[Page]) -> bytes:
    """Return an XLSX file of several tables, with nothing in it that is a formula or a link."""
    writing = write_in_steps(pages)
    while True:
        try:
            next(writing)
        except StopIteration as end:
            return bytes(end.value)


def write_in_steps(pages: Sequence[Page]) -> Generator[int, None, bytes]:
    """Write the same file a part at a time: yields how many rows are written, and returns the bytes."""
    import xlsxwriter  # noqa: PLC0415 - start-up cost

    target, written = io.BytesIO(), 0
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        bold, percent = book.add_format({"bold": True}), book.add_format({"num_format": "0.0%"})
        stands_out = book.add_format({"bg_color": "#FFE3A3"})
        for page in pages:
            sheet = book.add_worksheet(_worksheet_name(page.name, {one.name for one in book.worksheets()}))
            for column, title in enumerate(page.header):
                sheet.write_string(0, column, title, bold)
            for at, row in enumerate(page.rows):
                look = stands_out if at in page.marked else None
                for column, value in enumerate(row):
                    if isinstance(value, Percent):
                        sheet.write_number(at + 1, column, value.tenths / 1000, percent)
                    elif isinstance(value, Number):
                        sheet.write_number(at + 1, column, value.value, look)
                    else:
                        write = sheet.write_number if isinstance(value, int) else sheet.write_string
                        write(at + 1, column, value, look)
                written += 1
                if written % A_PART == 0:
                    yield written
            sheet.freeze_panes(1, 0)
            sheet.autofit()
    return target.getvalue()


def _worksheet_name(name: str, taken: AbstractSet[str]) -> str:
    """Return a name as the format allows it: a file's own name may have brackets, or be there twice."""
    bare = "".join(one for one in name if one not in _NOT_IN_NAMES and one.isprintable()).strip("' ")[:_LONGEST_NAME]
    low = {one.lower() for one in taken} | {"", "history"}
    return next(
        one
        for number in count()
        if (one := bare if not number else f"{bare[: _LONGEST_NAME - 4]} {number + 1}".strip()).lower() not in low
    )


def write_csv(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """Return a CSV file (UTF-8 with a mark, as Excel wants); what could be read as a formula gets a quote before it."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    said = (map(str, row) for row in rows)
    writer.writerows([[f"'{cell}" if cell.startswith(_DANGEROUS) else cell for cell in row] for row in said])
    return target.getvalue().encode("utf-8-sig")
