"""Entries made by hand: whom a list of numbers means, what somebody has entered, and what was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, String, and_, cast, false, func, literal, or_, select

from domain.member import Person
from domain.points import MANUAL, REVERSAL
from storage.member import member, membership
from storage.objection import objection
from storage.points import entry
from storage.unit import unit

AT_ONCE = 500
_PERSON = (member.c.id, member.c.employee_no, member.c.name, member.c.language, member.c.consent)


class Made(NamedTuple):
    """An entry with whose it is. `reversal`: the id of the entry that takes it back."""

    id: int
    member_id: int
    name: str
    employee_no: str
    rule: str
    source: str
    points: int
    day: date
    at: datetime
    reason: str
    by_member_id: int | None
    reversal: int | None
    objection: int | None


def people(connection: Connection, numbers: Sequence[str], paths: Sequence[str]) -> list[Person]:
    """Return who has one of these numbers (in whatever case), is present and belongs at or beneath a path of these."""
    beneath = or_(false(), *(unit.c.path.startswith(path, autoescape=True) for path in paths))
    belongs = (
        select(membership.c.unit_id)
        .join(unit, unit.c.id == membership.c.unit_id)
        .where(membership.c.member_id == member.c.id, beneath)
        .exists()
    )
    found: list[Person] = []
    for first in range(0, len(numbers), AT_ONCE):
        some = [one.lower() for one in numbers[first : first + AT_ONCE]]
        query = select(*_PERSON).where(func.lower(member.c.employee_no).in_(some), member.c.left_at.is_(None), belongs)
        found += [Person(*row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: one.employee_no)


def _made() -> Select[Any]:
    back = entry.alias("back")
    # Whoever takes an entry back writes its id into the source, so that the unique key lets it happen once.
    taken = and_(
        back.c.member_id == entry.c.member_id,
        back.c.rule == MANUAL,
        back.c.source == literal(REVERSAL) + cast(entry.c.id, String),
    )
    return (
        select(
            entry.c.id,
            entry.c.member_id,
            member.c.name,
            member.c.employee_no,
            entry.c.rule,
            entry.c.source,
            entry.c.points,
            entry.c.day,
            entry.c.at,
            entry.c.reason,
            entry.c.by_member_id,
            back.c.id,
            objection.c.id,
        )
        .select_from(entry)
        .join(member, member.c.id == entry.c.member_id)
        .outerjoin(back, taken)
        .outerjoin(objection, objection.c.entry_id == entry.c.id)
    )


def get(connection: Connection, number: int) -> Made | None:
    """Return an entry that was made by hand."""
    row = connection.execute(_made().where(entry.c.id == number, entry.c.by_member_id.is_not(None))).first()
    return None if row is None else Made(*row)


def by(connection: Connection, maker: int, limit: int, offset: int = 0) -> list[Made]:
    """Return what somebody has entered, newest first."""
    query = _made().where(entry.c.by_member_id == maker).order_by(entry.c.id.desc())
    return [Made(*row) for row in connection.execute(query.limit(limit).offset(offset))]


def batch(connection: Connection, maker: int, source: str, since: datetime) -> list[Made]:
    """Return what somebody entered in one go (at this very moment, under one name)."""
    query = _made().where(entry.c.by_member_id == maker, entry.c.source == source, entry.c.at == since)
    return [Made(*row) for row in connection.execute(query.order_by(entry.c.id))]


def of_person(
    connection: Connection, person: int, maker: int, *, objections: bool, limit: int, offset: int
) -> list[Made]:
    """Return a person's entries that this reader made, or whose objection is the reader's; newest first.

    `objections`: without, only those that were made.
    """
    mine = entry.c.by_member_id == maker
    if objections:
        mine = or_(mine, objection.c.handler_id == maker, objection.c.answered_by_id == maker)
    query = _made().where(entry.c.member_id == person, mine).order_by(entry.c.id.desc())
    return [Made(*row) for row in connection.execute(query.limit(limit).offset(offset))]
