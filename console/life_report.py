"""The report of a unit's figures and all beneath it, to be saved: of many units it is made as a job."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from console import long
from console.asked import number_in, whole
from console.grammar import Pages, Result, Visit
from console.life_figures import later, measured_of, wait
from domain.member import Unit
from domain.period import Period
from domain.permission import Action
from services import rate as service
from services import rate_kept as kept
from services import rate_report as report
from services import sheet
from services.job import Facts, Kind, Made, Part, Step
from services.work import Work

pages = Pages("life")


@pages.get("life/figures/table", needs=Action.SEE_UNIT_FIGURES)
def table(visit: Visit) -> Result:
    """Give the unit and all beneath it as a table of numbers, with the definitions."""
    unit = service.place(visit.work, visit.person.id, number_in(visit, "unit"))
    span = service.read_period(visit.work, visit.query.get("period", "")[:20])
    found, _ = measured_of(visit.work, unit, span)
    if found is None:
        return later(span, wait(visit, unit, span))
    facts = {"unit": str(unit.id), "period": span.key, "as": visit.query.get("as", "")}
    back = "life/figures?" + urlencode({"unit": unit.id, "period": span.key})
    return long.exported(visit, "rates", KIND, facts, back, kept.MANY_UNITS)


def _asked(work: Work, member_id: int, facts: Facts) -> tuple[Unit, Period]:
    unit = service.place(work, member_id, whole(facts.get("unit", "")))
    return unit, service.read_period(work, facts.get("period", ""))


def _count(work: Work, member_id: int, facts: Facts) -> int:
    unit, _ = _asked(work, member_id, facts)
    return report.beneath(work, unit)


def _steps(work: Work, member_id: int, facts: Facts) -> Iterator[Part]:
    unit, span = _asked(work, member_id, facts)
    voice, total = long.speech_of(facts), _count(work, member_id, facts)
    yield Step(0, total)
    found = kept.kept(work, span)[0] or kept.measure(work, span, unit)
    name = voice.line("rate.file", unit=unit.name.replace("/", "-"), period=span.key)
    if long.is_csv(facts):
        body = report.csv(work, voice, span, unit, found)
        yield Made(name.removesuffix(".xlsx") + ".csv", sheet.CSV, body, rows=total)
        return
    written = report.pages(work, voice, span, unit, found)
    writing, rows = sheet.write_in_steps(written), sum(len(one.rows) for one in written)
    while True:
        try:
            yield Step(next(writing) * total // max(rows, 1), total)
        except StopIteration as end:
            yield Made(name, sheet.XLSX, end.value, rows=total)
            return


KIND = Kind(_count, _steps)
pages.kinds["rates"] = KIND
