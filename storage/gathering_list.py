"""Gatherings and their people as lists for a wide screen, a slice at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from domain.gathering import LONGEST, Gathering, Line, Mark
from storage.gathering import expected_people, gathering, made, presence, select_gatherings
from storage.gathering_mark import mark
from storage.member import belongs, member, some_of
from storage.unit import unit


def _state(state: str, now: datetime) -> ColumnElement[bool]:
    is_closed, too_old = gathering.c.closed_at.is_not(None), gathering.c.opened_at <= now - LONGEST
    return {
        "open": and_(~is_closed, ~too_old, gathering.c.opened_at <= now),
        "coming": and_(~is_closed, gathering.c.opened_at > now),
        "over": or_(is_closed, too_old),
    }[state]


def listed(
    connection: Connection, paths: Sequence[str], state: str, words: str, now: datetime, limit: int, offset: int
) -> list[Gathering]:
    """Return a slice of the gatherings at or beneath these paths: `open`, `coming` or `over`, newest first."""
    beneath = or_(*(unit.c.path.startswith(path, autoescape=True) for path in paths))
    query = select_gatherings().where(beneath, _state(state, now))
    if words:
        query = query.where(gathering.c.title.contains(words, autoescape=True))
    rows = connection.execute(query.order_by(gathering.c.id.desc()).limit(limit).offset(offset))
    return [made(tuple(row)) for row in rows] if paths else []


def counts(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Return (there, late, entered by hand) of each of these gatherings."""
    late = func.count().filter(presence.c.late)
    rows = connection.execute(
        select(presence.c.gathering_id, func.count(), late, func.count(presence.c.by_member_id))
        .where(presence.c.gathering_id.in_(list(numbers)))
        .group_by(presence.c.gathering_id)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def _people(found: Gathering, which: str, words: str, *, many: bool = False) -> Select[tuple[object, ...]]:
    """Return the query. `many`: each member is looked at in turn instead of a list being made of all the expected."""
    here = and_(presence.c.gathering_id == found.id, presence.c.member_id == member.c.id)
    said = and_(mark.c.gathering_id == found.id, mark.c.member_id == member.c.id)
    query = (
        select(
            member.c.id,
            member.c.employee_no,
            member.c.name,
            presence.c.at,
            presence.c.late,
            presence.c.by_member_id.is_not(None),
            mark.c.mark,
            mark.c.reason,
        )
        .select_from(member)
        .join(presence, here, isouter=which != "there")
        .join(mark, said, isouter=which != "leave")
    )
    if which not in {"there", "anybody"}:
        if many and not found.listed:
            query = query.where(member.c.left_at.is_(None), belongs(member.c.id, found.path))
        else:
            query = query.where(member.c.id.in_(expected_people(found)))
    if which in {"missing", "leave", "away"}:
        query = query.where(presence.c.at.is_(None))
    if which == "missing":
        query = query.where(or_(mark.c.mark.is_(None), mark.c.mark != Mark.LEAVE.value))
    if which == "leave":
        query = query.where(mark.c.mark == Mark.LEAVE.value)
    if words:
        query = query.where(or_(member.c.name.contains(words, autoescape=True), member.c.employee_no == words))
    return query


def few(connection: Connection, found: Gathering, which: str, words: str, most: int) -> list[Line] | None:
    """Return all its people of a list (see `people`) in no order; None when there are more than `most`."""
    if _is_large(connection, found, most):
        return None
    rows = connection.execute(_people(found, which, words).limit(most + 1)).all()
    return [_line(tuple(row)) for row in rows] if len(rows) <= most else None


def _is_large(connection: Connection, found: Gathering, most: int) -> bool:
    if found.listed:
        return False
    return len(some_of(connection, found.path, (), most + 1)) > most


def people(connection: Connection, found: Gathering, which: str, words: str, limit: int, offset: int = 0) -> list[Line]:
    """Return a slice of its people: `missing`, `there` (first come first), `leave`, or `all` who are expected.

    `away`: who is not there, excused or not. All but `there` are ordered by number.
    """
    order = (presence.c.at, presence.c.member_id) if which == "there" else (member.c.employee_no,)
    query = _people(found, which, words, many=which != "there")
    return [_line(tuple(row)) for row in connection.execute(query.order_by(*order).limit(limit).offset(offset))]


def _line(row: Sequence[Any]) -> Line:
    number, employee_no, name, at, late, by_hand, said, reason = row
    return Line(number, employee_no, name, at, bool(late), bool(by_hand), Mark(said) if said else None, reason or "")


def one(connection: Connection, found: Gathering, member_id: int) -> Line | None:
    """Return how one person stands to a gathering, expected or not; None: there is no such person."""
    row = connection.execute(_people(found, "anybody", "").where(member.c.id == member_id)).first()
    return None if row is None else _line(tuple(row))
