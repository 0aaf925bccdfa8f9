"""`dangqun backup|restore|verify|transfer|resume`: the whole installation in one file, and back on an empty machine."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import typer

from bot.commands.say import fail, out
from bot.commands.surroundings import ConfigOption, open_database, settings_of

SECRETS = ("config.toml（[security] key、[telegram] token …）", "环境变量里的密钥 · secrets in the environment")


def backup(
    file: Path = typer.Argument(..., help="写到这个文件 · The file to write."),  # noqa: B008
    config: Path | None = ConfigOption,
) -> None:
    """备份：运行时也可以做，数据与附件一起 · Back everything up, also while running."""
    settings = settings_of(config)
    database = open_database(settings)
    made = save(database, settings.organisation.name, file)
    database.close()
    rows = sum(one["rows"] for one in made["tables"].values())
    out.print(f"已备份 {rows} 行 → {file} · {rows} rows", markup=False)
    out.print("密钥不在备份里，请另外保存 · secrets are not in it, keep them too：" + "；".join(SECRETS), markup=False)


def save(database: Any, organisation: str, file: Path) -> dict[str, Any]:  # noqa: ANN401 - storage.engine.Database
    """Write a backup of one moment; returns its manifest. Raises OSError when the file can't be written."""
    from storage import backup as format_of  # noqa: PLC0415 - start-up cost
    from storage import migrate  # noqa: PLC0415

    facts = {"organisation": organisation, "made_at": datetime.now(UTC).isoformat(), "revision": migrate.head()}
    made: dict[str, Any] = database.snapshot(lambda c: format_of.dump(c, file, facts))
    return made


def daily(database: Any, organisation: str, folder: Path, day: date, keep: int) -> Path | None:  # noqa: ANN401
    """Make the day's copy unless it is there, and let all but the newest go; returns the new file, or None."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"dangqun-{day.isoformat()}.zip"
    if file.exists():
        return None
    save(database, organisation, file)
    for old in sorted(folder.glob("dangqun-????-??-??.zip"))[:-keep]:
        old.unlink()
    return file


def verify(file: Path = typer.Argument(..., help="备份文件 · The backup.")) -> None:  # noqa: B008
    """核对备份：逐表数行、比对散列 · Check a backup against its manifest."""
    from storage.backup import BackupError, check  # noqa: PLC0415 - start-up cost

    try:
        manifest = check(file)
    except BackupError as error:
        fail(f"备份不可用：{error}", "The backup can't be used; the line above names what differs.")
    rows = sum(one["rows"] for one in manifest["tables"].values())
    out.print(f"完好：{manifest['organisation']}，{manifest['made_at']}，{rows} 行 · intact", markup=False)


def restore(
    file: Path = typer.Argument(..., help="备份文件 · The backup."),  # noqa: B008
    config: Path | None = ConfigOption,
) -> None:
    """恢复到空库；恢复后先暂停收发 · Restore into an empty database; it starts paused."""
    settings = settings_of(config)
    database = open_database(settings, must_be_current=False)
    fill(database, file, pause=True)
    database.close()
    out.print("已恢复，逐行核对无误。现在不收不发，确认原来的程序已停，再运行 dangqun resume", markup=False)
    out.print("Restored and verified. Nothing is sent or taken until `dangqun resume`.", markup=False)


def fill(database: Any, file: Path, *, pause: bool) -> None:  # noqa: ANN401 - storage.engine.Database
    """Load a backup into an empty database and hold it against the manifest, or end with the reason."""
    from storage import backup as format_of  # noqa: PLC0415 - start-up cost
    from storage import migrate  # noqa: PLC0415
    from storage import pause as pauses  # noqa: PLC0415

    try:
        manifest = format_of.check(file)
    except format_of.BackupError as error:
        fail(f"备份不可用：{error}", "The backup can't be used; nothing was changed.")
    if manifest["revision"] != migrate.head():
        fail(
            f"备份来自另一个版本（{manifest['revision']}，本程序 {migrate.head()}）。请用那个版本恢复，再升级。",
            "The backup is of another version. Restore with that version, then migrate.",
        )
    if migrate.current(database.engine) is None:
        migrate.upgrade(database.engine)
    if not database.read_now(format_of.is_empty):
        fail("目标数据库里已有数据，没有改动。请给一个空库。", "The database is not empty; nothing was changed.")
    database.write_now(lambda c: format_of.load(c, file))
    wrong = database.snapshot(lambda c: format_of.compare(c, manifest))
    if wrong:
        fail(f"恢复后核对不一致：{'、'.join(wrong)}", "After restoring, the tables above differ.")
    if pause:
        database.write_now(lambda c: pauses.begin(c, "restored", datetime.now(UTC)))


def transfer(
    to: str = typer.Argument(..., help="目标数据库地址 · The address of the target database."),
    config: Path | None = ConfigOption,
) -> None:
    """搬到另一个数据库（如 SQLite → PostgreSQL），逐行核对 · Move to another database, verified row by row."""
    import tempfile  # noqa: PLC0415 - only here

    from storage.engine import Database  # noqa: PLC0415

    settings = settings_of(config)
    source = open_database(settings)
    target = Database(to)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "transfer.zip"
        made = save(source, settings.organisation.name, file)
        fill(target, file, pause=False)
    source.close()
    target.close()
    rows = sum(one["rows"] for one in made["tables"].values())
    out.print(f"已搬 {rows} 行，逐行核对无误。把 [database] url 改成新地址再启动 · {rows} rows moved", markup=False)


def resume(config: Path | None = ConfigOption) -> None:
    """恢复的副本开始收发 · Let a restored copy send and take."""
    from storage import pause  # noqa: PLC0415 - start-up cost

    database = open_database(settings_of(config))
    ended = database.write_now(pause.end)
    database.close()
    out.print("开始收发 · it sends and takes now" if ended else "本来就没有暂停 · nothing was paused")
