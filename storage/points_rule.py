"""Versions of the rules of points: from which day, by whom, why; and what the configuration said, whenever it changed.

Rows are only ever added; one that has not started can be marked as withdrawn. At most one that stands starts on a day.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    select,
)

from domain.organisation import PointRule
from domain.points_rule import Terms, Version
from storage.base import Id, UtcTime, id_column, insert_new, metadata
from storage.member import member
from storage.prepared import Prepared

version = Table(
    "points_version",
    metadata,
    id_column(),
    Column("starts", Date, nullable=True),
    Column("made_at", UtcTime, nullable=False),
    Column("by_member_id", Id, ForeignKey("member.id"), nullable=True),
    Column("reason", String(200), nullable=False, server_default=""),
    Column("withdrawn_at", UtcTime, nullable=True),
    Column("withdrawn_by_id", Id, ForeignKey("member.id"), nullable=True),
)
"""`starts` NULL: the configuration, as it was when the program first started with it."""
Index(
    "uq_points_version_starts",
    version.c.starts,
    unique=True,
    sqlite_where=version.c.withdrawn_at.is_(None),
    postgresql_where=version.c.withdrawn_at.is_(None),
)

term = Table(
    "points_rule",
    metadata,
    Column("version_id", Id, ForeignKey("points_version.id"), nullable=False),
    Column("rule", String(32), nullable=False),
    Column("points", Integer, nullable=False),
    Column("daily_cap", Integer, nullable=False),
    PrimaryKeyConstraint("version_id", "rule"),
)


def add(
    connection: Connection, starts: date | None, terms: Terms, by_member_id: int | None, reason: str, now: datetime
) -> int | None:
    """Add a version; returns its id, or None when one that stands starts on that day already."""
    values = {"starts": starts, "made_at": now, "by_member_id": by_member_id, "reason": reason}
    row = connection.execute(insert_new(connection, version).values(values).returning(version.c.id)).first()
    if row is None:
        return None
    rows = [
        {"version_id": row[0], "rule": rule, "points": one.points, "daily_cap": one.daily_cap}
        for rule, one in sorted(terms.items())
    ]
    if rows:
        connection.execute(term.insert(), rows)
    return int(row[0])


def withdraw(connection: Connection, number: int, by_member_id: int, now: datetime) -> bool:
    """Mark a version as withdrawn; False when it was before, or there is none."""
    row = connection.execute(
        version.update()
        .where(version.c.id == number, version.c.starts.is_not(None), version.c.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by_id=by_member_id)
        .returning(version.c.id)
    ).first()
    return row is not None


_MAKER, _TAKER = member.alias("maker"), member.alias("taker")
_DATED = Prepared(
    select(
        version.c.id,
        version.c.starts,
        version.c.made_at,
        _MAKER.c.name,
        version.c.reason,
        version.c.withdrawn_at,
        _TAKER.c.name,
    )
    .select_from(
        version.outerjoin(_MAKER, _MAKER.c.id == version.c.by_member_id).outerjoin(
            _TAKER, _TAKER.c.id == version.c.withdrawn_by_id
        )
    )
    .where(version.c.starts.is_not(None))
    .order_by(version.c.id)
)
_TERMS = Prepared(select(term.c.version_id, term.c.rule, term.c.points, term.c.daily_cap))


def dated(connection: Connection) -> list[Version]:
    """Return every version with a day, numbered in the order in which they were made."""
    rows = _DATED.rows(connection, {})
    terms = _terms(connection) if rows else {}
    return [
        Version(row[0], place, row[1], terms.get(row[0], {}), row[2], row[3] or "", row[4], row[5], row[6] or "")
        for place, row in enumerate(rows, 1)
    ]


def configured(connection: Connection) -> list[tuple[datetime, Terms]]:
    """Return (since when, what the configuration said), oldest first."""
    query = select(version.c.id, version.c.made_at).where(version.c.starts.is_(None)).order_by(version.c.id)
    rows = connection.execute(query).all()
    terms = _terms(connection)
    return [(row[1], terms.get(row[0], {})) for row in rows]


def _terms(connection: Connection) -> dict[int, dict[str, PointRule]]:
    found: dict[int, dict[str, PointRule]] = {}
    for number, rule, points, cap in _TERMS.rows(connection, {}):
        found.setdefault(number, {})[rule] = PointRule(points, cap)
    return found
