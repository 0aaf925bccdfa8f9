"""How many have read what went to many, as far as their messenger tells: counts alone, nobody's name or time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, ForeignKey, Integer, PrimaryKeyConstraint, String, Table, and_, func, select

from storage.base import Id, UtcTime, insert_new, metadata
from storage.outbox import SENT, campaign, letter

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
"""asked: of how many the messenger said whether they have read it. at: when it was asked last."""

LOOKS = (timedelta(minutes=10), timedelta(hours=2), timedelta(hours=24))
"""So long after it was written it is asked."""
OLDEST = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Counted:
    """What one messenger said of one campaign."""

    messenger: str
    asked: int
    read: int
    at: datetime


def put(connection: Connection, number: int, messenger: str, asked: int, read: int, at: datetime) -> None:
    """Keep the newest counts."""
    values = {"asked": asked, "read": read, "at": at}
    connection.execute(insert_new(connection, reads).values(campaign_id=number, messenger=messenger, **values))
    connection.execute(
        reads.update().where(reads.c.campaign_id == number, reads.c.messenger == messenger).values(values)
    )


def of(connection: Connection, number: int) -> list[Counted]:
    """Return the counts of a campaign."""
    query = select(reads.c.messenger, reads.c.asked, reads.c.read, reads.c.at).where(reads.c.campaign_id == number)
    return [Counted(*row) for row in connection.execute(query.order_by(reads.c.messenger))]


def due(connection: Connection, messenger: str, kinds: tuple[str, ...], now: datetime) -> list[int]:
    """Return the campaigns of which this messenger is to be asked now."""
    rows = connection.execute(
        select(campaign.c.id, campaign.c.created_at, reads.c.at)
        .select_from(
            campaign.outerjoin(reads, and_(reads.c.campaign_id == campaign.c.id, reads.c.messenger == messenger))
        )
        .where(campaign.c.kind.in_(kinds), campaign.c.created_at > now - OLDEST)
        .order_by(campaign.c.id)
    )
    found = []
    for number, created, asked in rows:
        passed = [look for look in LOOKS if created + look <= now]
        if passed and (asked is None or asked < created + passed[-1]):
            found.append(number)
    return found


def letters(connection: Connection, number: int, messenger: str, most: int) -> list[tuple[str, str]]:
    """Return (account, message) of at most so many of a campaign's letters that arrived."""
    rows = connection.execute(
        select(letter.c.recipient, letter.c.message)
        .where(
            letter.c.campaign_id == number,
            letter.c.state == SENT,
            letter.c.messenger == messenger,
            func.length(letter.c.message) > 0,
        )
        .order_by(letter.c.id)
        .limit(most)
    )
    return [(row[0], row[1]) for row in rows]
