"""The three rates of a unit and a period: what is divided by what, what is left out, and the list behind each."""

from __future__ import annotations

from urllib.parse import urlencode

from console import chart as charts
from console.asked import number_in
from console.grammar import Later, Look, Page, Pages, Result, Visit
from console.life_frame import ROWS, framed
from console.lists import Line
from domain.member import Unit
from domain.period import Cycle, Period, period_of
from domain.permission import Action
from domain.rate import before
from domain.refusal import Refusal
from services import rate as service
from services import rate_chart
from services import rate_kept as kept
from services import rate_words as words
from services.rate import Figures, Listed
from services.rate_ground import FIGURES, PARTICIPATION, STANDARDISATION
from services.rate_kept import Measured
from services.work import Work

pages = Pages("life")

_CYCLES = (Cycle.MONTH, Cycle.QUARTER, Cycle.HALF, Cycle.YEAR)


@pages.get("life/figures", needs=Action.SEE_UNIT_FIGURES)
def figures(visit: Visit) -> Result:
    """Show the figures of a unit, and those of the units right beneath it in the order of the tree."""
    work, voice, person = visit.work, visit.voice, visit.person.id
    page = number_in(visit, "page")
    unit = service.place(work, person, number_in(visit, "unit"))
    span = service.read_period(work, visit.query.get("period", "").strip()[:20])
    measured, fresh = measured_of(work, unit, span)
    if measured is None:
        return later(span, wait(visit, unit, span))
    found, below = service.together(work, person, measured, unit, ROWS + 1, page * ROWS)
    query = urlencode({"unit": found.unit.id, "period": found.span.key})
    facts = {
        "unit": found.unit,
        "above": service.above(work, person, found.unit),
        "places": service.places(work, person),
        "period": words.period_name(voice, found.span),
        "periods": _periods(visit, found),
        "span": found.span,
        "rows": [_row(visit, found, figure) for figure in FIGURES],
        "details": [
            (voice.label(f"rate.{figure}"), lines)
            for figure in FIGURES
            if (lines := words.details(work, voice, figure, found))
        ],
        "lists": service.lists(work, person, found.unit),
        "below": [(one.unit, [_row(visit, one, figure) for figure in FIGURES]) for one in below[:ROWS]],
        "names": [voice.label(f"rate.{figure}") for figure in FIGURES],
        "definitions": [(voice.label(f"rate.{code}"), words.definition(work, voice, code)) for code in words.DEFINED],
        "version": words.version(voice, found),
        "query": query,
        "page_at": page,
        "more": len(below) > ROWS,
        "chart": _months(visit, found, query),
        "at": work.organisation.local(measured.at),
    }
    drawn = framed(visit, "life_figures.html", "figures", facts)
    return drawn if fresh else later(span, drawn)


def measured_of(work: Work, unit: Unit, span: Period) -> tuple[Measured | None, bool]:
    """Return the figures and whether they are fresh; None in a large organisation as long as nobody worked them out."""
    if not kept.is_large(work):
        return kept.measure(work, span, unit), True
    found, fresh = kept.kept(work, span)
    known = found is not None and unit.id in found.rates
    return (found, fresh) if known else (None, False)


def later(span: Period, meanwhile: Page) -> Later:
    """Let the figures of a period be worked out beside the page."""
    return Later(f"figures {span.key}", lambda work: kept.keep(work, span), meanwhile)


def wait(visit: Visit, unit: Unit, span: Period) -> Page:
    """Draw the page that stands until the figures are there."""
    facts = {"unit": unit, "period": words.period_name(visit.voice, span)}
    return framed(visit, "life_figures_wait.html", "figures", facts)


def _months(visit: Visit, found: Figures, query: str) -> dict[str, object] | None:
    drawn = rate_chart.participation(visit.work, visit.voice, visit.person.id, found.unit, found.span)
    return (
        charts.shown(drawn, f"/console/life/figures/months.svg?{query}")
        if drawn is not None and not drawn.nought
        else None
    )


@pages.get("life/figures/months.svg", needs=Action.SEE_UNIT_FIGURES)
def months(visit: Visit) -> Result:
    """Draw who was called and who came in each month of a year."""
    unit = service.place(visit.work, visit.person.id, number_in(visit, "unit"))
    span = service.read_period(visit.work, visit.query.get("period", "").strip()[:20])
    drawn = rate_chart.participation(visit.work, visit.voice, visit.person.id, unit, span)
    if drawn is None:
        raise Refusal("rate.not_yours")
    return charts.picture(visit, drawn)


def _row(visit: Visit, found: Figures, figure: str) -> dict[str, object]:
    """Return a figure as cells; one that is folded says into which unit."""
    voice, shown = visit.voice, found.rates[figure]
    rate = shown.rate
    row: dict[str, object] = {"figure": figure, "name": voice.label(f"rate.{figure}"), "rate": rate, "note": ""}
    if rate is None:
        code, facts = words.said(visit.work, voice, figure, shown)
        return row | {"note": voice.line(code, **facts)}
    return row | {
        "note": "" if rate.percentage else voice.label("rate.cell_none"),
        "left_out": words.left_out(voice, rate),
        "lacking": words.lacking(voice, rate),
        "version": rate.rule_version,
    }


def _periods(visit: Visit, found: Figures) -> list[tuple[str, str]]:
    """Return periods to choose from: the running ones, two before each, and the one that is shown."""
    spans = {}
    for cycle in _CYCLES:
        span = period_of(cycle, visit.work.today)
        for _ in range(3):
            spans[span.key] = span
            span = before(span)
    spans.setdefault(found.span.key, found.span)
    return [(key, words.period_name(visit.voice, span)) for key, span in spans.items()]


@pages.get("life/figures/list", needs=Action.SEE_UNIT_FIGURES)
def listed(visit: Visit) -> Result:
    """Show the list behind a figure, to whoever may see it there."""
    voice, page, figure = visit.voice, number_in(visit, "page"), visit.query.get("figure", "")
    asked = (number_in(visit, "unit"), visit.query.get("period", ""))
    unit, span, found = service.behind(visit.work, visit.person.id, *asked, figure)
    some = found[page * ROWS : (page + 1) * ROWS]
    query = urlencode({"unit": unit.id, "period": span.key})
    facts = {
        "unit": unit,
        "period": words.period_name(voice, span),
        "name": voice.label(f"rate.{figure}"),
        "header": header(visit, figure),
        "rows": [cells(visit, figure, one) for one in some],
        "query": query,
        "figure": figure,
        "address": f"/console/life/figures/list?{query}&{urlencode({'figure': figure})}&",
        "page_at": page,
        "more": len(found) > (page + 1) * ROWS,
    }
    return framed(visit, "life_figures_list.html", "figures", facts)


def header(look: Look, figure: str) -> list[str]:
    """Return what stands above the list behind a figure."""
    said = look.words("life")
    if figure == PARTICIPATION:
        return [said["column_name"], said["came"], said["asked"]]
    if figure == STANDARDISATION:
        return [said["column_unit"], said["column_rule"], said["column_period"], said["column_missing"]]
    return [said["column_name"]]


def cells(look: Look, figure: str, one: Listed) -> Line:
    """Return a row of it."""
    if figure == PARTICIPATION:
        return [one.name, one.came, one.asked]
    if figure == STANDARDISATION:
        rule = service.rule_name(look.work, look.voice.language, one.rule)
        lacking = look.voice.line("rate.between").join(words.lack(look.voice, code) for code in one.missing)
        return [one.name, rule, one.period, lacking]
    return [one.name]
