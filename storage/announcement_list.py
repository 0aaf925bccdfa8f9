"""An author's announcements as a list; who confirmed by unit, who did not, and who of an audience nothing reaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, case, exists, func, select

from domain.announcement import Announcement, State
from domain.member import NOTICE_VERSION, Standing
from storage import outbox
from storage.address import address
from storage.announcement import announcement, confirmation, made, shown
from storage.member import audience, by_name, member, membership
from storage.outbox import letter
from storage.unit import unit

WRITTEN_BEFORE, WRITTEN_AFTER = timedelta(days=1), timedelta(days=10)


@dataclass(frozen=True, slots=True)
class Wish:
    """Which of an author's announcements: in these states, with these words in them."""

    author_id: int
    states: tuple[State, ...]
    words: str = ""


def _where(query: Select[Any], wish: Wish) -> Select[Any]:
    query = query.where(
        announcement.c.author_id == wish.author_id, announcement.c.state.in_([state.value for state in wish.states])
    )
    return query.where(announcement.c.text.icontains(wish.words, autoescape=True)) if wish.words else query


def listed(connection: Connection, wish: Wish, limit: int, offset: int) -> list[Announcement]:
    """Return a part of the list, newest first."""
    query = _where(shown(), wish).order_by(announcement.c.id.desc())
    return [made(tuple(row)) for row in connection.execute(query.limit(limit).offset(offset))]


def counted(connection: Connection, wish: Wish) -> dict[State, int]:
    """Return how many there are in each of the states."""
    query = _where(select(announcement.c.state, func.count()), wish).group_by(announcement.c.state)
    return {State(row[0]): row[1] for row in connection.execute(query)}


def confirmed(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """Return how many confirmed each of these; of whom nobody did is absent."""
    rows = connection.execute(
        select(confirmation.c.announcement_id, func.count())
        .where(confirmation.c.announcement_id.in_(numbers))
        .group_by(confirmation.c.announcement_id)
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class Gauge:
    """How many of an audience would get it on which messenger, and how many would not for which reason."""

    people: int
    on: Counter[str]
    why: Counter[str]
    """unbound, consent or closed"""


def gauge(connection: Connection, path: str, standings: Sequence[Standing], most: int) -> Gauge:
    """Look at an audience in one pass; of more than so many people only that they are more."""
    who = audience(path, standings).limit(most + 1).subquery()
    rows = connection.execute(
        select(member.c.id, member.c.consent, address.c.open, address.c.messenger)
        .select_from(
            member.join(who, who.c.id == member.c.id).outerjoin(
                address, (address.c.member_id == member.c.id) & address.c.until.is_(None)
            )
        )
        # What comes last is where a push goes: the preferred account, else the one bound last.
        .order_by(address.c.preferred, address.c.bound_at)
    )
    on: dict[int, str] = {}
    why: dict[int, str] = {}
    for person, consent, is_open, messenger in rows:
        if is_open and consent >= NOTICE_VERSION:
            on[person] = messenger
        elif messenger is None:
            why[person] = "unbound"
        else:
            why[person] = "closed" if consent >= NOTICE_VERSION else "consent"
    counted = Counter(reason for person, reason in why.items() if person not in on)
    return Gauge(len(on.keys() | why.keys()), Counter(on.values()), counted)


def made_of(connection: Connection, one: Announcement) -> list[tuple[str, str, int, int]]:
    """Return (messenger, state, letters, confirmed) of what was written for an announcement."""
    yes = (confirmation.c.member_id == letter.c.member_id) & (confirmation.c.announcement_id == one.id)
    rows = connection.execute(
        select(letter.c.messenger, letter.c.state, func.count(), func.count(confirmation.c.member_id))
        .select_from(letter.outerjoin(confirmation, yes))
        .where(letter.c.campaign_id == one.campaign_id)
        .group_by(letter.c.messenger, letter.c.state)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def between(connection: Connection, author_id: int, first: datetime, last: datetime, limit: int) -> list[Announcement]:
    """Return an author's announcements that left, or are to leave, from `first` to before `last`, soonest first."""
    rows = connection.execute(
        shown()
        .where(
            announcement.c.author_id == author_id,
            announcement.c.send_at >= first,
            announcement.c.send_at < last,
            announcement.c.state != State.DRAFT.value,
        )
        .order_by(announcement.c.send_at, announcement.c.id)
        .limit(limit)
    )
    return [made(tuple(row)) for row in rows]


def received_between(
    connection: Connection, member_id: int, first: datetime, last: datetime, limit: int
) -> list[Announcement]:
    """Return what others sent a person from `first` to before `last`, soonest first, without what was recalled."""
    theirs = select(letter.c.campaign_id).where(
        letter.c.member_id == member_id,
        # Its letters are written when it is sent, or as they leave: not long before, and at most some days later.
        letter.c.created_at >= first - WRITTEN_BEFORE,
        letter.c.created_at < last + WRITTEN_AFTER,
        letter.c.campaign_id.is_not(None),
    )
    rows = connection.execute(
        shown()
        .where(
            announcement.c.campaign_id.in_(theirs),
            announcement.c.author_id != member_id,
            announcement.c.send_at >= first,
            announcement.c.send_at < last,
            announcement.c.state.in_((State.SENT.value, State.PAUSED.value)),
        )
        .order_by(announcement.c.send_at, announcement.c.id)
        .limit(limit)
    )
    return [made(tuple(row)) for row in rows]


def _reached(one: Announcement) -> Select[Any]:
    """Return the members whom a letter of it reached, as far as anybody knows."""
    return select(letter.c.member_id).where(
        letter.c.campaign_id == one.campaign_id, letter.c.state.in_((outbox.SENT, outbox.UNKNOWN))
    )


def _confirmed(one: Announcement, person: Any) -> Any:  # noqa: ANN401 - SQL expressions
    return exists(
        select(confirmation.c.member_id).where(
            confirmation.c.announcement_id == one.id, confirmation.c.member_id == person
        )
    )


def by_unit(connection: Connection, one: Announcement, limit: int, offset: int) -> list[tuple[int, str, int, int]]:
    """Return (id, name, reached, confirmed) of the units beneath the addressed one to which people belong, by place.

    Somebody who belongs to two of them counts in both. Only the people of these few units are looked at.
    """
    few = (
        select(unit.c.id, unit.c.name, unit.c.path)
        .where(
            unit.c.path.startswith(one.path, autoescape=True),
            exists(select(membership.c.unit_id).where(membership.c.unit_id == unit.c.id)),
        )
        .order_by(unit.c.path)
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    got = (
        (letter.c.member_id == membership.c.member_id)
        & (letter.c.campaign_id == one.campaign_id)
        & letter.c.state.in_((outbox.SENT, outbox.UNKNOWN))
    )
    yes = (confirmation.c.member_id == letter.c.member_id) & (confirmation.c.announcement_id == one.id)
    rows = connection.execute(
        select(few.c.id, few.c.name, func.count(letter.c.id), func.count(confirmation.c.member_id))
        .select_from(
            few.join(membership, membership.c.unit_id == few.c.id).outerjoin(letter, got).outerjoin(confirmation, yes)
        )
        .group_by(few.c.id, few.c.name, few.c.path)
        .order_by(few.c.path)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def silent(
    connection: Connection, one: Announcement, unit_id: int | None, limit: int, offset: int
) -> list[tuple[int, str, str]]:
    """Return (id, name, number) of those whom it reached and who have not confirmed, by name; perhaps of one unit."""
    query = (
        select(member.c.id, member.c.name, member.c.employee_no)
        .where(member.c.id.in_(_reached(one)), member.c.left_at.is_(None), ~_confirmed(one, member.c.id))
        .order_by(*by_name(connection))
    )
    if unit_id is not None:
        theirs = select(membership.c.member_id).where(membership.c.unit_id == unit_id)
        query = query.where(member.c.id.in_(theirs))
    return [(row[0], row[1], row[2]) for row in connection.execute(query.limit(limit).offset(offset))]


def confirmed_by(connection: Connection, number: int, moments: Sequence[datetime]) -> list[int]:
    """Return how many had confirmed by each of these moments."""
    by = [func.coalesce(func.sum(case((confirmation.c.at <= moment, 1), else_=0)), 0) for moment in moments]
    row = connection.execute(select(*by).where(confirmation.c.announcement_id == number)).one()
    return [int(count) for count in row]
