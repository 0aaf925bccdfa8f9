"""Objections to an entry of the ledger: one an entry, answered once, with a reason; and lists for who answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    and_,
    false,
    func,
    or_,
    select,
)

from domain.permission import Role
from storage.base import Id, UtcTime, id_column, insert_new, metadata
from storage.member import member, membership
from storage.permission import grant
from storage.points import entry
from storage.unit import unit

objection = Table(
    "objection",
    metadata,
    id_column(),
    Column("entry_id", Id, ForeignKey("points_entry.id"), nullable=False, unique=True),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False, index=True),
    Column("handler_id", Id, ForeignKey("member.id"), nullable=True, index=True),
    Column("raised_at", UtcTime, nullable=False),
    Column("answered_at", UtcTime, nullable=True),
    Column("outcome", String(16), nullable=False, server_default=""),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("answered_by_id", Id, ForeignKey("member.id"), nullable=True, index=True),
    Column("words", String(500), nullable=False, server_default=""),
)
Index(
    "ix_objection_open",
    objection.c.id,
    sqlite_where=objection.c.answered_at.is_(None),
    postgresql_where=objection.c.answered_at.is_(None),
)


class Objection(NamedTuple):
    """An objection; `outcome` is empty, `kept` or `corrected`, `reason` is the answer's, `words` are the person's."""

    id: int
    entry_id: int
    member_id: int
    handler_id: int | None
    raised_at: datetime
    outcome: str
    reason: str
    answered_at: datetime | None
    answered_by_id: int | None
    words: str


class Listed(NamedTuple):
    """An objection in a list: whose, and to which entry."""

    id: int
    name: str
    employee_no: str
    rule: str
    points: int
    day: date
    raised_at: datetime
    answered_at: datetime | None
    outcome: str


_COLUMNS: tuple[Column[Any], ...] = (
    objection.c.id,
    objection.c.entry_id,
    objection.c.member_id,
    objection.c.handler_id,
    objection.c.raised_at,
    objection.c.outcome,
    objection.c.reason,
    objection.c.answered_at,
    objection.c.answered_by_id,
    objection.c.words,
)


def raise_one(
    connection: Connection, entry_id: int, member_id: int, handler_id: int | None, now: datetime, words: str
) -> int | None:
    """Record an objection; None when there is one already."""
    row = connection.execute(
        insert_new(connection, objection)
        .values(entry_id=entry_id, member_id=member_id, handler_id=handler_id, raised_at=now, words=words)
        .returning(objection.c.id)
    ).first()
    return None if row is None else int(row[0])


def get(connection: Connection, number: int) -> Objection | None:
    """Return an objection."""
    row = connection.execute(select(*_COLUMNS).where(objection.c.id == number)).first()
    return None if row is None else Objection(*row)


def of_entry(connection: Connection, entry_id: int) -> Objection | None:
    """Return the objection to an entry."""
    row = connection.execute(select(*_COLUMNS).where(objection.c.entry_id == entry_id)).first()
    return None if row is None else Objection(*row)


def answer(connection: Connection, number: int, outcome: str, reason: str, by: int, now: datetime) -> bool:
    """Answer it; False when it was answered before."""
    row = connection.execute(
        objection.update()
        .where(objection.c.id == number, objection.c.answered_at.is_(None))
        .values(outcome=outcome, reason=reason, answered_at=now, answered_by_id=by)
        .returning(objection.c.id)
    ).first()
    return row is not None


def waiting(connection: Connection, handler_id: int) -> int:
    """Return how many that went to this handler wait for an answer."""
    query = select(func.count()).where(objection.c.handler_id == handler_id, objection.c.answered_at.is_(None))
    return connection.scalar(query) or 0


def _within(paths: Sequence[str]) -> ColumnElement[bool]:
    """Return the test whether whoever objects belongs at or beneath one of these paths."""
    beneath = or_(false(), *(unit.c.path.startswith(path, autoescape=True) for path in paths))
    return (
        select(membership.c.unit_id)
        .join(unit, unit.c.id == membership.c.unit_id)
        .where(membership.c.member_id == objection.c.member_id, beneath)
        .exists()
    )


def left_alone(
    connection: Connection, paths: Sequence[str], roles: Collection[Role], now: datetime, most: int
) -> list[Objection]:
    """Return open objections of people beneath these paths that went to nobody, or to somebody who answers no more.

    That is: who holds none of these roles any more at or above a unit of the person.
    """
    holds, theirs = unit.alias("holds"), unit.alias("theirs")
    answers = (
        select(grant.c.id)
        .join(holds, holds.c.id == grant.c.unit_id)
        .join(membership, membership.c.member_id == objection.c.member_id)
        .join(theirs, theirs.c.id == membership.c.unit_id)
        .where(
            grant.c.member_id == objection.c.handler_id,
            grant.c.role.in_([role.value for role in roles]),
            grant.c.since <= now,
            or_(grant.c.until.is_(None), grant.c.until > now),
            func.substr(theirs.c.path, 1, func.length(holds.c.path)) == holds.c.path,
        )
        .correlate(objection)
        .exists()
    )
    rows = connection.execute(
        select(*_COLUMNS)
        .where(objection.c.answered_at.is_(None), _within(paths), ~answers)
        .order_by(objection.c.id)
        .limit(most)
    )
    return [Objection(*row) for row in rows]


def listed(
    connection: Connection,
    handler_id: int,
    paths: Sequence[str],
    *,
    answered: bool,
    others: Collection[int] = (),
    limit: int,
    offset: int = 0,
) -> list[Listed]:
    """Return objections of people beneath these paths: open ones, oldest first, or `answered` ones, newest first.

    Open: those that went to this handler, and `others`. Answered: those that this handler has answered.
    """
    mine = objection.c.handler_id == handler_id
    if answered:
        wanted = and_(
            objection.c.answered_at.is_not(None),
            or_(objection.c.answered_by_id == handler_id, and_(objection.c.answered_by_id.is_(None), mine)),
        )
    else:
        wanted = and_(objection.c.answered_at.is_(None), or_(mine, objection.c.id.in_(list(others))))
    rows = connection.execute(
        select(
            objection.c.id,
            member.c.name,
            member.c.employee_no,
            entry.c.rule,
            entry.c.points,
            entry.c.day,
            objection.c.raised_at,
            objection.c.answered_at,
            objection.c.outcome,
        )
        .join(entry, entry.c.id == objection.c.entry_id)
        .join(member, member.c.id == objection.c.member_id)
        .where(wanted, _within(paths))
        .order_by(objection.c.id.desc() if answered else objection.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [Listed(*row) for row in rows]
