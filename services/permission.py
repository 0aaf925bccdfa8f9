"""The one function that answers "may this person do this here", for chat, clock and console alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from domain.member import Unit, UnitKind
from domain.permission import MATRIX, WHOLE, Action, Grant, Role, allows, reach
from domain.refusal import Refusal
from services.work import Work
from storage import permission as table
from storage import unit as units

MOST_SEATS = 5_000


def grants_of(work: Work, member_id: int) -> tuple[Grant, ...]:
    """Return what this person holds now."""
    return table.of(work.connection, member_id, work.now)


def named(grants: Iterable[Grant]) -> str:
    """Return what names these roles: something else as soon as one is given, moved or ended."""
    words = "\n".join(sorted(f"{grant.role}:{grant.unit_id}" for grant in grants))
    return hashlib.sha256(words.encode()).hexdigest()


def seat(work: Work) -> Unit | None:
    """Return where nobody is above: the one top Party committee, or where there is no committee the one top union.

    None when several are at the top, or there is neither.
    """
    for kind in (UnitKind.PARTY_COMMITTEE, UnitKind.UNION):
        tops: list[Unit] = []
        for one in sorted(units.matching(work.connection, ["/"], [kind], "", MOST_SEATS, 0), key=lambda one: one.path):
            if not tops or not one.within(tops[-1]):
                tops.append(one)
        if tops:
            return tops[0] if len(tops) == 1 else None
    return None


def seat_for(work: Work, grants: Iterable[Grant]) -> str:
    """Return the path of the seat for whoever holds these, as far as it matters to any of them."""
    if not any(grant.role is Role.COMMITTEE for grant in grants):
        return ""
    place = seat(work)
    return place.path if place is not None else ""


def may(work: Work, member_id: int, action: Action, unit: Unit) -> bool:
    """Answer whether this person may do this at this unit."""
    held = grants_of(work, member_id)
    return allows(held, action, unit.path, seat_for(work, held) if action in WHOLE else "")


def may_anywhere(work: Work, member_id: int, action: Action) -> bool:
    """Answer whether this person may do this at any unit at all: what menus are made of."""
    return bool(_reaching(work, member_id, action))


def _reaching(work: Work, member_id: int, action: Action) -> tuple[Grant, ...]:
    held = grants_of(work, member_id)
    return reach(held, action, seat_for(work, held) if action in WHOLE else "")


def demand_permission(work: Work, member_id: int, action: Action, unit: Unit) -> None:
    """Raise the refusal when this person may not do this here."""
    if not may(work, member_id, action, unit):
        raise Refusal("permission.not_here", unit=unit.name)


def demand_everywhere(work: Work, member_id: int, action: Action) -> None:
    """Raise the refusal when this person may not do this for everybody."""
    if not may_everywhere(work, member_id, action):
        raise Refusal("permission.not_everywhere")


def may_everywhere(work: Work, member_id: int, action: Action) -> bool:
    """Answer whether this person may do this for everybody: one of the deeds that hold for the whole organisation."""
    return action in WHOLE and may_anywhere(work, member_id, action)


def scope(work: Work, member_id: int, action: Action) -> list[Unit]:
    """Return the highest units at which this person may do this (all beneath them are allowed too)."""
    found: list[Unit] = []
    for grant in _reaching(work, member_id, action):
        if any(grant.path.startswith(unit.path) for unit in found):
            continue
        unit = units.get(work.connection, grant.unit_id)
        if unit is not None:
            found.append(unit)
    return found


def holders(work: Work, role: Role, path: str) -> list[int]:
    """Return who holds a role at this unit or above it, nearest first."""
    return [member_id for member_id, _ in table.holders(work.connection, role, path, work.now)]


def able(work: Work, action: Action, path: str) -> list[tuple[int, str]]:
    """Return (member, path of the unit where it is held) of all who may do this at a unit, nearest first."""
    roles = [role for role, actions in MATRIX.items() if action in actions]
    numbers = [int(part) for part in path.split("/") if part]
    return table.at(work.connection, roles, numbers, work.now)


def everyone(work: Work, role: Role) -> list[int]:
    """Return all who hold a role anywhere."""
    return sorted({holder for holder, held, *_ in table.everyone(work.connection, work.now) if held is role})
