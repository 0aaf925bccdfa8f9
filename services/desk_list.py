"""An officer's desk as a wide list: by state, by words, with counts; satisfaction, and an export.

It lists what lies on the officer's desk at units where the officer holds a role for it now; nobody else's words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from content import Voice
from domain.demand import OPEN, Case, State
from domain.permission import Action, reach
from services import demand_view, permission
from services.work import Work
from storage import desk as table
from storage import unit

ON_A_PAGE = 50
MOST_EXPORTED = 1_000_000
Seen = list[table.Tally]


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of the list; pages count from 0."""

    cases: list[Case]
    page: int
    pages: int
    counts: Mapping[State, int]
    near: int
    ratings: Mapping[str, int]
    """How the officer's closed demands were rated; those without a rating under an empty word."""


def _wish(work: Work, officer_id: int, states: tuple[State, ...], words: str, *, near: bool) -> tuple[table.Wish, Seen]:
    """Return what is asked for at the units where the officer holds a role now, and all that is counted there."""
    held = reach(permission.grants_of(work, officer_id), Action.HANDLE_DEMANDS)
    counted = table.tallies(work.connection, officer_id)
    places = unit.some(work.connection, {one.unit_id for one in counted})
    ours = {number for number, place in places.items() if place.path.startswith(tuple(one.path for one in held))}
    wish = table.Wish(officer_id, tuple(sorted(ours)), states, words[:100].strip(), work.now if near else None)
    return wish, [one for one in counted if one.unit_id in ours]


def listed(
    work: Work, officer_id: int, states: tuple[State, ...], words: str, page: int, *, near: bool = False
) -> Listed:
    """Return a page of the officer's demands in these states whose number or text has these words.

    `near`: only those whose next limit is near or past.
    """
    wish, seen = _wish(work, officer_id, states, words, near=near)
    counts, ratings = Counter[State](), Counter[str]()
    for one in seen:
        counts[one.state] += one.count
        ratings[one.rating] += one.count if one.state is State.CLOSED else 0
    pressing = table.count(work.connection, replace(wish, states=OPEN, words="", near=work.now))
    numbers = table.found(work.connection, wish) if wish.words else []
    total = len(numbers) if wish.words else pressing if near else sum(counts[state] for state in states)
    pages = max(1, -(-total // ON_A_PAGE))
    page = min(max(page, 0), pages - 1)
    first = page * ON_A_PAGE
    if wish.words:
        cases = table.some(work.connection, numbers[first : first + ON_A_PAGE])
    else:
        cases = table.listed(work.connection, wish, ON_A_PAGE, first)
    return Listed(cases, page, pages, dict(counts), pressing, {name: count for name, count in ratings.items() if count})


def export_rows(
    work: Work, voice: Voice, officer_id: int, states: tuple[State, ...], words: str, *, near: bool = False
) -> tuple[list[str], list[list[str]]]:
    """Return headers and a row for each demand of the list: no text, no name, and hardship is not named."""
    headers = voice.label("demand.export_headers").split("|")
    wish, _ = _wish(work, officer_id, states, words, near=near)
    rows = table.exported(work.connection, wish, MOST_EXPORTED)
    return headers, [demand_view.row(voice, work, case, first, demand_view.kind(voice, case)) for case, first in rows]
