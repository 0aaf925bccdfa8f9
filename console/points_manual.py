"""Points by hand: numbers pasted, tried first, then entered; what one has entered, and taking it back."""

from __future__ import annotations

from typing import Any

from console.asked import whole
from console.grammar import Go, Look, Page, Pages, Result, Visit
from console.lists import Line, Rows, saves, sliced
from console.points_frame import framed, page_in, rule_name, signed
from domain.permission import Action
from domain.points import LARGEST_MANUAL, LONGEST_REASON, MOST_PEOPLE
from domain.refusal import Refusal
from services import points_manual as service
from services.sheet import Number

pages = Pages("points")

AWARDS = Action.AWARD_POINTS
LONGEST_LIST = 20_000
FIELDS = ("numbers", "points", "sign", "reason", "source")


@pages.get("points/manual", needs=AWARDS)
def manual(visit: Visit) -> Result:
    """Show the form and what this person has entered."""
    return _form(visit, {})


def _form(visit: Visit, typed: dict[str, str], problem: str = "") -> Page:
    page = page_in(visit)
    made, more = service.made_by(visit.work, visit.person.id, page)
    facts = {
        "typed": dict.fromkeys(FIELDS, "") | typed,
        "problem": problem,
        "largest": LARGEST_MANUAL,
        "longest": LONGEST_REASON,
        "longest_list": LONGEST_LIST,
        "most": MOST_PEOPLE,
        "made": made,
        "at": page,
        "more": more,
        "address": "/console/points/manual?",
    }
    return framed(visit, "points_manual.html", "manual", facts, 409 if problem else 200)


def _typed(visit: Visit) -> dict[str, str]:
    most = {"numbers": LONGEST_LIST, "reason": LONGEST_REASON * 2}
    return {key: visit.form.get(key, "").strip()[: most.get(key, 40)] for key in FIELDS}


def _amount(typed: dict[str, str]) -> int:
    amount = whole(typed["points"])
    return -amount if typed["sign"] == "minus" else amount


@pages.post("points/manual/sure", needs=AWARDS)
def sure(visit: Visit) -> Result:
    """Try it: who, how many, and which numbers mean nobody here. Writes nothing."""
    typed = _typed(visit)
    try:
        plan = service.plan(visit.work, visit.person.id, typed["numbers"], _amount(typed), typed["reason"])
    except Refusal as refusal:
        return _form(visit, typed, visit.why(refusal))
    facts = {"plan": plan, "typed": typed, "source": service.new_source()}
    return framed(visit, "points_manual_sure.html", "manual", facts)


@pages.post("points/manual", needs=AWARDS)
def enter(visit: Visit) -> Result:
    """Enter it for those who were shown; a form sent twice enters once."""
    typed = _typed(visit)
    if visit.form.get("back"):
        return _form(visit, typed)
    asked = (typed["numbers"], _amount(typed), typed["reason"], typed["source"])
    plan, new = service.enter_all(visit.work, visit.person.id, *asked)
    return framed(visit, "points_manual_done.html", "manual", {"plan": plan, "new": new})


def _line(look: Look, one: Any) -> Line:  # noqa: ANN401 - an entry of the service
    return [
        one.employee_no,
        one.name,
        one.day.isoformat(),
        rule_name(look, one.rule),
        Number(one.points, signed(one.points)),
        one.reason,
        f"{look.work.organisation.local(one.at):%Y-%m-%d %H:%M}",
        look.words("points")["taken_back"] if one.reversal else "",
    ]


def _header(look: Look) -> list[str]:
    names = ("number", "name", "day", "rule", "points", "why", "at", "state")
    return [look.words("points")[f"column_{name}"] for name in names]


@saves(pages, "points/manual/table", "point_entries", back="points/manual", needs=AWARDS)
def table(look: Look) -> Rows:
    """Return what this person has entered."""
    count, rows = sliced(
        lambda limit, offset: service.some_by(look.work, look.person.id, limit, offset), lambda one: _line(look, one)
    )
    return Rows(_header(look), count, rows)


@pages.get("points/manual/{number}", needs=AWARDS)
def one(visit: Visit) -> Result:
    """Show an entry that this person made, with those made in the same go."""
    return _one(visit, {})


def _one(visit: Visit, typed: dict[str, str], problem: str = "") -> Page:
    found, together = service.own(visit.work, visit.person.id, visit.numbers["number"])
    facts = {
        "one": found,
        "together": together,
        "left": sum(service.may_reverse(each) for each in together),
        "may_reverse": service.may_reverse(found),
        "longest": LONGEST_REASON,
        "typed": {"reason": ""} | typed,
        "problem": problem,
    }
    return framed(visit, "points_manual_one.html", "manual", facts, 409 if problem else 200)


@pages.post("points/manual/{number}/reverse", needs=AWARDS)
def reverse(visit: Visit) -> Result:
    """Take it back, or all of that go, by new entries."""
    number, reason = visit.numbers["number"], visit.form.get("reason", "").strip()[: LONGEST_REASON * 2]
    service.own(visit.work, visit.person.id, number)
    try:
        done, _ = service.reverse(
            visit.work, visit.person.id, number, reason, all_of_it=visit.form.get("all", "") == "yes"
        )
    except Refusal as refusal:
        return _one(visit, {"reason": reason}, visit.why(refusal))
    return Go(f"points/manual/{number}", "reversed" if done else "reversed_before")


@saves(pages, "points/people/{number}/table", "points_person", back="points/people/{number}", needs=None)
def person_table(look: Look) -> Rows:
    """Return the entries that the page of a person shows."""
    work, me, number = look.work, look.person.id, look.numbers["number"]
    who, _ = service.some_seen(work, me, number, 1, 0)
    count, rows = sliced(
        lambda limit, offset: service.some_seen(work, me, number, limit, offset)[1], lambda one: _line(look, one)
    )
    return Rows(_header(look), count, rows, who.employee_no)


@pages.get("points/people/{number}")
def person(visit: Visit) -> Result:
    """Show of a person's ledger what the reader made or has an objection about, as the person sees it."""
    page, number = page_in(visit), visit.numbers["number"]
    who, entries, more = service.seen(visit.work, visit.person.id, number, page)
    facts = {
        "who": who,
        "entries": entries,
        "at": page,
        "more": more,
        "address": f"/console/points/people/{number}?",
        "me": visit.person.id,
    }
    return framed(visit, "points_person.html", "", facts)
