"""Demands as they stand, their append-only history, their files, and the day's counter of their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Select,
    String,
    Table,
    case,
    func,
    or_,
    select,
)

from domain.demand import OPEN, Act, Case, Event, Limits, Rating, State, number_of
from domain.demand_draft import LONGEST, NAME_CHARS, File
from storage.base import Id, UtcTime, id_column, insert_new, metadata

demand = Table(
    "demand",
    metadata,
    id_column(),
    Column("number", String(24), nullable=False, unique=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("author_id", Id, ForeignKey("member.id"), nullable=False),
    Column("category", String(32), nullable=False),
    Column("text", String(LONGEST), nullable=False),
    Column("state", String(12), nullable=False),
    Column("round", Integer, nullable=False),
    Column("filed_at", UtcTime, nullable=False),
    Column("first_warn_at", UtcTime, nullable=False),
    Column("first_by", UtcTime, nullable=False),
    Column("finish_warn_at", UtcTime, nullable=False),
    Column("finish_by", UtcTime, nullable=False),
    Column("officer_id", Id, ForeignKey("member.id"), nullable=True),
    Column("role", String(32), nullable=False, server_default=""),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=True),
    Column("avoided_id", Id, ForeignKey("member.id"), nullable=True),
    Column("answered_at", UtcTime, nullable=True),
    Column("closed_at", UtcTime, nullable=True),
    Column("rating", String(16), nullable=True),
    Column("rated_at", UtcTime, nullable=True),
    Column("news", Boolean, nullable=False),
    Index("ix_demand_author_id_id", "author_id", "id"),
    Index("ix_demand_officer_id_state", "officer_id", "state"),
    Index("ix_demand_officer_id_state_unit_id_rating", "officer_id", "state", "unit_id", "rating"),
    Index("ix_demand_state_finish_by", "state", "finish_by"),
    Index("ix_demand_filed_at_unit_id_category_author_id", "filed_at", "unit_id", "category", "author_id"),
    Index("ix_demand_closed_at_unit_id", "closed_at", "unit_id"),
)

event = Table(
    "demand_event",
    metadata,
    id_column(),
    Column("demand_id", Id, ForeignKey("demand.id"), nullable=False),
    Column("token", String(64), nullable=True, unique=True),
    Column("at", UtcTime, nullable=False),
    Column("actor_id", Id, ForeignKey("member.id"), nullable=True),
    Column("act", String(12), nullable=False),
    Column("text", String(LONGEST), nullable=False, server_default=""),
    Column("to_id", Id, ForeignKey("member.id"), nullable=True),
    Index("ix_demand_event_demand_id_id", "demand_id", "id"),
)

file = Table(
    "demand_file",
    metadata,
    Column("event_id", Id, ForeignKey("demand_event.id"), nullable=False),
    Column("attachment_id", Id, ForeignKey("attachment.id"), nullable=False),
    Column("demand_id", Id, ForeignKey("demand.id"), nullable=False, index=True),
    Column("name", String(NAME_CHARS), nullable=False),
    Column("picture", Boolean, nullable=False),
    PrimaryKeyConstraint("event_id", "attachment_id"),
)

counter = Table(
    "demand_counter",
    metadata,
    Column("day", Date, primary_key=True),
    Column("last", Integer, nullable=False),
)

_LIMITS = ("first_warn_at", "first_by", "finish_warn_at", "finish_by")
_PLAIN = (
    "officer_id",
    "role",
    "unit_id",
    "avoided_id",
    "answered_at",
    "closed_at",
    "rated_at",
    "news",
)
_OPEN = demand.c.state.in_([state.value for state in OPEN])
DUE = case((demand.c.answered_at.is_(None), demand.c.first_by), else_=demand.c.finish_by)
"""The limit that comes next."""
WARNS = case((demand.c.answered_at.is_(None), demand.c.first_warn_at), else_=demand.c.finish_warn_at)

FIRST_ANSWER = (
    select(func.min(event.c.at))
    .where(event.c.demand_id == demand.c.id, event.c.act.in_([Act.ANSWER.value, Act.ASK.value, Act.CLOSE.value]))
    .correlate(demand)
    .scalar_subquery()
)
"""When a case was answered for the very first time."""


def as_case(row: Any) -> Case:  # noqa: ANN401 - a row of `demand`
    """Make a case of a row of all columns."""
    return Case(
        id=row.id,
        number=row.number,
        author_id=row.author_id,
        category=row.category,
        text=row.text,
        state=State(row.state),
        round=row.round,
        filed_at=row.filed_at,
        limits=Limits(*(getattr(row, name) for name in _LIMITS)),
        rating=Rating(row.rating) if row.rating else None,
        **{name: getattr(row, name) for name in _PLAIN},
    )


def _values(one: Case) -> dict[str, Any]:
    """Return what may change in a case."""
    changing: dict[str, Any] = {name: getattr(one, name) for name in _PLAIN}
    changing |= {name: getattr(one.limits, name) for name in _LIMITS}
    changing |= {"state": one.state.value, "round": one.round, "rating": one.rating.value if one.rating else None}
    return changing


def next_number(connection: Connection, day: date) -> str:
    """Take the day's next number; the counter's row is locked till the commit, so two at once never get the same."""
    connection.execute(insert_new(connection, counter).values(day=day, last=0))
    row = connection.execute(
        counter.update().where(counter.c.day == day).values(last=counter.c.last + 1).returning(counter.c.last)
    ).one()
    return number_of(day, row[0])


def create(connection: Connection, one: Case, token: str) -> int | None:
    """Store a new case (its id counts for nothing yet); returns its id, or None when this token was filed before."""
    row = connection.execute(
        insert_new(connection, demand)
        .values(
            number=one.number,
            token=token,
            author_id=one.author_id,
            category=one.category,
            text=one.text,
            filed_at=one.filed_at,
            **_values(one),
        )
        .returning(demand.c.id)
    ).first()
    return None if row is None else int(row[0])


def save(connection: Connection, one: Case) -> None:
    """Write what may change in a case; call it under `lock` alone."""
    connection.execute(demand.update().where(demand.c.id == one.id).values(_values(one)))


def _one(connection: Connection, query: Select[Any]) -> Case | None:
    row = connection.execute(query).first()
    return None if row is None else as_case(row)


def get(connection: Connection, number: int) -> Case | None:
    """Return a case by id."""
    return _one(connection, select(demand).where(demand.c.id == number))


def lock(connection: Connection, number: int) -> Case | None:
    """Return a case by id; nobody else changes it until this transaction ends."""
    return _one(connection, select(demand).where(demand.c.id == number).with_for_update())


def by_number(connection: Connection, number: str) -> Case | None:
    """Return a case by the number that people see."""
    return _one(connection, select(demand).where(demand.c.number == number))


def by_token(connection: Connection, token: str) -> Case | None:
    """Return the case that was filed under this token."""
    return _one(connection, select(demand).where(demand.c.token == token))


def record(  # noqa: PLR0913 - a row has so many columns
    connection: Connection,
    demand_id: int,
    act: Act,
    actor_id: int | None,
    at: datetime,
    *,
    text: str = "",
    to_id: int | None = None,
    token: str | None = None,
    files: Sequence[File] = (),
) -> int | None:
    """Add a line to the history; returns its id, or None when this token was recorded before."""
    row = connection.execute(
        insert_new(connection, event)
        .values(demand_id=demand_id, token=token, at=at, actor_id=actor_id, act=act.value, text=text, to_id=to_id)
        .returning(event.c.id)
    ).first()
    if row is None:
        return None
    if files:
        connection.execute(
            file.insert(),
            [
                {
                    "event_id": row[0],
                    "demand_id": demand_id,
                    "attachment_id": one.attachment,
                    "name": one.name,
                    "picture": one.picture,
                }
                for one in files
            ],
        )
    return int(row[0])


def recorded(connection: Connection, token: str, actor_id: int) -> int | None:
    """Return the case in whose history this person has a line under this token."""
    query = select(event.c.demand_id).where(event.c.token == token, event.c.actor_id == actor_id)
    found: int | None = connection.scalar(query)
    return found


def events(connection: Connection, demand_id: int, limit: int, offset: int) -> list[Event]:
    """Return lines of the history, oldest first; `offset` counts from the newest line."""
    count = select(func.count()).where(file.c.event_id == event.c.id).scalar_subquery()
    rows = connection.execute(
        select(event.c.id, event.c.at, event.c.actor_id, event.c.act, event.c.text, event.c.to_id, count)
        .where(event.c.demand_id == demand_id)
        .order_by(event.c.id.desc())
        .limit(limit)
        .offset(offset)
    ).all()
    return [Event(row[0], row[1], row[2], Act(row[3]), row[4], row[5], row[6]) for row in reversed(rows)]


def count_events(connection: Connection, demand_id: int) -> int:
    """Return how many lines the history has."""
    return connection.scalar(select(func.count()).where(event.c.demand_id == demand_id)) or 0


def files_of(connection: Connection, demand_id: int) -> list[File]:
    """Return the files of a case, first sent first."""
    rows = connection.execute(
        select(file.c.attachment_id, file.c.name, file.c.picture)
        .where(file.c.demand_id == demand_id)
        .order_by(file.c.event_id, file.c.attachment_id)
    )
    return [File(row[0], row[1], row[2]) for row in rows]


def count_files(connection: Connection, demand_id: int) -> int:
    """Return how many files a case has."""
    return connection.scalar(select(func.count()).where(file.c.demand_id == demand_id)) or 0


def _all(connection: Connection, query: Select[Any]) -> list[Case]:
    return [as_case(row) for row in connection.execute(query)]


def of_author(connection: Connection, author_id: int, limit: int, offset: int) -> list[Case]:
    """Return a person's own demands, newest first."""
    query = select(demand).where(demand.c.author_id == author_id).order_by(demand.c.id.desc())
    return _all(connection, query.limit(limit).offset(offset))


def count_of_author(connection: Connection, author_id: int) -> int:
    """Return how many demands a person has filed."""
    return connection.scalar(select(func.count()).where(demand.c.author_id == author_id)) or 0


def on_desk(connection: Connection, officer_id: int, limit: int, offset: int) -> list[Case]:
    """Return an officer's open cases, least time left first."""
    query = select(demand).where(demand.c.officer_id == officer_id, _OPEN).order_by(DUE, demand.c.id)
    return _all(connection, query.limit(limit).offset(offset))


def loads(connection: Connection, officers: Sequence[int]) -> dict[int, int]:
    """Return how many open cases each of these officers has; who has none is absent."""
    rows = connection.execute(
        select(demand.c.officer_id, func.count())
        .where(demand.c.officer_id.in_(officers), _OPEN)
        .group_by(demand.c.officer_id)
    )
    return {row[0]: row[1] for row in rows}


def near(connection: Connection, officer_id: int, now: datetime) -> tuple[int, int]:
    """Return (open cases of an officer whose next limit is near or past, open cases that nobody answered yet)."""
    row = connection.execute(
        select(
            func.count().filter(now >= WARNS),
            func.count().filter(demand.c.state == State.FILED.value),
        ).where(demand.c.officer_id == officer_id, _OPEN)
    ).one()
    return row[0], row[1]


def waiting(connection: Connection, author_id: int, closed_since: datetime) -> list[Case]:
    """Return the demands in which something waits for the employee: news, a question, a rating."""
    unrated = (demand.c.state == State.CLOSED.value) & demand.c.rating.is_(None) & (demand.c.closed_at >= closed_since)
    query = (
        select(demand)
        .where(
            demand.c.author_id == author_id,
            demand.c.state != State.WITHDRAWN.value,
            or_(demand.c.news, demand.c.state == State.ASKED.value, unrated),
        )
        .order_by(demand.c.id.desc())
        .limit(20)
    )
    return _all(connection, query)


def seen(connection: Connection, demand_id: int) -> None:
    """Note that the employee has looked."""
    connection.execute(demand.update().where(demand.c.id == demand_id, demand.c.news).values(news=False))


def everything(connection: Connection) -> list[tuple[Case, datetime | None]]:
    """Return every case, oldest first, with its very first answer."""
    rows = connection.execute(select(demand, FIRST_ANSWER.label("first_answer")).order_by(demand.c.id))
    return [(as_case(row), row.first_answer) for row in rows]
