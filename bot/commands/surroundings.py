"""What every command that touches an installation needs: its checked settings, its database, its key."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import typer

from bot.commands.say import fail, program
from bot.config import ConfigError, Settings, load
from storage.engine import Database

DEFAULT_CONFIG = Path("config.toml")

ConfigOption = typer.Option(None, "--config", "-c", help="配置文件，默认 ./config.toml · The configuration file.")


def settings_of(config: Path | None) -> Settings:
    """Read the configuration, or end with every mistake in it and its remedy."""
    path = config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
    try:
        return load(path)
    except ConfigError as error:
        fail(f"配置有误：\n{error}", "The configuration is wrong; the lines above name each mistake.")


def open_at(url: str) -> tuple[Database, str | None]:
    """Open the database at an address, or end with the reason; returns it and the version of its schema."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - start-up cost

    from bot import mistakes  # noqa: PLC0415
    from storage import migrate  # noqa: PLC0415

    try:
        database = Database(url)
        return database, migrate.current(database.engine)
    except (SQLAlchemyError, OSError, ImportError, ValueError) as error:
        fail(*mistakes.of_database(error, url))


def missing_file(url: str) -> Path | None:
    """Return the SQLite file of an address when it is not there: opening it would leave an empty one behind."""
    from sqlalchemy import make_url  # noqa: PLC0415 - start-up cost
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return None
    named = parsed.database if parsed.get_backend_name() == "sqlite" else None
    return Path(named) if named and named != ":memory:" and not Path(named).exists() else None


def _not_there(settings: Settings, path: Path) -> NoReturn:
    """End because there is no database, with what to type instead."""
    if settings.model_fields_set:
        fail(
            f"没有数据库文件 {path}，什么都没有建。先核对 [database] url；新装的运行 {program()} migrate 建库。",
            f"There is no database file {path}, and none was made. Check [database] url; "
            f"a new installation makes it by `{program()} migrate`.",
        )
    fail(
        f"这里没有 {DEFAULT_CONFIG}，也没有数据库（{path}），什么都没有建。\n"
        f"  已经装过：到放 {DEFAULT_CONFIG} 的文件夹里运行，或加 --config 写出它在哪里\n"
        f"  还没有装：{program()} init\n"
        "  只想试用：make run，在演示的对话里发“管理台”就有链接",
        f"There is no {DEFAULT_CONFIG} and no database here, and nothing was made. Installed already: run this where "
        f"{DEFAULT_CONFIG} is, or name it with --config. Not yet: `{program()} init`. "
        "To try it: `make run`, and say “console” in the demo's chat.",
    )


def open_database(settings: Settings, *, must_be_current: bool = True) -> Database:
    """Open the database, or end with the reason. `must_be_current`: not one that is missing or of another version."""
    from storage import audit, migrate  # noqa: PLC0415 - start-up cost

    if must_be_current and (path := missing_file(settings.database.url.get_secret_value())):
        _not_there(settings, path)
    database, standing = open_at(settings.database.url.get_secret_value())
    if must_be_current and standing != migrate.head():
        database.close()
        state = "空的 / empty" if standing is None else standing
        fail(
            f"数据库结构不是本程序需要的版本（现在：{state}，需要：{migrate.head()}）。请运行 dangqun migrate",
            "The database schema is of another version. Run `dangqun migrate`.",
        )
    if key := settings.security.key.get_secret_value():
        audit.seal_with(bytes.fromhex(key))
    return database


def key_of(settings: Settings) -> bytes:
    """Return the program's signing key, or end: without one links and codes could be forged."""
    text = settings.security.key.get_secret_value()
    if not text:
        fail(
            "缺少 [security] key。运行 dangqun init 会生成配置，或自行设置 64 位十六进制。",
            "[security] key is missing. `dangqun init` makes a configuration with one.",
        )
    return bytes.fromhex(text)
