"""Backup while people write, verify, restore on an empty machine of either kind, and a copy that stays silent."""

from __future__ import annotations

import asyncio
import os
import threading
import zipfile
from datetime import date
from pathlib import Path

import pytest
import typer
from sqlalchemy import Connection, func, select

from bot.commands.backup import daily, fill, save
from storage import backup, member, migrate, pause
from storage.engine import Database
from tests.postgres import Server
from tests.running import running
from tests.talk import Company
from tests.test_cli import dangqun


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """An empty machine."""
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path / 'restored.db'}")
    postgres: Server = request.getfixturevalue("postgres")
    return Database(postgres.create(f"restored_{os.getpid()}"))


def lived(company: Company) -> None:
    """Let something of every kind have happened."""
    company.ada.says("签到")
    company.ada.says("我想反映食堂太贵了")
    company.ada.presses("提交")
    company.lin.says("发公告")
    company.lin.sends("通知.pdf", b"%PDF-1.7 \x00\xff", "application/pdf", caption="见附件")
    company.lin.presses("发送")
    company.travel(seconds=11)
    company.bo.sees()
    company.bo.presses("收到")
    company.bo.says("答题")


def test_a_restored_copy_is_the_same_and_goes_on(company: Company, target: Database, tmp_path: Path) -> None:
    lived(company)
    file = tmp_path / "all.zip"
    made = save(company.database, "江河集团", file)
    assert backup.check(file) == made
    fill(target, file)
    assert target.read_now(pause.reasons) == ["restored"]
    assert target.snapshot(lambda c: backup.compare(c, made)) == []
    assert migrate.current(target.engine) == migrate.head()
    target.write_now(pause.end)
    again = Company(target, company.dispatch.registry, roll=company.roll)
    again.now = company.now
    assert "已签到" in again.ada.says("签到")
    assert "签到成功" in again.bo.says("签到")
    assert "工会" in again.bo.says("搜索 工会")
    target.close()


def test_it_is_one_moment_however_much_is_written_meanwhile(company: Company, tmp_path: Path) -> None:
    stopping = threading.Event()

    def write() -> None:
        number = 0
        while not stopping.is_set():
            number += 1
            company.write(lambda c, number=number: member.add(c, f"W{number}", "员工", company.now))  # type: ignore[misc]

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for turn in range(3):
            file = tmp_path / f"{turn}.zip"
            made = save(company.database, "江河集团", file)
            assert backup.check(file) == made
    finally:
        stopping.set()
        writer.join()
    assert made["tables"]["member"]["rows"] >= 12


def test_tampering_is_named(company: Company, tmp_path: Path) -> None:
    lived(company)
    file = tmp_path / "all.zip"
    save(company.database, "江河集团", file)
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["points_entry.jsonl"] = parts["points_entry.jsonl"].replace(b'"points":1', b'"points":9')
    parts["checkin.jsonl"] = b""
    with zipfile.ZipFile(file, "w") as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    with pytest.raises(backup.BackupError, match=r"checkin.*points_entry"):
        backup.check(file)
    file.write_bytes(b"PK broken")
    with pytest.raises(backup.BackupError, match="no backup"):
        backup.check(file)


def test_what_is_not_empty_is_left_alone(company: Company, target: Database, tmp_path: Path) -> None:
    file = tmp_path / "all.zip"
    save(company.database, "江河集团", file)
    fill(target, file)
    target.write_now(pause.end)
    with pytest.raises(typer.Exit):
        fill(target, file)
    assert target.read_now(pause.reasons) == []
    assert target.read_now(lambda c: c.scalar(select(func.count()).select_from(member.member))) == 12
    target.close()


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
def test_the_daily_copies_keep_the_newest(company: Company, tmp_path: Path) -> None:
    for day in range(20, 29):
        made = daily(company.database, "江河集团", tmp_path, date(2026, 11, day), keep=3)
        assert made is not None
        assert daily(company.database, "江河集团", tmp_path, date(2026, 11, day), keep=3) is None
    assert [path.name for path in sorted(tmp_path.glob("*.zip"))] == [
        f"dangqun-2026-11-{day}.zip" for day in (26, 27, 28)
    ]
    assert made is not None
    assert backup.check(made)


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
def test_a_restore_that_is_cut_short_or_differs_leaves_a_paused_copy(
    company: Company, target: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(company)
    file = tmp_path / "all.zip"
    save(company.database, "江河集团", file)

    def cut_short(_connection: object, _manifest: object) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(backup, "compare", cut_short)
    with pytest.raises(KeyboardInterrupt):
        fill(target, file)
    assert target.read_now(lambda c: c.scalar(select(func.count()).select_from(member.member))) == 12
    assert target.read_now(pause.reasons) == ["unverified"]
    target.write_now(empty)

    monkeypatch.setattr(backup, "compare", lambda _connection, _manifest: ["points_entry"])
    with pytest.raises(typer.Exit):
        fill(target, file)
    assert target.read_now(pause.reasons) == ["unverified"]
    target.close()


def empty(connection: Connection) -> None:
    """Let nobody live here any more."""
    for table in reversed(backup.tables()):
        connection.execute(table.delete())


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
def test_a_move_leaves_one_that_speaks(
    company: Company, target: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(company)
    stamp(company.database)
    here, there = (
        one.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
        for one in (company.database, target)
    )
    monkeypatch.setenv("DANGQUN_DATABASE__URL", here)
    monkeypatch.chdir(tmp_path)
    code, said = dangqun("transfer", there)
    assert code == 0, said
    assert "dangqun resume" in said
    kind = target.engine.dialect.name
    assert company.database.read_now(pause.reasons) == [f"moved to {kind}"]
    assert target.read_now(pause.reasons) == []
    assert target.read_now(lambda c: c.scalar(select(func.count()).select_from(member.member))) == 12
    code, said = dangqun("doctor")
    assert code == 1
    assert f"✗ error   暂停：不收不发 paused: moved to {kind}" in said
    code, said = dangqun("resume")
    assert code == 0, said
    assert company.database.read_now(pause.reasons) == []
    target.close()


def stamp(database: Database) -> None:
    """Write down that the schema is of today, as `dangqun init` does."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
        connection.exec_driver_sql(f"INSERT INTO alembic_version VALUES ('{migrate.head()}')")


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_what_runs_is_not_moved(
    company: Company, target: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp(company.database)
    monkeypatch.setenv("DANGQUN_DATABASE__URL", str(company.database.engine.url))
    monkeypatch.chdir(tmp_path)
    there = target.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    async with running(company):
        code, said = await asyncio.to_thread(dangqun, "transfer", there)
    assert code != 0
    assert "还在运行" in said
    assert company.database.read_now(pause.reasons) == []
    code, said = await asyncio.to_thread(dangqun, "transfer", there)
    assert code == 0, said
    target.close()
