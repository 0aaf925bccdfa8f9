"""Campaigns: what many were sent as one, what became of it, and pausing, resuming and recalling what has not left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, func, select

from storage.outbox import HELD, READY, RECALLED, campaign, letter


def open_one(connection: Connection, values: dict[str, Any]) -> int:
    """Store a text that many will get; returns its id."""
    return int(connection.execute(campaign.insert().values(values).returning(campaign.c.id)).one()[0])


def about(connection: Connection, kinds: Sequence[str], subject: str) -> list[int]:
    """Return the campaigns of these kinds about a subject."""
    return list(
        connection.scalars(
            select(campaign.c.id)
            .where(campaign.c.kind.in_(kinds), campaign.c.subject == subject)
            .order_by(campaign.c.id)
        )
    )


def turn(connection: Connection, number: int, to: str, now: datetime, moment: datetime) -> int:
    """Pause (held), resume (ready) or recall (recalled) what has not left yet; returns how many letters that is.

    `moment`: what is resumed leaves no earlier than this.
    """
    moved = case((letter.c.next_at < moment, moment), else_=letter.c.next_at)
    before = (READY, HELD) if to == RECALLED else ((READY,) if to == HELD else (HELD,))
    connection.execute(campaign.update().where(campaign.c.id == number).values(state=to))
    rows = connection.execute(
        letter.update()
        .where(letter.c.campaign_id == number, letter.c.state.in_(before))
        .values(
            state=to,
            settled_at=now if to == RECALLED else None,
            next_at=moved if to == READY else letter.c.next_at,
        )
        .returning(letter.c.id)
    ).all()
    return len(rows)


def counts(connection: Connection, number: int) -> dict[str, int]:
    """Return how many letters of a campaign stand in each state."""
    rows = connection.execute(
        select(letter.c.state, func.count()).where(letter.c.campaign_id == number).group_by(letter.c.state)
    )
    return dict(tuple(row) for row in rows)


def letters(connection: Connection, number: int, states: Sequence[str]) -> list[dict[str, Any]]:
    """Return the letters of a campaign in these states (messenger, recipient, chat, member_id, message, language)."""
    rows = connection.execute(
        select(
            letter.c.id,
            letter.c.messenger,
            letter.c.recipient,
            letter.c.chat,
            letter.c.member_id,
            letter.c.message,
            letter.c.language,
        ).where(letter.c.campaign_id == number, letter.c.state.in_(states))
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented name
