"""Who of a unit can be reached at all, and what kept pushes from whom: counted from addresses, choices and letters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, func, literal, select

from domain.member import NOTICE_VERSION
from storage.address import address
from storage.member import audience, by_name, member
from storage.outbox import CAPPED, FAILED, UNKNOWN, campaign, letter
from storage.preference import preference

_THEIRS = select(address.c.id).where(address.c.member_id == member.c.id, address.c.until.is_(None))
WHY = case(
    (~_THEIRS.exists(), literal("unbound")),
    (member.c.consent < NOTICE_VERSION, literal("consent")),
    (~_THEIRS.where(address.c.open).exists(), literal("closed")),
    else_=literal(""),
)
"""Why nothing reaches a person; empty: it does."""


def standing(connection: Connection, path: str) -> dict[str, int]:
    """Return how many people of a unit cannot be reached for which reason; under "" how many can."""
    who = _people(path).subquery()
    rows = connection.execute(
        select(WHY, func.count()).select_from(member).where(member.c.id.in_(select(who.c.id))).group_by(WHY)
    )
    return {str(why): int(count) for why, count in rows}


def unreached(connection: Connection, path: str, limit: int, offset: int) -> list[tuple[int, str, str]]:
    """Return (id, name, why) of whom nothing reaches, by name."""
    rows = connection.execute(
        select(member.c.id, member.c.name, WHY)
        .where(member.c.id.in_(_people(path)), WHY != "")
        .order_by(*by_name(connection))
        .limit(limit)
        .offset(offset)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def muting(connection: Connection, path: str) -> int:
    """Return how many people of a unit have switched some kind of push off."""
    off = select(preference.c.member_id).where(
        preference.c.member_id.in_(_people(path)), preference.c.wanted.is_(False)
    )
    return connection.scalar(select(func.count()).select_from(off.distinct().subquery())) or 0


def ended(connection: Connection, path: str, since: datetime) -> dict[str, int]:
    """Return to how many people of a unit a push written since then ended so."""
    rows = connection.execute(
        select(letter.c.state, func.count(letter.c.member_id.distinct()))
        .where(
            letter.c.member_id.in_(_people(path)),
            letter.c.campaign_id.is_not(None),
            letter.c.created_at >= since,
            letter.c.state.in_((FAILED, UNKNOWN)),
        )
        .group_by(letter.c.state)
    )
    return {str(state): int(count) for state, count in rows}


def capped(connection: Connection, since: datetime) -> int:
    """Return how many pushes the daily budget kept back since then, in the whole organisation."""
    before = select(func.coalesce(func.sum(campaign.c.capped), 0)).where(campaign.c.created_at >= since)
    late = select(func.count()).where(
        letter.c.campaign_id.is_not(None), letter.c.created_at >= since, letter.c.state == CAPPED
    )
    return int(connection.scalar(before) or 0) + int(connection.scalar(late) or 0)


def _people(path: str) -> Select[Any]:
    return audience(path)
