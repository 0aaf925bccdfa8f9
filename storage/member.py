"""The roster: people, what they are, the units they belong to. No phone, no identity number: nobody needs them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Select,
    String,
    Table,
    and_,
    bindparam,
    func,
    select,
    text,
)

from domain.member import Person, Standing, Unit
from domain.sound import LONGEST
from storage import sound
from storage.base import Id, UtcTime, id_column, metadata
from storage.unit import COLUMNS, as_unit, unit

member = Table(
    "member",
    metadata,
    id_column(),
    Column("employee_no", String(64), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("language", String(8), nullable=False, server_default=""),
    Column("consent", Integer, nullable=False, server_default="0"),
    Column("joined_at", UtcTime, nullable=False),
    Column("left_at", UtcTime, nullable=True),
    # The keys of how the name sounds (domain/sound.py); NULL until they are made.
    Column("sound", String(LONGEST), nullable=True),
    # Lists and searches go through this alone, in their order.
    Index("ix_member_left_at", "left_at", "employee_no", "name", "sound"),
    Index("ix_member_soundless", "id", sqlite_where=text("sound IS NULL"), postgresql_where=text("sound IS NULL")),
)

standing = Table(
    "standing",
    metadata,
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("standing", String(32), nullable=False),
    PrimaryKeyConstraint("member_id", "standing"),
)

membership = Table(
    "membership",
    metadata,
    Column("member_id", Id, ForeignKey("member.id"), nullable=False),
    Column("unit_id", Id, ForeignKey("unit.id"), nullable=False),
    PrimaryKeyConstraint("member_id", "unit_id"),
    # Whoever counts the people of a unit need not look at the rows.
    Index("ix_membership_unit_id", "unit_id", "member_id"),
)

PERSON = (member.c.id, member.c.employee_no, member.c.name, member.c.language, member.c.consent)


def add(connection: Connection, employee_no: str, name: str, now: datetime) -> int:
    """Create a person; returns the id."""
    values = {"employee_no": employee_no, "name": name, "joined_at": now, "sound": sound.of(name)}
    row = connection.execute(member.insert().values(values).returning(member.c.id)).one()
    return int(row[0])


def get(connection: Connection, number: int) -> Person | None:
    """Return a person by id."""
    row = connection.execute(select(*PERSON).where(member.c.id == number)).first()
    return None if row is None else Person(*row)


def by_employee_no(connection: Connection, employee_no: str) -> Person | None:
    """Return a person who has not left, by number."""
    row = connection.execute(
        select(*PERSON).where(member.c.employee_no == employee_no, member.c.left_at.is_(None))
    ).first()
    return None if row is None else Person(*row)


def by_directory(connection: Connection, words: str) -> Person | None:
    """Return the only present member with this number, whatever its case; nobody else waits for the number meanwhile.

    It is written out in full: 0123 is not 123.
    """
    said = words.strip().lower()
    number = func.lower(func.trim(member.c.employee_no))
    query = select(member.c.id).where(number == said, member.c.left_at.is_(None)).limit(2).with_for_update()
    found = connection.execute(query).all() if said else []
    return get(connection, found[0][0]) if len(found) == 1 else None


def change(connection: Connection, number: int, **values: Any) -> None:  # noqa: ANN401 - columns of the table
    """Change columns of one person; with the name, how it sounds."""
    if "name" in values:
        values["sound"] = sound.of(values["name"])
    connection.execute(member.update().where(member.c.id == number).values(values))


def has_soundless(connection: Connection) -> bool:
    """Answer whether there is somebody whose name has no keys yet."""
    return connection.execute(select(member.c.id).where(text("member.sound IS NULL")).limit(1)).first() is not None


def give_sounds(connection: Connection, most: int) -> int:
    """Give at most so many people the keys of their names who have none; returns how many. 0: nobody is left."""
    missing = select(member.c.id, member.c.name).where(text("member.sound IS NULL")).limit(most)
    rows = [{"number": row[0], "keys": sound.of(row[1])} for row in connection.execute(missing)]
    if rows:
        change = member.update().where(member.c.id == bindparam("number")).values(sound=bindparam("keys"))
        connection.execute(change, rows)
    return len(rows)


def standings_of(connection: Connection, number: int) -> frozenset[Standing]:
    """Return what a person is, beside an employee."""
    rows = connection.execute(select(standing.c.standing).where(standing.c.member_id == number))
    return frozenset({Standing.EMPLOYEE, *(Standing(row[0]) for row in rows)})


def set_standings(connection: Connection, number: int, standings: Iterable[Standing]) -> None:
    """Replace what a person is."""
    connection.execute(standing.delete().where(standing.c.member_id == number))
    rows = [{"member_id": number, "standing": s.value} for s in sorted(set(standings) - {Standing.EMPLOYEE})]
    if rows:
        connection.execute(standing.insert(), rows)


def units_of(connection: Connection, number: int) -> list[Unit]:
    """Return the units that a person belongs to, from the top down."""
    rows = connection.execute(
        select(*COLUMNS)
        .join(membership, membership.c.unit_id == unit.c.id)
        .where(membership.c.member_id == number)
        .order_by(unit.c.path)
    )
    return [as_unit(tuple(row)) for row in rows]


def set_units(connection: Connection, number: int, units: Iterable[int]) -> None:
    """Replace the units that a person belongs to."""
    connection.execute(membership.delete().where(membership.c.member_id == number))
    rows = [{"member_id": number, "unit_id": unit_id} for unit_id in sorted(set(units))]
    if rows:
        connection.execute(membership.insert(), rows)


def audience(path: str, standings: Sequence[Standing] = ()) -> Select[tuple[int]]:
    """Return a query of the ids of all who belong at or beneath a path and are one of these (none given: everybody).

    It begins with the memberships of those units: from the people, SQLite would go through all for a branch of fifty.
    """
    under = select(unit.c.id).where(unit.c.path.startswith(path, autoescape=True))
    those = select(membership.c.member_id).where(membership.c.unit_id.in_(under))
    if standings and Standing.EMPLOYEE not in standings:
        values, theirs = [one.value for one in standings], standing.c.member_id == membership.c.member_id
        those = those.where(select(standing.c.standing).where(theirs, standing.c.standing.in_(values)).exists())
    return select(member.c.id).where(member.c.id.in_(those), member.c.left_at.is_(None))


def belongs(person: ColumnElement[int], path: str, standings: Sequence[Standing] = ()) -> ColumnElement[bool]:
    """Return the test whether a person (a column of ids) is in `audience`, without making a list of it."""
    theirs = (
        select(membership.c.unit_id)
        .join(unit, unit.c.id == membership.c.unit_id)
        .where(membership.c.member_id == person, unit.c.path.startswith(path, autoescape=True))
        .exists()
    )
    here = select(member.c.id).where(member.c.id == person, member.c.left_at.is_(None)).exists()
    if not standings or Standing.EMPLOYEE in standings:
        return and_(theirs, here)
    values = [one.value for one in standings]
    fits = select(standing.c.standing).where(standing.c.member_id == person, standing.c.standing.in_(values)).exists()
    return and_(fits, theirs, here)


def members_of(connection: Connection, path: str, standings: Sequence[Standing] = ()) -> list[int]:
    """Return the ids of `audience`, in order."""
    return sorted(connection.scalars(audience(path, standings)))


def some_of(connection: Connection, path: str, standings: Sequence[Standing], most: int) -> list[int]:
    """Return at most so many ids of `audience`: enough to know that there are more than somebody can list."""
    return list(connection.scalars(audience(path, standings).limit(most)))


def names_of(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Return names by id."""
    rows = connection.execute(select(member.c.id, member.c.name).where(member.c.id.in_(list(numbers))))
    return {row[0]: row[1] for row in rows}


def by_name(connection: Connection) -> tuple[ColumnElement[Any], ...]:
    """Return the order in which every list of names stands: by pinyin; the oldest first among namesakes."""
    return (*sound.in_order(connection, member.c.sound, member.c.name), member.c.id)


def count(connection: Connection) -> int:
    """Return how many people have not left."""
    return connection.scalar(select(func.count()).select_from(member).where(member.c.left_at.is_(None))) or 0


def by_name_or_number(connection: Connection, words: str) -> list[Person]:
    """Return who has not left and has this number or exactly this name, by number; at most 20."""
    rows = connection.execute(
        select(*PERSON)
        .where((member.c.employee_no == words) | (member.c.name == words), member.c.left_at.is_(None))
        .order_by(member.c.employee_no)
        .limit(20)
    )
    return [Person(*row) for row in rows]
