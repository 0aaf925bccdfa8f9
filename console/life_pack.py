"""The evidence pack of a year: asked for on its page and made as a job, which shows how far it is and can be ended."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from console import long
from console.asked import whole
from console.grammar import Pages, Result, Visit
from console.life_frame import year_in
from domain.member import Unit
from domain.permission import Action
from services import document_pack as packing
from services.job import Facts, Kind, Made, Part, Step
from services.work import Work

pages = Pages("life")
ZIP = "application/zip"
NONE = -1
"""Not even a pack of no meetings is made while the browser waits."""


@pages.get("life/{unit}/pack", needs=Action.PLAN_MEETINGS)
def pack(visit: Visit) -> Result:
    """Say how many meetings it is of, and offer to make it."""
    unit, year = packing.demand_unit(visit.work, visit.person.id, visit.numbers["unit"]), year_in(visit)
    facts, back = {"unit": str(unit.id), "year": str(year)}, "life/meetings?" + urlencode({"unit": unit.id})
    return long.exported(visit, "pack", KIND, facts, back, NONE)


def _asked(work: Work, member_id: int, facts: Facts) -> tuple[Unit, int]:
    return packing.demand_unit(work, member_id, whole(facts.get("unit", ""))), whole(facts.get("year", ""))


def _count(work: Work, member_id: int, facts: Facts) -> int:
    unit, year = _asked(work, member_id, facts)
    return packing.demand_few(work, unit, year, packing.MOST)


def _steps(work: Work, member_id: int, facts: Facts) -> Iterator[Part]:
    unit, year = _asked(work, member_id, facts)
    total = _count(work, member_id, facts)
    making = packing.packing(work, unit, year)
    while True:
        try:
            yield Step(next(making), total)
        except StopIteration as end:
            yield Made(end.value.name, ZIP, end.value.body, rows=total)
            return


KIND = Kind(_count, _steps)
pages.kinds["pack"] = KIND
