"""`dangqun login-link`: a one-time link into the console, for the first administrator or whoever has no chat yet."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.commands.imports import refused
from bot.commands.say import out
from bot.commands.surroundings import ConfigOption, open_database, settings_of

if TYPE_CHECKING:
    from sqlalchemy import Connection


def login_link(
    employee_no: str = typer.Argument(..., help="工号 · The employee number."), config: Path | None = ConfigOption
) -> None:
    """给有职责的人发一个进管理台的一次性链接 · A one-time link into the console for somebody with a role."""
    from domain.refusal import Refusal  # noqa: PLC0415 - start-up cost
    from domain.session import LINK_LASTS  # noqa: PLC0415
    from services import session  # noqa: PLC0415
    from services.work import Work  # noqa: PLC0415

    settings = settings_of(config)
    database = open_database(settings)

    def make(connection: Connection) -> str:
        return session.link_for(Work(connection, settings.as_organisation(), datetime.now(UTC)), employee_no)

    try:
        secret = database.write_now(make)
    except Refusal as refusal:
        refused(refusal)
    finally:
        database.close()
    page = (settings.web.base_url or f"http://{settings.web.host}:{settings.web.port}").rstrip("/")
    minutes = int(LINK_LASTS.total_seconds() // 60)
    out.print(f"{page}/console/in/{secret}", markup=False)
    out.print(f"  {minutes} 分钟内有效，只能用一次 · good for {minutes} minutes, once", style="dim")
