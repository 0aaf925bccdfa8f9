"""How many have read an announcement, as far as their messenger tells: counts alone, of nobody by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, PrimaryKeyConstraint, String, Table, and_, select

from domain.announcement import State
from storage.announcement import announcement
from storage.base import Id, UtcTime, insert_new, metadata
from storage.outbox import SENT, letter
from storage.unit import unit

reads = Table(
    "reads",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaign.id"), nullable=False),
    Column("messenger", String(32), nullable=False),
    Column("asked", Integer, nullable=False),
    Column("read", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("campaign_id", "messenger"),
)
"""asked: of how many readers the messenger was asked; at: when it was, for the last time."""

_STANDS = (State.SENT.value, State.PAUSED.value)


@dataclass(frozen=True, slots=True)
class Count:
    """What a messenger said of one campaign."""

    messenger: str
    asked: int
    read: int
    at: datetime


def put(connection: Connection, number: int, count: Count) -> None:
    """Keep a count in the place of an older one."""
    values = {"asked": count.asked, "read": count.read, "at": count.at}
    theirs = {"campaign_id": number, "messenger": count.messenger}
    connection.execute(insert_new(connection, reads).values(**theirs, **values))
    connection.execute(
        reads.update().where(reads.c.campaign_id == number, reads.c.messenger == count.messenger).values(values)
    )


def of(connection: Connection, number: int, least: int) -> list[Count]:
    """Return the counts of a campaign that are of so many people at least."""
    query = select(reads.c.messenger, reads.c.asked, reads.c.read, reads.c.at)
    rows = connection.execute(
        query.where(reads.c.campaign_id == number, reads.c.asked >= least).order_by(reads.c.messenger)
    )
    return [Count(*row) for row in rows]


def asked(connection: Connection, messenger: str, since: datetime) -> list[tuple[int, datetime | None]]:
    """Return (campaign, when this messenger was asked last) of announcements sent since then that still stand."""
    theirs = and_(reads.c.campaign_id == announcement.c.campaign_id, reads.c.messenger == messenger)
    rows = connection.execute(
        select(announcement.c.campaign_id, reads.c.at)
        .select_from(announcement.outerjoin(reads, theirs))
        .where(
            announcement.c.campaign_id.is_not(None),
            announcement.c.state.in_(_STANDS),
            announcement.c.send_at >= since,
        )
        .order_by(announcement.c.campaign_id)
    )
    return [(row[0], row[1]) for row in rows]


def first_left(connection: Connection, number: int, messenger: str) -> datetime | None:
    """Return when the first letter of a campaign left by this messenger."""
    found: datetime | None = connection.scalar(
        select(letter.c.settled_at)
        .where(letter.c.campaign_id == number, letter.c.state == SENT, letter.c.messenger == messenger)
        .order_by(letter.c.id)
        .limit(1)
    )
    return found


def letters(connection: Connection, number: int, messenger: str, most: int) -> list[tuple[str, str]]:
    """Return (account, message) of the first letters of a campaign that arrived by this messenger."""
    rows = connection.execute(
        select(letter.c.recipient, letter.c.message)
        .where(
            letter.c.campaign_id == number,
            letter.c.state == SENT,
            letter.c.messenger == messenger,
            letter.c.message != "",
        )
        .order_by(letter.c.id)
        .limit(most)
    )
    return [(row[0], row[1]) for row in rows]


def latest(
    connection: Connection, path: str, since: datetime, least: int, limit: int
) -> list[tuple[int, int, datetime]]:
    """Return (announcement, campaign, sent at), newest first, of announcements to people of this unit alone.

    Of those of which a messenger has said how many of so many people have read it.
    """
    told = select(reads.c.messenger).where(reads.c.campaign_id == announcement.c.campaign_id, reads.c.asked >= least)
    rows = connection.execute(
        select(announcement.c.id, announcement.c.campaign_id, announcement.c.send_at)
        .select_from(announcement.join(unit, unit.c.id == announcement.c.unit_id))
        .where(
            unit.c.path.startswith(path, autoescape=True),
            announcement.c.state.in_(_STANDS),
            announcement.c.send_at >= since,
            told.exists(),
        )
        .order_by(announcement.c.send_at.desc(), announcement.c.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in rows]
