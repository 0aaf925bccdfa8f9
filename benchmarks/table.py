"""What a benchmark found: a line of the table that `make bench` prints at its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from tests.faults.figures import machine

HEAD = ("what", "figure", "limit", "")


class Row(NamedTuple):
    """A figure beside its limit; without a limit it is only told."""

    what: str
    figure: str
    limit: str = ""
    ok: bool = True


def at_least(what: str, found: float, limit: float, unit: str = "", digits: int = 2) -> Row:
    """Return a figure that must not be smaller."""
    return Row(what, f"{found:.{digits}f}{unit}", f">= {limit:g}{unit}", found >= limit)


def at_most(what: str, found: float, limit: float, unit: str = "", digits: int = 2) -> Row:
    """Return a figure that must not be larger."""
    return Row(what, f"{found:.{digits}f}{unit}", f"<= {limit:g}{unit}", found <= limit)


def show(rows: Iterable[Row]) -> bool:
    """Print the table; False when a limit is missed."""
    rows = list(rows)
    lines = [HEAD, *((*row[:3], "" if not row.limit else "ok" if row.ok else "MISSED") for row in rows)]
    wide = max(len(line[0]) for line in lines)
    for what, figure, limit, verdict in lines:
        print(f"{what:<{wide}}  {figure:>18}  {limit:>10}  {verdict}".rstrip(), flush=True)
    return all(row.ok for row in rows)


PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures: written by make bench ARGS=--page -->", "<!-- end of figures -->"


def write(rows: Sequence[Row]) -> None:
    """Put the figures of a run into the page, with date and machine; those of benchmarks that did not run stay."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    table, after = rest.split(END)
    found = {line.split("|")[1].strip(): line for line in table.splitlines() if line.startswith("| ")}
    head = f"{datetime.now(UTC):%Y-%m-%d}，{machine()}"
    lines = ["| 量什么 what | 结果 figure | 界限 limit | |", "|---|---|---|---|"]
    found.pop("量什么 what", None)
    anew = tuple(f"{row.what} — " for row in rows if not row.what.startswith(" "))
    # What stood beneath a figure goes with it: another page may be the slowest now.
    found = {name: line for name, line in found.items() if not name.startswith(anew)}
    parent = ""
    for row in rows:
        verdict = "" if not row.limit else "ok" if row.ok else "未达到 missed"
        limit = row.limit.replace(">=", "≥").replace("<=", "≤")
        # What stands beneath a figure is named with it: several have the same.
        name = f"{parent} — {row.what.strip()}" if row.what.startswith(" ") else row.what
        parent = parent if row.what.startswith(" ") else row.what
        found[name] = f"| {name} | {row.figure} | {limit} | {verdict} |"
    lines += found.values()
    PAGE.write_text("\n".join((before.rstrip(), "", BEGIN, "", head, "", *lines, "", END)) + after, encoding="utf-8")
