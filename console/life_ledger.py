"""A year's ledger of meetings: saved at once by a branch, made as a job by those who have many."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from console import long
from console.asked import whole
from console.grammar import Go, Pages, Result, Visit
from console.life_frame import year_in
from domain.member import Unit
from domain.permission import Action
from services import document_pack as packing
from services.job import Facts, Kind, Part, Step
from services.work import Work

pages = Pages("life")
AT_ONCE = 200
"""So many meetings are written while the browser waits, at some milliseconds each."""
A_PART = 50


@pages.get("life/{unit}/papers", needs=Action.PLAN_MEETINGS)
def papers(visit: Visit) -> Result:
    """Give a year's ledger."""
    unit, year = packing.demand_unit(visit.work, visit.person.id, visit.numbers["unit"]), year_in(visit)
    back = "life/meetings?" + urlencode({"unit": unit.id})
    if visit.query.get("as") != "ledger":
        return Go(back)
    facts = {"unit": str(unit.id), "year": str(year), "format": visit.query.get("format", "")}
    return long.exported(visit, "ledger", KIND, facts, back, AT_ONCE)


def _asked(work: Work, member_id: int, facts: Facts) -> tuple[Unit, int]:
    return packing.demand_unit(work, member_id, whole(facts.get("unit", ""))), whole(facts.get("year", ""))


def _count(work: Work, member_id: int, facts: Facts) -> int:
    return packing.count(work, *_asked(work, member_id, facts))


def _steps(work: Work, member_id: int, facts: Facts) -> Iterator[Part]:
    unit, year = _asked(work, member_id, facts)
    total, rows = _count(work, member_id, facts), []
    for row in packing.ledger_rows(work, unit, year):
        rows.append(row)
        if len(rows) % A_PART == 0:
            yield Step(len(rows), total)
    name, header = packing.ledger_head(work, year)
    yield from long.written(name, header, rows, facts, str(year))


KIND = Kind(_count, _steps)
pages.kinds["ledger"] = KIND
