"""Whose desk a demand goes to, who else could take it, and who stands above: asked of the roles that are held now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain import demand_route as rules
from domain.demand import Case
from domain.demand_route import Holder
from domain.permission import Action, allows
from services import demand_category
from services.work import Work
from storage import address, demand, member, permission, unit


@dataclass(frozen=True, slots=True)
class Officer:
    """Whoever handles (or would handle) a case, in the words that the employee may read."""

    member_id: int
    name: str
    role: str
    unit_id: int
    unit: str


def holders(work: Work) -> list[Holder]:
    """Return every role that somebody holds now."""
    return [Holder(*row) for row in permission.everyone(work.connection, work.now)]


def places(work: Work, member_id: int) -> list[str]:
    """Return the paths of the units that a person belongs to; the root for somebody who belongs nowhere."""
    paths = [one.path for one in member.units_of(work.connection, member_id)]
    return paths or [one.path for one in unit.beneath(work.connection, "/")[:1]]


def _described(work: Work, chosen: Sequence[Holder]) -> list[Officer]:
    names = member.names_of(work.connection, [one.member_id for one in chosen])
    found_at = unit.some(work.connection, [one.unit_id for one in chosen])
    return [
        Officer(
            one.member_id,
            names.get(one.member_id, ""),
            one.role.value,
            one.unit_id,
            found_at[one.unit_id].name if one.unit_id in found_at else "",
        )
        for one in chosen
    ]


def officer_for(work: Work, author_id: int, category: str, avoided_id: int | None = None) -> Officer | None:
    """Return who is responsible: never the author, never the one whom the author does not want; None: nobody is.

    Among equally near ones: whoever can be reached, then whoever has the fewest open cases.
    """
    out = {author_id, avoided_id or 0}
    roles = demand_category.known(category).roles
    groups = rules.chain(places(work, author_id), holders(work), roles, out)
    if not groups:
        return None
    people = [holder.member_id for holder in groups[0]]
    bound = address.bound_members(work.connection, people)
    loads = demand.loads(work.connection, people)
    best = min(groups[0], key=lambda h: (h.member_id not in bound, loads.get(h.member_id, 0), h.member_id))
    return _described(work, [best])[0]


def still_handles(work: Work, member_id: int, case: Case) -> bool:
    """Answer whether an officer holds a role over the unit at which the case lies."""
    place = unit.get(work.connection, case.unit_id) if case.unit_id else None
    held = permission.of(work.connection, member_id, work.now)
    return place is not None and allows(held, Action.HANDLE_DEMANDS, place.path)


def others(work: Work, case: Case) -> list[Officer]:
    """Return everybody else who may take this case, nearest first, each once."""
    out = {case.author_id, case.avoided_id or 0, case.officer_id or 0}
    free = [holder for holder in holders(work) if holder.member_id not in out]
    found: dict[int, Holder] = {}
    for group in rules.nearest(places(work, case.author_id), free, rules.HANDLERS):
        for holder in group:
            found.setdefault(holder.member_id, holder)
    return _described(work, list(found.values()))


def officer_of(work: Work, case: Case) -> Officer | None:
    """Return who handles a case now, in words; None when nobody does."""
    if case.officer_id is None or case.unit_id is None:
        return None
    name = member.names_of(work.connection, [case.officer_id]).get(case.officer_id, "")
    place = unit.get(work.connection, case.unit_id)
    return Officer(case.officer_id, name, case.role, case.unit_id, place.name if place else "")


def place_of(work: Work, case: Case) -> str:
    """Return the path of the unit at which a case is handled; of the author's highest unit when nobody handles it."""
    place = unit.get(work.connection, case.unit_id) if case.unit_id else None
    return place.path if place else min(places(work, case.author_id), key=len, default="/")
