"""The size of a fault test, and the figures it leaves: at full size each run writes them into docs/reliability.md."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from tests.code import ROOT

T = TypeVar("T")

LONG = os.environ.get("DANGQUN_FAULTS") == "long"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: written by make test-faults -->", "<!-- end of figures -->"
HEAD = "| 故障 fault | 规模 size | 结果 outcome | 界限 limit | 日期 date |\n|---|---|---|---|---|"

_found: dict[str, tuple[str, str, str]] = {}


def size(short: T, full: T) -> T:
    """Return how much of it this run does."""
    return full if LONG else short


def record(fault: str, how_much: str, outcome: str, limit: str) -> None:
    """Keep a figure for the page; `fault` names its row, Chinese first. A later one of the same name replaces it."""
    _found[fault] = (how_much, outcome, limit)


def machine() -> str:
    """Return what it was measured on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} × {model}, Python {platform.python_version()}, {platform.system()}"


def write() -> None:
    """Put the figures of this run into the page; rows of tests that did not run keep their dates."""
    if not (LONG and _found):
        return
    words = PAGE.read_text(encoding="utf-8")
    before, rest = words.split(BEGIN)
    table, after = rest.split(END)
    rows = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5 and cells[4][:2] == "20":
            rows[cells[0]] = line
    for fault, cells_ in _found.items():
        rows[fault] = f"| {' | '.join((fault, *cells_, f'{datetime.now(UTC):%Y-%m-%d}'))} |"
    body = "\n".join([BEGIN, "", f"机器 machine: {machine()}", "", HEAD, *rows.values(), "", END])
    PAGE.write_text(before + body + after, encoding="utf-8")
