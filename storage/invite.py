"""Binding codes: only their digests are kept; and how often an account guessed wrongly."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, PrimaryKeyConstraint, String, Table, select

from storage.base import Id, UtcTime, id_column, insert_new, metadata

invite = Table(
    "invite",
    metadata,
    id_column(),
    Column("digest", String(64), nullable=False, unique=True),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime, nullable=True),
)

attempt = Table(
    "invite_attempt",
    metadata,
    Column("messenger", String(32), nullable=False),
    Column("account", String(128), nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("wait_until", UtcTime, nullable=True),
    PrimaryKeyConstraint("messenger", "account"),
)


def add(connection: Connection, digest: str, member_id: int, now: datetime, expires_at: datetime) -> None:
    """Keep a new code, and let the person's unused ones before it end."""
    connection.execute(
        invite.update()
        .where(invite.c.member_id == member_id, invite.c.used_at.is_(None), invite.c.expires_at > now)
        .values(expires_at=now)
    )
    connection.execute(
        invite.insert().values(digest=digest, member_id=member_id, created_at=now, expires_at=expires_at)
    )


def use(connection: Connection, digest: str, now: datetime) -> int | None:
    """Use a code up; returns whose it is, or None when it is unknown, used or over. Of many at once one gets it."""
    number: int | None = connection.scalar(
        invite.update()
        .where(invite.c.digest == digest, invite.c.used_at.is_(None), invite.c.expires_at > now)
        .values(used_at=now)
        .returning(invite.c.member_id)
    )
    return number


def waits_until(connection: Connection, messenger: str, account: str) -> datetime | None:
    """Return until when an account may not guess again, if it ever guessed too often."""
    return connection.scalar(
        select(attempt.c.wait_until).where(attempt.c.messenger == messenger, attempt.c.account == account)
    )


def count_wrong(connection: Connection, messenger: str, account: str) -> int:
    """Count a wrong guess; returns how many there are since the last wait or success."""
    connection.execute(insert_new(connection, attempt).values(messenger=messenger, account=account, wrong=0))
    return int(
        connection.execute(
            attempt.update()
            .where(attempt.c.messenger == messenger, attempt.c.account == account)
            .values(wrong=attempt.c.wrong + 1)
            .returning(attempt.c.wrong)
        ).scalar_one()
    )


def rest(connection: Connection, messenger: str, account: str, until: datetime | None) -> None:
    """Begin the count anew, with a wait before it or (None) without."""
    connection.execute(
        attempt.update()
        .where(attempt.c.messenger == messenger, attempt.c.account == account)
        .values(wrong=0, wait_until=until)
    )
