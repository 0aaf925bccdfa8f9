"""Activities, one row each. `taken` counts the places given away, so that the last one is given once."""

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
    Select,
    String,
    Table,
    Text,
    bindparam,
    false,
    func,
    or_,
    select,
)

from domain.activity import LIVE, Activity, ActivityKind, ActivityState, SignUpState
from domain.member import Standing
from storage.base import Id, UtcTime, id_column, metadata
from storage.gathering import gathering, presence
from storage.member import audience
from storage.sign_up import sign_up
from storage.unit import unit

activity = Table(
    "activity",
    metadata,
    id_column(),
    Column("uid", String(64), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("audience_id", Id, ForeignKey("unit.id"), nullable=False),
    Column("standings", String(200), nullable=False, server_default=""),
    Column("title", String(80), nullable=False),
    Column("place", String(200), nullable=False, server_default=""),
    Column("starts_at", UtcTime, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("deadline", UtcTime, nullable=False),
    Column("capacity", Integer, nullable=False, server_default="0"),
    Column("taken", Integer, nullable=False, server_default="0"),
    Column("family", Boolean, nullable=False, server_default="0"),
    Column("notes", Text, nullable=False, server_default=""),
    Column("cost", String(200), nullable=False, server_default=""),
    Column("theme", String(40), nullable=False, server_default=""),
    Column("in_hours", String(200), nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("created_by", Id, ForeignKey("member.id"), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("campaign_id", Id, nullable=True),
    Column("eligible", Integer, nullable=True),
    Index("ix_activity_state_starts", "state", "starts_at"),
    Index("ix_activity_unit_starts", "unit_id", "starts_at"),
)
"""`in_hours`: why it lies in working hours (工会法 art. 41), empty when it does not; `eligible`: how many could come,
counted when it was over."""

_NAMES = (
    "id", "uid", "kind", "unit_id", "audience_id", "standings", "title", "place", "starts_at", "minutes", "deadline",
    "capacity", "taken", "family", "notes", "cost", "theme", "in_hours", "state", "sequence", "created_by",
    "campaign_id", "eligible",
)  # fmt: skip
_audience_unit = unit.alias("audience_unit")


def _select() -> Select[Any]:
    return (
        select(*(activity.c[name] for name in _NAMES), unit.c.name, _audience_unit.c.path, _audience_unit.c.name)
        .join(unit, unit.c.id == activity.c.unit_id)
        .join(_audience_unit, _audience_unit.c.id == activity.c.audience_id)
    )


def _made(row: Sequence[Any]) -> Activity:
    values = dict(zip((*_NAMES, "unit_name", "audience_path", "audience_name"), row, strict=True))
    values["kind"] = ActivityKind(values["kind"])
    values["state"] = ActivityState(values["state"])
    values["standings"] = tuple(Standing(one) for one in values["standings"].split(",") if one)
    return Activity(**values)


def add(connection: Connection, **values: Any) -> int:  # noqa: ANN401 - columns of the table
    """Write a draft; returns its id."""
    row = connection.execute(activity.insert().values(values).returning(activity.c.id)).one()
    return int(row[0])


_GET = _select().where(activity.c.id == bindparam("number"))
_LOCK = _GET.with_for_update(of=activity)
_TAKE = (
    activity.update()
    .where(
        activity.c.id == bindparam("number"),
        or_(activity.c.capacity == 0, activity.c.taken + bindparam("places") <= activity.c.capacity),
    )
    .values(taken=activity.c.taken + bindparam("places"))
    .returning(activity.c.id)
)
"""Built once: many press at once, and each holds the others up."""


def get(connection: Connection, number: int) -> Activity | None:
    """Return an activity."""
    row = connection.execute(_GET, {"number": number}).first()
    return None if row is None else _made(row)


def lock(connection: Connection, number: int) -> Activity | None:
    """Return an activity that nobody else changes or signs up for until this transaction ends."""
    row = connection.execute(_LOCK, {"number": number}).first()
    return None if row is None else _made(row)


def change(connection: Connection, number: int, states: Sequence[ActivityState], **values: Any) -> bool:  # noqa: ANN401
    """Change columns while it is in one of these states; False when it is not."""
    row = connection.execute(
        activity.update()
        .where(activity.c.id == number, activity.c.state.in_([one.value for one in states]))
        .values(values)
        .returning(activity.c.id)
    ).first()
    return row is not None


def take_places(connection: Connection, number: int, places: int) -> bool:
    """Give so many places away; False when there are not so many. The last one is given away once, by this line."""
    row = connection.execute(_TAKE, {"number": number, "places": places}).first()
    return row is not None


def give_back(connection: Connection, number: int, places: int) -> None:
    """Let so many places be free again."""
    connection.execute(activity.update().where(activity.c.id == number).values(taken=activity.c.taken - places))


def of_units(
    connection: Connection, units: Sequence[int], states: Sequence[ActivityState], since: datetime, limit: int
) -> list[Activity]:
    """Return what these units hold from `since` on and is in one of these states, soonest first."""
    rows = connection.execute(
        _select()
        .where(
            activity.c.unit_id.in_(units),
            activity.c.state.in_([one.value for one in states]),
            activity.c.starts_at >= since,
        )
        .order_by(activity.c.starts_at, activity.c.id)
        .limit(limit)
    )
    return [_made(row) for row in rows]


def between(
    connection: Connection, first: datetime, last: datetime, states: Sequence[ActivityState] = LIVE
) -> list[Activity]:
    """Return what begins from `first` on and before `last`, soonest first."""
    rows = connection.execute(
        _select()
        .where(
            activity.c.state.in_([one.value for one in states]),
            activity.c.starts_at >= first,
            activity.c.starts_at < last,
        )
        .order_by(activity.c.starts_at, activity.c.id)
    )
    return [_made(row) for row in rows]


def of_member(
    connection: Connection, member_id: int, since: datetime, states: Sequence[ActivityState] = LIVE
) -> list[tuple[Activity, SignUpState]]:
    """Return what a person has signed up for or waits for and begins from `since` on, soonest first."""
    rows = connection.execute(
        _select()
        .add_columns(sign_up.c.state)
        .join(sign_up, sign_up.c.activity_id == activity.c.id)
        .where(
            sign_up.c.member_id == member_id,
            sign_up.c.state != SignUpState.WITHDRAWN.value,
            activity.c.state.in_([one.value for one in states]),
            activity.c.starts_at >= since,
        )
        .order_by(activity.c.starts_at, activity.c.id)
    )
    return [(_made(row[:-1]), SignUpState(row[-1])) for row in rows]


def count_eligible(connection: Connection, one: Activity) -> int:
    """Count who may come, as people stand now."""
    whom = audience(one.audience_path, one.standings).subquery()
    return connection.scalar(select(func.count()).select_from(whom)) or 0


def over_between(connection: Connection, paths: Sequence[str], first: datetime, last: datetime) -> list[Activity]:
    """Return what units at or beneath these paths held from `first` on and before `last`, and is over."""
    here = or_(*(unit.c.path.startswith(path, autoescape=True) for path in paths)) if paths else false()
    rows = connection.execute(
        _select()
        .where(
            here,
            activity.c.state == ActivityState.OVER.value,
            activity.c.starts_at >= first,
            activity.c.starts_at < last,
        )
        .order_by(activity.c.starts_at, activity.c.id)
    )
    return [_made(row) for row in rows]


def participants(connection: Connection, numbers: Iterable[int]) -> set[int]:
    """Return the ids of all who were at one or more of these activities, each once."""
    subjects = [f"activity:{number}" for number in numbers]
    rows = connection.scalars(
        select(presence.c.member_id)
        .join(gathering, gathering.c.id == presence.c.gathering_id)
        .where(gathering.c.subject.in_(subjects))
        .distinct()
    )
    return set(rows)


def drafts_of(connection: Connection, member_id: int, limit: int) -> list[Activity]:
    """Return what a person has begun to plan, the newest first."""
    rows = connection.execute(
        _select()
        .where(activity.c.created_by == member_id, activity.c.state == ActivityState.DRAFT.value)
        .order_by(activity.c.id.desc())
        .limit(limit)
    )
    return [_made(row) for row in rows]


def slice_of(
    connection: Connection,
    paths: Sequence[str],
    states: Sequence[ActivityState],
    limit: int,
    offset: int,
    *,
    soonest: bool,
) -> list[Activity]:
    """Return a slice of what units at or beneath these paths hold in these states; `soonest` first, or the newest."""
    here = or_(*(unit.c.path.startswith(path, autoescape=True) for path in paths)) if paths else false()
    order = (activity.c.starts_at, activity.c.id)
    rows = connection.execute(
        _select()
        .where(here, activity.c.state.in_([one.value for one in states]))
        .order_by(*(order if soonest else (one.desc() for one in order)))
        .limit(limit)
        .offset(offset)
    )
    return [_made(row) for row in rows]
