"""Objections to points: what waits for whoever looks, what they have answered, and answering, with the rule beside."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from console.asked import whole
from console.grammar import Go, Look, Page, Pages, Result, Visit
from console.lists import Line, Rows, saves, sliced
from console.points_frame import framed, page_in, rule_name, signed
from domain.permission import Action
from domain.points import LARGEST_MANUAL, LONGEST_REASON
from domain.refusal import Refusal
from services import points_objection as service
from services import points_rule as rulebook
from services.sheet import Number

pages = Pages("points")

FIELDS = ("outcome", "points", "sign", "reason")
ANSWERS = Action.ANSWER_OBJECTIONS


@pages.get("points/objections", needs=ANSWERS)
def objections(visit: Visit) -> Result:
    """List them: open ones, oldest first, or those that were answered."""
    answered, page = visit.query.get("state") == "answered", page_in(visit)
    unit = whole(visit.query.get("unit", ""))
    found = service.search(visit.work, visit.person.id, answered=answered, unit_id=unit, page=page)
    kept = {"state": "answered" if answered else "open", **({"unit": unit} if unit else {})}
    facts = {
        "found": found,
        "answered": answered,
        "unit": unit,
        "at": page,
        "more": found.more,
        "query": urlencode(kept),
        "address": f"/console/points/objections?{urlencode(kept)}&",
    }
    return framed(visit, "points_objections.html", "objections", facts)


@saves(pages, "points/objections/table", "objections", back="points/objections", needs=ANSWERS)
def table(look: Look) -> Rows:
    """Return the list."""
    said, local = look.words("points"), look.work.organisation.local
    answered, unit = look.query.get("state") == "answered", whole(look.query.get("unit", ""))

    def line(one: Any) -> Line:  # noqa: ANN401 - an objection of the service
        return [
            one.employee_no,
            one.name,
            one.day.isoformat(),
            rule_name(look, one.rule),
            Number(one.points, signed(one.points)),
            f"{local(one.raised_at):%Y-%m-%d %H:%M}",
            f"{local(one.answered_at):%Y-%m-%d %H:%M}" if one.answered_at else "",
            said[f"outcome_{one.outcome or 'open'}"],
        ]

    names = ("number", "name", "day", "rule", "points", "raised", "answered", "outcome")
    header = [said[f"column_{name}"] for name in names]
    return Rows(
        header,
        *sliced(
            lambda limit, offset: service.some(
                look.work, look.person.id, limit, offset, answered=answered, unit_id=unit
            ),
            line,
        ),
    )


@pages.get("points/objections/{number}", needs=ANSWERS)
def one(visit: Visit) -> Result:
    """Show one with its entry and the rule of that day."""
    return _shown(visit, {})


def _shown(visit: Visit, typed: dict[str, str], problem: str = "") -> Page:
    found, entry, person = service.of(visit.work, visit.person.id, visit.numbers["number"])
    facts = {
        "one": found,
        "entry": entry,
        "who": person,
        "reckoned": rulebook.reckon(visit.work, person.id, entry),
        "typed": dict.fromkeys(FIELDS, "") | typed,
        "problem": problem,
        "largest": LARGEST_MANUAL,
        "longest": LONGEST_REASON,
    }
    return framed(visit, "points_objection.html", "objections", facts, 409 if problem else 200)


@pages.post("points/objections/{number}", needs=ANSWERS)
def answer(visit: Visit) -> Result:
    """Answer it, keeping the entry or correcting it; what was typed stays when it can't be read."""
    number, form = visit.numbers["number"], visit.form
    service.of(visit.work, visit.person.id, number)
    typed = {key: form.get(key, "").strip()[: LONGEST_REASON * 2] for key in FIELDS}
    try:
        done = service.answer(visit.work, visit.person.id, number, _correction(typed), typed["reason"])
    except Refusal as refusal:
        return _shown(visit, typed, visit.why(refusal))
    return Go(f"points/objections/{number}", "answered" if done else "answered_before")


def _correction(typed: dict[str, str]) -> int:
    """Return by how many points the entry is corrected; raises when neither answer was chosen or none is a number."""
    if typed["outcome"] == "kept":
        return 0
    amount = whole(typed["points"])
    if typed["outcome"] != "corrected":
        raise Refusal("points.no_outcome")
    if not 0 < amount <= LARGEST_MANUAL:
        raise Refusal("points.amount_out_of_range", largest=LARGEST_MANUAL)
    return -amount if typed["sign"] == "minus" else amount
