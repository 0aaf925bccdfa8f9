"""Who comes to an activity and who waits, in the order in which they asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    select,
)

from domain.activity import SignUp, SignUpState
from storage.base import Id, UtcTime, id_column, insert_new, metadata
from storage.member import member

sign_up = Table(
    "sign_up",
    metadata,
    id_column(),
    Column("activity_id", Id, ForeignKey("activity.id"), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("turn", Integer, nullable=False, server_default="0"),
    Column("family", Integer, nullable=False, server_default="0"),
    Column("offered_until", UtcTime, nullable=True),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("activity_id", "member_id"),
    Index("ix_sign_up_waiting", "activity_id", "state", "turn"),
)
"""`turn`: the place in the waiting list, counted up by the activity's own list."""


def _select() -> Select[Any]:
    names = ("activity_id", "member_id", "state", "turn", "family", "offered_until")
    return select(*(sign_up.c[name] for name in names))


def _made(row: Sequence[Any]) -> SignUp:
    return SignUp(row[0], row[1], SignUpState(row[2]), *row[3:])


_GET = _select().where(sign_up.c.activity_id == bindparam("number"), sign_up.c.member_id == bindparam("person"))
_LAST = select(func.max(sign_up.c.turn)).where(sign_up.c.activity_id == bindparam("number"))


def get(connection: Connection, number: int, member_id: int) -> SignUp | None:
    """Return a person's row."""
    row = connection.execute(_GET, {"number": number, "person": member_id}).first()
    return None if row is None else _made(row)


def put(connection: Connection, one: SignUp, now: datetime) -> None:
    """Write a person's row, whether there was one or not."""
    key = {"activity_id": one.activity_id, "member_id": one.member_id}
    values: dict[str, Any] = {
        "state": one.state.value,
        "turn": one.turn,
        "family": one.family,
        "offered_until": one.offered_until,
        "at": now,
    }
    row = connection.execute(insert_new(connection, sign_up).values(**key, **values).returning(sign_up.c.id)).first()
    if row is None:
        connection.execute(
            sign_up.update()
            .where(sign_up.c.activity_id == one.activity_id, sign_up.c.member_id == one.member_id)
            .values(values)
        )


def offer(connection: Connection, number: int, people: Sequence[int], until: datetime, now: datetime) -> None:
    """Keep places for all of these who wait, until a moment."""
    for first in range(0, len(people), 500):
        connection.execute(
            sign_up.update()
            .where(sign_up.c.activity_id == number, sign_up.c.member_id.in_(people[first : first + 500]))
            .values(state=SignUpState.OFFERED.value, offered_until=until, at=now)
        )


def last_turn(connection: Connection, number: int) -> int:
    """Return the highest turn that was given so far; ask while the activity is locked."""
    return connection.scalar(_LAST, {"number": number}) or 0


def waiting(connection: Connection, number: int) -> list[SignUp]:
    """Return who waits, in turn."""
    rows = connection.execute(
        _select()
        .where(sign_up.c.activity_id == number, sign_up.c.state == SignUpState.WAITING.value)
        .order_by(sign_up.c.turn)
    )
    return [_made(row) for row in rows]


def before(connection: Connection, number: int, turn: int) -> int:
    """Count who waits before this turn."""
    return (
        connection.scalar(
            select(func.count())
            .select_from(sign_up)
            .where(
                sign_up.c.activity_id == number,
                sign_up.c.state == SignUpState.WAITING.value,
                sign_up.c.turn < turn,
            )
        )
        or 0
    )


def offered(connection: Connection, number: int) -> list[SignUp]:
    """Return for whom a place is kept, whose term ends soonest first."""
    rows = connection.execute(
        _select()
        .where(sign_up.c.activity_id == number, sign_up.c.state == SignUpState.OFFERED.value)
        .order_by(sign_up.c.offered_until, sign_up.c.turn)
    )
    return [_made(row) for row in rows]


def people(connection: Connection, number: int, states: Sequence[SignUpState]) -> list[int]:
    """Return the ids of who stands so to the activity."""
    rows = connection.scalars(
        select(sign_up.c.member_id)
        .where(sign_up.c.activity_id == number, sign_up.c.state.in_([one.value for one in states]))
        .order_by(sign_up.c.member_id)
    )
    return list(rows)


def named(
    connection: Connection, number: int, states: Sequence[SignUpState], limit: int, offset: int
) -> list[tuple[str, SignUp]]:
    """Return names and rows: first who comes, by number; then who waits, in turn."""
    rows = connection.execute(
        _select()
        .add_columns(member.c.name)
        .join(member, member.c.id == sign_up.c.member_id)
        .where(sign_up.c.activity_id == number, sign_up.c.state.in_([one.value for one in states]))
        .order_by(
            sign_up.c.state == SignUpState.WAITING.value,
            sign_up.c.turn * (sign_up.c.state == SignUpState.WAITING.value).cast(Integer),
            member.c.employee_no,
        )
        .limit(limit)
        .offset(offset)
    )
    return [(row[-1], _made(row[:-1])) for row in rows]


def counts(connection: Connection, number: int) -> dict[SignUpState, tuple[int, int]]:
    """Return (people, family) by how they stand."""
    rows = connection.execute(
        select(sign_up.c.state, func.count(), func.sum(sign_up.c.family))
        .where(sign_up.c.activity_id == number)
        .group_by(sign_up.c.state)
    )
    return {SignUpState(row[0]): (row[1], int(row[2] or 0)) for row in rows}
