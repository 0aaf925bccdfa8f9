"""`dangqun backup|restore|verify|transfer|resume`: the whole installation in one file, and back on an empty machine."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import typer

from bot.commands.say import fail, out
from bot.commands.surroundings import ConfigOption, open_at, open_database, settings_of
from bot.mistakes import of_file

SECRETS = ("config.toml（[security] key、[telegram] token …）", "环境变量里的密钥 · secrets in the environment")


def backup(
    file: Path = typer.Argument(..., help="写到这个文件 · The file to write."),  # noqa: B008
    force: bool = typer.Option(False, "--force", help="覆盖已有的文件 · Overwrite the file."),  # noqa: FBT001, FBT003
    config: Path | None = ConfigOption,
) -> None:
    """备份：运行时也可以做，数据与附件一起 · Back everything up, also while running."""
    if file.exists() and not force:
        fail(
            f"{file} 已存在，没有改动它。换一个文件名，或加上 --force 覆盖。",
            f"{file} exists and was left alone. Choose another name, or add --force.",
        )
    settings = settings_of(config)
    database = open_database(settings)
    try:
        made = save(database, settings.organisation.name, file)
    except OSError as error:
        zh, en = of_file(error)
        fail(f"写不了 {file}：{zh}", f"The file can't be written: {en}")
    finally:
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
        fail(*_unusable(file, error))
    rows = sum(one["rows"] for one in manifest["tables"].values())
    made_at = datetime.fromisoformat(manifest["made_at"]).astimezone()
    out.print(
        f"完好：{manifest['organisation']}，{made_at:%Y-%m-%d %H:%M}（{made_at:%Z}）备份，{rows} 行", markup=False
    )
    out.print(f"Intact: {rows} rows, made at {made_at:%Y-%m-%d %H:%M %Z}", markup=False, style="dim")


def _unusable(file: Path, error: Exception) -> tuple[str, str]:
    """Say why a file can't be used as a backup."""
    cause = error.__cause__
    if isinstance(cause, OSError):
        zh, en = of_file(cause)
        return f"读不了 {file}：{zh}。", f"The file can't be read: {en}."
    if cause is not None:
        return f"{file} 不是本程序的备份，或者没有传完整。", f"{file} is no backup of this program, or not whole."
    if "has format" in str(error):
        return f"{file} 是另一种格式的备份，本程序读不了。", f"{error}."
    tables = "、".join(part.partition(":")[0] for part in str(error).split("; "))
    return f"{file} 的内容和清单不一致，不能用。不一致的表：{tables}。", f"The backup is not what it was: {error}."


def restore(
    file: Path = typer.Argument(..., help="备份文件 · The backup."),  # noqa: B008
    config: Path | None = ConfigOption,
) -> None:
    """恢复到空库；恢复后先暂停收发 · Restore into an empty database; it starts paused."""
    settings = settings_of(config)
    database = open_database(settings, must_be_current=False)
    fill(database, file)
    database.close()
    out.print("已恢复，逐行核对无误。现在不收不发，确认原来的程序已停，再运行 dangqun resume", markup=False)
    out.print("Restored and verified. Nothing is sent or taken until `dangqun resume`.", markup=False)


def fill(database: Any, file: Path) -> None:  # noqa: ANN401 - storage.engine.Database
    """Restore a backup into an empty database, which stays paused; ends with the reason when it can't be."""
    from storage import pause  # noqa: PLC0415 - start-up cost

    load_paused(database, file)

    def know(connection: Any) -> None:  # noqa: ANN401 - sqlalchemy.Connection
        pause.begin(connection, pause.RESTORED, datetime.now(UTC))
        pause.end(connection, pause.UNVERIFIED)

    database.write_now(know)


def load_paused(database: Any, file: Path) -> None:  # noqa: ANN401 - storage.engine.Database
    """Load a backup into an empty database, paused from its first moment, and hold it against the manifest."""
    from storage import backup as format_of  # noqa: PLC0415 - start-up cost
    from storage import migrate  # noqa: PLC0415

    try:
        manifest = format_of.check(file)
    except format_of.BackupError as error:
        zh, en = _unusable(file, error)
        fail(f"{zh}没有改动数据库。", f"{en} Nothing was changed.")
    if manifest["revision"] != migrate.head():
        fail(
            f"备份来自另一个版本（{manifest['revision']}，本程序 {migrate.head()}）。请用那个版本恢复，再升级。",
            "The backup is of another version. Restore with that version, then migrate.",
        )
    if migrate.current(database.engine) is None:
        migrate.upgrade(database.engine)
    if not database.read_now(format_of.is_empty):
        fail("目标数据库里已有数据，没有改动。请给一个空库。", "The database is not empty; nothing was changed.")
    database.write_now(lambda c: format_of.load(c, file, datetime.now(UTC)))
    wrong = database.snapshot(lambda c: format_of.compare(c, manifest))
    if wrong:
        fail(
            f"恢复后核对不一致：{'、'.join(wrong)}。这份副本保持暂停，请换一个空库重来。",
            "The tables above differ. This copy stays paused; begin again with an empty database.",
        )


def transfer(
    to: str = typer.Argument(..., help="目标数据库地址 · The address of the target database."),
    config: Path | None = ConfigOption,
) -> None:
    """搬到另一个数据库（如 SQLite → PostgreSQL），逐行核对 · Move to another database, verified row by row."""
    import tempfile  # noqa: PLC0415 - only here

    from storage import pause  # noqa: PLC0415

    settings = settings_of(config)
    source = open_database(settings)
    _demand_rest(source)
    target, _ = open_at(to)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "transfer.zip"
        made = save(source, settings.organisation.name, file)
        load_paused(target, file)
    # First the source, then the target: whenever this is cut short, at most one of them speaks.
    source.write_now(lambda c: pause.begin(c, pause.moved(target.engine.dialect.name), datetime.now(UTC)))
    target.write_now(lambda c: pause.end(c, pause.UNVERIFIED))
    still = target.read_now(pause.reasons)
    source.close()
    target.close()
    rows = sum(one["rows"] for one in made["tables"].values())
    out.print(f"已搬 {rows} 行，逐行核对无误。把 [database] url 改成新地址再启动 · {rows} rows moved", markup=False)
    out.print("原来的库已暂停，误启动也不收不发；要退回来，在原来的配置下运行 dangqun resume", markup=False)
    out.print("The old database is paused; `dangqun resume` with the old configuration undoes that.", markup=False)
    if still:
        out.print(
            f"原来就是暂停的（{', '.join(still)}），新库也是 · the new one is paused as the old was", markup=False
        )


def _demand_rest(source: Any) -> None:  # noqa: ANN401 - storage.engine.Database
    """End when a program still runs on the source: what it writes after the copy was made would be left behind."""
    from bot.lease import is_dead_neighbour  # noqa: PLC0415 - start-up cost
    from storage import lease  # noqa: PLC0415

    if any(not is_dead_neighbour(holder) for holder in source.read_now(lease.alive)):
        fail(
            "程序还在运行，搬走之后写下的会留在原处。请先停下它（被强制结束的，等十秒），再搬。",
            "The program still runs on this database. Stop it first (after a kill wait ten seconds), then transfer.",
        )


def resume(config: Path | None = ConfigOption) -> None:
    """暂停的副本开始收发，运行着的几秒内自己继续 · Let a paused copy take and send, also while it runs."""
    from storage import pause  # noqa: PLC0415 - start-up cost

    database = open_database(settings_of(config))
    ended = database.write_now(pause.end)
    database.close()
    out.print("开始收发 · it sends and takes now" if ended else "本来就没有暂停 · nothing was paused")
