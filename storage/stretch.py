"""Stretches: the part of a campaign's audience that has no letters yet, as ranges of member ids.

A million people are one row a messenger: "everybody at or beneath this path up to this id". Delivery cuts parcels off
its beginning and writes their letters just before they leave. The audience is the one of the moment of sending: before
the roster changes, what is left is written down as lists (`fix`), and whoever joins later has a higher id.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    bindparam,
    func,
    select,
)

from domain.member import Standing
from storage import member
from storage.address import address
from storage.base import Id, UtcTime, id_column, metadata
from storage.outbox import HELD, READY, RECALLED, campaign
from storage.prepared import Prepared

SPAN = 1000
"""People in one row of a written-down list."""

stretch = Table(
    "stretch",
    metadata,
    id_column(),
    Column("campaign_id", Id, ForeignKey("campaign.id"), nullable=False, index=True),
    Column("messenger", String(32), nullable=False),
    Column("lane", Integer, nullable=False),
    Column("first", Id, nullable=False),
    Column("last", Id, nullable=False),
    Column("people", Text, nullable=False, server_default=""),
    Column("state", String(8), nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Index("ix_stretch_messenger_state_lane", "messenger", "state", "lane"),
)
"""first: nobody before this id is left to do. people: a JSON list of ids; empty means the campaign's own audience."""


class Stretch(NamedTuple):
    """What is left of a range, with what its letters need."""

    id: int
    campaign_id: int
    kind: str
    lane: int
    first: int
    last: int
    people: str
    next_at: datetime
    path: str | None
    standings: str
    counted: int | None
    """How many people its whole campaign is for, once that is known."""


def lay(connection: Connection, campaign_id: int, lane: int, messengers: Sequence[str], at: datetime) -> None:
    """Lay the whole audience of a campaign, as it describes itself, before each messenger."""
    highest = select(campaign.c.highest).where(campaign.c.id == campaign_id).scalar_subquery()
    common = {"campaign_id": campaign_id, "lane": lane, "first": 0, "people": "", "state": READY, "next_at": at}
    for messenger in messengers:
        connection.execute(stretch.insert().values(messenger=messenger, last=highest, **common))


def lay_list(
    connection: Connection,
    campaign_id: int,
    lane: int,
    messengers: Sequence[str],
    at: datetime,
    people: Sequence[int],
    state: str = READY,
) -> None:
    """Lay these people (ids in ascending order) before each messenger."""
    rows = []
    for place in range(0, len(people), SPAN):
        part = people[place : place + SPAN]
        common = {"campaign_id": campaign_id, "lane": lane, "first": part[0], "last": part[-1], "state": state}
        written = json.dumps(part, separators=(",", ":"))
        rows += [{**common, "messenger": one, "people": written, "next_at": at} for one in messengers]
    if rows:
        connection.execute(stretch.insert(), rows)


_FIRST = (
    select(
        stretch.c.id,
        stretch.c.campaign_id,
        campaign.c.kind,
        stretch.c.lane,
        stretch.c.first,
        stretch.c.last,
        stretch.c.people,
        stretch.c.next_at,
        campaign.c.path,
        campaign.c.standings,
        campaign.c.people.label("counted"),
    )
    .join(campaign, campaign.c.id == stretch.c.campaign_id)
    .where(
        stretch.c.messenger == bindparam("messenger"),
        stretch.c.state == READY,
        stretch.c.next_at <= bindparam("now", type_=UtcTime),
    )
    .order_by(stretch.c.lane, stretch.c.id)
    .limit(1)
)
_DUE = Prepared({"sqlite": _FIRST, "postgresql": _FIRST.with_for_update(of=stretch, skip_locked=True)})


def due(connection: Connection, messenger: str, now: datetime) -> Stretch | None:
    """Return the first stretch of this messenger that may be cut from; nobody else cuts it in this transaction."""
    row = _DUE.first(connection, {"messenger": messenger, "now": now})
    return None if row is None else Stretch(*row)


def audience(path: str, standings: str) -> Select[tuple[int]]:
    """Return the query of a described audience; `standings`: their values with commas between, none means everybody."""
    return member.audience(path, _standings(standings))


def _standings(words: str) -> tuple[Standing, ...]:
    return tuple(Standing(one) for one in words.split(",") if one)


def cut(connection: Connection, one: Stretch, messenger: str, most: int) -> list[int]:
    """Cut the next people with an open account on this messenger off a stretch; one that is empty then is gone."""
    query = (
        select(address.c.member_id)
        .where(
            address.c.messenger == messenger,
            address.c.open,
            address.c.member_id >= one.first,
            address.c.member_id <= one.last,
        )
        .distinct()
        .order_by(address.c.member_id)
        .limit(most)
    )
    if one.people:
        ahead = [number for number in json.loads(one.people) if number >= one.first]
        query = query.where(address.c.member_id.in_(ahead))
    else:
        query = query.where(member.belongs(address.c.member_id, one.path or "", _standings(one.standings)))
    found = [number for number in connection.scalars(query) if number is not None]
    if len(found) < most:
        connection.execute(stretch.delete().where(stretch.c.id == one.id))
    else:
        connection.execute(stretch.update().where(stretch.c.id == one.id).values(first=found[-1] + 1))
    return found


def put_off(connection: Connection, number: int, until: datetime) -> None:
    """Cut nothing off this stretch before this moment."""
    connection.execute(stretch.update().where(stretch.c.id == number).values(next_at=until))


def turn(connection: Connection, campaign_id: int, to: str, moment: datetime) -> None:
    """Pause (held), resume (ready, no earlier than `moment`) or drop (recalled) what is left of a campaign."""
    ours = stretch.c.campaign_id == campaign_id
    if to == RECALLED:
        connection.execute(stretch.delete().where(ours))
    elif to == HELD:
        connection.execute(stretch.update().where(ours).values(state=HELD))
    else:
        connection.execute(stretch.update().where(ours, stretch.c.state == HELD).values(state=to, next_at=moment))


def left(connection: Connection, campaign_id: int) -> int:
    """Return how many stretches of a campaign are left."""
    query = select(func.count()).select_from(stretch).where(stretch.c.campaign_id == campaign_id)
    return connection.scalar(query) or 0


def fix(connection: Connection) -> None:
    """Write down who is left of every described audience: the roster is about to change."""
    rows = connection.execute(
        select(stretch, campaign.c.path, campaign.c.standings)
        .join(campaign, campaign.c.id == stretch.c.campaign_id)
        .where(stretch.c.people == "")
    ).all()
    for row in rows:
        who = audience(row.path or "", row.standings).where(
            member.member.c.id >= row.first, member.member.c.id <= row.last
        )
        people: list[int] = sorted(connection.scalars(who))
        lay_list(connection, row.campaign_id, row.lane, [row.messenger], row.next_at, people, row.state)
        connection.execute(stretch.delete().where(stretch.c.id == row.id))
