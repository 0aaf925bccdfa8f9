"""Who does what among several processes: a lease is held until its time runs out, and taken over after that.

On PostgreSQL the time is the server's, one for all, however the clocks of the machines differ; on SQLite, which one
machine has, the process's own.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Column, Connection, String, Table, func, or_, select

from storage.base import UtcTime, insert_new, metadata

STRANGE = timedelta(minutes=10)
"""Nobody takes a lease for so long: one that ends later was taken before the clock was set back."""

lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", UtcTime, nullable=False, index=True),
)


def time(connection: Connection) -> datetime:
    """Return the time by which leases are judged; read before a row is waited for: no lease gains by the wait."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = connection.execute(select(func.clock_timestamp(type_=UtcTime))).scalar_one()
    return now


def take(connection: Connection, name: str, holder: str, lasts: timedelta) -> bool:
    """Take or renew a lease; False while another holder's has not run out."""
    now = time(connection)
    values = {"holder": holder, "until": now + lasts}
    row = connection.execute(insert_new(connection, lease).values(name=name, **values).returning(lease.c.name)).first()
    if row is None:
        row = connection.execute(
            lease.update()
            .where(
                lease.c.name == name,
                or_(lease.c.holder == holder, lease.c.until <= now, lease.c.until > now + STRANGE),
            )
            .values(values)
            .returning(lease.c.name)
        ).first()
    return row is not None


def release(connection: Connection, holder: str) -> None:
    """Let go of everything that this holder holds, so that another need not wait."""
    connection.execute(lease.delete().where(lease.c.holder == holder))


def alive(connection: Connection) -> set[str]:
    """Return the holders of any lease that has not run out; one that was taken before the clock was set back has."""
    now = time(connection)
    theirs = select(lease.c.holder).where(lease.c.until > now, lease.c.until <= now + STRANGE)
    return set(connection.scalars(theirs.distinct()))


def holders(connection: Connection) -> dict[str, str]:
    """Return who holds what."""
    held = select(lease.c.name, lease.c.holder).where(lease.c.until > time(connection))
    rows = connection.execute(held.order_by(lease.c.name))
    return {row[0]: row[1] for row in rows}
