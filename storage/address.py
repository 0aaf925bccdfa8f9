"""Where people are reached: one row a person and messenger account, open or closed with the reason."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    func,
    select,
    text,
)

from domain.member import NOTICE_VERSION, Person
from storage.base import Id, UtcTime, id_column, insert_new, metadata
from storage.conversation import conversation
from storage.member import member
from storage.prepared import Prepared

address = Table(
    "address",
    metadata,
    id_column(),
    Column("messenger", String(32), nullable=False),
    Column("account", String(128), nullable=False),
    Column("chat", String(128), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=True),
    Column("language", String(8), nullable=False, server_default=""),
    Column("open", Boolean, nullable=False),
    Column("closed_why", String(200), nullable=False, server_default=""),
    Column("preferred", Boolean, nullable=False, server_default="0"),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("bound_at", UtcTime, nullable=True),
    Column("until", UtcTime, nullable=True),
    UniqueConstraint("messenger", "account"),
    Index("ix_address_member_id", "member_id"),
    Index("ix_address_messenger_member_id", "messenger", "member_id"),
    Index(
        "ix_address_until",
        "until",
        sqlite_where=text("until IS NOT NULL"),
        postgresql_where=text("until IS NOT NULL"),
    ),
)
"""until: a browser that came by a link, a visit: its person is nobody from then on. It is never open, so that nothing
is pushed there, and it does not count as one of theirs."""

_CALLER = Prepared(
    select(
        address.c.id,
        address.c.open,
        address.c.language,
        address.c.chat,
        address.c.bound_at,
        address.c.until,
        member.c.id,
        member.c.employee_no,
        member.c.name,
        member.c.language,
        member.c.consent,
        conversation.c.step,
        conversation.c.facts,
        conversation.c.version,
        conversation.c.expires_at,
    )
    .select_from(
        address.outerjoin(member, and_(member.c.id == address.c.member_id, member.c.left_at.is_(None))).outerjoin(
            conversation,
            and_(conversation.c.messenger == address.c.messenger, conversation.c.sender == address.c.account),
        )
    )
    .where(address.c.messenger == bindparam("messenger"), address.c.account == bindparam("account"))
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Everything that a turn must know of whoever speaks, from one query."""

    address_id: int
    open: bool
    language: str
    chat: str
    bound_at: datetime | None
    """When it was bound last, whether it still is or not; None: never."""
    until: datetime | None
    """When a visit ends, or ended; None: it is none."""
    person: Person | None
    step: str
    facts: dict[str, Any]
    version: int
    expires_at: datetime | None


def caller(connection: Connection, messenger: str, account: str, now: datetime | None = None) -> Caller | None:
    """Return who speaks, and the conversation that is open; None for somebody never seen.

    `now`: for visits, which are nobody's when they are over; without it they are nobody's at any time.
    """
    row = _CALLER.first(connection, {"messenger": messenger, "account": account})
    if row is None:
        return None
    over = row[5] is not None and (now is None or row[5] <= now)
    person = None if row[6] is None or over else Person(row[6], row[7], row[8], row[9], row[10])
    return Caller(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        row[5],
        person,
        row[11] or "",
        json.loads(row[12]) if row[12] else {},
        row[13] or 0,
        row[14],
    )


def meet(connection: Connection, messenger: str, account: str, chat: str, language: str, now: datetime) -> None:
    """Remember somebody at first contact, so that answers have somewhere to go."""
    connection.execute(
        insert_new(connection, address).values(
            messenger=messenger, account=account, chat=chat, language=language, open=True, first_seen_at=now
        )
    )


def reopen(connection: Connection, number: int, chat: str) -> None:
    """Whoever writes to us can be reached again."""
    connection.execute(address.update().where(address.c.id == number).values(open=True, closed_why="", chat=chat))


def close(connection: Connection, messenger: str, account: str, why: str) -> None:
    """Write nothing more to this account, for this reason."""
    connection.execute(
        address.update()
        .where(address.c.messenger == messenger, address.c.account == account)
        .values(open=False, closed_why=why[:200])
    )


def bind(connection: Connection, number: int, member_id: int | None, now: datetime | None) -> None:
    """Tie an account to a member, or (None) untie it: when it was bound stays known.

    A visit that is tied is an account like any other.
    """
    values: dict[str, Any] = {"member_id": member_id, "preferred": False}
    if member_id is not None:
        values |= {"bound_at": now, "open": True, "closed_why": "", "until": None}
    connection.execute(address.update().where(address.c.id == number).values(values))


def binds(connection: Connection, messenger: str, member_id: int) -> bool:
    """Answer whether a member has an account on this messenger."""
    ours = (address.c.messenger == messenger, address.c.member_id == member_id, address.c.until.is_(None))
    return connection.scalar(select(address.c.id).where(*ours).limit(1)) is not None


def untie_all(connection: Connection, member_id: int) -> None:
    """Untie every account of a member, visits too."""
    connection.execute(address.update().where(address.c.member_id == member_id).values(member_id=None, preferred=False))


def visit(
    connection: Connection, messenger: str, account: str, member_id: int, language: str, now: datetime, until: datetime
) -> None:
    """Tie an account that nobody has used to a member, until then. Nothing is pushed there."""
    connection.execute(
        address.insert().values(
            messenger=messenger,
            account=account,
            chat=account,
            member_id=member_id,
            language=language,
            open=False,
            closed_why="visit",
            first_seen_at=now,
            bound_at=now,
            until=until,
        )
    )


def end_visits(connection: Connection, now: datetime, member_id: int | None = None) -> None:
    """Untie the visits that are over, or all of a member."""
    ended = address.c.until <= now if member_id is None else address.c.member_id == member_id
    connection.execute(
        address.update()
        .where(text("until IS NOT NULL"), address.c.member_id.is_not(None), ended)
        .values(member_id=None)
    )


def set_language(connection: Connection, number: int, language: str) -> None:
    """Remember the language of an account."""
    connection.execute(address.update().where(address.c.id == number).values(language=language))


@dataclass(frozen=True, slots=True)
class Reachable:
    """An open account of a member, with the language that the member reads."""

    member_id: int
    messenger: str
    account: str
    chat: str
    language: str


def reachable(connection: Connection, members: Iterable[int]) -> dict[int, Reachable]:
    """Return one open account for each of these people who has agreed: the preferred one, else the one bound last."""
    rows = connection.execute(
        select(
            address.c.member_id,
            address.c.messenger,
            address.c.account,
            address.c.chat,
            member.c.language,
            address.c.language,
        )
        .join(member, member.c.id == address.c.member_id)
        .where(
            address.c.member_id.in_(list(members)),
            address.c.open,
            member.c.left_at.is_(None),
            member.c.consent >= NOTICE_VERSION,
        )
        .order_by(address.c.preferred, address.c.bound_at)
    )
    return {row[0]: Reachable(row[0], row[1], row[2], row[3], row[4] or row[5]) for row in rows}


def accounts_of(connection: Connection, member_id: int) -> list[tuple[int, str, str, bool]]:
    """Return (id, messenger, account, open) of a member, bound first first; visits are not among them."""
    rows = connection.execute(
        select(address.c.id, address.c.messenger, address.c.account, address.c.open)
        .where(address.c.member_id == member_id, address.c.until.is_(None))
        .order_by(address.c.bound_at)
    )
    return [tuple(row) for row in rows]


def open_accounts(connection: Connection, member_id: int) -> list[Reachable]:
    """Return every open account of a member, bound first first; visits are not among them."""
    rows = connection.execute(
        select(address.c.messenger, address.c.account, address.c.chat, member.c.language, address.c.language)
        .join(member, member.c.id == address.c.member_id)
        .where(address.c.member_id == member_id, address.c.until.is_(None), address.c.open)
        .order_by(address.c.bound_at)
    )
    return [Reachable(member_id, row[0], row[1], row[2], row[3] or row[4]) for row in rows]


def messengers(connection: Connection) -> list[str]:
    """Return the messengers on which anybody was ever met, each found by one step through the index."""
    found: list[str] = []
    query = select(func.min(address.c.messenger))
    following = connection.scalar(query)
    while following:
        found.append(following)
        following = connection.scalar(query.where(address.c.messenger > following))
    return found


def bound_members(connection: Connection, members: Iterable[int]) -> set[int]:
    """Return which of these people have bound any account, open or closed."""
    rows = connection.execute(
        select(address.c.member_id).where(address.c.member_id.in_(list(members)), address.c.until.is_(None)).distinct()
    )
    return {row[0] for row in rows}


def shut(connection: Connection, members: Iterable[int]) -> int:
    """Count those of these people who have bound accounts, none of which is open."""
    theirs = select(address.c.member_id).where(address.c.member_id.in_(list(members)), address.c.until.is_(None))
    query = theirs.group_by(address.c.member_id).having(func.max(case((address.c.open, 1), else_=0)) == 0)
    return len(connection.execute(query).all())


def choices_of(connection: Connection, member_id: int) -> list[tuple[int, str, bool]]:
    """Return (id, messenger, preferred) of a member's open accounts, bound first first."""
    rows = connection.execute(
        select(address.c.id, address.c.messenger, address.c.preferred)
        .where(address.c.member_id == member_id, address.c.open)
        .order_by(address.c.bound_at, address.c.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def prefer(connection: Connection, member_id: int, number: int) -> None:
    """Send a member's pushes to this account."""
    connection.execute(
        address.update().where(address.c.member_id == member_id).values(preferred=address.c.id == number)
    )
