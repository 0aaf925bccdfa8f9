"""The points ledger: append-only, unique by rule and source, so that nothing is ever awarded twice.

Running totals are kept beside it: per person and day (`tally`), which makes today's bars and the caps one primary-key
read; per person and month (`by_month`), which makes a year twelve rows however long the ledger is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
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
    UniqueConstraint,
    and_,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from domain.member import Unit
from domain.points_rule import Line
from storage.base import Id, UtcTime, id_column, metadata
from storage.member import member, membership
from storage.prepared import Prepared
from storage.unit import unit

entry = Table(
    "points_entry",
    metadata,
    id_column(),
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("rule", String(32), nullable=False),
    Column("source", String(100), nullable=False),
    Column("points", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("reason", String(400), nullable=False, server_default=""),
    Column("by_member_id", Id, ForeignKey("member.id"), nullable=True),
    UniqueConstraint("member_id", "rule", "source"),
    Index("ix_points_entry_member_id_id", "member_id", "id"),
)
Index(
    "ix_points_entry_by_member_id_id",
    entry.c.by_member_id,
    entry.c.id,
    sqlite_where=entry.c.by_member_id.is_not(None),
    postgresql_where=entry.c.by_member_id.is_not(None),
)
"""What somebody entered by hand; few lines are."""

tally = Table(
    "points_tally",
    metadata,
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("day", Date, nullable=False),
    Column("rule", String(32), nullable=False),
    Column("points", Integer, nullable=False),
    PrimaryKeyConstraint("member_id", "day", "rule"),
    Index("ix_points_tally_day_member_id", "day", "member_id"),
)

by_month = Table(
    "points_month",
    metadata,
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("month", Date, nullable=False),
    Column("points", Integer, nullable=False),
    PrimaryKeyConstraint("member_id", "month"),
)

_ENTRY: dict[str, Any] = {
    name: bindparam(name) for name in ("member_id", "rule", "source", "points", "day", "at", "reason", "by_member_id")
}
_DIALECTS = (("sqlite", sqlite_insert), ("postgresql", postgres_insert))
_APPEND = Prepared(
    {name: insert(entry).values(_ENTRY).on_conflict_do_nothing().returning(entry.c.id) for name, insert in _DIALECTS}
)
_ADD_UP = Prepared(
    {
        name: insert(tally)
        .values({c: bindparam(c) for c in ("member_id", "day", "rule", "points")})
        .on_conflict_do_update(
            index_elements=[tally.c.member_id, tally.c.day, tally.c.rule],
            set_={"points": tally.c.points + insert(tally).excluded.points},
        )
        for name, insert in _DIALECTS
    }
)
_ADD_TO_MONTH = Prepared(
    {
        name: insert(by_month)
        .values({c: bindparam(c) for c in ("member_id", "month", "points")})
        .on_conflict_do_update(
            index_elements=[by_month.c.member_id, by_month.c.month],
            set_={"points": by_month.c.points + insert(by_month).excluded.points},
        )
        for name, insert in _DIALECTS
    }
)
_MONTHS = Prepared(
    select(by_month.c.month, by_month.c.points).where(
        by_month.c.member_id == bindparam("member_id"), by_month.c.month >= bindparam("first")
    )
)
_TODAY = Prepared(
    select(tally.c.rule, tally.c.points).where(
        tally.c.member_id == bindparam("member_id"), tally.c.day == bindparam("day")
    )
)


class Entry(NamedTuple):
    """One line of the ledger."""

    id: int
    rule: str
    source: str
    points: int
    day: date
    at: datetime
    reason: str
    by_member_id: int | None


def append(  # noqa: PLR0913 - a row has so many columns
    connection: Connection,
    member_id: int,
    rule: str,
    source: str,
    points: int,
    day: date,
    at: datetime,
    *,
    reason: str = "",
    by_member_id: int | None = None,
) -> int | None:
    """Add a line and count it; returns its id, or None when this rule and source were counted before."""
    row = _APPEND.first(
        connection,
        {
            "member_id": member_id,
            "rule": rule,
            "source": source,
            "points": points,
            "day": day,
            "at": at,
            "reason": reason,
            "by_member_id": by_member_id,
        },
    )
    if row is None:
        return None
    _ADD_UP.rows(connection, {"member_id": member_id, "day": day, "rule": rule, "points": points})
    _ADD_TO_MONTH.rows(connection, {"member_id": member_id, "month": day.replace(day=1), "points": points})
    return int(row[0])


def of_day(connection: Connection, member_id: int, day: date) -> dict[str, int]:
    """Return a day's points by rule."""
    return dict(_TODAY.rows(connection, {"member_id": member_id, "day": day}))


def months(connection: Connection, member_id: int, first: date) -> list[tuple[date, int]]:
    """Return (first day, points) of each month from the one that begins with `first`."""
    return [(row[0], row[1]) for row in _MONTHS.rows(connection, {"member_id": member_id, "first": first})]


def newest(connection: Connection, member_id: int, limit: int, before: int | None = None) -> Sequence[Entry]:
    """Return a person's newest lines, newest first; `before` pages on."""
    query = (
        select(
            entry.c.id,
            entry.c.rule,
            entry.c.source,
            entry.c.points,
            entry.c.day,
            entry.c.at,
            entry.c.reason,
            entry.c.by_member_id,
        )
        .where(entry.c.member_id == member_id)
        .order_by(entry.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(entry.c.id < before)
    return [Entry(*row) for row in connection.execute(query)]


def get(connection: Connection, number: int) -> tuple[int, Entry] | None:
    """Return (whose, the line) by id."""
    row = connection.execute(
        select(
            entry.c.member_id,
            entry.c.id,
            entry.c.rule,
            entry.c.source,
            entry.c.points,
            entry.c.day,
            entry.c.at,
            entry.c.reason,
            entry.c.by_member_id,
        ).where(entry.c.id == number)
    ).first()
    return None if row is None else (row[0], Entry(*row[1:]))


def of_groups(connection: Connection, groups: Iterable[Unit], month: date) -> dict[int, tuple[int, int]]:
    """Return (people, points) by unit of all who belong at or beneath it, in the month that begins with this day.

    One look for all of them: who belongs, and what they have. Whoever belongs to two units beneath one counts once.
    """
    top = list(groups)
    units = list(connection.execute(select(unit.c.id, unit.c.path)))
    above = {number: [one.id for one in top if path.startswith(one.path)] for number, path in units}
    rows = connection.execute(
        select(membership.c.unit_id, membership.c.member_id, func.coalesce(by_month.c.points, 0))
        .join(member, and_(member.c.id == membership.c.member_id, member.c.left_at.is_(None)))
        .outerjoin(by_month, and_(by_month.c.member_id == membership.c.member_id, by_month.c.month == month))
        .where(membership.c.unit_id.in_([number for number, groups_of in above.items() if groups_of]))
    )
    found: dict[int, dict[int, int]] = {one.id: {} for one in top}
    for number, person, points in rows:
        for group in above[number]:
            found[group][person] = points
    return {number: (len(people), sum(people.values())) for number, people in found.items()}


def all_rows(connection: Connection, first: date, last: date) -> list[tuple[str, str, date, str, int, str]]:
    """Return (number, name, day, rule, points, reason) of everybody, for the export."""
    rows = connection.execute(
        select(member.c.employee_no, member.c.name, entry.c.day, entry.c.rule, entry.c.points, entry.c.reason)
        .join(member, member.c.id == entry.c.member_id)
        .where(entry.c.day.between(first, last))
        .order_by(entry.c.id)
    )
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


def lines(connection: Connection, rules: Iterable[str]) -> Iterator[Line]:
    """Yield every entry by one of these rules, those of a person's day together in the order they were written."""
    rows = connection.execution_options(yield_per=5_000).execute(
        select(entry.c.id, entry.c.member_id, entry.c.rule, entry.c.points, entry.c.day, entry.c.at)
        .where(entry.c.rule.in_(list(rules)))
        .order_by(entry.c.member_id, entry.c.day, entry.c.id)
    )
    for row in rows:
        yield Line(*row)


def had_before(connection: Connection, number: int, one: Entry) -> list[Line]:
    """Return a person's entries of the same day and rule up to this one (its id), oldest first."""
    rows = connection.execute(
        select(entry.c.id, entry.c.member_id, entry.c.rule, entry.c.points, entry.c.day, entry.c.at)
        .where(entry.c.member_id == number, entry.c.rule == one.rule, entry.c.day == one.day, entry.c.id <= one.id)
        .order_by(entry.c.id)
    )
    return [Line(*row) for row in rows]


def unbalanced(connection: Connection) -> int:
    """Return how many running totals (of a day, of a month) are not the sums of their entries."""
    days = select(tally.c.member_id, tally.c.day, tally.c.rule, tally.c.points)
    whole = select(entry.c.member_id, entry.c.day, entry.c.rule, func.sum(entry.c.points).label("points")).group_by(
        entry.c.member_id, entry.c.day, entry.c.rule
    )
    wrong = sum(_rows_alone(connection, *pair) for pair in ((days, whole), (whole, days)))
    month = (
        func.date(tally.c.day, "start of month", type_=Date)
        if connection.dialect.name == "sqlite"
        else cast(func.date_trunc("month", tally.c.day), Date)
    )
    months = select(by_month.c.member_id, by_month.c.month, by_month.c.points)
    summed = select(tally.c.member_id, month.label("month"), func.sum(tally.c.points).label("points")).group_by(
        tally.c.member_id, month
    )
    return wrong + sum(_rows_alone(connection, *pair) for pair in ((months, summed), (summed, months)))


def _rows_alone(connection: Connection, one: Select[Any], other: Select[Any]) -> int:
    return connection.scalar(select(func.count()).select_from(one.except_(other).subquery())) or 0
