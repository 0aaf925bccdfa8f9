"""The roster as a whole: compared with a file, and changed as one says; a few statements, however many people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, null, or_, select, true

from domain.member import Standing, UnitKind
from domain.permission import Role
from storage import sound
from storage.member import member, membership, standing
from storage.permission import grant
from storage.unit import unit

AT_ONCE = 500
"""So many people are asked for by one statement."""
_STANDINGS, _KINDS = {one.value: one for one in Standing}, {one.value: one for one in UnitKind}
_PEOPLE = select(member.c.id, member.c.employee_no, member.c.name, member.c.left_at.is_not(None))
Mark = tuple[int, int, frozenset[tuple[object, ...]]]


class Kept(NamedTuple):
    """A person as the roster has them."""

    id: int
    name: str
    standings: frozenset[Standing]
    units: dict[int, UnitKind]
    roles: frozenset[tuple[Role, int]]
    left: bool = False


def numbers(connection: Connection) -> dict[str, bool]:
    """Return every number, also of those who have left (True): a number belongs to one person for ever."""
    rows = connection.execute(select(member.c.employee_no, member.c.left_at.is_not(None)))
    return {row[0]: bool(row[1]) for row in rows}


def mark(connection: Connection) -> Mark:
    """Return what is another when there are more people, or when anything about a unit is."""
    many, newest = connection.execute(select(func.count(), func.coalesce(func.max(member.c.id), 0))).one()
    columns = (unit.c.id, unit.c.code, unit.c.name, unit.c.kind, unit.c.path, unit.c.active)
    return many, newest, frozenset(tuple(row) for row in connection.execute(select(*columns)))


def everybody(connection: Connection, now: datetime) -> dict[str, Kept]:
    """Return everybody by number, also those who have left."""
    return _kept(connection, now, connection.execute(_PEOPLE).all(), None, _kinds(connection))


def some(connection: Connection, those: Iterable[str], now: datetime) -> dict[str, Kept]:
    """Return these people by number, as far as there are such."""
    found: dict[str, Kept] = {}
    wanted, kinds = sorted(those), _kinds(connection)
    for begin in range(0, len(wanted), AT_ONCE):
        part = wanted[begin : begin + AT_ONCE]
        rows = connection.execute(_PEOPLE.where(member.c.employee_no.in_(part))).all()
        found |= _kept(connection, now, rows, [row[0] for row in rows], kinds)
    return found


def _kinds(connection: Connection) -> dict[int, UnitKind]:
    return {row[0]: _KINDS[row[1]] for row in connection.execute(select(unit.c.id, unit.c.kind))}


def _kept(
    connection: Connection, now: datetime, people: Sequence[Row[int, str, str, bool]],
    ids: Sequence[int] | None, kinds: dict[int, UnitKind],
) -> dict[str, Kept]:  # fmt: skip
    """Add to people what they are, where and with which roles. `ids`: theirs; None: everybody's."""

    def theirs(person: ColumnElement[int]) -> ColumnElement[bool]:
        return true() if ids is None else person.in_(ids)

    standings: dict[int, set[Standing]] = defaultdict(set)
    query = select(standing.c.member_id, standing.c.standing).where(theirs(standing.c.member_id))
    for person, what in connection.execute(query):
        standings[person].add(_STANDINGS[what])
    places: dict[int, dict[int, UnitKind]] = defaultdict(dict)
    belonging = select(membership.c.member_id, membership.c.unit_id).where(theirs(membership.c.member_id))
    for person, where in connection.execute(belonging):
        places[person][where] = kinds[where]
    roles: dict[int, set[tuple[Role, int]]] = defaultdict(set)
    held = select(grant.c.member_id, grant.c.role, grant.c.unit_id).where(
        or_(grant.c.until.is_(None), grant.c.until > now), theirs(grant.c.member_id)
    )
    for person, role, where in connection.execute(held):
        roles[person].add((Role(role), where))
    nothing: frozenset[tuple[Role, int]] = frozenset()
    return {
        number: Kept(
            person,
            name,
            frozenset(standings.get(person, ())),
            places.get(person, {}),
            frozenset(roles[person]) if person in roles else nothing,
            bool(left),
        )
        for person, number, name, left in people
    }


def unit_paths(connection: Connection) -> dict[tuple[str, ...], int]:
    """Return every active unit by its names from the top, the root left out; the root is the empty path."""
    rows = connection.execute(select(unit.c.id, unit.c.name, unit.c.path).where(unit.c.active)).all()
    names = {row[0]: row[1] for row in rows}
    return {
        tuple(names[int(part)] for part in path.strip("/").split("/")[1:] if int(part) in names): number
        for number, _, path in rows
    }


def add(connection: Connection, people: Sequence[tuple[str, str]], now: datetime) -> dict[str, int]:
    """Create people by number and name; returns the ids by number, and perhaps of others whom somebody else added."""
    before = connection.scalar(select(func.coalesce(func.max(member.c.id), 0)))
    rows = [{"employee_no": number, "name": name, "joined_at": now, "sound": sound.of(name)} for number, name in people]
    if rows:
        connection.execute(member.insert(), rows)
    made = connection.execute(select(member.c.employee_no, member.c.id).where(member.c.id > before))
    return {row[0]: row[1] for row in made}


def rename(connection: Connection, people: Iterable[tuple[int, str]]) -> None:
    """Give people their names, and take them back who had left."""
    rows = [{"number": number, "called": name, "keys": sound.of(name)} for number, name in people]
    change = member.update().where(member.c.id == bindparam("number"))
    if rows:
        connection.execute(change.values(name=bindparam("called"), sound=bindparam("keys"), left_at=null()), rows)


def join(connection: Connection, standings: Iterable[tuple[int, Standing]], units: Iterable[tuple[int, int]]) -> None:
    """Note what people are from now on and where they belong."""
    what = [{"member_id": one, "standing": s.value} for one, s in standings if s is not Standing.EMPLOYEE]
    where = [{"member_id": one, "unit_id": unit_id} for one, unit_id in units]
    for table, rows in ((standing, what), (membership, where)):
        if rows:
            connection.execute(table.insert(), rows)


def part(connection: Connection, standings: Iterable[tuple[int, Standing]], units: Iterable[tuple[int, int]]) -> None:
    """Note what people are no more and where they no longer belong."""
    what = [{"person": one, "gone": s.value} for one, s in standings]
    where = [{"person": one, "gone": unit_id} for one, unit_id in units]
    person: Any = bindparam("person")
    gone: Any = bindparam("gone")
    for table, column, rows in ((standing, standing.c.standing, what), (membership, membership.c.unit_id, where)):
        if rows:
            connection.execute(table.delete().where(table.c.member_id == person, column == gone), rows)
