"""Members of a branch who are relieved of organisational life: who and from when, never why."""

from __future__ import annotations

from console.asked import number_in
from console.grammar import Go, Pages, Result, Visit
from console.life_frame import framed, one_named
from domain.permission import Action
from services import relief as service

pages = Pages("life")


@pages.get("life/{unit}/relief", needs=Action.SET_OBLIGATIONS)
def relief(visit: Visit) -> Result:
    """List them."""
    unit = service.branch(visit.work, visit.person.id, visit.numbers["unit"])
    people = service.relieved(visit.work, visit.person.id, unit.id)
    return framed(visit, "life_relief.html", "year", {"unit": unit, "people": people})


@pages.post("life/{unit}/relief", needs=Action.SET_OBLIGATIONS)
def change(visit: Visit) -> Result:
    """Relieve whom a name or a number means, or end a relief."""
    work, person, form = visit.work, visit.person.id, visit.form
    unit = service.branch(work, person, visit.numbers["unit"])
    back = f"life/{unit.id}/relief"
    if form.get("deed") == "end":
        service.unrelieve(work, person, number_in(visit, "member"))
        return Go(back, "unrelieved")
    words = form.get("who", "").strip()
    found = service.candidates(work, person, unit.id, words) if words else []
    service.relieve(work, person, one_named(found, words).id)
    return Go(back, "relieved")
