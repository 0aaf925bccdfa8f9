"""The programme of readings by day, and what each person has read and kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import (
    Column,
    Connection,
    Date,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    case,
    func,
    select,
)

from storage.address import address
from storage.base import Id, UtcTime, insert_new, metadata
from storage.reading import IN_USE, reading, titles

programme = Table(
    "learning_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("reading_id", Id, ForeignKey("reading.id"), nullable=False),
)

read = Table(
    "learning_read",
    metadata,
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("reading_id", Id, ForeignKey("reading.id"), nullable=False),
    Column("times", Integer, nullable=False),
    Column("last", Date, nullable=False),
    PrimaryKeyConstraint("member_id", "reading_id"),
)

favourite = Table(
    "learning_favourite",
    metadata,
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("reading_id", Id, ForeignKey("reading.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("member_id", "reading_id"),
)


def of_day(connection: Connection, day: date) -> int | None:
    """Return the reading that was chosen for a day, while it is in use."""
    return connection.scalar(
        select(programme.c.reading_id)
        .join(reading, reading.c.id == programme.c.reading_id)
        .where(programme.c.day == day, IN_USE)
    )


def last_days(connection: Connection) -> dict[int, date]:
    """Return when each reading was the day's last."""
    rows = connection.execute(
        select(programme.c.reading_id, func.max(programme.c.day)).group_by(programme.c.reading_id)
    )
    return {row[0]: row[1] for row in rows}


def choose(connection: Connection, day: date, reading_id: int) -> None:
    """Set a day's reading, over one that is no longer in use; one that is stays."""
    connection.execute(insert_new(connection, programme).values(day=day, reading_id=reading_id))
    retired = select(reading.c.id).where(~IN_USE)
    connection.execute(
        programme.update()
        .where(programme.c.day == day, programme.c.reading_id.in_(retired))
        .values(reading_id=reading_id)
    )


def mark(connection: Connection, member_id: int, reading_id: int, day: date, again_after: int) -> int | None:
    """Mark as read; returns the how-manieth time it is, or None when the last time is not long ago."""
    values = {"member_id": member_id, "reading_id": reading_id, "times": 1, "last": day}
    row = connection.execute(insert_new(connection, read).values(values).returning(read.c.times)).first()
    if row is None:
        row = connection.execute(
            read.update()
            .where(
                read.c.member_id == member_id,
                read.c.reading_id == reading_id,
                read.c.last <= day - timedelta(days=again_after),
            )
            .values(times=read.c.times + 1, last=day)
            .returning(read.c.times)
        ).first()
    return None if row is None else int(row[0])


def last_read(connection: Connection, member_id: int, reading_id: int) -> date | None:
    """Return when a person marked a reading last."""
    return connection.scalar(select(read.c.last).where(read.c.member_id == member_id, read.c.reading_id == reading_id))


def read_by(connection: Connection, member_id: int) -> dict[int, date]:
    """Return what a person marked, and when last."""
    rows = connection.execute(select(read.c.reading_id, read.c.last).where(read.c.member_id == member_id))
    return {row[0]: row[1] for row in rows}


def keep(connection: Connection, member_id: int, reading_id: int, at: datetime) -> None:
    """Put into the favourites; once."""
    connection.execute(insert_new(connection, favourite).values(member_id=member_id, reading_id=reading_id, at=at))


def drop(connection: Connection, member_id: int, reading_id: int) -> None:
    """Take out of the favourites."""
    connection.execute(
        favourite.delete().where(favourite.c.member_id == member_id, favourite.c.reading_id == reading_id)
    )


def is_kept(connection: Connection, member_id: int, reading_id: int) -> bool:
    """Answer whether it is a favourite."""
    found = connection.scalar(
        select(favourite.c.reading_id).where(favourite.c.member_id == member_id, favourite.c.reading_id == reading_id)
    )
    return found is not None


def kept(connection: Connection, member_id: int, language: str) -> list[tuple[int, str]]:
    """Return (id, title) of the favourites, newest first; also of readings no longer in use."""
    rows = connection.execute(
        select(favourite.c.reading_id)
        .where(favourite.c.member_id == member_id)
        .order_by(favourite.c.at.desc(), favourite.c.reading_id)
    )
    numbers = [row[0] for row in rows]
    named = titles(connection, numbers, language)
    return [(number, named[number]) for number in numbers if number in named]


def audience(connection: Connection, reading_id: int, since: date) -> list[int]:
    """Return everybody who can be reached and has not read this since that day."""
    done = select(read.c.member_id).where(read.c.reading_id == reading_id, read.c.last > since)
    rows = connection.scalars(
        select(address.c.member_id)
        .where(address.c.member_id.is_not(None), address.c.open, address.c.member_id.not_in(done))
        .distinct()
        .order_by(address.c.member_id)
    )
    return [number for number in rows if number is not None]


def plan(connection: Connection, day: date, reading_id: int) -> None:
    """Set a coming day's reading in place of another."""
    connection.execute(insert_new(connection, programme).values(day=day, reading_id=reading_id))
    connection.execute(programme.update().where(programme.c.day == day).values(reading_id=reading_id))


def unplan(connection: Connection, reading_id: int, after: date) -> None:
    """Take a reading off the days to come."""
    connection.execute(programme.delete().where(programme.c.reading_id == reading_id, programme.c.day > after))


def days_of(connection: Connection, numbers: Sequence[int], today: date) -> dict[int, tuple[date | None, date | None]]:
    """Return (the last day up to today, the next day after it) of these readings, where there is one."""
    past = case((programme.c.day <= today, programme.c.day))
    coming = case((programme.c.day > today, programme.c.day))
    rows = connection.execute(
        select(programme.c.reading_id, func.max(past), func.min(coming))
        .where(programme.c.reading_id.in_(numbers))
        .group_by(programme.c.reading_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}
