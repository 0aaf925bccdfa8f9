"""What an organiser said of somebody at a gathering: excused, late or in time, and why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, PrimaryKeyConstraint, String, Table, func, select

from domain.gathering import Mark
from storage.base import Id, UtcTime, metadata
from storage.gathering import presence

mark = Table(
    "gathering_mark",
    metadata,
    Column("gathering_id", Id, ForeignKey("gathering.id"), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("mark", String(16), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("by_member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("gathering_id", "member_id"),
)


def put(connection: Connection, number: int, member_id: int, said: Mark, reason: str, by: int, at: datetime) -> None:
    """Write a mark in place of the one before; being late or in time is written on the presence too."""
    drop(connection, number, member_id)
    connection.execute(
        mark.insert().values(
            gathering_id=number, member_id=member_id, mark=said.value, reason=reason, by_member_id=by, at=at
        )
    )
    if said is not Mark.LEAVE:
        theirs = (presence.c.gathering_id == number, presence.c.member_id == member_id)
        connection.execute(presence.update().where(*theirs).values(late=said is Mark.LATE))


def drop(connection: Connection, number: int, member_id: int) -> bool:
    """Take a mark back; False when there was none."""
    theirs = (mark.c.gathering_id == number, mark.c.member_id == member_id)
    return connection.execute(mark.delete().where(*theirs).returning(mark.c.mark)).first() is not None


def drop_all(connection: Connection, number: int) -> None:
    """Take back whatever was said of anybody at a gathering."""
    connection.execute(mark.delete().where(mark.c.gathering_id == number))


def excused(connection: Connection, number: int) -> int:
    """Count who is excused and not there after all."""
    there = select(presence.c.member_id).where(presence.c.gathering_id == number)
    query = select(func.count()).where(
        mark.c.gathering_id == number, mark.c.mark == Mark.LEAVE.value, mark.c.member_id.not_in(there)
    )
    return connection.scalar(query) or 0
