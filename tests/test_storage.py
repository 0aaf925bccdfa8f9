"""The door to storage: one failing piece undoes itself alone, what was acknowledged is there, a closed door says so."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, text

from storage import member
from storage.engine import Database, StorageError

NOW = datetime(2026, 11, 23, tzinfo=UTC)


class DeliberateError(Exception):
    """What a piece of work raises here."""


def people(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(member.member)) or 0


def join(number: int, connection: Connection) -> int:
    joined = member.add(connection, f"N{number}", "员工", NOW)
    if number % 7 == 3:
        raise DeliberateError(number)
    return joined


async def test_of_many_at_once_only_the_failing_ones_are_undone(database: Database) -> None:
    async def one(number: int) -> bool:
        try:
            await database.write(lambda c: join(number, c))
        except DeliberateError:
            return False
        return True

    kept = await asyncio.gather(*(one(number) for number in range(140)))
    assert kept == [number % 7 != 3 for number in range(140)]
    assert await database.read(people) == sum(kept)


async def test_what_a_reader_writes_is_undone(database: Database) -> None:
    await database.read(lambda c: member.add(c, "X", "读者", NOW))
    assert await database.read(people) == 0


async def test_a_cancelled_caller_leaves_no_half_a_turn(database: Database) -> None:
    def slowly(connection: Connection) -> None:
        for number in range(50):
            member.add(connection, f"S{number}", "员工", NOW)

    task = asyncio.create_task(database.write(slowly))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await database.write(lambda c: member.add(c, "after", "后来", NOW))
    assert await database.read(people) in {1, 51}


def test_a_closed_door_refuses(database: Database) -> None:
    if not database.sqlite:
        pytest.skip("PostgreSQL opens a connection anew")
    database.close()
    with pytest.raises(StorageError, match="closed"):
        database.write_now(people)


def test_a_full_disk_stores_nothing_and_says_so(tmp_path: Path, sqlite_template: Path) -> None:
    path = tmp_path / "full.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    pages = database.write_now(lambda c: c.scalar(text("PRAGMA page_count")))

    def fill(connection: Connection) -> None:
        connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        for number in range(5000):
            member.add(connection, f"F{number}", "员工" * 20, NOW)

    with pytest.raises(StorageError, match="full"):
        database.write_now(fill)
    assert database.read_now(people) == 0
    assert database.write_now(lambda c: member.add(c, "later", "后来", NOW))
    database.close()
