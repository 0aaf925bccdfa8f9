"""The rules of points: what holds, comes and was; setting them from a coming day, and withdrawing that in time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from console import asked
from console.asked import whole
from console.grammar import Go, Page, Pages, Result, Visit
from console.points_frame import difference_line, framed, in_order
from console.saving import saved
from domain.organisation import PointRule
from domain.permission import Action
from domain.points import LONGEST_REASON
from domain.points_rule import HIGHEST_CAP, MOST_POINTS, RULES, Terms, Version, earliest
from domain.refusal import Refusal
from services import permission
from services import points_rule as service
from services.points_rule import Step
from services.sheet import Cell

pages = Pages("points")

TOO_MUCH = HIGHEST_CAP + 1
"""What is no number is out of range."""


@pages.get("points", needs=Action.SEE_UNIT_FIGURES)
def rules(visit: Visit) -> Result:
    """Show what holds today, and every version with its differences."""
    now = service.version_on(visit.work, visit.work.today)
    steps = [_row(visit, step, now) for step in service.steps(visit.work, visit.person.id)]
    facts = {
        "now": now,
        "terms": in_order(now.terms),
        "coming": [row for row in steps if row["state"] == "coming"],
        "others": [row for row in steps if row["state"] != "coming"],
        "configured": [(at, in_order(terms)) for at, terms in reversed(service.rulebook(visit.work).configured)],
        "may_set": service.may_set(visit.work, visit.person.id),
        "seat": permission.seat(visit.work),
    }
    return framed(visit, "points.html", "rules", facts)


def _state(visit: Visit, one: Version, now: Version) -> str:
    if not one.stands:
        return "withdrawn"
    if one.starts is not None and one.starts > visit.work.today:
        return "coming"
    return "now" if one.id == now.id else "over"


def _row(visit: Visit, step: Step, now: Version) -> dict[str, object]:
    one = step.version
    return {
        "one": one,
        "state": _state(visit, one, now),
        "terms": in_order(one.terms),
        "lines": [difference_line(visit, each) for each in step.differences],
        "before": step.before.number,
        "may_withdraw": step.may_withdraw,
    }


@pages.get("points/rules/table", needs=Action.SEE_UNIT_FIGURES)
def table(visit: Visit) -> Result:
    """Give every version as a file, one line a rule."""
    said, local = visit.words("points"), visit.work.organisation.local
    now = service.version_on(visit.work, visit.work.today)
    header = [
        said[f"column_{name}"] for name in ("version", "starts", "rule", "each", "cap", "state", "by", "at", "why")
    ]
    rows: list[list[Cell]] = [
        [0, "", _called(visit, rule), one.points, one.daily_cap, said["by_configuration"], "", "", ""]
        for rule, one in in_order(visit.work.organisation.points)
    ]
    for step in service.steps(visit.work, visit.person.id):
        one = step.version
        made = f"{local(one.made_at):%Y-%m-%d %H:%M}" if one.made_at else ""
        ends = [said[f"state_{_state(visit, one, now)}"], one.by, made, one.reason]
        rows += [
            [one.number, str(one.starts), _called(visit, rule), each.points, each.daily_cap, *ends]
            for rule, each in in_order(one.terms)
        ]
    return saved(visit, "point_rules", header, rows)


def _called(visit: Visit, rule: str) -> str:
    return visit.voice.label(f"points.rule_{rule}")


@pages.get("points/rules/new", needs=Action.SET_POINT_RULES)
def new(visit: Visit) -> Result:
    """Show the form, with what holds on the first day that can be chosen."""
    service.demand_setter(visit.work, visit.person.id)
    first = earliest(visit.work.organisation, visit.work.now)
    terms = service.version_on(visit.work, first).terms
    typed = {f"{rule}_{key}": value for rule in RULES for key, value in _cells(terms.get(rule)).items()}
    return _form(visit, {"starts": first.isoformat(), "reason": "", **typed})


def _cells(one: PointRule | None) -> dict[str, str]:
    return {"points": str(one.points if one else 0), "cap": str(one.daily_cap if one else 0)}


def _form(visit: Visit, typed: Mapping[str, str], problem: str = "") -> Page:
    facts = {
        "typed": typed,
        "rules": RULES,
        "first": earliest(visit.work.organisation, visit.work.now).isoformat(),
        "most": MOST_POINTS,
        "highest": HIGHEST_CAP,
        "longest": LONGEST_REASON,
        "problem": problem,
    }
    return framed(visit, "points_rules_new.html", "rules", facts, 409 if problem else 200)


def _typed(visit: Visit) -> dict[str, str]:
    keys = ("starts", "reason", *(f"{rule}_{key}" for rule in RULES for key in ("points", "cap")))
    return {key: visit.form.get(key, "").strip()[: LONGEST_REASON * 2] for key in keys}


def _terms(typed: Mapping[str, str]) -> Terms:
    return {
        rule: PointRule(whole(typed[f"{rule}_points"], TOO_MUCH), whole(typed[f"{rule}_cap"], TOO_MUCH))
        for rule in RULES
    }


def _starts(typed: Mapping[str, str]) -> date | None:
    return asked.day(typed["starts"])


@pages.post("points/rules/sure", needs=Action.SET_POINT_RULES)
def sure(visit: Visit) -> Result:
    """Show what would differ, before it is set; what was typed stays when it can't be."""
    service.demand_setter(visit.work, visit.person.id)
    typed = _typed(visit)
    starts, terms = _starts(typed), _terms(typed)
    try:
        found = service.check(visit.work, visit.person.id, starts, terms, typed["reason"])
    except Refusal as refusal:
        return _form(visit, typed, visit.why(refusal))
    facts = {
        "typed": typed,
        "starts": visit.voice.day(starts) if starts else "",
        "terms": in_order(terms),
        "lines": [difference_line(visit, one) for one in found],
    }
    return framed(visit, "points_rules_sure.html", "rules", facts)


@pages.post("points/rules", needs=Action.SET_POINT_RULES)
def set_rules(visit: Visit) -> Result:
    """Set them; pressing back to mend something brings the form again."""
    typed = _typed(visit)
    if visit.form.get("back"):
        service.demand_setter(visit.work, visit.person.id)
        return _form(visit, typed)
    service.set_rules(visit.work, visit.person.id, _starts(typed), _terms(typed), typed["reason"])
    return Go("points", "rules_set")


@pages.get("points/rules/{number}/withdraw", needs=Action.SET_POINT_RULES)
def withdraw_ask(visit: Visit) -> Result:
    """Ask before a version is withdrawn."""
    one = service.coming(visit.work, visit.person.id, visit.numbers["number"])
    facts = {"one": one, "terms": in_order(one.terms), "starts": visit.voice.day(one.starts) if one.starts else ""}
    return framed(visit, "points_rules_withdraw.html", "rules", facts)


@pages.post("points/rules/{number}/withdraw", needs=Action.SET_POINT_RULES)
def withdraw(visit: Visit) -> Result:
    """Withdraw it."""
    done = service.withdraw(visit.work, visit.person.id, visit.numbers["number"])
    return Go("points", "rules_withdrawn" if done else "rules_withdrawn_before")
