"""Organisational life: the year of a branch as a table, and what is decided about one obligation, with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from console import life_year
from console.asked import day, number_in
from console.grammar import Go, Look, Page, Pages, Result, Visit
from console.life_frame import ROWS, framed, year_in
from console.saving import saved
from domain.member import Unit
from domain.obligation import Obligation
from domain.permission import Action
from domain.refusal import Refusal
from services import obligation as service
from services import obligation_view as view
from services import obligation_words as words
from services import obligation_year as years
from services import permission
from services.obligation_view import Place
from services.obligation_year import Year
from services.work import Work

pages = Pages("life")

COLUMNS = ("unit", "rule", "article", "trust", "period", "state", "missing", "reason")


@pages.get("life", needs=Action.PLAN_MEETINGS)
def life(visit: Visit) -> Result:
    """List the branches of this person; a single one is opened at once, and without any the activities are."""
    wanted, page = visit.query.get("q", "").strip()[:40], number_in(visit, "page")
    work, person = visit.work, visit.person.id
    found = view.branches(work, person, wanted, ROWS + 1, page * ROWS)
    every, committees = branches_of(visit, ROWS, page * ROWS), view.committees(work, person)
    if len(every) == 1 and not wanted and not page and not committees:
        return Go(f"life/{every[0].id}")
    if not view.any_branch(work, person) and permission.may_anywhere(work, person, Action.PLAN_ACTIVITIES):
        return Go("life/activities")
    facts = {"branches": every, "committees": committees, "wanted": wanted}
    return framed(visit, "life_list.html", "year", {**facts, "page_at": page, "more": len(found) > ROWS})


def branches_of(look: Look, limit: int, offset: int) -> list[Unit]:
    """Return a part of the branches that this person may look at, first with those in which a group is led."""
    wanted, person = look.query.get("q", "").strip()[:40], look.person.id
    found = view.branches(look.work, person, wanted, limit, offset)
    led = [one.branch for one in view.places(look.work, person) if one.group is not None] if not offset else []
    return list({one.id: one for one in (*found, *(one for one in led if wanted in one.name))}.values())


@pages.get("life/{unit}", needs=Action.PLAN_MEETINGS)
def year(visit: Visit) -> Result:
    """Show the year of a branch."""
    work, voice = visit.work, visit.voice
    place, found = _year(visit)
    basis = service.basis_now(work, [place.branch])[place.branch.id]
    few = voice.line("obligation.few", unit=place.branch.name, formal=basis.formal) if basis.too_few else ""
    facts = {
        "unit": place.branch,
        "whole": place.group is None,
        "year": found.year,
        "rows": life_year.rows_of(work, voice, found),
        "rate": years.rate_line(voice, found) if place.group is None else "",
        "few": few if not basis.joint else "",
        "signs": [(words.SIGNS[state], state.value, life_year.state_name(voice, state.value)) for state in words.SIGNS],
        "unrecorded": (words.UNRECORDED, voice.label("obligation.unrecorded")),
    }
    return framed(visit, "life_year.html", "year", facts)


def _year(visit: Visit) -> tuple[Place, Year]:
    place = view.place_of(visit.work, visit.person.id, visit.numbers["unit"])
    found = years.of_year(visit.work, place.branch, year_in(visit))
    if place.group is None:
        return place, found
    rows = tuple(row for row in found.rows if row[-1].rule.needs_groups)
    return place, Year(found.unit, found.year, rows, found.rate, found.version)


@pages.get("life/{unit}/table", needs=Action.PLAN_MEETINGS)
def table(visit: Visit) -> Result:
    """Give the year as a file."""
    place, found = _year(visit)
    header = [visit.words("life")[f"column_{name}"] for name in COLUMNS]
    rows = [_line(visit, one) for row in found.rows for one in row]
    return saved(visit, "year", header, rows, of=place.branch.name, day=str(found.year))


def _line(visit: Visit, one: Obligation) -> list[str]:
    voice, rule = visit.voice, one.rule
    state = life_year.state_name(voice, life_year.state_of(visit.work, one))
    return [
        one.unit_name,
        rule.name.said(voice.language),
        words.article(voice, rule),
        voice.label(f"obligation.trust_{rule.trust.value.lower()}"),
        words.period_name(voice, one.period),
        f"{words.sign(one)} {state}",
        words.missing(voice, one),
        one.entry.reason if one.entry else "",
    ]


@pages.get("life/{unit}/below", needs=Action.SET_OBLIGATIONS)
def below(visit: Visit) -> Result:
    """Show a committee how the branches beneath it stand: counts, and names once a term has passed."""
    wanted = visit.numbers["unit"]
    committee = next((one for one in view.committees(visit.work, visit.person.id) if one.id == wanted), None)
    if committee is None:
        raise Refusal("obligation.gone")
    found = view.overview(visit.work, committee)
    voice = visit.voice
    said = [
        (one.rule.name.said(voice.language), words.period_name(voice, one.period), one.states, one.behind, late)
        for late, tallies in ((False, found.running), (True, found.passed))
        for one in tallies
    ]
    lines = [voice.line("obligation.below", unit=committee.name, count=found.branches)]
    lines += [voice.line("obligation.below_left", left=found.left_out)] if found.left_out else []
    lines += [voice.line("obligation.below_few", count=found.too_few)] if found.too_few else []
    states = [(state, words.SIGNS[state], life_year.state_name(voice, state.value)) for state in words.SIGNS]
    return framed(
        visit, "life_below.html", "year", {"unit": committee, "lines": lines, "tallies": said, "states": states}
    )


@pages.get("life/{unit}/duty", needs=Action.PLAN_MEETINGS)
def duty(visit: Visit) -> Result:
    """Show one obligation: the rule with its source, how it stands, what was entered, and what can be decided."""
    place = view.place_of(visit.work, visit.person.id, visit.numbers["unit"])
    rule, period = visit.query.get("rule", ""), visit.query.get("period", "")
    if not rule or not period:
        return Go(f"life/{place.branch.id}")
    return _duty(visit, place, view.seen(visit.work, place, rule, period), {})


def _duty(visit: Visit, place: Place, one: Obligation, typed: Mapping[str, str], why: str = "") -> Page:
    work, voice = visit.work, visit.voice
    rule = one.rule
    groups = view.groups_of(work, place.branch) if rule.needs_groups else [place.branch]
    facts = {
        "unit": place.branch,
        "one": one,
        "name": rule.name.said(voice.language),
        "period": words.period_name(voice, one.period),
        "sign": words.sign(one),
        "state": words.state(voice, one, work),
        "missing": words.missing(voice, one),
        "text": rule.text.said(voice.language),
        "lead": rule.lead.said(voice.language),
        "article": words.article(voice, rule),
        "often": words.how_often(voice, rule),
        "trust": voice.label(f"obligation.trust_{rule.trust.value.lower()}"),
        "first": voice.day(rule.applies_from),
        "entries": [
            (entry, who, voice.label(f"obligation.kind_{entry.kind.value}")) for entry, who in view.entries(work, one)
        ],
        "deeds": view.deeds(work, visit.person.id, place.branch, one),
        "plan": [place.group] if place.group else groups,
        "kind": rule.kinds[0].value if rule.met and rule.kinds and not one.settled else "",
        "runs": permission.may(work, visit.person.id, Action.PLAN_MEETINGS, place.group or place.branch),
        "today": work.today.isoformat(),
        "typed": typed,
        "why": why,
    }
    return framed(visit, "life_duty.html", "year", facts, 409 if why else 200)


@pages.post("life/{unit}/duty", needs=Action.SET_OBLIGATIONS)
def decide(visit: Visit) -> Result:
    """Keep a decision about an obligation; one that can't be kept comes back with what was typed."""
    form, place = visit.form, view.place_of(visit.work, visit.person.id, visit.numbers["unit"])
    rule, period, deed = form.get("rule", ""), form.get("period", ""), form.get("deed", "")
    one = view.seen(visit.work, place, rule, period)
    permission.demand_permission(visit.work, visit.person.id, Action.SET_OBLIGATIONS, place.branch)
    where = (visit.work, visit.person.id, place.branch.id, rule, period)
    try:
        # The service writes last of all: what it refuses has left nothing behind.
        _decide(visit, deed, where)
    except Refusal as refusal:
        return _duty(visit, place, one, form, visit.why(refusal))
    return Go(f"life/{place.branch.id}/duty?" + urlencode({"rule": rule, "period": period}), "entered")


def _decide(visit: Visit, deed: str, where: tuple[Work, int, int, str, str]) -> None:
    reason = visit.form.get("reason", "")
    if deed == "declare":
        service.declare(*where, reason, _day(visit.form.get("day", "")))
        return
    ways = {"exempt": service.exempt, "correct": service.correct, "withdraw": service.withdraw}
    if deed not in ways:
        raise Refusal("obligation.gone")
    ways[deed](*where, reason)


def _day(words_typed: str) -> date:
    found = day(words_typed)
    if found is None:
        raise Refusal("life.no_day")
    return found
