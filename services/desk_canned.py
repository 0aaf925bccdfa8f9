"""Canned replies of a unit: kept by those who handle demands there, offered where a demand lies at it or beneath."""

from __future__ import annotations

from dataclasses import dataclass

from domain.demand import Case
from domain.demand_draft import LONGEST, SHORTEST, clean_text
from domain.member import Unit
from domain.permission import Action, reach
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import audit, unit
from storage import desk_canned as table
from storage.desk_canned import Canned

ON_A_PAGE = 50
EVERY = 1_000_000
TITLE = table.LONGEST_TITLE
"""So many characters a title has at most."""
MOST = 60
"""A unit has no more in use: nobody finds one among hundreds."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A part of the list; `more`: there is another after it."""

    replies: list[Canned]
    page: int
    more: bool


def offered(work: Work, case: Case) -> list[Canned]:
    """Return what can be put into an answer to this demand: of its unit and those above, nearest first."""
    place = unit.get(work.connection, case.unit_id) if case.unit_id else None
    above = [int(part) for part in place.path.split("/") if part] if place else []
    found = table.at_units(work.connection, above, MOST)
    return sorted(found, key=lambda one: -above.index(one.unit_id))


def _paths(work: Work, officer_id: int) -> list[str]:
    return [one.path for one in reach(permission.grants_of(work, officer_id), Action.HANDLE_DEMANDS)]


def units(work: Work, officer_id: int) -> list[Unit]:
    """Return the units at which this officer holds a role for demands, in the order of the tree."""
    held = reach(permission.grants_of(work, officer_id), Action.HANDLE_DEMANDS)
    found = unit.some(work.connection, {one.unit_id for one in held})
    return sorted(found.values(), key=lambda one: one.path)


def listed(work: Work, officer_id: int, page: int) -> Listed:
    """Return a page of all that this officer may change; pages count from 0."""
    page = max(page, 0)
    found = table.beneath(work.connection, _paths(work, officer_id), ON_A_PAGE + 1, page * ON_A_PAGE)
    return Listed(found[:ON_A_PAGE], page, len(found) > ON_A_PAGE)


def every(work: Work, officer_id: int) -> list[Canned]:
    """Return all that this officer may change."""
    return table.beneath(work.connection, _paths(work, officer_id), EVERY, 0)


def one(work: Work, officer_id: int, number: int) -> Canned:
    """Return a canned reply that this officer may change. Raises the same refusal for any other as for none."""
    found = table.get(work.connection, number)
    place = unit.get(work.connection, found.unit_id) if found else None
    if found is None or place is None or not permission.may(work, officer_id, Action.HANDLE_DEMANDS, place):
        raise Refusal("desk.no_canned")
    return found


def _checked(title: str, text: str) -> tuple[str, str]:
    title, text = " ".join(clean_text(title).split()), clean_text(text)
    if not 1 <= len(title) <= TITLE or not SHORTEST <= len(text) <= LONGEST:
        raise Refusal("desk.canned_length", title=TITLE, least=SHORTEST, most=LONGEST)
    return title, text


def add(work: Work, officer_id: int, unit_id: int, title: str, text: str) -> int:
    """Keep a new one at a unit; returns its id. The same words under the same title are kept once."""
    place = unit.get(work.connection, unit_id)
    if place is None:
        raise Refusal("desk.no_canned")
    permission.demand_permission(work, officer_id, Action.HANDLE_DEMANDS, place)
    title, text = _checked(title, text)
    _demand_room(work, place.id)
    here = table.at_units(work.connection, [place.id], MOST)
    same = next((kept.id for kept in here if (kept.title, kept.text) == (title, text)), None)
    if same is not None:
        return same
    number = table.add(work.connection, place.id, title, text, officer_id, work.now)
    _note(work, officer_id, "canned.add", number, place.id)
    return number


def _demand_room(work: Work, unit_id: int) -> None:
    if table.count_in_use(work.connection, unit_id) >= MOST:
        raise Refusal("desk.canned_many", most=MOST)


def change(work: Work, officer_id: int, number: int, title: str, text: str) -> None:
    """Rewrite one."""
    kept = one(work, officer_id, number)
    title, text = _checked(title, text)
    if (kept.title, kept.text) != (title, text):
        table.change(work.connection, number, officer_id, work.now, title=title, text=text)
        _note(work, officer_id, "canned.change", number, kept.unit_id)


def retire(work: Work, officer_id: int, number: int) -> None:
    """Offer one no more; it is kept, and can be taken up again."""
    kept = one(work, officer_id, number)
    if kept.retired_at is None:
        table.change(work.connection, number, officer_id, work.now, retired_at=work.now)
        _note(work, officer_id, "canned.retire", number, kept.unit_id)


def revive(work: Work, officer_id: int, number: int) -> None:
    """Offer a retired one again."""
    kept = one(work, officer_id, number)
    if kept.retired_at is not None:
        _demand_room(work, kept.unit_id)
        table.change(work.connection, number, officer_id, work.now, retired_at=None)
        _note(work, officer_id, "canned.revive", number, kept.unit_id)


def _note(work: Work, officer_id: int, deed: str, number: int, unit_id: int) -> None:
    audit.note(work.connection, work.now, officer_id, deed, None, canned=number, unit=unit_id)
