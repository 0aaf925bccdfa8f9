"""Stretches: the part of a campaign's audience that has no letters yet, as ranges of member ids.

A million people are one row a messenger: "everybody at or beneath this path up to this id". Delivery cuts parcels off
its beginning and writes their letters just before they leave. The audience is the one of the moment of sending: before
the roster changes, what is left is written down as lists (`fix`), and whoever joins later has a higher id.

People change where they want to be written to while a campaign is under way. So the last stretch over a range is gone
through once more (`gleaning`) for those who have no letter yet and can be reached anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    Boolean,
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
    false,
    func,
    select,
)

from domain.member import Standing
from storage import member
from storage.address import address
from storage.base import Id, UtcTime, id_column, metadata
from storage.outbox import HELD, READY, RECALLED, campaign, letter
from storage.prepared import Prepared

SPAN = 1000
"""People in one row of a written-down list."""
WINDOW = 20_000
"""Ids that are looked through at once for people without a letter."""

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
    Column("gleaning", Boolean, nullable=False, server_default=false()),
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
    gleaning: bool
    payload_zh: str
    payload_en: str


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
    *,
    gleaning: bool = False,
) -> None:
    """Lay these people (ids in ascending order) before each messenger."""
    rows = []
    for place in range(0, len(people), SPAN):
        part = people[place : place + SPAN]
        common = {"campaign_id": campaign_id, "lane": lane, "first": part[0], "last": part[-1], "state": state}
        common["gleaning"] = gleaning
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
        stretch.c.gleaning,
        campaign.c.payload_zh,
        campaign.c.payload_en,
    )
    .join(campaign, campaign.c.id == stretch.c.campaign_id)
    .where(
        stretch.c.messenger == bindparam("messenger"),
        stretch.c.state == READY,
        campaign.c.state == READY,
        stretch.c.next_at <= bindparam("now", type_=UtcTime),
    )
    .order_by(stretch.c.lane, stretch.c.gleaning, stretch.c.id)
    .limit(1)
)
_DUE = Prepared(_FIRST)


def due(connection: Connection, messenger: str, now: datetime) -> Stretch | None:
    """Return the first stretch of this messenger that may be cut from."""
    row = _DUE.first(connection, {"messenger": messenger, "now": now})
    return None if row is None else Stretch(*row)


def audience(path: str, standings: str) -> Select[tuple[int]]:
    """Return the query of a described audience; `standings`: their values with commas between, none means everybody."""
    return member.audience(path, _standings(standings))


def _standings(words: str) -> tuple[Standing, ...]:
    return tuple(Standing(one) for one in words.split(",") if one)


def ahead(connection: Connection, one: Stretch, messenger: str, most: int) -> tuple[list[int], int | None]:
    """Return the next people of a stretch, and where it begins after them; None: it ends with them.

    They are those with an open account on this messenger; when it is gleaned, those without a letter and with any open
    account.
    """
    if one.gleaning:
        return _gleanings(connection, one, most)
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
        query = query.where(address.c.member_id.in_([n for n in json.loads(one.people) if n >= one.first]))
    else:
        query = query.where(member.belongs(address.c.member_id, one.path or "", _standings(one.standings)))
    found = [number for number in connection.scalars(query) if number is not None]
    return found, found[-1] + 1 if len(found) == most else None


def _gleanings(connection: Connection, one: Stretch, most: int) -> tuple[list[int], int | None]:
    """Look through a window of ids; most of it has letters."""
    last = min(one.last, one.first + WINDOW - 1)
    theirs = select(letter.c.id).where(
        letter.c.campaign_id == one.campaign_id, letter.c.member_id == member.member.c.id
    )
    account = select(address.c.id).where(address.c.member_id == member.member.c.id, address.c.open)
    query = (
        select(member.member.c.id)
        .where(member.member.c.id >= one.first, member.member.c.id <= last, ~theirs.exists(), account.exists())
        .order_by(member.member.c.id)
        .limit(most)
    )
    if one.people:
        ours = [number for number in json.loads(one.people) if one.first <= number <= last]
        query = query.where(member.member.c.id.in_(ours))
    else:
        query = query.where(member.belongs(member.member.c.id, one.path or "", _standings(one.standings)))
    found = list(connection.scalars(query))
    if len(found) == most:
        return found, found[-1] + 1
    return found, last + 1 if last < one.last else None


def hold_campaign(connection: Connection, number: int) -> None:
    """Let others who change this campaign or its stretches wait: always before a stretch is touched."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(campaign.c.id).where(campaign.c.id == number).with_for_update())


_MOVE = Prepared(
    stretch.update()
    .where(
        stretch.c.id == bindparam("row"),
        stretch.c.state == READY,
        stretch.c.first == bindparam("before"),
        stretch.c.gleaning == bindparam("was"),
        select(campaign.c.id).where(campaign.c.id == stretch.c.campaign_id, campaign.c.state == READY).exists(),
    )
    .values(first=bindparam("after"), gleaning=bindparam("gleans"))
    .returning(stretch.c.id)
)


def move(connection: Connection, one: Stretch, before: int, after: int | None) -> bool:
    """Let a stretch begin later, or (None) end; False when it is not what it was: then nothing is done.

    The last one over its range does not end before it was gleaned.
    """
    values = {"row": one.id, "before": before, "was": one.gleaning}
    if after is not None:
        return _MOVE.first(connection, {**values, "after": after, "gleans": one.gleaning}) is not None
    # Two that end at once would each see the other, and nobody would glean.
    hold_campaign(connection, one.campaign_id)
    others = select(stretch.c.id).where(
        stretch.c.campaign_id == one.campaign_id,
        stretch.c.last == one.last,
        stretch.c.id != one.id,
        stretch.c.gleaning.is_(False),
    )
    if not one.gleaning and connection.scalar(others.limit(1)) is None:
        first = json.loads(one.people)[0] if one.people else 0
        return _MOVE.first(connection, {**values, "after": first, "gleans": True}) is not None
    if _MOVE.first(connection, {**values, "after": before, "gleans": one.gleaning}) is None:
        return False
    connection.execute(stretch.delete().where(stretch.c.id == one.id))
    return True


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


def uncounted(connection: Connection) -> list[int]:
    """Return the described campaigns whose audience nobody has counted."""
    described = select(stretch.c.campaign_id).where(stretch.c.people == "")
    return list(
        connection.scalars(select(campaign.c.id).where(campaign.c.id.in_(described), campaign.c.people.is_(None)))
    )


def fix(connection: Connection) -> None:
    """Write down who is left of every described audience, and who was passed already: the roster is about to change.

    Whoever pauses or recalls one of them meanwhile waits.
    """
    described = select(stretch.c.campaign_id).where(stretch.c.people == "")
    campaigns = select(campaign).where(campaign.c.id.in_(described)).order_by(campaign.c.id).with_for_update()
    for one in connection.execute(campaigns).all():
        rows = connection.execute(
            select(stretch).where(stretch.c.campaign_id == one.id, stretch.c.people == "").order_by(stretch.c.first)
        ).all()
        everybody: list[int] = sorted(connection.scalars(audience(one.path or "", one.standings)))
        for row in rows:
            people = [number for number in everybody if row.first <= number <= row.last]
            lay_list(
                connection, one.id, row.lane, [row.messenger], row.next_at, people, row.state, gleaning=row.gleaning
            )
        if rows:
            # Whom any messenger has passed: once its stretch is a list, that begins after them.
            far = rows[-1]
            passed = [number for number in everybody if number < far.first]
            lay_list(connection, one.id, far.lane, [far.messenger], far.next_at, passed, far.state, gleaning=True)
        connection.execute(stretch.delete().where(stretch.c.id.in_([row.id for row in rows])))
