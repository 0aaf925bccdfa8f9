"""Beside the conversation of a request: notes among officers, and merging requests that are about the same."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from console.grammar import Go, Page, Pages, Result, Visit
from domain.demand import Act, Case
from domain.permission import Action
from domain.refusal import Refusal
from services import demand, demand_view, desk, desk_merge, desk_note
from services.demand import EVENTS_ON_A_PAGE

pages = Pages("requests")
HANDLES = Action.HANDLE_DEMANDS
_NUMBER = re.compile(r"SQ-?([0-9]{8})-?([0-9]{4,9})", re.IGNORECASE)


@pages.post("requests/{number}/notes", needs=HANDLES)
def note(visit: Visit) -> Result:
    """Keep a note for those who handle this request; once a form. What can't be kept is shown again."""
    number, person, text = visit.numbers["number"], visit.person.id, visit.form.get("text", "")
    desk.of(visit.work, person, number)
    here = f"requests/{number}"
    parts = ("note", person, number, visit.form.get("once", ""))
    token = hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:40]
    try:
        desk_note.add(visit.work, person, number, text, token)
    except Refusal as refusal:
        why = visit.why(refusal)
        return Page("requests_kept.html", {"why": why, "kept": text, "back": here}, status=409)
    return Go(here, "noted")


@pages.get("requests/{number}/merge", needs=HANDLES)
def find(visit: Visit) -> Result:
    """Go to the two requests side by side, by the number that people see."""
    found = _NUMBER.search(visit.query.get("with", ""))
    number = desk.of(visit.work, visit.person.id, visit.numbers["number"]).id
    if found is None:
        raise Refusal("desk.merge_unread")
    other = desk_merge.by_number(visit.work, visit.person.id, f"SQ-{found[1]}-{found[2]}")
    return Go(f"requests/{number}/merge/{other.id}")


@pages.get("requests/{number}/merge/{other}", needs=HANDLES)
def compare(visit: Visit) -> Result:
    """Show two requests side by side, without names: nobody is merged by who wrote."""
    pair = desk_merge.pair(visit.work, visit.person.id, visit.numbers["number"], visit.numbers["other"])
    first = min(pair, key=lambda one: one.id)
    facts = {"one": pair[0], "pair": [_side(visit, one) for one in pair], "first": first.id}
    return Page("requests_merge.html", facts)


def _side(visit: Visit, one: Case) -> dict[str, Any]:
    """Return one side: what was asked, and what both sides have said last."""
    work, voice = visit.work, visit.voice
    seen = demand.shown(work, one, 0, EVENTS_ON_A_PAGE)
    hidden = {person: voice.line("desk.asker") for person in seen.names if person == one.author_id}
    said = demand_view.timeline(voice, work, one, seen.events, {**seen.names, **hidden}, visit.person.id)
    return {
        "one": one,
        "category": demand_view.category(voice, one),
        "state": demand_view.state(voice, one),
        "day": demand_view.last_day(voice, work, one.due),
        "left": demand_view.left(voice, work, one.due),
        "said": [
            text.plain.partition("\n")[::2]
            for text, event in zip(said, seen.events, strict=True)
            if event.act is not Act.FILE
        ],
        "files": seen.files,
    }


@pages.post("requests/{number}/merge/{other}", needs=HANDLES)
def merge(visit: Visit) -> Result:
    """Let one of the two follow the other, as chosen."""
    two = {visit.numbers["number"], visit.numbers["other"]}
    lead = next((number for number in two if visit.form.get("lead") == str(number)), None)
    if lead is None or len(two) != len(visit.numbers):
        raise Refusal("desk.merge_open")
    [follower] = two - {lead}
    found = desk_merge.merge(visit.work, visit.person.id, follower, lead)
    return Go(f"requests/{found.id}", "merged")


@pages.post("requests/{number}/part", needs=HANDLES)
def part(visit: Visit) -> Result:
    """Undo the merging: this one is dealt with alone again."""
    case = desk_merge.undo(visit.work, visit.person.id, visit.numbers["number"])
    return Go(f"requests/{case.id}", "parted")
