"""An officer's desk as a wide list: by state, by words, with counts; satisfaction, and an export.

It lists what lies on the officer's desk at units where the officer holds a role for it now; nobody else's words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from content import Voice
from domain.demand import OPEN, Case, State
from domain.permission import Action, reach
from services import demand_view, permission
from services.work import Work
from storage import desk as table

ON_A_PAGE = 50
MOST_EXPORTED = 20_000


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


def _wish(work: Work, officer_id: int, states: tuple[State, ...], words: str = "", *, near: bool = False) -> table.Wish:
    held = reach(permission.grants_of(work, officer_id), Action.HANDLE_DEMANDS)
    paths = tuple(one.path for one in held)
    return table.Wish(officer_id, paths, states, words[:100].strip(), work.now if near else None)


def listed(
    work: Work, officer_id: int, states: tuple[State, ...], words: str, page: int, *, near: bool = False
) -> Listed:
    """Return a page of the officer's demands in these states whose number or text has these words.

    `near`: only those whose next limit is near or past.
    """
    wish = _wish(work, officer_id, states, words, near=near)
    found = sum(table.counted(work.connection, wish).values())
    pages = max(1, -(-found // ON_A_PAGE))
    page = min(max(page, 0), pages - 1)
    return Listed(
        [case for case, _ in table.listed(work.connection, wish, ON_A_PAGE, page * ON_A_PAGE)],
        page,
        pages,
        table.counted(work.connection, _wish(work, officer_id, tuple(State))),
        sum(table.counted(work.connection, _wish(work, officer_id, OPEN, near=True)).values()),
        table.ratings(work.connection, _wish(work, officer_id, (State.CLOSED,))),
    )


def export_rows(
    work: Work, voice: Voice, officer_id: int, states: tuple[State, ...], words: str, *, near: bool = False
) -> tuple[list[str], list[list[str]]]:
    """Return headers and a row for each demand of the list: no text, no name, and hardship is not named."""
    headers = voice.label("demand.export_headers").split("|")
    wish = _wish(work, officer_id, states, words, near=near)
    rows = table.listed(work.connection, wish, MOST_EXPORTED, 0)
    return headers, [demand_view.row(voice, work, case, first, demand_view.kind(voice, case)) for case, first in rows]
