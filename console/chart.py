"""A chart on a page: its address as an image, for a light screen and a dark one, beside its figures as a table."""

from __future__ import annotations

from typing import Any

from console.grammar import Picture, Visit
from services import chart
from services.chart import Chart


def shown(found: Chart, address: str) -> dict[str, Any]:
    """Return what `chart.html` shows. `address`: where the picture is served."""
    header, rows = chart.table(found)
    dark = f"{address}{'&' if '?' in address else '?'}dark=1"
    facts = {"title": found.title, "about": found.about, "notes": found.notes, "empty": found.empty}
    return facts | {"light": address, "dark": dark, "header": header, "rows": rows}


def picture(visit: Visit, found: Chart) -> Picture:
    """Return the picture as the page asked for it."""
    return Picture(chart.svg(found, dark=bool(visit.query.get("dark"))))
