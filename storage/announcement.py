"""Announcements and who confirmed having seen them."""

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
    PrimaryKeyConstraint,
    Select,
    String,
    Table,
    Text,
    exists,
    func,
    select,
    text,
)

from domain.announcement import Announcement, Circle, State
from storage import outbox
from storage.attachment import attachment
from storage.base import Id, UtcTime, id_column, insert_new, metadata
from storage.unit import unit

announcement = Table(
    "announcement",
    metadata,
    id_column(),
    Column("author_id", Id, ForeignKey("member.id"), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=True),
    Column("circle", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("attachment_id", Id, ForeignKey("attachment.id"), nullable=True),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("send_at", UtcTime, nullable=True),
    Column("campaign_id", Id, ForeignKey("campaign.id"), nullable=True),
    Column("audience", Integer, nullable=False, server_default="0"),
    Column("reminded_at", UtcTime, nullable=True),
    Column("urgent", String(120), nullable=False, server_default=""),
    Column("card_messenger", String(32), nullable=False, server_default=""),
    Column("card_account", String(128), nullable=False, server_default=""),
    Column("card_chat", String(128), nullable=False, server_default=""),
    Column("card_message", String(128), nullable=False, server_default=""),
    Index("ix_announcement_author_id", "author_id"),
    Index("ix_announcement_campaign_id", "campaign_id"),
    Index(
        "ix_announcement_waiting",
        "unit_id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "ix_announcement_author_id_send_at",
        "author_id",
        "send_at",
        sqlite_where=text("send_at IS NOT NULL"),
        postgresql_where=text("send_at IS NOT NULL"),
    ),
)

confirmation = Table(
    "announcement_confirmation",
    metadata,
    Column("announcement_id", Id, ForeignKey("announcement.id"), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    PrimaryKeyConstraint("announcement_id", "member_id"),
)

_SHOWN = (
    announcement.c.id,
    announcement.c.author_id,
    announcement.c.unit_id,
    unit.c.name,
    unit.c.path,
    announcement.c.circle,
    announcement.c.text,
    announcement.c.attachment_id,
    attachment.c.name,
    attachment.c.mime,
    announcement.c.state,
    announcement.c.created_at,
    announcement.c.send_at,
    announcement.c.campaign_id,
    announcement.c.audience,
    announcement.c.reminded_at,
    announcement.c.urgent,
)


def shown() -> Select[Any]:
    """Return the query of all announcements, whose rows `made` reads."""
    return select(*_SHOWN).select_from(
        announcement.outerjoin(unit, unit.c.id == announcement.c.unit_id).outerjoin(
            attachment, attachment.c.id == announcement.c.attachment_id
        )
    )


def made(row: Sequence[Any]) -> Announcement:
    """Make an announcement of a row of `shown`."""
    values = list(row)
    values[3], values[4] = values[3] or "", values[4] or ""
    values[5] = Circle(values[5])
    values[8], values[9] = values[8] or "", values[9] or ""
    values[10] = State(values[10])
    return Announcement(*values)


def add(connection: Connection, author_id: int, words: str, attachment_id: int | None, now: datetime) -> int:
    """Keep a draft; returns its id."""
    values = {"author_id": author_id, "text": words, "attachment_id": attachment_id, "created_at": now}
    row = connection.execute(
        announcement.insert()
        .values(state=State.DRAFT.value, circle=Circle.ALL.value, **values)
        .returning(announcement.c.id)
    ).one()
    return int(row[0])


def get(connection: Connection, number: int) -> Announcement | None:
    """Return an announcement."""
    row = connection.execute(shown().where(announcement.c.id == number)).first()
    return None if row is None else made(tuple(row))


def change(connection: Connection, number: int, before: Sequence[State], **values: object) -> bool:
    """Change columns while it stands in one of these states; False when it does not (any more)."""
    row = connection.execute(
        announcement.update()
        .where(announcement.c.id == number, announcement.c.state.in_([state.value for state in before]))
        .values(values)
        .returning(announcement.c.id)
    ).first()
    return row is not None


def drop(connection: Connection, number: int) -> bool:
    """Take a draft away; False when it is none (any more)."""
    row = connection.execute(
        announcement.delete()
        .where(announcement.c.id == number, announcement.c.state == State.DRAFT.value)
        .returning(announcement.c.id)
    ).first()
    return row is not None


def urgent_since(connection: Connection, unit_id: int, since: datetime) -> int:
    """Count a unit's urgent announcements that were sent since then."""
    query = (
        select(func.count())
        .select_from(announcement)
        .where(
            announcement.c.unit_id == unit_id,
            announcement.c.urgent != "",
            announcement.c.campaign_id.is_not(None),
            announcement.c.send_at >= since,
        )
    )
    return connection.scalar(query) or 0


def remind(connection: Connection, number: int, now: datetime) -> bool:
    """Take the one reminder; False when it was taken before."""
    row = connection.execute(
        announcement.update()
        .where(announcement.c.id == number, announcement.c.reminded_at.is_(None))
        .values(reminded_at=now)
        .returning(announcement.c.id)
    ).first()
    return row is not None


def by_author(connection: Connection, author_id: int, limit: int) -> list[Announcement]:
    """Return an author's newest announcements, drafts left out."""
    rows = connection.execute(
        shown()
        .where(announcement.c.author_id == author_id, announcement.c.state != State.DRAFT.value)
        .order_by(announcement.c.id.desc())
        .limit(limit)
    )
    return [made(tuple(row)) for row in rows]


def card_of(connection: Connection, number: int) -> tuple[str, str, str, str] | None:
    """Return (messenger, account, chat, message) of the author's living card."""
    row = connection.execute(
        select(
            announcement.c.card_messenger,
            announcement.c.card_account,
            announcement.c.card_chat,
            announcement.c.card_message,
        ).where(announcement.c.id == number, announcement.c.card_message != "")
    ).first()
    return None if row is None else (row[0], row[1], row[2], row[3])


def keep_card(connection: Connection, number: int, messenger: str, account: str, chat: str, message: str) -> None:
    """Remember where the author's living card is."""
    connection.execute(
        announcement.update()
        .where(announcement.c.id == number)
        .values(card_messenger=messenger, card_account=account, card_chat=chat, card_message=message)
    )


def confirm(connection: Connection, number: int, member_id: int, now: datetime) -> bool:
    """Keep a confirmation; False when there is one already."""
    row = connection.execute(
        insert_new(connection, confirmation)
        .values(announcement_id=number, member_id=member_id, at=now)
        .returning(confirmation.c.member_id)
    ).first()
    return row is not None


def confirmed_at(connection: Connection, number: int, member_id: int) -> datetime | None:
    """Return when a person confirmed."""
    found: datetime | None = connection.scalar(
        select(confirmation.c.at).where(confirmation.c.announcement_id == number, confirmation.c.member_id == member_id)
    )
    return found


def confirmed(connection: Connection, number: int) -> int:
    """Return how many confirmed."""
    return (
        connection.scalar(
            select(func.count()).select_from(confirmation).where(confirmation.c.announcement_id == number)
        )
        or 0
    )


def _unconfirmed(number: object) -> Any:  # noqa: ANN401 - an SQL expression
    return ~exists(
        select(confirmation.c.member_id).where(
            confirmation.c.announcement_id == number, confirmation.c.member_id == outbox.letter.c.member_id
        )
    )


def to_remind(connection: Connection, one: Announcement) -> list[int]:
    """Return who was sent it and has not confirmed."""
    rows = connection.scalars(
        select(outbox.letter.c.member_id)
        .where(
            outbox.letter.c.campaign_id == one.campaign_id,
            outbox.letter.c.state.in_((outbox.SENT, outbox.UNKNOWN)),
            _unconfirmed(one.id),
        )
        .order_by(outbox.letter.c.member_id)
    )
    return [number for number in rows if number is not None]


def _received(member_id: int) -> Select[Any]:
    return (
        shown()
        .join(outbox.letter, outbox.letter.c.campaign_id == announcement.c.campaign_id)
        .where(
            outbox.letter.c.member_id == member_id,
            outbox.letter.c.state.in_((outbox.SENT, outbox.UNKNOWN)),
            announcement.c.state.in_((State.SENT.value, State.PAUSED.value)),
        )
    )


def received(connection: Connection, member_id: int, limit: int, offset: int) -> list[Announcement]:
    """Return what a person was sent, newest first, without what was recalled."""
    rows = connection.execute(_received(member_id).order_by(announcement.c.id.desc()).limit(limit).offset(offset))
    return [made(tuple(row)) for row in rows]


def was_sent_to(connection: Connection, one: Announcement, member_id: int) -> bool:
    """Answer whether a person is among those whom it was written to."""
    found = connection.scalar(
        select(outbox.letter.c.id).where(
            outbox.letter.c.campaign_id == one.campaign_id, outbox.letter.c.member_id == member_id
        )
    )
    return found is not None


def unconfirmed(connection: Connection, member_id: int) -> list[Announcement]:
    """Return what a person was sent and has not confirmed, oldest first; at most ten."""
    rows = connection.execute(
        _received(member_id).where(_unconfirmed(announcement.c.id)).order_by(announcement.c.id).limit(10)
    )
    return [made(tuple(row)) for row in rows]
