"""Objections to an entry of the ledger: one an entry, answered once, with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, String, Table, select

from storage.base import Id, UtcTime, id_column, insert_new, metadata

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
)


class Objection(NamedTuple):
    """An objection; `outcome` is empty, `kept` or `corrected`."""

    id: int
    entry_id: int
    member_id: int
    handler_id: int | None
    raised_at: datetime
    outcome: str
    reason: str


_COLUMNS = (
    objection.c.id,
    objection.c.entry_id,
    objection.c.member_id,
    objection.c.handler_id,
    objection.c.raised_at,
    objection.c.outcome,
    objection.c.reason,
)


def raise_one(
    connection: Connection, entry_id: int, member_id: int, handler_id: int | None, now: datetime
) -> int | None:
    """Record an objection; None when there is one already."""
    row = connection.execute(
        insert_new(connection, objection)
        .values(entry_id=entry_id, member_id=member_id, handler_id=handler_id, raised_at=now)
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


def answer(connection: Connection, number: int, outcome: str, reason: str, now: datetime) -> bool:
    """Answer it; False when it was answered before."""
    row = connection.execute(
        objection.update()
        .where(objection.c.id == number, objection.c.answered_at.is_(None))
        .values(outcome=outcome, reason=reason, answered_at=now)
        .returning(objection.c.id)
    ).first()
    return row is not None


def open_ones(connection: Connection) -> list[Objection]:
    """Return what nobody has answered yet, oldest first."""
    rows = connection.execute(
        select(*_COLUMNS).where(objection.c.answered_at.is_(None)).order_by(objection.c.id).limit(500)
    )
    return [Objection(*row) for row in rows]
