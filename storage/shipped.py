"""Which version of the shipped content this database has taken in."""

from __future__ import annotations

from sqlalchemy import Column, Connection, String, Table, select

from storage.base import insert_new, metadata

shipped = Table(
    "shipped",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("stamp", String(64), nullable=False),
)


def version(connection: Connection, name: str) -> str:
    """Return the stamp of what was taken in last; empty when nothing was."""
    return connection.scalar(select(shipped.c.stamp).where(shipped.c.name == name)) or ""


def settle(connection: Connection, name: str, stamp: str) -> None:
    """Remember what was taken in."""
    connection.execute(insert_new(connection, shipped).values(name=name, stamp=stamp))
    connection.execute(shipped.update().where(shipped.c.name == name).values(stamp=stamp))
