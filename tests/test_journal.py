"""While the database is busy or away what comes is on the disk before it is acknowledged, and is served later, once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot import journal as module
from bot.journal import Journal
from messengers.base import Note, PausedError, Raw
from storage.engine import StorageError
from tests.running import eventually, running
from tests.talk import Company
from tests.test_intake import ADA, USERS, kept, said

KEY = bytes(range(32))
EVENT = Raw("e1", '{"text":"\\u7b7e\\u5230"}', Note("webhook", "https://x.example/1", 60))


class Base:
    """A database that is away as long as somebody says so."""

    def __init__(self) -> None:
        """Have nothing."""
        self.rows: dict[str, Raw] = {}
        self.away = False
        self.busy = asyncio.Event()
        self.busy.set()

    async def accept(self, _messenger: str, events: object) -> None:
        """Take events; known ones are no work."""
        await self.busy.wait()
        if self.away:
            raise StorageError("away")
        for event in events:  # type: ignore[attr-defined]
            self.rows[event.key] = event


def files(folder: Path) -> list[Path]:
    """Return the files that are not empty."""
    return [path for path in folder.glob("*.journal") if path.stat().st_size]


def everything(folder: Path) -> list[Path]:
    """Return every file."""
    return list(folder.iterdir())


async def test_a_quick_database_writes_no_file(tmp_path: Path) -> None:
    base, journal = Base(), Journal(tmp_path / "j", KEY, "here:1")
    await journal.accept(1.0, base.accept, "feishu", [EVENT])
    assert base.rows == {"e1": EVENT}
    assert not (tmp_path / "j").exists()


async def test_a_busy_one_is_not_waited_for_and_the_file_is_emptied_afterwards(tmp_path: Path) -> None:
    base, journal = Base(), Journal(tmp_path, KEY, "here:1")
    base.busy.clear()
    await journal.accept(0.01, base.accept, "feishu", [EVENT])
    [path] = files(tmp_path)
    assert b"7b7e" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    base.busy.set()
    await eventually(lambda: not files(tmp_path))
    assert base.rows == {"e1": EVENT}
    await journal.close()
    assert everything(tmp_path) == []


async def test_one_that_is_away_gets_it_when_it_is_back(tmp_path: Path) -> None:
    base, journal = Base(), Journal(tmp_path, KEY, "here:1")
    base.away = True
    await journal.accept(1.0, base.accept, "feishu", [EVENT])
    assert files(tmp_path)
    base.away = False
    await eventually(lambda: not files(tmp_path))
    assert base.rows == {"e1": EVENT}
    await journal.close()


async def test_what_a_dead_process_left_is_brought_in_by_the_next_and_by_nobody_while_it_lives(tmp_path: Path) -> None:
    base, dead = Base(), Journal(tmp_path, KEY, "here:1")
    base.away = True
    for number in range(3):
        await dead.accept(1.0, base.accept, "feishu", [Raw(f"e{number}", "{}")])
    living = Journal(tmp_path, KEY, "here:2")
    base.away = False
    other = Base()
    assert await living.adopt(other.accept) == 0
    await dead.close()
    [path] = files(tmp_path)
    with path.open("ab") as torn:
        torn.write(b"1:AAAA")
    assert await living.adopt(other.accept) == 3
    assert list(other.rows) == ["e0", "e1", "e2"]
    assert not files(tmp_path)
    assert await living.adopt(other.accept) == 0


async def test_a_killed_process_loses_nothing_that_it_has_acknowledged(tmp_path: Path) -> None:
    program = """
import asyncio, os, signal, sys
from pathlib import Path
from bot.journal import Journal
from messengers.base import Raw
async def never(messenger, events):
    await asyncio.Event().wait()
async def main():
    journal = Journal(Path(sys.argv[1]), bytes(range(32)), "gone:1")
    for number in range(20):
        await journal.accept(0.001, never, "feishu", [Raw(f"e{number}", "{}")])
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    ended = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program, str(tmp_path)], check=False)
    assert ended.returncode == -9
    base = Base()
    assert await Journal(tmp_path, KEY, "here:2").adopt(base.accept) == 20
    assert len(base.rows) == 20


async def test_what_can_be_kept_nowhere_is_not_acknowledged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, journal = Base(), Journal(tmp_path, KEY, "here:1")
    base.away = True
    monkeypatch.setattr(module, "MOST", 10)
    with pytest.raises(OSError, match="has grown"):
        await journal.accept(1.0, base.accept, "feishu", [EVENT])
    assert not files(tmp_path)

    async def paused(*_: object) -> None:
        raise PausedError

    with pytest.raises(PausedError):
        await journal.accept(1.0, paused, "feishu", [EVENT])


async def test_while_the_one_writer_is_busy_the_messenger_is_told_in_time(company: Company) -> None:
    async with running(company, users=USERS) as run:
        if not run.app.database.sqlite:
            pytest.skip("PostgreSQL has no single writer")
        busy, done = threading.Event(), threading.Event()

        def hold(_connection: Connection) -> None:
            busy.set()
            done.wait(20)

        holding = asyncio.create_task(asyncio.to_thread(run.app.database.write_now, hold))
        await asyncio.to_thread(busy.wait, 5)
        begun = asyncio.get_running_loop().time()
        await run.app.intake.accept("telegram", [said(1, ADA, "签到")], within=0.3)
        assert asyncio.get_running_loop().time() - begun < 1.0
        assert files(run.app.settings.journal())
        done.set()
        await holding
        await eventually(lambda: any("签到成功" in text for text in run.api.texts(ADA)))
        await eventually(lambda: not files(run.app.settings.journal()))
        await run.app.intake.accept("telegram", [said(1, ADA, "签到")], within=0.3)
        assert [key for key, _, _ in kept(run)] == ["1"]
        assert everything(run.app.settings.journal())


async def test_what_the_database_refuses_for_good_stands_in_nobodys_way(tmp_path: Path) -> None:
    class Choosy(Base):
        """A database that never takes one of them."""

        async def accept(self, messenger: str, events: object) -> None:
            """Refuse what is poisoned."""
            if any(event.key == "poison" for event in events):  # type: ignore[attr-defined]
                raise UnicodeEncodeError("utf-8", "x", 0, 1, "no")
            await super().accept(messenger, events)

    base, journal = Choosy(), Journal(tmp_path, KEY, "here:1")
    with pytest.raises(UnicodeEncodeError):
        await journal.accept(1.0, base.accept, "feishu", [Raw("poison", "{}")])
    assert not files(tmp_path)
    away = Base()
    away.away = True
    for key in ("a", "poison", "b"):
        await journal.accept(1.0, away.accept, "feishu", [Raw(key, "{}")])
    await journal.close()
    assert await Journal(tmp_path, KEY, "here:2").adopt(base.accept) == 3
    assert list(base.rows) == ["a", "b"]
    assert (tmp_path / "refused").stat().st_size
    assert not files(tmp_path)
