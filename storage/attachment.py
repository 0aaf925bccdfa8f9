"""Files and pictures with their bytes, in the database: one transaction and one backup hold everything."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, LargeBinary, String, Table, select

from domain.arrival import clean
from storage.base import UtcTime, id_column, metadata

attachment = Table(
    "attachment",
    metadata,
    id_column(),
    Column("name", String(200), nullable=False),
    Column("mime", String(100), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("kept_at", UtcTime, nullable=False),
    Column("body", LargeBinary, nullable=False),
)


def keep(connection: Connection, name: str, mime: str, body: bytes, now: datetime) -> int:
    """Store the bytes; returns the attachment id."""
    row = connection.execute(
        attachment.insert()
        .values(
            name=clean(name)[:200],
            mime=clean(mime)[:100],
            size=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
            kept_at=now,
            body=body,
        )
        .returning(attachment.c.id)
    ).one()
    return int(row[0])


def load(connection: Connection, number: int) -> tuple[str, str, bytes] | None:
    """Return (name, mime, bytes), or None when there is no such attachment."""
    row = connection.execute(
        select(attachment.c.name, attachment.c.mime, attachment.c.body).where(attachment.c.id == number)
    ).first()
    return None if row is None else (row[0], row[1], bytes(row[2]))


def describe(connection: Connection, number: int) -> tuple[str, str, int] | None:
    """Return (name, mime, size) without the bytes."""
    row = connection.execute(
        select(attachment.c.name, attachment.c.mime, attachment.c.size).where(attachment.c.id == number)
    ).first()
    return None if row is None else (row[0], row[1], row[2])


def forget(connection: Connection, number: int) -> None:
    """Empty a file that must not be kept."""
    connection.execute(
        attachment.update().where(attachment.c.id == number).values(body=b"", size=0, name="-", sha256="")
    )
