"""Tables to be saved: as CSV where the address asks for it, else as XLSX; no cell becomes a formula."""

from __future__ import annotations

from collections.abc import Sequence

from console.grammar import Download, Records, Visit
from services import sheet


def saved(
    visit: Visit, what: str, name: str, title: str, header: Sequence[str], rows: Sequence[Sequence[str]], how: str = ""
) -> Download:
    """Return a table as a file. `what`: as the audit trail calls it. `title`: of the XLSX's sheet.

    `how`: `csv`; else what the address says.
    """
    records = Records(what, len(rows))
    if (how or visit.query.get("as") or visit.query.get("format")) == "csv":
        return Download(f"{name}.csv", sheet.CSV, sheet.write_csv(header, rows), records)
    return Download(f"{name}.xlsx", sheet.XLSX, sheet.write_xlsx(title, header, rows), records)
