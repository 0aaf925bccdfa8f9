"""The canned replies of one's units: adding, rewriting, retiring."""

from __future__ import annotations

from typing import Any

from console.asked import whole
from console.grammar import Go, Look, Page, Pages, Result, Visit
from console.lists import Rows, every, saves
from console.meanwhile import drawn_from, undone
from domain.demand_draft import LONGEST
from domain.permission import Action
from domain.refusal import Refusal
from services import desk_canned

pages = Pages("requests")
HANDLES = Action.HANDLE_DEMANDS


@pages.get("requests/canned", needs=HANDLES)
def canned(visit: Visit) -> Result:
    """List what the officer's units keep, and offer to add one."""
    return _listed(visit)


def _listed(visit: Visit, why: str = "") -> Page:
    work, person = visit.work, visit.person.id
    typed = {name: visit.form.get(name, "") for name in ("title", "text", "unit")}
    facts = {
        "found": desk_canned.listed(work, person, whole(visit.query.get("page", ""))),
        "units": desk_canned.units(work, person),
        "typed": typed,
        "why": why,
        **_limits(),
    }
    return Page("requests_canned.html", facts, status=409 if why else 200)


def _limits() -> dict[str, int]:
    return {"longest": LONGEST, "longest_title": desk_canned.TITLE, "most": desk_canned.MOST}


@pages.post("requests/canned", needs=HANDLES)
def add(visit: Visit) -> Result:
    """Keep a new one; what can't be kept is shown again with the reason."""
    form = visit.form
    try:
        unit = whole(form.get("unit", ""))
        desk_canned.add(visit.work, visit.person.id, unit, form.get("title", ""), form.get("text", ""))
    except Refusal as refusal:
        return _listed(visit, visit.why(refusal))
    return Go("requests/canned", "canned_kept")


@saves(pages, "requests/canned/table", "canned", back="requests/canned", needs=HANDLES)
def table(look: Look) -> Rows:
    """Return what the officer's units keep, whole."""
    words, local = look.words("requests"), look.work.organisation.local

    def line(reply: Any) -> list[str]:  # noqa: ANN401 - a reply of the service
        state = words["retired" if reply.retired_at else "in_use"]
        return [reply.title, reply.unit, reply.text, state, f"{local(reply.changed_at):%Y-%m-%d %H:%M}"]

    header = [words[name] for name in ("canned_title", "unit", "canned_text", "state", "changed_at")]
    found = desk_canned.every(look.work, look.person.id)
    return Rows(header, *every(found, line))


@pages.get("requests/canned/{number}", needs=HANDLES)
def one(visit: Visit) -> Result:
    """Show one to be rewritten or retired."""
    return _shown(visit)


def _now(kept: Any) -> dict[str, str]:  # noqa: ANN401 - a reply of the service
    return {"title": kept.title, "text": kept.text}


def _shown(visit: Visit, why: str = "") -> Page:
    kept = desk_canned.one(visit.work, visit.person.id, visit.numbers["number"])
    typed = {name: visit.form.get(name, getattr(kept, name)) for name in ("title", "text")}
    facts = {"kept": kept, "typed": typed, "why": why, "seen": drawn_from(_now(kept)), **_limits()}
    return Page("requests_canned_one.html", facts, status=409 if why else 200)


@pages.post("requests/canned/{number}", needs=HANDLES)
def change(visit: Visit) -> Result:
    """Rewrite one."""
    number, form = visit.numbers["number"], visit.form
    kept, words = desk_canned.one(visit.work, visit.person.id, number), visit.words("requests")
    here = f"requests/canned/{number}"
    called = {"title": words["canned_title"], "text": words["canned_text"]}
    if (page := undone(visit, here, here, _now(kept), called)) is not None:
        return page
    try:
        desk_canned.change(visit.work, visit.person.id, number, form.get("title", ""), form.get("text", ""))
    except Refusal as refusal:
        return _shown(visit, visit.why(refusal))
    return Go("requests/canned", "canned_kept")


@pages.post("requests/canned/{number}/retire", needs=HANDLES)
def retire(visit: Visit) -> Result:
    """Offer it no more."""
    desk_canned.retire(visit.work, visit.person.id, visit.numbers["number"])
    return Go("requests/canned", "canned_retired")


@pages.post("requests/canned/{number}/revive", needs=HANDLES)
def revive(visit: Visit) -> Result:
    """Offer it again."""
    desk_canned.revive(visit.work, visit.person.id, visit.numbers["number"])
    return Go("requests/canned", "canned_revived")
