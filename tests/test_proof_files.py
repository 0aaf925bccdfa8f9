"""Files that mean no good, and words that would be formulas: refused in time, or kept as words."""

from __future__ import annotations

import csv
import io
import random
import re
import time
import zipfile
from typing import Any

from domain.refusal import Refusal
from services import sheet
from tests.hostile import REFUSED, corpus

SECONDS = 5.0
STARTS = (
    *"=+-@\t\r\n|%",
    "＝",
    "＋",
    "－",
    "＠",
    "'=",
    '"=',
    " =",
    "\x00=",
    "{=",
    "http://",
    "mailto:",
    "file:///",
    "=cmd|",
)
BODIES = (
    "1+1",
    'HYPERLINK("http://evil","x")',
    "cmd|' /C calc'!A0",
    "SUM(A1)*",
    "evil.example/x",
    "\n=2",
    ",=3",
    '","=4',
)


def test_a_hostile_table_is_refused_or_read_in_time() -> None:
    """ASVS 5.2.1, 5.2.3, 1.5.1."""
    refused: dict[str, str] = {}
    for name, (called, body) in corpus().items():
        begun = time.process_time()
        try:
            found = sheet.read(called, body)
        except Refusal as refusal:
            refused[name] = refusal.code
        else:
            assert sum(len(row) for one in found for row in one.rows) < 1_000_000, name
            assert not any("root:" in cell for one in found for row in one.rows for cell in row), name
        assert time.process_time() - begun < SECONDS, name
    assert set(REFUSED) <= set(refused)
    assert all(code.startswith("sheet.") for code in refused.values())


def test_what_is_far_out_is_not_read_and_what_is_merged_is_spread() -> None:
    from openpyxl import Workbook  # noqa: PLC0415 - beside its use

    book, out = Workbook(), io.BytesIO()
    table: Any = book.active
    table["A1"], table["B1"], table["A2"], table["C3"] = "部门", "姓名", "生产部", "最后"
    table["CZ4"] = "远"
    table.merge_cells("A2:A4")
    book.save(out)
    [found] = sheet.read("x.xlsx", out.getvalue())
    assert [row[0] for row in found.rows] == ["部门", "生产部", "生产部", "生产部"]
    assert found.rows[2] == ["生产部", "", "最后"]
    assert all(len(row) <= sheet.MOST_COLUMNS for row in found.rows)
    assert "远" not in [cell for row in found.rows for cell in row]


def test_a_thousand_strings_are_words_in_every_export() -> None:
    """ASVS 1.2.10."""
    chance = random.Random(7)  # noqa: S311 - the same thousand each time
    words = ["".join((chance.choice(STARTS), chance.choice(BODIES), str(number))) for number in range(1000)]
    rows = [[one, chance.choice(words)] for one in words]
    with zipfile.ZipFile(io.BytesIO(sheet.write_xlsx("表", ["=1+1", "@x"], rows))) as packed:
        inner = {name: packed.read(name).decode() for name in packed.namelist()}
    assert not [name for name, text in inner.items() if "sheet1" in name and re.search(r"<f[ >]|<hyperlink", text)]
    assert not [name for name in inner if "externalLink" in name]
    said = list(csv.reader(io.StringIO(sheet.write_csv(["=1+1", "@x"], rows).decode("utf-8-sig"), newline="")))
    assert len(said) == 1001
    del said[0]  # what stands above the columns is ours
    assert not [cell for row in said for cell in row if cell[:1] in {*"=+-@\t\r\n", *"＝＋－＠"}]
