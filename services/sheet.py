"""Tables in and out: XLSX and CSV as companies have them, read with care, written so that no cell becomes a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from domain.refusal import Refusal

LARGEST_FILE = 20 << 20
LARGEST_INSIDE = 96 << 20
MOST_ENTRIES = 400
STEEPEST = 200
MOST_ROWS = 200_000
MOST_COLUMNS = 100
LONGEST_CELL = 4000
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


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
    except zipfile.BadZipFile as error:
        raise Refusal("sheet.broken") from error
    inside = sum(entry.file_size for entry in entries)
    steep = any(e.file_size > 1 << 20 and e.file_size > STEEPEST * max(e.compress_size, 1) for e in entries)
    if len(entries) > MOST_ENTRIES or inside > largest or steep:
        raise Refusal("sheet.too_large_inside", megabytes=largest >> 20)


def _read_worksheet(worksheet: Any) -> Sheet:  # noqa: ANN401 - openpyxl's own
    if (worksheet.max_row or 0) > MOST_ROWS:
        raise Refusal("sheet.too_many_rows", most=MOST_ROWS)
    values = [list(row[:MOST_COLUMNS]) for row in worksheet.iter_rows(values_only=True)]
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


Cell = str | int | Percent


@dataclass(frozen=True, slots=True)
class Page:
    """One table to be written: whole numbers and percentages stay numbers, all else is text."""

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def write_xlsx(name: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Return an XLSX file of text cells: nothing in it is a formula or a link."""
    return write_book([Page(name, header, rows)])


def write_book(pages: Sequence[Page]) -> bytes:
    """Return an XLSX file of several tables, with nothing in it that is a formula or a link."""
    import xlsxwriter  # noqa: PLC0415 - start-up cost

    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        bold, percent = book.add_format({"bold": True}), book.add_format({"num_format": "0.0%"})
        for page in pages:
            sheet = book.add_worksheet(page.name[:31])
            for column, title in enumerate(page.header):
                sheet.write_string(0, column, title, bold)
            for at, row in enumerate(page.rows, 1):
                for column, value in enumerate(row):
                    if isinstance(value, Percent):
                        sheet.write_number(at, column, value.tenths / 1000, percent)
                    else:
                        write = sheet.write_number if isinstance(value, int) else sheet.write_string
                        write(at, column, value)
            sheet.freeze_panes(1, 0)
            sheet.autofit()
    return target.getvalue()


def write_csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Return a CSV file (UTF-8 with a mark, as Excel wants); what could be read as a formula gets a quote before it."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    writer.writerows([[f"'{cell}" if cell.startswith(_DANGEROUS) else cell for cell in row] for row in rows])
    return target.getvalue().encode("utf-8-sig")
