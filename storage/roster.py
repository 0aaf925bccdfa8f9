"""The roster as a whole, for comparing a file with it: a few queries, however many people."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from domain.member import Standing, UnitKind
from domain.permission import Role
from storage.member import member, membership, standing
from storage.permission import grant
from storage.unit import unit


class Kept(NamedTuple):
    """A person as the roster has them."""

    id: int
    name: str
    standings: frozenset[Standing]
    units: dict[int, UnitKind]
    roles: frozenset[tuple[Role, int]]
    left: bool = False


def everybody(connection: Connection, now: datetime) -> dict[str, Kept]:
    """Return everybody by number, also those who have left: a number belongs to one person for ever."""
    standings: dict[int, set[Standing]] = defaultdict(set)
    for person, what in connection.execute(select(standing.c.member_id, standing.c.standing)):
        standings[person].add(Standing(what))
    places: dict[int, dict[int, UnitKind]] = defaultdict(dict)
    belonging = select(membership.c.member_id, unit.c.id, unit.c.kind).join(unit, unit.c.id == membership.c.unit_id)
    for person, where, kind in connection.execute(belonging):
        places[person][where] = UnitKind(kind)
    roles: dict[int, set[tuple[Role, int]]] = defaultdict(set)
    held = select(grant.c.member_id, grant.c.role, grant.c.unit_id).where(
        or_(grant.c.until.is_(None), grant.c.until > now)
    )
    for person, role, where in connection.execute(held):
        roles[person].add((Role(role), where))
    rows = connection.execute(select(member.c.id, member.c.employee_no, member.c.name, member.c.left_at))
    return {
        number: Kept(
            person, name, frozenset(standings[person]), places[person], frozenset(roles[person]), left is not None
        )
        for person, number, name, left in rows
    }


def unit_paths(connection: Connection) -> dict[tuple[str, ...], int]:
    """Return every active unit by its names from the top, the root left out; the root is the empty path."""
    rows = connection.execute(select(unit.c.id, unit.c.name, unit.c.path).where(unit.c.active)).all()
    names = {row[0]: row[1] for row in rows}
    return {
        tuple(names[int(part)] for part in path.strip("/").split("/")[1:] if int(part) in names): number
        for number, _, path in rows
    }
