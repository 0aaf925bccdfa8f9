"""Whose desk a demand belongs on: the nearest holder of the responsible role, and who stands above.

A union, a league branch or a Party committee often sits beside the departments it serves, under the same parent. So a
role reaches the units beneath its own (`within`), and, for bodies that serve a whole company, those beneath the parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import groupby

from domain.permission import MATRIX, Action, Role

_OWN_PEOPLE_ONLY = frozenset({Role.BRANCH_SECRETARY, Role.GROUP_LEADER})
OVERSEERS = tuple(role for role in Role if Action.OVERSEE_DEMANDS in MATRIX[role])
HANDLERS = tuple(role for role in Role if Action.HANDLE_DEMANDS in MATRIX[role])


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds a role at a unit now."""

    member_id: int
    role: Role
    unit_id: int
    path: str


def _parent(path: str) -> str:
    """Return the path of the unit above; empty at the root."""
    above = path.rstrip("/").rpartition("/")[0]
    return f"{above}/" if above else ""


def _rank(holder: Holder, units: Iterable[str]) -> tuple[int, int] | None:
    """Return how far away a holder is from these units, nearest lowest; None: not responsible for them."""
    places = tuple(units)
    if any(place.startswith(holder.path) for place in places):
        return 0, -holder.path.count("/")
    parent = _parent(holder.path)
    if holder.role not in _OWN_PEOPLE_ONLY and parent and any(place.startswith(parent) for place in places):
        return 1, -holder.path.count("/")
    return None


def nearest(units: Sequence[str], holders: Iterable[Holder], roles: Iterable[Role]) -> list[list[Holder]]:
    """Return holders of these roles who are responsible for people of these units: equally near ones together."""
    wanted = frozenset(roles)
    ranked = [(rank, h) for h in holders if h.role in wanted and (rank := _rank(h, units)) is not None]
    ranked.sort(key=lambda pair: (pair[0], pair[1].member_id, pair[1].path))
    return [[holder for _, holder in group] for _, group in groupby(ranked, key=lambda pair: pair[0])]


def chain(
    units: Sequence[str], holders: Sequence[Holder], roles: Sequence[Role], out: AbstractSet[int]
) -> list[list[Holder]]:
    """Return who may take a demand, first choice first: role by role, then whoever oversees; `out` never takes it."""
    free = [holder for holder in holders if holder.member_id not in out]
    found: list[list[Holder]] = []
    for role in roles:
        found += nearest(units, free, (role,))
    found += nearest(units, free, OVERSEERS)
    anywhere = sorted((h for h in free if h.role in OVERSEERS), key=lambda h: (h.path.count("/"), h.member_id))
    return found + [list(group) for _, group in groupby(anywhere, key=lambda h: h.path.count("/"))]


def above(path: str, holders: Sequence[Holder], out: AbstractSet[int]) -> list[int]:
    """Return the next level over a case at this unit: overseers above, else beside those, else at the same unit."""
    free = [holder for holder in holders if holder.role in OVERSEERS and holder.member_id not in out]
    over = [h for h in free if path.startswith(h.path) and h.path != path]
    if over:
        deepest = max(len(h.path) for h in over)
        return sorted({h.member_id for h in over if len(h.path) == deepest})
    beside = [h for h in free if (up := _parent(h.path)) and path.startswith(up) and not h.path.startswith(path)]
    return sorted({h.member_id for h in beside or (h for h in free if h.path == path)})


def overseen(holder: str) -> tuple[str, ...]:
    """Return the paths beneath which an overseer at one unit is counted to see how many cases there are."""
    parent = _parent(holder)
    return (holder, parent) if parent else (holder,)


def oversees(holder: str, place: str) -> bool:
    """Answer whether an overseer at one unit is counted to see how many cases another has."""
    return place.startswith(overseen(holder))
