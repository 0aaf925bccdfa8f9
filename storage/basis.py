"""What a unit was in a month, which decides the rules that apply to it: old periods keep the facts of their time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    func,
    or_,
    select,
)

from domain.basis import Basis
from domain.member import Standing, Unit, UnitKind
from domain.permission import Role
from storage import relief
from storage.base import Id, UtcTime, insert_new, metadata
from storage.member import member, membership, standing
from storage.permission import grant
from storage.unit import COLUMNS, as_unit, unit

basis = Table(
    "basis",
    metadata,
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("month", String(7), nullable=False),
    Column("formal", Integer, nullable=False),
    Column("probationary", Integer, nullable=False),
    Column("relieved", Integer, nullable=False),
    Column("groups", Integer, nullable=False),
    Column("committee", Integer, nullable=False),
    Column("joint", Boolean, nullable=False, server_default="0"),
    Column("written_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("unit_id", "month"),
)
"""`month` is `2026-11`; `committee` counts the secretary and the committee members."""

JOINT = "联合"
"""A joint branch says so in its name (联合党支部); nothing else tells."""
_AT_ONCE = 5000
_PARTY = (Standing.PARTY_FULL.value, Standing.PARTY_PROBATIONARY.value)
_COMMITTEE = (Role.BRANCH_SECRETARY.value, Role.COMMITTEE_MEMBER.value)


def known(connection: Connection, units: Sequence[int]) -> dict[int, dict[str, Basis]]:
    """Return what was written of these units, by month, earliest first."""
    kept = (basis.c.formal, basis.c.probationary, basis.c.relieved, basis.c.groups, basis.c.committee, basis.c.joint)
    rows = connection.execute(
        select(basis.c.unit_id, basis.c.month, *kept).where(basis.c.unit_id.in_(units)).order_by(basis.c.month)
    )
    found: dict[int, dict[str, Basis]] = defaultdict(dict)
    for row in rows:
        found[row[0]][row[1]] = Basis(*row[2:])
    return found


def without(connection: Connection, month: str, limit: int) -> list[Unit]:
    """Return branches of which nothing is written for a month yet."""
    rows = connection.execute(
        select(*COLUMNS)
        .join(basis, (basis.c.unit_id == unit.c.id) & (basis.c.month == month), isouter=True)
        .where(unit.c.kind == UnitKind.PARTY_BRANCH.value, unit.c.active, basis.c.unit_id.is_(None))
        .order_by(unit.c.id)
        .limit(limit)
    )
    return [as_unit(tuple(row)) for row in rows]


def write(connection: Connection, month: str, found: Mapping[int, Basis], now: datetime) -> None:
    """Write a month's facts; what is written stays."""
    rows = [
        {
            "unit_id": number,
            "month": month,
            "formal": one.formal,
            "probationary": one.probationary,
            "relieved": one.relieved,
            "groups": one.groups,
            "committee": one.committee,
            "joint": one.joint,
            "written_at": now,
        }
        for number, one in found.items()
    ]
    if rows:
        connection.execute(insert_new(connection, basis), rows)


def compute(connection: Connection, units: Sequence[Unit], day: date, now: datetime) -> dict[int, Basis]:
    """Return what these units are now. A few statements, however many they are."""
    numbers = [one.id for one in units]
    home, groups = _beneath(connection, numbers)
    formal: dict[int, set[int]] = defaultdict(set)
    probationary: dict[int, set[int]] = defaultdict(set)
    rows = connection.execute(
        select(membership.c.unit_id, membership.c.member_id, standing.c.standing)
        .join(standing, standing.c.member_id == membership.c.member_id)
        .join(member, member.c.id == membership.c.member_id)
        .where(membership.c.unit_id.in_(list(home)), standing.c.standing.in_(_PARTY), member.c.left_at.is_(None))
    )
    for unit_id, person, held in rows:
        kind = formal if held == Standing.PARTY_FULL.value else probationary
        kind[home[unit_id]].add(person)
    everybody = iter(set().union(*formal.values(), *probationary.values()))
    relieved: set[int] = set()
    for some in _slices(everybody):
        relieved |= relief.on(connection, some, day)
    officers = _committees(connection, numbers, now)
    return {
        one.id: Basis(
            len(formal[one.id]),
            len(probationary[one.id] - formal[one.id]),
            len((formal[one.id] | probationary[one.id]) & relieved),
            groups.get(one.id, 0),
            officers.get(one.id, 0),
            JOINT in one.name,
        )
        for one in units
    }


def _slices(people: Iterator[int]) -> Iterator[list[int]]:
    while some := list(islice(people, _AT_ONCE)):
        yield some


def _beneath(connection: Connection, numbers: Sequence[int]) -> tuple[dict[int, int], dict[int, int]]:
    """Return the branch of every unit at or beneath these, and how many active groups each has."""
    home = {number: number for number in numbers}
    groups: dict[int, int] = defaultdict(int)
    above = list(numbers)
    while above:
        rows = connection.execute(
            select(unit.c.id, unit.c.parent_id, unit.c.kind).where(unit.c.parent_id.in_(above), unit.c.active)
        ).all()
        above = []
        for number, parent, kind in rows:
            if number not in home:
                home[number] = home[parent]
                groups[home[parent]] += kind == UnitKind.PARTY_GROUP.value
                above.append(number)
    return home, groups


def _committees(connection: Connection, numbers: Sequence[int], now: datetime) -> dict[int, int]:
    rows = connection.execute(
        select(grant.c.unit_id, func.count(grant.c.member_id.distinct()))
        .where(
            grant.c.unit_id.in_(numbers),
            grant.c.role.in_(_COMMITTEE),
            grant.c.since <= now,
            or_(grant.c.until.is_(None), grant.c.until > now),
        )
        .group_by(grant.c.unit_id)
    )
    return {row[0]: row[1] for row in rows}
