"""Tables to be saved: as CSV where the address asks for it, else as XLSX; no cell becomes a formula."""

from __future__ import annotations

from collections.abc import Sequence

from console.grammar import Download, Records, Visit
from console.lists import named
from services import sheet


def saved(
    visit: Visit,
    what: str,
    header: Sequence[str],
    rows: Sequence[Sequence[sheet.Cell]],
    how: str = "",
    *,
    of: str = "",
    day: str = "",
) -> Download:
    """Return a table as a file. `what`: as the audit trail calls it. `of`: which one thing it is of; `day`: or month.

    `how`: `csv`; else what the address says.
    """
    name, title = named(visit.voice, what, of, day or visit.work.today), visit.words("jobs")[f"file_{what}"]
    records = Records(what, len(rows))
    if (how or visit.query.get("as") or visit.query.get("format")) == "csv":
        return Download(f"{name}.csv", sheet.CSV, sheet.write_csv(header, rows), records)
    return Download(f"{name}.xlsx", sheet.XLSX, sheet.write_xlsx(title, header, rows), records)
