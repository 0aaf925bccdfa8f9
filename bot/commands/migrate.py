"""`dangqun migrate`: bring the database to the schema that this program needs."""

from __future__ import annotations

from pathlib import Path

from bot.commands.say import out
from bot.commands.surroundings import ConfigOption, open_database, settings_of


def migrate(config: Path | None = ConfigOption) -> None:
    """升级数据库结构；失败时原样保留 · Bring the schema up; a failure leaves it as it was."""
    from storage import migrate as schema  # noqa: PLC0415 - start-up cost

    database = open_database(settings_of(config), must_be_current=False)
    before = schema.current(database.engine)
    if before == schema.head():
        out.print(f"已是最新（{before}）· already current")
    else:
        schema.upgrade(database.engine)
        out.print(f"已升级：{before or '空库'} → {schema.head()} · upgraded")
    database.close()
