"""The people of some units as a list that is searched and turned page by page, and what one of them went through."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, false, func, or_, select

from domain.member import Person, Standing, Unit
from domain.permission import Role
from storage.address import address
from storage.audit import audit
from storage.invite import invite
from storage.member import PERSON, by_name, member, membership, standing
from storage.permission import grant
from storage.unit import COLUMNS, as_unit, unit

_MANY = 5_000
_DEEDS = ("roles.give", "roles.end", "roles.depart", "invite.issue")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which people are asked for. `paths`: at or beneath one of these; None: wherever they are."""

    paths: tuple[str, ...] | None
    words: str = ""
    sound: str = ""
    """The words as the beginning of a name's keys, where they can be that."""
    standing: Standing | None = None
    bound: bool | None = None
    """Whether they have an account; None: either."""
    left: bool = False
    """Those who have left the organisation, in the place of those who have not."""


class Row(NamedTuple):
    """A person of the list."""

    id: int
    employee_no: str
    name: str
    left_at: datetime | None


class Term(NamedTuple):
    """A role as it was or is held."""

    role: Role
    unit: str
    since: datetime
    until: datetime | None


class Code(NamedTuple):
    """A binding code that was made: when, until when it works, and when it was used."""

    made_at: datetime
    expires_at: datetime
    used_at: datetime | None


class Deed(NamedTuple):
    """What somebody did to a person."""

    at: datetime
    deed: str
    actor: str | None
    facts: dict[str, Any]


def _under(paths: Sequence[str]) -> Select[tuple[int]]:
    """Return a query of the ids of the units at or beneath these paths."""
    return select(unit.c.id).where(or_(false(), *(unit.c.path.startswith(path, autoescape=True) for path in paths)))


def _members(paths: Sequence[str]) -> Select[tuple[int]]:
    """Return a query of who belongs there, each once for each unit."""
    return select(membership.c.member_id).where(membership.c.unit_id.in_(_under(paths)))


def _are_many(connection: Connection, paths: Sequence[str]) -> bool:
    """Answer whether so many belong there that looking at everybody in turn is less work than making a list of them."""
    some = _members(paths).limit(_MANY).subquery()
    return connection.scalar(select(func.count()).select_from(some)) == _MANY


def _within(connection: Connection, paths: Sequence[str]) -> ColumnElement[bool]:
    if not _are_many(connection, paths):
        return member.c.id.in_(_members(paths))
    # A sum is no key of an index: else SQLite asks the index once for each of the units, and that for each person.
    theirs = select(membership.c.unit_id).where(membership.c.member_id == member.c.id)
    return theirs.where((membership.c.unit_id + 0).in_(_under(paths))).exists()


def _query(connection: Connection, wanted: Wanted, *columns: Any) -> Select[Any]:  # noqa: ANN401 - columns
    query = select(*columns).where(member.c.left_at.is_not(None) if wanted.left else member.c.left_at.is_(None))

    def has(person: ColumnElement[int], *tests: ColumnElement[bool]) -> ColumnElement[bool]:
        return select(person).where(person == member.c.id, *tests).exists()

    if wanted.paths is not None:
        query = query.where(_within(connection, wanted.paths))
    if wanted.words:
        # SQLite's LIKE takes a for A by itself, and asking it for small letters first makes it twice as slow.
        contains = "contains" if connection.dialect.name == "sqlite" else "icontains"
        fits = [getattr(c, contains)(wanted.words, autoescape=True) for c in (member.c.name, member.c.employee_no)]
        if wanted.sound:
            fits.append(member.c.sound.contains(f"|{wanted.sound}", autoescape=True))
        query = query.where(or_(*fits))
    if wanted.standing is not None and wanted.standing is not Standing.EMPLOYEE:
        query = query.where(has(standing.c.member_id, standing.c.standing == wanted.standing.value))
    if wanted.bound is not None:
        ours = has(address.c.member_id, address.c.until.is_(None))
        query = query.where(ours if wanted.bound else ~ours)
    return query


def count(connection: Connection, wanted: Wanted, most: int | None = None) -> int:
    """Return how many there are; with `most`: only up to so many are counted."""
    if most is not None:
        some = _query(connection, wanted, member.c.id).limit(most).subquery()
        return connection.scalar(select(func.count()).select_from(some)) or 0
    if wanted == Wanted(wanted.paths) and wanted.paths is not None and _are_many(connection, wanted.paths):
        # Whoever has left is still written down where they were.
        those = _members(wanted.paths).group_by(membership.c.member_id).subquery()
        every = connection.scalar(select(func.count()).select_from(those)) or 0
        return every - count(connection, Wanted(wanted.paths, left=True))
    return connection.scalar(_query(connection, wanted, func.count())) or 0


def page(connection: Connection, wanted: Wanted, skip: int, most: int) -> list[Row]:
    """Return a page of them, by number."""
    columns = (member.c.id, member.c.employee_no, member.c.name, member.c.left_at)
    query = _query(connection, wanted, *columns)
    return [Row(*row) for row in connection.execute(query.order_by(member.c.employee_no).offset(skip).limit(most))]


def following(connection: Connection, wanted: Wanted, after: str, most: int) -> list[Row]:
    """Return the next of them, by number, after this number."""
    columns = (member.c.id, member.c.employee_no, member.c.name, member.c.left_at)
    query = _query(connection, wanted, *columns).where(member.c.employee_no > after)
    return [Row(*row) for row in connection.execute(query.order_by(member.c.employee_no).limit(most))]


def alike(connection: Connection, wanted: Wanted, most: int) -> list[Person]:
    """Return some of them, by name."""
    query = _query(connection, wanted, *PERSON).order_by(*by_name(connection)).limit(most)
    return [Person(*row) for row in connection.execute(query)]


def numbers(connection: Connection, wanted: Wanted) -> set[int]:
    """Return the ids of all of them."""
    return set(connection.scalars(_query(connection, wanted, member.c.id)))


def find(connection: Connection, wanted: Wanted, number: int) -> tuple[Person, datetime | None] | None:
    """Return one of them by id, and when they left."""
    row = connection.execute(_query(connection, wanted, *PERSON, member.c.left_at).where(member.c.id == number)).first()
    return None if row is None else (Person(*row[:5]), row[5])


def standings(connection: Connection, people: Iterable[int]) -> list[tuple[int, Standing]]:
    """Return (person, standing) of these people."""
    query = select(standing.c.member_id, standing.c.standing).where(standing.c.member_id.in_(list(people)))
    return [(row[0], Standing(row[1])) for row in connection.execute(query)]


def places(connection: Connection, people: Iterable[int]) -> list[tuple[int, str]]:
    """Return (person, name of a unit) of these people, from the top down."""
    rows = connection.execute(
        select(membership.c.member_id, unit.c.name)
        .join(unit, unit.c.id == membership.c.unit_id)
        .where(membership.c.member_id.in_(list(people)))
        .order_by(unit.c.path)
    )
    return [(row[0], row[1]) for row in rows]


def roles(connection: Connection, people: Iterable[int], now: datetime) -> list[tuple[int, Role]]:
    """Return (person, role) of what these people hold now."""
    rows = connection.execute(
        select(grant.c.member_id, grant.c.role)
        .where(grant.c.member_id.in_(list(people)), grant.c.since <= now)
        .where(or_(grant.c.until.is_(None), grant.c.until > now))
        .distinct()
        .order_by(grant.c.role)
    )
    return [(row[0], Role(row[1])) for row in rows]


def children(connection: Connection, parents: Sequence[int]) -> list[tuple[int, Unit]]:
    """Return (parent, unit) of the active units right beneath these, by name."""
    rows = connection.execute(
        select(unit.c.parent_id, *COLUMNS)
        .where(unit.c.parent_id.in_(list(parents)), unit.c.active)
        .order_by(unit.c.kind, unit.c.code)
    )
    return [(row[0], as_unit(tuple(row[1:]))) for row in rows]


def terms(connection: Connection, number: int) -> list[Term]:
    """Return every role that a person holds or has held, newest first."""
    rows = connection.execute(
        select(grant.c.role, unit.c.name, grant.c.since, grant.c.until)
        .join(unit, unit.c.id == grant.c.unit_id)
        .where(grant.c.member_id == number)
        .order_by(grant.c.since.desc(), grant.c.id.desc())
    )
    return [Term(Role(row[0]), row[1], row[2], row[3]) for row in rows]


def codes(connection: Connection, number: int, most: int) -> list[Code]:
    """Return the newest binding codes of a person, without what they were."""
    rows = connection.execute(
        select(invite.c.created_at, invite.c.expires_at, invite.c.used_at)
        .where(invite.c.member_id == number)
        .order_by(invite.c.id.desc())
        .limit(most)
    )
    return [Code(*row) for row in rows]


def deeds(connection: Connection, number: int, most: int) -> list[Deed]:
    """Return who gave and ended roles of a person, made codes for them and noted that they left, newest first."""
    rows = connection.execute(
        select(audit.c.at, audit.c.deed, member.c.name, audit.c.facts)
        .select_from(audit.outerjoin(member, member.c.id == audit.c.actor_id))
        .where(audit.c.subject_id == number, audit.c.deed.in_(_DEEDS))
        .order_by(audit.c.id.desc())
        .limit(most)
    )
    return [Deed(row[0], row[1], row[2], json.loads(row[3])) for row in rows]
