"""Which demand is dealt with together with which other: the one that follows, and the one that leads.

A demand follows while both lie on one officer's desk and are open; a row whose demands have parted ways says nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Table, and_, select

from domain.demand import OPEN, Case
from storage.base import Id, UtcTime, insert_new, metadata
from storage.demand import as_case, demand

merge = Table(
    "demand_merge",
    metadata,
    Column("demand_id", Id, ForeignKey("demand.id"), primary_key=True, autoincrement=False),
    Column("lead_id", Id, ForeignKey("demand.id"), nullable=False, index=True),
    Column("by_id", Id, ForeignKey("member.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
)

_OPEN = [state.value for state in OPEN]
_lead = demand.alias("lead")
_TOGETHER = and_(
    demand.c.state.in_(_OPEN),
    _lead.c.state.in_(_OPEN),
    demand.c.officer_id.is_not(None),
    demand.c.officer_id == _lead.c.officer_id,
)
_JOINED = merge.join(demand, demand.c.id == merge.c.demand_id).join(_lead, _lead.c.id == merge.c.lead_id)


def add(connection: Connection, demand_id: int, lead_id: int, by: int, at: datetime) -> bool:
    """Let a demand follow another, and all that followed it; False when it follows one already."""
    row = connection.execute(
        insert_new(connection, merge)
        .values(demand_id=demand_id, lead_id=lead_id, by_id=by, at=at)
        .returning(merge.c.demand_id)
    ).first()
    if row is not None:
        connection.execute(merge.update().where(merge.c.lead_id == demand_id).values(lead_id=lead_id))
    return row is not None


def remove(connection: Connection, demand_id: int) -> None:
    """Let a demand follow nothing any more."""
    connection.execute(merge.delete().where(merge.c.demand_id == demand_id))


def followers(connection: Connection, lead_id: int) -> list[Case]:
    """Return the open demands that follow this one now, oldest first."""
    rows = connection.execute(
        select(demand).select_from(_JOINED).where(merge.c.lead_id == lead_id, _TOGETHER).order_by(demand.c.id)
    )
    return [as_case(row) for row in rows]


def lead_of(connection: Connection, demand_id: int) -> Case | None:
    """Return the demand that this one follows now."""
    row = connection.execute(
        select(_lead).select_from(_JOINED).where(merge.c.demand_id == demand_id, _TOGETHER)
    ).first()
    return None if row is None else as_case(row)


def candidates(connection: Connection, officer_id: int, but: int, limit: int) -> list[tuple[int, str, str]]:
    """Return (id, category, text) of the newest open demands on a desk that follow nothing."""
    free = ~select(merge.c.demand_id).where(merge.c.demand_id == demand.c.id).exists()
    rows = connection.execute(
        select(demand.c.id, demand.c.category, demand.c.text)
        .where(demand.c.officer_id == officer_id, demand.c.state.in_(_OPEN), demand.c.id != but, free)
        .order_by(demand.c.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows]
