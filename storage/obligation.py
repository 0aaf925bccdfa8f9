"""What people decided about obligations: exemptions, declarations, corrections. What is met is computed, not kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Column, Connection, Date, ForeignKey, Index, String, Table, func, or_, select

from domain.meeting import MeetingState
from domain.member import Unit, UnitKind
from domain.obligation import Entry, Kind, Planned
from domain.period import TERM
from domain.permission import Role
from storage.base import Id, UtcTime, id_column, metadata
from storage.meeting import meeting
from storage.member import member
from storage.permission import grant
from storage.unit import COLUMNS, as_unit, unit

entry = Table(
    "obligation_entry",
    metadata,
    id_column(),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("period", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("on_day", Date, nullable=True),
    Column("reason", String(300), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime, nullable=True),
    Column("withdrawn_by", Id, ForeignKey("member.id"), nullable=True),
    Index("ix_obligation_entry_unit", "unit_id", "period"),
)
"""`kind`: `exempt`, `declared` (held or done, entered by hand), `corrected` (a computed state set right)."""

LONGEST_REASON = 300
_ENTRY = (
    entry.c.id, entry.c.unit_id, entry.c.rule, entry.c.period, entry.c.kind, entry.c.on_day, entry.c.reason,
    entry.c.member_id, entry.c.at,
)  # fmt: skip
_COMING = (MeetingState.CALLED.value, MeetingState.OPEN.value)
_OVER = (MeetingState.HELD.value, MeetingState.CIRCULATING.value, MeetingState.CLOSED.value)


def entries(connection: Connection, units: Sequence[int]) -> list[Entry]:
    """Return what was decided for these units and not withdrawn, in order."""
    rows = connection.execute(
        select(*_ENTRY).where(entry.c.unit_id.in_(units), entry.c.withdrawn_at.is_(None)).order_by(entry.c.id)
    )
    return [Entry(row[0], row[1], row[2], row[3], Kind(row[4]), row[5], row[6], row[7], row[8]) for row in rows]


def add(  # noqa: PLR0913 - the columns of an entry
    connection: Connection,
    unit_id: int,
    rule: str,
    period: str,
    kind: Kind,
    *,
    on_day: date | None,
    reason: str,
    member_id: int,
    now: datetime,
) -> int:
    """Keep a decision; returns its id."""
    values = {"unit_id": unit_id, "rule": rule, "period": period, "kind": kind.value, "on_day": on_day}
    kept = entry.insert().values(**values, reason=reason, member_id=member_id, at=now).returning(entry.c.id)
    return int(connection.execute(kept).scalar_one())


def lock(connection: Connection, unit_id: int) -> None:
    """Let whoever decides about this unit at the same time wait until this is kept."""
    connection.execute(select(unit.c.id).where(unit.c.id == unit_id).with_for_update())


def withdraw(connection: Connection, number: int, member_id: int, now: datetime) -> bool:
    """Withdraw a decision, which stays readable as such; False when it was withdrawn before."""
    changed = (
        entry.update()
        .where(entry.c.id == number, entry.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=member_id)
        .returning(entry.c.id)
    )
    return connection.execute(changed).first() is not None


def planned(connection: Connection, units: Sequence[int]) -> list[Planned]:
    """Return the meetings of these units that are called or open, in order."""
    rows = connection.execute(
        select(meeting.c.id, meeting.c.unit_id, meeting.c.kind, meeting.c.starts_at, meeting.c.counts_for)
        .where(meeting.c.unit_id.in_(units), meeting.c.state.in_(_COMING))
        .order_by(meeting.c.starts_at, meeting.c.id)
    )
    return [Planned(*row) for row in rows]


def first_held(connection: Connection, units: Sequence[int]) -> dict[int, datetime]:
    """Return when each of these units held its first meeting that is recorded."""
    rows = connection.execute(
        select(meeting.c.unit_id, func.min(meeting.c.starts_at))
        .where(meeting.c.unit_id.in_(units), meeting.c.state.in_(_OVER))
        .group_by(meeting.c.unit_id)
    )
    return {row[0]: row[1] for row in rows}


def groups_of(connection: Connection, branches: Sequence[int], *, every: bool = False) -> dict[int, list[Unit]]:
    """Return the active Party groups of each of these branches; a branch without any is absent.

    `every`: those too that are no longer there, whose meetings still count for their time.
    """
    query = select(unit.c.parent_id, *COLUMNS).where(
        unit.c.parent_id.in_(branches), unit.c.kind == UnitKind.PARTY_GROUP.value
    )
    found: dict[int, list[Unit]] = {}
    for row in connection.execute((query if every else query.where(unit.c.active)).order_by(unit.c.path)):
        found.setdefault(row[0], []).append(as_unit(tuple(row)[1:]))
    return found


def branches(connection: Connection, limit: int, offset: int) -> list[Unit]:
    """Return a slice of all active branches, by id."""
    rows = connection.execute(
        select(*COLUMNS)
        .where(unit.c.kind == UnitKind.PARTY_BRANCH.value, unit.c.active)
        .order_by(unit.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [as_unit(tuple(row)) for row in rows]


def elected(connection: Connection, days: Sequence[date], limit: int, offset: int) -> list[Unit]:
    """Return a slice of the active branches that entered an election on one of these days, by id."""
    theirs = select(entry.c.unit_id).where(
        entry.c.period == TERM, entry.c.on_day.in_(days), entry.c.withdrawn_at.is_(None)
    )
    rows = connection.execute(
        select(*COLUMNS).where(unit.c.id.in_(theirs), unit.c.active).order_by(unit.c.id).limit(limit).offset(offset)
    )
    return [as_unit(tuple(row)) for row in rows]


def secretaries(connection: Connection, units: Sequence[int], now: datetime) -> list[tuple[int, int]]:
    """Return (member, unit) of those who are secretary of one of these now and have not left."""
    rows = connection.execute(
        select(grant.c.member_id, grant.c.unit_id)
        .join(member, member.c.id == grant.c.member_id)
        .where(
            grant.c.unit_id.in_(units),
            grant.c.role == Role.BRANCH_SECRETARY.value,
            grant.c.since <= now,
            or_(grant.c.until.is_(None), grant.c.until > now),
            member.c.left_at.is_(None),
        )
        .order_by(grant.c.member_id, grant.c.unit_id)
    )
    return [(row[0], row[1]) for row in rows]
