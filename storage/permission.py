"""Grants: which role a person holds at which unit, from when until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Index, String, Table, UniqueConstraint, bindparam, or_, select

from domain.permission import Grant, Role
from storage.base import Id, UtcTime, id_column, metadata
from storage.member import member
from storage.unit import unit

grant = Table(
    "grant",
    metadata,
    id_column(),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("role", String(32), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=True),
    UniqueConstraint("member_id", "role", "unit_id", "since"),
    Index("ix_grant_unit_id_role", "unit_id", "role"),
)


# Asked ten times for a page: to put it together anew each time took longer than the answer.
_OF = (
    select(grant.c.role, grant.c.unit_id, unit.c.path)
    .join(unit, unit.c.id == grant.c.unit_id)
    .where(
        grant.c.member_id == bindparam("person"),
        grant.c.since <= bindparam("now"),
        or_(grant.c.until.is_(None), grant.c.until > bindparam("now")),
    )
    .order_by(unit.c.path)
)


def of(connection: Connection, member_id: int, now: datetime) -> tuple[Grant, ...]:
    """Return what a person holds at this moment."""
    rows = connection.execute(_OF, {"person": member_id, "now": now})
    return tuple(Grant(Role(role), unit_id, path) for role, unit_id, path in rows)


def give(connection: Connection, member_id: int, role: Role, unit_id: int, now: datetime) -> bool:
    """Give a role from now on; False when it is held already."""
    held = connection.scalar(
        select(grant.c.id).where(
            grant.c.member_id == member_id,
            grant.c.role == role.value,
            grant.c.unit_id == unit_id,
            or_(grant.c.until.is_(None), grant.c.until > now),
        )
    )
    if held is not None:
        return False
    connection.execute(grant.insert().values(member_id=member_id, role=role.value, unit_id=unit_id, since=now))
    return True


def end(connection: Connection, member_id: int, now: datetime, role: Role | None = None) -> int:
    """End a person's roles (or one of them) now; returns how many ended."""
    query = grant.update().where(grant.c.member_id == member_id, or_(grant.c.until.is_(None), grant.c.until > now))
    if role is not None:
        query = query.where(grant.c.role == role.value)
    return len(connection.execute(query.values(until=now).returning(grant.c.id)).all())


def end_at(connection: Connection, member_id: int, role: Role, unit_id: int, now: datetime) -> bool:
    """End one role at one unit now; False when it is not held."""
    row = connection.execute(
        grant.update()
        .where(
            grant.c.member_id == member_id,
            grant.c.role == role.value,
            grant.c.unit_id == unit_id,
            or_(grant.c.until.is_(None), grant.c.until > now),
        )
        .values(until=now)
        .returning(grant.c.id)
    ).first()
    return row is not None


def holders(connection: Connection, role: Role, path: str, now: datetime) -> list[tuple[int, str]]:
    """Return (member, path of the grant) of those who hold a role at this unit or above it, nearest first."""
    rows = connection.execute(
        select(grant.c.member_id, unit.c.path)
        .join(unit, unit.c.id == grant.c.unit_id)
        .where(grant.c.role == role.value, grant.c.since <= now, or_(grant.c.until.is_(None), grant.c.until > now))
    )
    found = [(member_id, held) for member_id, held in rows if path.startswith(held)]
    return sorted(found, key=lambda pair: (-len(pair[1]), pair[0]))


def at(connection: Connection, roles: Sequence[Role], units: Sequence[int], now: datetime) -> list[tuple[int, str]]:
    """Return (member, path of the grant) of those who hold one of these roles at one of these units, lowest first."""
    rows = connection.execute(
        select(grant.c.member_id, unit.c.path)
        .join(unit, unit.c.id == grant.c.unit_id)
        .join(member, member.c.id == grant.c.member_id)
        .where(
            grant.c.unit_id.in_(units),
            grant.c.role.in_([role.value for role in roles]),
            grant.c.since <= now,
            or_(grant.c.until.is_(None), grant.c.until > now),
            member.c.left_at.is_(None),
        )
    )
    return sorted({(row[0], row[1]) for row in rows}, key=lambda pair: (-len(pair[1]), pair[0]))


def everyone(connection: Connection, now: datetime) -> list[tuple[int, Role, int, str]]:
    """Return (member, role, unit, path) of every role that is held now by somebody who has not left."""
    rows = connection.execute(
        select(grant.c.member_id, grant.c.role, grant.c.unit_id, unit.c.path)
        .join(unit, unit.c.id == grant.c.unit_id)
        .join(member, member.c.id == grant.c.member_id)
        .where(grant.c.since <= now, or_(grant.c.until.is_(None), grant.c.until > now), member.c.left_at.is_(None))
    )
    return [(row[0], Role(row[1]), row[2], row[3]) for row in rows]
