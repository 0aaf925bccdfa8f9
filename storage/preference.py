"""What each person wants pushed, and when; a missing row means the organisation's default."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Boolean, Column, Connection, ForeignKey, PrimaryKeyConstraint, String, Table, select

from storage.base import Id, metadata

preference = Table(
    "preference",
    metadata,
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("wanted", Boolean, nullable=False),
    PrimaryKeyConstraint("member_id", "kind"),
)

quiet = Table(
    "quiet",
    metadata,
    Column("member_id", Id, ForeignKey("member.id"), primary_key=True),
    Column("starts", String(5), nullable=False),
    Column("ends", String(5), nullable=False),
)


def choose(connection: Connection, member_id: int, kind: str, *, wanted: bool) -> None:
    """Remember whether a person wants pushes of a kind."""
    where = (preference.c.member_id == member_id) & (preference.c.kind == kind)
    connection.execute(preference.delete().where(where))
    connection.execute(preference.insert().values(member_id=member_id, kind=kind, wanted=wanted))


def chosen(connection: Connection, members: Iterable[int], kind: str) -> dict[int, bool]:
    """Return what these people chose for a kind; who never chose is absent."""
    rows = connection.execute(
        select(preference.c.member_id, preference.c.wanted).where(
            preference.c.kind == kind, preference.c.member_id.in_(list(members))
        )
    )
    return {row[0]: row[1] for row in rows}


def all_of(connection: Connection, member_id: int) -> dict[str, bool]:
    """Return everything a person chose."""
    rows = connection.execute(select(preference.c.kind, preference.c.wanted).where(preference.c.member_id == member_id))
    return {row[0]: row[1] for row in rows}


def set_quiet(connection: Connection, member_id: int, starts: str, ends: str) -> None:
    """Remember a person's own quiet hours (HH:MM on the organisation's clock)."""
    connection.execute(quiet.delete().where(quiet.c.member_id == member_id))
    connection.execute(quiet.insert().values(member_id=member_id, starts=starts, ends=ends))


def quiet_of(connection: Connection, members: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Return the own quiet hours of those who set any."""
    rows = connection.execute(
        select(quiet.c.member_id, quiet.c.starts, quiet.c.ends).where(quiet.c.member_id.in_(list(members)))
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def drop_quiet(connection: Connection, member_id: int) -> None:
    """Forget a person's own quiet hours."""
    connection.execute(quiet.delete().where(quiet.c.member_id == member_id))
