"""Unit figures about points, a month at a time: numerator, denominator and what is left out, and no person anywhere."""

from __future__ import annotations

from urllib.parse import urlencode

from console.asked import whole
from console.grammar import Pages, Result, Visit
from console.points_frame import framed, page_in, rule_name
from console.saving import saved
from domain.permission import Action
from domain.points_figure import Figure
from domain.points_rule import RULES
from services import points_figure as service
from services.sheet import Cell

pages = Pages("points")

SEES = Action.SEE_UNIT_FIGURES


@pages.get("points/figures", needs=SEES)
def figures(visit: Visit) -> Result:
    """Show a unit over the months, and those right beneath it in one month, in the order of the tree."""
    page, month = page_in(visit), visit.query.get("month", "")[:7]
    found = service.seen(visit.work, visit.person.id, whole(visit.query.get("unit", "")), month, page)
    kept = {"unit": found.unit.id, **({"month": f"{found.month.month:%Y-%m}"} if found.month else {})}
    facts = {
        "found": found,
        "rules": RULES,
        "note": lambda figure, into: _note(visit, figure, into),
        "at": page,
        "more": found.more,
        "query": urlencode(kept),
        "address": f"/console/points/figures?{urlencode(kept)}&",
    }
    return framed(visit, "points_figures.html", "figures", facts)


def _note(visit: Visit, figure: Figure | None, into: str) -> str:
    """Return why there are no figures of a unit's own, else nothing."""
    said = visit.words("points")
    if figure is None:
        return said["figure_unknown"]
    if figure.shown:
        return ""
    return said["figure_folded"].format(unit=into) if into else said["figure_hidden"]


@pages.get("points/figures/table", needs=SEES)
def table(visit: Visit) -> Result:
    """Give one of this person's units and all beneath it as numbers."""
    said, month = visit.words("points"), visit.query.get("month", "")[:7]
    unit, closed, found = service.everything(visit.work, visit.person.id, whole(visit.query.get("unit", "")), month)
    names = ("month", "unit", "participants", "people", "points", "average", "turns")
    header = [said[f"column_{name}"] for name in names]
    for rule in RULES:
        header += [said["column_turns_of"].format(rule=rule_name(visit, rule))]
        header += [said["column_people_of"].format(rule=rule_name(visit, rule))]
    header.append(said["column_note"])
    rows: list[list[Cell]] = []
    for one in found:
        row: list[Cell] = [f"{closed.month:%Y-%m}", one.unit.name]
        figure = one.figure
        if figure is None or not figure.shown:
            row += [""] * (len(header) - 3)
        else:
            row += [figure.participants, figure.people, figure.points, figure.average, figure.turns]
            for rule in RULES:
                part = figure.parts.get(rule)
                row += [part.turns, part.participants] if part else [_none(figure), _none(figure)]
        rows.append([*row, _note(visit, figure, one.into) or _split(visit, figure)])
    rows.append(["", said["definition"].format(smallest=closed.smallest), *[""] * (len(header) - 2)])
    return saved(visit, "point_figures", header, rows, of=unit.name, day=f"{closed.month:%Y-%m}")


def _none(figure: Figure) -> str:
    return "" if figure.participants and not figure.parts else "0"


def _split(visit: Visit, figure: Figure | None) -> str:
    hidden = figure is not None and figure.participants and not figure.parts
    return visit.words("points")["figure_unsplit"] if hidden else ""
