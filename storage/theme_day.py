"""The day of the month and the time that each branch has chosen; who has chosen none keeps the organisation's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

from sqlalchemy import Column, Connection, ForeignKey, Integer, String, Table, select

from domain.member import Unit, UnitKind
from domain.theme_day import Choice
from storage.base import Id, UtcTime, insert_new, metadata
from storage.unit import COLUMNS, as_unit, unit

theme_day = Table(
    "theme_day",
    metadata,
    Column("unit_id", Id, ForeignKey("unit.id"), primary_key=True),
    Column("day", Integer, nullable=False),
    Column("at", String(5), nullable=False),
    Column("set_by", Id, ForeignKey("member.id"), nullable=False),
    Column("set_at", UtcTime, nullable=False),
)


def choices(connection: Connection, numbers: Iterable[int]) -> dict[int, Choice]:
    """Return what these branches chose; who chose nothing is absent."""
    rows = connection.execute(
        select(theme_day.c.unit_id, theme_day.c.day, theme_day.c.at).where(theme_day.c.unit_id.in_(list(numbers)))
    )
    return {row[0]: Choice(row[1], time.fromisoformat(row[2])) for row in rows}


def choose(connection: Connection, unit_id: int, choice: Choice, member_id: int, now: datetime) -> None:
    """Keep a branch's choice."""
    values = {"day": choice.day, "at": f"{choice.at:%H:%M}", "set_by": member_id, "set_at": now}
    connection.execute(insert_new(connection, theme_day).values(unit_id=unit_id, **values))
    connection.execute(theme_day.update().where(theme_day.c.unit_id == unit_id).values(values))


def forget(connection: Connection, unit_id: int) -> None:
    """Let a branch have chosen nothing."""
    connection.execute(theme_day.delete().where(theme_day.c.unit_id == unit_id))


def branches(connection: Connection) -> list[Unit]:
    """Return every branch."""
    rows = connection.execute(
        select(*COLUMNS).where(unit.c.kind == UnitKind.PARTY_BRANCH.value, unit.c.active).order_by(unit.c.path)
    )
    return [as_unit(tuple(row)) for row in rows]
