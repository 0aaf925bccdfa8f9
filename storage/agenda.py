"""The agenda of a meeting as it is planned: titles in order, and which vote each announces (`storage/minutes.py`)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from storage.minutes import item


def titles(connection: Connection, meeting_id: int) -> list[tuple[str, str]]:
    """Return (title, basis) of each item, in order."""
    rows = connection.execute(
        select(item.c.title, item.c.basis).where(item.c.meeting_id == meeting_id).order_by(item.c.place, item.c.id)
    )
    return [(row[0], row[1]) for row in rows]


def write(connection: Connection, meeting_id: int, items: Iterable[tuple[str, str]]) -> None:
    """Write the agenda anew: (title, basis) of each item."""
    connection.execute(item.delete().where(item.c.meeting_id == meeting_id))
    for place, (title, basis) in enumerate(items, start=1):
        connection.execute(item.insert().values(meeting_id=meeting_id, place=place, title=title, basis=basis))


def basis_of(connection: Connection, item_id: int) -> str:
    """Return which vote an item announces."""
    return connection.scalar(select(item.c.basis).where(item.c.id == item_id)) or ""
