"""What is due again and again, as rows; and each occurrence, unique by schedule and due time, so that none doubles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Column, Connection, ForeignKey, String, Table, Text, UniqueConstraint, func, select

from storage.base import Id, UtcTime, id_column, insert_new, metadata

DONE, MISSED, FAILED = "done", "missed", "failed"

schedule = Table(
    "schedule",
    metadata,
    id_column(),
    Column("tick", String(64), nullable=False),
    Column("subject", String(64), nullable=False, server_default=""),
    Column("rule", Text, nullable=False),
    Column("next_due", UtcTime, nullable=True, index=True),
    Column("active", Boolean, nullable=False),
    UniqueConstraint("tick", "subject"),
)

occurrence = Table(
    "occurrence",
    metadata,
    id_column(),
    Column("schedule_id", Id, ForeignKey("schedule.id"), nullable=False),
    Column("due", UtcTime, nullable=False),
    Column("state", String(8), nullable=False),
    Column("handled_at", UtcTime, nullable=False),
    Column("note", String(400), nullable=False, server_default=""),
    UniqueConstraint("schedule_id", "due"),
)


class Due(NamedTuple):
    """A schedule whose next time has come. `rule` is JSON (`domain/schedule.py`)."""

    id: int
    tick: str
    subject: str
    rule: str
    due: datetime


def is_kept(connection: Connection, tick: str, subject: str, rule: str) -> bool:
    """Answer whether this very schedule is there and active."""
    found = connection.scalar(
        select(schedule.c.id).where(
            schedule.c.tick == tick, schedule.c.subject == subject, schedule.c.rule == rule, schedule.c.active
        )
    )
    return found is not None


def put(connection: Connection, tick: str, subject: str, rule: str, next_due: datetime | None) -> None:
    """Create or change the schedule of this tick and subject; the same rule again changes nothing."""
    found = connection.execute(
        select(schedule.c.id, schedule.c.rule, schedule.c.active).where(
            schedule.c.tick == tick, schedule.c.subject == subject
        )
    ).first()
    values: dict[str, Any] = {"rule": rule, "next_due": next_due, "active": True}
    if found is None:
        connection.execute(schedule.insert().values(tick=tick, subject=subject, **values))
    elif found[1] != rule or not found[2]:
        connection.execute(schedule.update().where(schedule.c.id == found[0]).values(values))


def stop(connection: Connection, tick: str, subject: str) -> None:
    """Let a schedule rest."""
    connection.execute(
        schedule.update().where(schedule.c.tick == tick, schedule.c.subject == subject).values(active=False)
    )


def due(connection: Connection, now: datetime, limit: int = 50) -> Sequence[Due]:
    """Return schedules whose time has come, earliest first."""
    rows = connection.execute(
        select(schedule.c.id, schedule.c.tick, schedule.c.subject, schedule.c.rule, schedule.c.next_due)
        .where(schedule.c.active, schedule.c.next_due <= now)
        .order_by(schedule.c.next_due, schedule.c.id)
        .limit(limit)
    )
    return [Due(*row) for row in rows]


def next_wake(connection: Connection) -> datetime | None:
    """Return the earliest next due time of all."""
    found: datetime | None = connection.scalar(select(func.min(schedule.c.next_due)).where(schedule.c.active))
    return found


def take(connection: Connection, number: int, moment: datetime, state: str, now: datetime, note: str = "") -> bool:
    """Record the occurrence; False when another process already has it."""
    row = connection.execute(
        insert_new(connection, occurrence)
        .values(schedule_id=number, due=moment, state=state, handled_at=now, note=note[:400])
        .returning(occurrence.c.id)
    ).first()
    return row is not None


def move(connection: Connection, number: int, moment: datetime, next_due: datetime | None) -> None:
    """Set the next due time of what was due at `moment` and still is; None lets the schedule rest for good."""
    connection.execute(
        schedule.update()
        .where(schedule.c.id == number, schedule.c.next_due == moment)
        .values(next_due=next_due, active=next_due is not None)
    )


def again(connection: Connection, tick: str, subject: str, at: datetime) -> None:
    """Let a schedule be due at this moment, whatever its rule says; for a tick that has more to do."""
    connection.execute(
        schedule.update().where(schedule.c.tick == tick, schedule.c.subject == subject).values(next_due=at)
    )


def failed_since(connection: Connection, moment: datetime) -> Sequence[tuple[str, str, datetime, bool, str]]:
    """Return (tick, subject, due, whether its schedule goes on, why) of what failed since then, newest first."""
    rows = connection.execute(
        select(schedule.c.tick, schedule.c.subject, occurrence.c.due, schedule.c.active, occurrence.c.note)
        .join(schedule, schedule.c.id == occurrence.c.schedule_id)
        .where(occurrence.c.state == FAILED, occurrence.c.handled_at >= moment)
        .order_by(occurrence.c.id.desc())
    )
    return [tuple(row) for row in rows]


def upcoming(connection: Connection, tick: str, subject: str) -> datetime | None:
    """Return the next due time of one schedule."""
    found: datetime | None = connection.scalar(
        select(schedule.c.next_due).where(schedule.c.tick == tick, schedule.c.subject == subject, schedule.c.active)
    )
    return found


def alarms(connection: Connection, limit: int) -> list[tuple[str, str, datetime]]:
    """Return (tick, subject, due) of what is due next, earliest first."""
    rows = connection.execute(
        select(schedule.c.tick, schedule.c.subject, schedule.c.next_due)
        .where(schedule.c.active, schedule.c.next_due.is_not(None))
        .order_by(schedule.c.next_due, schedule.c.id)
        .limit(limit)
    )
    return [tuple(row) for row in rows]
