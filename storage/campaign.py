"""Campaigns: what many were sent as one, what became of it, and pausing, resuming and recalling what has not left."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, or_, outerjoin, select

from domain.member import NOTICE_VERSION, Standing
from storage import stretch
from storage.address import address
from storage.member import audience, by_name, member
from storage.outbox import FAILED, HELD, READY, RECALLED, SENDING, SENT, UNKNOWN, campaign, letter
from storage.prepared import Prepared


def open_one(connection: Connection, values: dict[str, Any]) -> int:
    """Store a text that many will get; returns its id."""
    return int(connection.execute(campaign.insert().values(values).returning(campaign.c.id)).one()[0])


def describe(connection: Connection, number: int, path: str, standings: Sequence[str]) -> None:
    """Say whom a campaign is for in words instead of names: all of today's people there and of these standings."""
    highest = select(func.max(member.c.id)).scalar_subquery()
    connection.execute(
        campaign.update()
        .where(campaign.c.id == number)
        .values(path=path, standings=",".join(standings), highest=func.coalesce(highest, 0))
    )


def about(connection: Connection, kinds: Sequence[str], subject: str) -> list[int]:
    """Return the campaigns of these kinds about a subject."""
    return list(
        connection.scalars(
            select(campaign.c.id)
            .where(campaign.c.kind.in_(kinds), campaign.c.subject == subject)
            .order_by(campaign.c.id)
        )
    )


def get(connection: Connection, number: int) -> dict[str, Any]:
    """Return a campaign without its text."""
    shown = [column for column in campaign.c if not column.name.startswith("payload")]
    row = connection.execute(select(*shown).where(campaign.c.id == number)).one()
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name


def is_known(connection: Connection, number: int) -> bool:
    """Answer whether there is such a campaign."""
    return connection.scalar(select(campaign.c.id).where(campaign.c.id == number)) is not None


def people(connection: Connection, number: int | None) -> int | None:
    """Return how many people a campaign is for, once that is known."""
    found: int | None = connection.scalar(select(campaign.c.people).where(campaign.c.id == number))
    return found


def add(connection: Connection, number: int, **counts: int) -> None:
    """Count people who got no letter (`muted`, `capped`)."""
    values = {campaign.c[name]: campaign.c[name] + count for name, count in counts.items() if count}
    if values:
        connection.execute(campaign.update().where(campaign.c.id == number).values(values))


def change(connection: Connection, number: int, **values: Any) -> None:  # noqa: ANN401 - columns of the table
    """Change columns of a campaign."""
    connection.execute(campaign.update().where(campaign.c.id == number).values(values))


def active(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[str, datetime | None]]:
    """Return the kind of these campaigns, and when letters of theirs left last."""
    if not numbers:
        return {}
    rows = connection.execute(
        select(campaign.c.id, campaign.c.kind, campaign.c.active_at).where(campaign.c.id.in_(numbers))
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def subject_of(connection: Connection, number: int) -> tuple[str, str]:
    """Return a campaign's (kind, subject)."""
    row = connection.execute(select(campaign.c.kind, campaign.c.subject).where(campaign.c.id == number)).one()
    return row[0], row[1]


def census(connection: Connection, number: int) -> dict[str, int]:
    """Count a described audience: people, who bound no account or has not agreed (unbound), whose is shut (closed).

    May take a second for a million people: for a reader, not inside anybody's turn.
    """
    one = get(connection, number)
    who = stretch.audience(one["path"] or "", one["standings"]).where(member.c.id <= one["highest"]).subquery()
    theirs = select(address.c.id).where(address.c.member_id == who.c.id, address.c.until.is_(None))
    open_ = theirs.where(address.c.open)
    agreed = open_.join(member, member.c.id == address.c.member_id).where(member.c.consent >= NOTICE_VERSION)
    closed = and_(theirs.exists(), ~open_.exists())
    sums = select(
        func.count(),
        func.coalesce(func.sum(case((or_(closed, agreed.exists()), 0), else_=1)), 0),
        func.coalesce(func.sum(case((closed, 1), else_=0)), 0),
    ).select_from(who)
    counted = connection.execute(sums).one()
    return dict(zip(("people", "unbound", "closed"), map(int, counted), strict=True))


def turn(connection: Connection, number: int, to: str, now: datetime, moment: datetime) -> None:
    """Pause (held), resume (ready) or recall (recalled) what has not left yet.

    `moment`: what is resumed leaves no earlier than this.
    """
    moved = case((letter.c.next_at < moment, moment), else_=letter.c.next_at)
    before = (READY, HELD) if to == RECALLED else ((READY,) if to == HELD else (HELD,))
    connection.execute(campaign.update().where(campaign.c.id == number).values(state=to))
    stretch.turn(connection, number, to, moment)
    connection.execute(
        letter.update()
        .where(letter.c.campaign_id == number, letter.c.state.in_(before))
        .values(
            state=to,
            settled_at=now if to == RECALLED else None,
            next_at=moved if to == READY else letter.c.next_at,
        )
    )


def counts(connection: Connection, number: int) -> dict[str, int]:
    """Return how many letters of a campaign stand in each state; those that are no longer kept count on."""
    rows = connection.execute(
        select(letter.c.state, func.count()).where(letter.c.campaign_id == number).group_by(letter.c.state)
    )
    return dict(gone(connection, number) + Counter(dict(tuple(row) for row in rows)))


def gone(connection: Connection, number: int) -> Counter[str]:
    """Return how many letters of a campaign are no longer kept, by state; of those nobody knows whose they were."""
    return Counter(json.loads(connection.scalar(select(campaign.c.gone).where(campaign.c.id == number)) or "{}"))


def written(connection: Connection, number: int, members: Sequence[int]) -> set[int]:
    """Return which of these people have a letter of this campaign."""
    query = select(letter.c.member_id).where(letter.c.campaign_id == number, letter.c.member_id.in_(members))
    return {found for found in connection.scalars(query) if found is not None}


def missed(
    connection: Connection, number: int, path: str, standings: Sequence[Standing], limit: int, offset: int
) -> list[tuple[int, str, str, str]]:
    """Return (id, name, number, why) of this audience's people whom a campaign has not reached, by name."""
    theirs = outerjoin(member, letter, and_(letter.c.campaign_id == number, letter.c.member_id == member.c.id))
    bound = select(address.c.id).where(address.c.member_id == member.c.id, address.c.until.is_(None))
    why = case(
        (letter.c.state.in_((FAILED, UNKNOWN)), letter.c.state),
        (letter.c.id.is_not(None), "waiting"),
        (~bound.exists(), "unbound"),
        (~bound.where(address.c.open).exists(), "closed"),
        (member.c.consent < NOTICE_VERSION, "consent"),
        else_="waiting",
    )
    rows = connection.execute(
        select(member.c.id, member.c.name, member.c.employee_no, why)
        .select_from(theirs)
        .where(
            member.c.id.in_(audience(path, standings)),
            or_(letter.c.id.is_(None), letter.c.state.in_((FAILED, UNKNOWN))),
        )
        .order_by(*by_name(connection))
        .limit(limit)
        .offset(offset)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def arrived(
    connection: Connection, numbers: Sequence[int], after: int, since: datetime | None, most: int
) -> list[dict[str, Any]]:
    """Return what of these campaigns has arrived: letters above `after`, with `since` settled from then on; by id.

    (id, messenger, recipient, chat, message, language); without a message there is nothing to redraw.
    """
    query = select(
        letter.c.id, letter.c.messenger, letter.c.recipient, letter.c.chat, letter.c.message, letter.c.language
    ).where(letter.c.state == SENT, letter.c.id > after, letter.c.message != "")
    if since is not None:
        query = query.where(letter.c.settled_at >= since)
    found: list[dict[str, Any]] = []
    for number in numbers:
        # One after another: each is a walk along the index, both together would be sorted whole.
        rows = connection.execute(query.where(letter.c.campaign_id == number).order_by(letter.c.id).limit(most))
        found += [dict(row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's documented name
    return sorted(found, key=lambda row: int(row["id"]))[:most]


def flying(connection: Connection, numbers: Sequence[int]) -> int | None:
    """Return the first letter of these campaigns that is being sent just now."""
    found: int | None = connection.scalar(
        select(func.min(letter.c.id)).where(letter.c.campaign_id.in_(numbers), letter.c.state == SENDING)
    )
    return found


_STATE = Prepared(select(campaign.c.state).where(campaign.c.id == bindparam("number")))


def stopped(connection: Connection, numbers: Sequence[int]) -> set[int]:
    """Return which of these campaigns are paused or recalled."""
    return {number for number in numbers if _STATE.first(connection, {"number": number}) != (READY,)}
