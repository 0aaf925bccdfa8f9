"""One program on one SQLite file, as real processes: a second start is refused, one after kill -9 is not."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest

from bot.commands import alone
from bot.lease import LASTS
from storage import lease, pause
from storage.engine import Database
from tests.code import ROOT
from tests.test_cli import dangqun
from tests.test_kill import free_port

READY = {"run": "已就绪 · ready", "demo": "Ctrl-C stops"}


@contextmanager
def started(folder: Path, command: str) -> Iterator[subprocess.Popen[str]]:
    """Start the real program in a folder."""
    environment = {
        **os.environ,
        "DANGQUN_WEB__PORT": str(free_port()),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "200",
    }
    words = [sys.executable, "-m", "bot", command, *(["--port", str(free_port())] if command == "demo" else [])]
    with subprocess.Popen(
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=30)


def said(process: subprocess.Popen[str], until: str) -> str:
    """Return what the program says up to these words, until it is ready, or to its end."""
    words = ""
    for line in process.stdout or ():
        words += line
        if until in line or READY["run"] in line:
            break
    return words


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder after `dangqun init`."""
    monkeypatch.chdir(tmp_path)
    assert dangqun("init", "--name", "江河集团")[0] == 0
    return tmp_path


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_second_start_on_the_same_file_is_refused_and_one_after_a_kill_is_not(folder: Path, command: str) -> None:
    with started(folder, command) as first:
        assert READY[command] in said(first, READY[command])
        with started(folder, command) as second:
            words = said(second, READY[command])
            assert second.wait(5) == 2
        file = "var/demo.db" if command == "demo" else "var/dangqun.db"
        assert f"{file} 正由另一个程序使用（进程 {first.pid}）" in words
        assert f"{file} is in use by another program (process {first.pid})" in words
        assert READY[command] not in words
        assert first.poll() is None
        first.kill()
        first.wait()
        with sqlite3.connect(folder / file) as left:
            # However long the dead one's leases would last: nobody waits for them.
            left.execute("UPDATE lease SET until = '2099-01-01 00:00:00.000000'")
        left.close()
        with started(folder, command) as third:
            assert READY[command] in said(third, READY[command])


def test_of_two_that_start_together_one_serves(folder: Path) -> None:
    with started(folder, "run") as first, started(folder, "run") as second:
        ends = (said(first, READY["run"]), said(second, READY["run"]))
        served = [READY["run"] in words for words in ends]
        assert sorted(served) == [False, True], ends
        assert f"（进程 {(first if served[0] else second).pid}）" in ends[served.index(False)]


def test_a_holder_that_cannot_be_judged_is_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(f"sqlite:///{folder / 'var' / 'dangqun.db'}")
    elsewhere = "other:1:1:abc"

    def runs_out(_: float) -> None:
        database.write_now(lambda c: lease.release(c, elsewhere))

    database.write_now(lambda c: lease.take(c, "clock", elsewhere, LASTS))
    monkeypatch.setattr(time, "sleep", runs_out)
    holder = alone.claim(database)
    assert holder in database.read_now(lease.alive)

    def lives(_: float) -> None:
        monkeypatch.setattr(time, "monotonic", lambda: 1e12)

    def ends(*_: object) -> NoReturn:
        raise SystemExit

    database.write_now(lambda c: lease.release(c, holder))
    database.write_now(lambda c: lease.take(c, "clock", elsewhere, LASTS))
    monkeypatch.setattr(time, "sleep", lives)
    monkeypatch.setattr(alone, "refuse", ends)
    with pytest.raises(SystemExit):
        alone.claim(database)
    database.close()


def test_a_paused_copy_says_so_last_and_is_never_called_ready(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'var' / 'dangqun.db'}")
    database.write_now(lambda c: pause.begin(c, pause.RESTORED, datetime.now(UTC)))
    database.close()
    with started(folder, "run") as program:
        words = said(program, "Paused (restored)")
        program.send_signal(signal.SIGINT)
        words += program.communicate(timeout=30)[0]
    assert "! 已暂停（从备份恢复）：不收、不办、不发。" in words
    assert "再运行 dangqun resume" in words
    assert "已就绪" not in words


def test_one_process_alone_does_not_tell_who_does_what(folder: Path) -> None:
    with started(folder, "run") as program:
        said(program, READY["run"])
        time.sleep(0.5)
        program.send_signal(signal.SIGINT)
        words = program.communicate(timeout=30)[0]
    assert "is done here" not in words
