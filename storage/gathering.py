"""Gatherings, who signed in, and wrong codes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Select,
    String,
    Table,
    func,
    or_,
    select,
)

from domain.gathering import LONGEST, Card, Gathering
from storage.base import Id, UtcTime, id_column, insert_new, metadata
from storage.member import audience, member
from storage.unit import unit

gathering = Table(
    "gathering",
    metadata,
    id_column(),
    Column("title", String(60), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False, index=True),
    Column("opened_by", Id, ForeignKey("member.id"), nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("late_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime, nullable=True),
    Column("secret", String(64), nullable=False),
    Column("subject", String(40), nullable=False, server_default="", index=True),
    Column("listed", Boolean, nullable=False, server_default="0"),
    Column("card_messenger", String(32), nullable=False, server_default=""),
    Column("card_account", String(128), nullable=False, server_default=""),
    Column("card_chat", String(128), nullable=False, server_default=""),
    Column("card_message", String(128), nullable=False, server_default=""),
    Index("ix_gathering_opened_at", "opened_at"),
)

called = Table(
    "called",
    metadata,
    Column("gathering_id", Id, ForeignKey("gathering.id"), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False, index=True),
    PrimaryKeyConstraint("gathering_id", "member_id"),
)
"""Who is expected at a gathering that has a list."""

presence = Table(
    "presence",
    metadata,
    Column("gathering_id", Id, ForeignKey("gathering.id"), nullable=False),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("by_member_id", Id, ForeignKey("member.id"), nullable=True),
    PrimaryKeyConstraint("gathering_id", "member_id"),
    Index("ix_presence_gathering_id_at", "gathering_id", "at"),
)

wrong_code = Table(
    "wrong_code",
    metadata,
    Column("member_id", Id, ForeignKey("member.id"), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("since", UtcTime, nullable=False),
)


def select_gatherings() -> Select[tuple[object, ...]]:
    """Return the query of gatherings with their units; `made` reads its rows."""
    return select(
        gathering.c.id,
        gathering.c.title,
        gathering.c.unit_id,
        unit.c.name,
        unit.c.path,
        gathering.c.opened_by,
        gathering.c.opened_at,
        gathering.c.late_at,
        gathering.c.closed_at,
        gathering.c.secret,
        gathering.c.subject,
        gathering.c.listed,
        gathering.c.card_message != "",
    ).join(unit, unit.c.id == gathering.c.unit_id)


def made(row: Sequence[Any]) -> Gathering:
    """Return a gathering of a row."""
    return Gathering(*row)


def add(connection: Connection, **values: Any) -> int:  # noqa: ANN401 - columns of the table
    """Open a gathering; returns its id."""
    row = connection.execute(gathering.insert().values(values).returning(gathering.c.id)).one()
    return int(row[0])


def get(connection: Connection, number: int) -> Gathering | None:
    """Return a gathering."""
    row = connection.execute(select_gatherings().where(gathering.c.id == number)).first()
    return None if row is None else made(row)


def titles(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Return what gatherings are called."""
    rows = connection.execute(select(gathering.c.id, gathering.c.title).where(gathering.c.id.in_(list(numbers))))
    return {row[0]: row[1] for row in rows}


def open_for(connection: Connection, member_id: int, units: Sequence[int], now: datetime) -> list[Gathering]:
    """Return the open gatherings at which a person of these units (and those above them) may sign in, newest first."""
    listed = select(called.c.gathering_id).where(called.c.member_id == member_id)
    rows = connection.execute(
        select_gatherings()
        .where(
            gathering.c.closed_at.is_(None),
            gathering.c.opened_at > now - LONGEST,
            gathering.c.opened_at <= now,
            (gathering.c.unit_id.in_(units) & ~gathering.c.listed) | gathering.c.id.in_(listed),
        )
        .order_by(gathering.c.id.desc())
    )
    return [made(row) for row in rows]


def of_subject(connection: Connection, subject: str) -> Gathering | None:
    """Return the newest sign-in of a meeting or an activity."""
    row = connection.execute(
        select_gatherings().where(gathering.c.subject == subject).order_by(gathering.c.id.desc()).limit(1)
    ).first()
    return None if row is None else made(row)


def call_people(connection: Connection, number: int, people: Iterable[int]) -> None:
    """Write who is expected; who is listed already stays."""
    rows = [{"gathering_id": number, "member_id": one} for one in sorted(set(people))]
    for row in rows:
        connection.execute(insert_new(connection, called).values(row))


def is_called(connection: Connection, number: int, member_id: int) -> bool:
    """Answer whether somebody stands in the list."""
    query = select(called.c.member_id).where(called.c.gathering_id == number, called.c.member_id == member_id)
    return connection.execute(query).first() is not None


def opened_by(connection: Connection, member_id: int, limit: int) -> list[Gathering]:
    """Return the newest gatherings that a person opened."""
    rows = connection.execute(
        select_gatherings().where(gathering.c.opened_by == member_id).order_by(gathering.c.id.desc()).limit(limit)
    )
    return [made(row) for row in rows]


def set_card(connection: Connection, number: int, card: Card) -> None:
    """Remember where the living card is."""
    connection.execute(
        gathering.update()
        .where(gathering.c.id == number)
        .values(
            card_messenger=card.messenger, card_account=card.account, card_chat=card.chat, card_message=card.message
        )
    )


def card_of(connection: Connection, number: int) -> Card | None:
    """Return where the living card is."""
    row = connection.execute(
        select(
            gathering.c.card_messenger, gathering.c.card_account, gathering.c.card_chat, gathering.c.card_message
        ).where(gathering.c.id == number)
    ).first()
    return None if row is None or not row[3] else Card(*row)


def close(connection: Connection, number: int, now: datetime) -> bool:
    """Close it; False when it was closed before."""
    row = connection.execute(
        gathering.update()
        .where(gathering.c.id == number, gathering.c.closed_at.is_(None))
        .values(closed_at=now)
        .returning(gathering.c.id)
    ).first()
    return row is not None


def drop(connection: Connection, number: int) -> bool:
    """Take a gathering away with its list; False when there is none, or somebody was there."""
    # Whoever is signing in right now goes first.
    connection.execute(select(gathering.c.id).where(gathering.c.id == number).with_for_update())
    if counts(connection, number)[0]:
        return False
    connection.execute(called.delete().where(called.c.gathering_id == number))
    row = connection.execute(gathering.delete().where(gathering.c.id == number).returning(gathering.c.id)).first()
    return row is not None


def reopen(connection: Connection, number: int, after: datetime) -> bool:
    """Open what was closed again; False when it is not closed, or was opened before that moment."""
    row = connection.execute(
        gathering.update()
        .where(gathering.c.id == number, gathering.c.closed_at.is_not(None), gathering.c.opened_at > after)
        .values(closed_at=None)
        .returning(gathering.c.id)
    ).first()
    return row is not None


def late_from(connection: Connection, number: int, moment: datetime) -> None:
    """Count whoever comes from this moment on as late."""
    connection.execute(gathering.update().where(gathering.c.id == number).values(late_at=moment))


def sign_in(
    connection: Connection, number: int, member_id: int, at: datetime, *, late: bool, by_member_id: int | None = None
) -> bool:
    """Record that somebody is there; False when that is known already."""
    row = connection.execute(
        insert_new(connection, presence)
        .values(gathering_id=number, member_id=member_id, at=at, late=late, by_member_id=by_member_id)
        .returning(presence.c.member_id)
    ).first()
    return row is not None


def presence_of(connection: Connection, number: int, member_id: int) -> tuple[datetime, bool] | None:
    """Return (at, late) of one person."""
    row = connection.execute(
        select(presence.c.at, presence.c.late).where(
            presence.c.gathering_id == number, presence.c.member_id == member_id
        )
    ).first()
    return None if row is None else (row[0], row[1])


def counts(connection: Connection, number: int) -> tuple[int, int, int]:
    """Return how many are there, how many of them late, and how many entered by the secretary."""
    late = func.count().filter(presence.c.late)
    query = select(func.count(), late, func.count(presence.c.by_member_id)).where(presence.c.gathering_id == number)
    row = connection.execute(query).one()
    return row[0], row[1], row[2]


def expected_people(found: Gathering) -> Select[tuple[int]]:
    """Return a query of the ids of who is expected: those in the list, else all of the unit."""
    if found.listed:
        return select(called.c.member_id).where(called.c.gathering_id == found.id)
    return audience(found.path)


def expected(connection: Connection, found: Gathering) -> int:
    """Return how many are expected."""
    return connection.scalar(select(func.count()).select_from(expected_people(found).subquery())) or 0


def missing(connection: Connection, found: Gathering, limit: int, offset: int = 0) -> list[tuple[int, str]]:
    """Return (id, name) of who is expected and not there, by number."""
    there = select(presence.c.member_id).where(presence.c.gathering_id == found.id)
    rows = connection.execute(
        select(member.c.id, member.c.name)
        .where(member.c.id.in_(expected_people(found)), member.c.id.not_in(there))
        .order_by(member.c.employee_no)
        .limit(limit)
        .offset(offset)
    )
    return [(row[0], row[1]) for row in rows]


def there(connection: Connection, number: int) -> dict[int, tuple[datetime, bool, bool]]:
    """Return (at, late, entered by the secretary) of everybody who is there."""
    rows = connection.execute(
        select(presence.c.member_id, presence.c.at, presence.c.late, presence.c.by_member_id.is_not(None)).where(
            presence.c.gathering_id == number
        )
    )
    return {row[0]: (row[1], bool(row[2]), bool(row[3])) for row in rows}


def wrong_codes(connection: Connection, member_id: int) -> tuple[int, datetime] | None:
    """Return (count, since) of a person's wrong codes."""
    row = connection.execute(
        select(wrong_code.c.count, wrong_code.c.since).where(wrong_code.c.member_id == member_id)
    ).first()
    return None if row is None else (row[0], row[1])


def note_wrong_code(connection: Connection, member_id: int, count: int, since: datetime) -> None:
    """Remember a person's wrong codes."""
    connection.execute(wrong_code.delete().where(wrong_code.c.member_id == member_id))
    connection.execute(wrong_code.insert().values(member_id=member_id, count=count, since=since))


def opened_between(
    connection: Connection, member_id: int, paths: Sequence[str], first: datetime, last: datetime, limit: int
) -> list[Gathering]:
    """Return what stands alone and was opened from `first` to before `last`, by a person or at these places."""
    ours = (unit.c.path.startswith(path, autoescape=True) for path in paths)
    rows = connection.execute(
        select_gatherings()
        .where(
            gathering.c.opened_at >= first,
            gathering.c.opened_at < last,
            gathering.c.subject == "",
            or_(gathering.c.opened_by == member_id, *ours),
        )
        .order_by(gathering.c.opened_at, gathering.c.id)
        .limit(limit)
    )
    return [made(row) for row in rows]
