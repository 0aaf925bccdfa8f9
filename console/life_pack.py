"""The evidence pack of a year: made beside the page, which shows how far it is, and then fetched."""

from __future__ import annotations

from typing import Any

from console.grammar import Download, Go, Later, Page, Pages, Records, Result, Visit
from console.life_frame import framed, year_in
from domain.member import Unit
from domain.permission import Action
from services import document_pack as packing
from services import document_pack_kept as service

pages = Pages("life")


@pages.get("life/{unit}/pack", needs=Action.PLAN_MEETINGS)
def pack(visit: Visit) -> Result:
    """Begin to make it unless it is made, and show how far it is."""
    unit, year = _asked(visit)
    packing.demand_few(visit.work, unit, year, packing.MOST_AT_ONCE)
    facts = _facts(visit, unit, year)
    page = framed(visit, "life_pack.html", "meetings", facts)
    if facts["made"]:
        return page
    return Later(f"pack {unit.id} {year}", lambda work: service.keep(work, unit, year), page)


@pages.live("life/{unit}/pack/live", needs=Action.PLAN_MEETINGS, every=1.0)
def live(visit: Visit) -> Result:
    """Show how far it is now."""
    return Page("life_pack_live.html", _facts(visit, *_asked(visit)))


@pages.get("life/{unit}/pack/file", needs=Action.PLAN_MEETINGS)
def fetch(visit: Visit) -> Result:
    """Give it; what is not made (any more) is made."""
    unit, year = _asked(visit)
    found = service.look(visit.work, unit, year)
    if found is None or found.made is None:
        return Go(f"life/{unit.id}/pack?year={year}")
    return Download(found.made.name, "application/zip", found.made.body, Records("pack", found.total))


def _asked(visit: Visit) -> tuple[Unit, int]:
    return packing.demand_unit(visit.work, visit.person.id, visit.numbers["unit"]), year_in(visit)


def _facts(visit: Visit, unit: Unit, year: int) -> dict[str, Any]:
    found = service.look(visit.work, unit, year)
    made = found.made if found else None
    return {
        "unit": unit,
        "year": year,
        "done": found.done if found else 0,
        "total": found.total if found else 0,
        "made": made.name if made else "",
        "kilobytes": -(-len(made.body) // 1024) if made else 0,
    }
