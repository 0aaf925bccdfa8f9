"""What the clock asks about demands, and which reminder was written for which limit: each once a round."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    and_,
    exists,
    func,
    select,
)

from domain.demand import OPEN, Case
from storage.base import Id, UtcTime, insert_new, metadata
from storage.demand import DUE, WARNS, as_case, demand

FIRST_SOON, FIRST_OVER, FINISH_SOON, FINISH_OVER, NOBODY = (
    "first_soon",
    "first_over",
    "finish_soon",
    "finish_over",
    "nobody",
)
AT_ONCE = 500
"""A tick looks at no more cases of one stage; the next tick goes on."""

notice = Table(
    "demand_notice",
    metadata,
    Column("demand_id", Id, ForeignKey("demand.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("demand_id", "round", "stage"),
)

_OPEN = demand.c.state.in_([state.value for state in OPEN])


def reached(connection: Connection, stage: str, now: datetime) -> list[Case]:
    """Return open cases that have come to a stage and were not noticed at it."""
    d = demand.c
    conditions = {
        FIRST_SOON: and_(d.answered_at.is_(None), d.first_warn_at <= now, d.first_by > now),
        FIRST_OVER: and_(d.answered_at.is_(None), d.first_by <= now),
        FINISH_SOON: and_(d.finish_warn_at <= now, d.finish_by > now),
        FINISH_OVER: d.finish_by <= now,
        NOBODY: d.officer_id.is_(None),
    }
    noticed = exists().where(notice.c.demand_id == d.id, notice.c.round == d.round, notice.c.stage == stage)
    query = select(demand).where(_OPEN, conditions[stage], ~noticed).order_by(d.id).limit(AT_ONCE)
    return [as_case(row) for row in connection.execute(query)]


def note(connection: Connection, one: Case, stage: str, now: datetime) -> bool:
    """Note that a case was noticed at a stage; False when somebody else did so before."""
    row = connection.execute(
        insert_new(connection, notice)
        .values(demand_id=one.id, round=one.round, stage=stage, at=now)
        .returning(notice.c.demand_id)
    ).first()
    return row is not None


def desks(connection: Connection) -> list[tuple[int, int | None, int | None]]:
    """Return (case, officer, unit) of every open case."""
    rows = connection.execute(select(demand.c.id, demand.c.officer_id, demand.c.unit_id).where(_OPEN))
    return [(row[0], row[1], row[2]) for row in rows]


def figures(connection: Connection, now: datetime) -> list[tuple[int | None, int, int, int, datetime]]:
    """Return (unit, open, near, over, next limit) of the open cases at each unit; None: cases without an officer."""
    rows = connection.execute(
        select(
            demand.c.unit_id,
            func.count(),
            func.count().filter(and_(now >= WARNS, now < DUE)),
            func.count().filter(now >= DUE),
            func.min(DUE),
        )
        .where(_OPEN)
        .group_by(demand.c.unit_id)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]
