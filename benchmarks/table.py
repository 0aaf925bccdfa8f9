"""What a benchmark found: a line of the table that `make bench` prints at its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

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
