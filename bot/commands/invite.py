"""`dangqun invite`: a binding code and link for one person."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer

from bot.commands.imports import refused
from bot.commands.say import out
from bot.commands.surroundings import ConfigOption, open_database, settings_of


def invite(
    employee_no: str = typer.Argument(..., help="工号 · The employee number."),
    administrator: bool = typer.Option(  # noqa: FBT001
        False,  # noqa: FBT003
        "--administrator",
        help="同时任命为管理员，用于第一位管理员 · Also make the person an administrator.",
    ),
    config: Path | None = ConfigOption,
) -> None:
    """给一个人发绑定码和链接 · Issue a binding code and link for one person."""
    from domain.refusal import Refusal  # noqa: PLC0415 - start-up cost
    from services import invite as service  # noqa: PLC0415
    from services.work import Work  # noqa: PLC0415

    settings = settings_of(config)
    database = open_database(settings)
    organisation, now = settings.as_organisation(), datetime.now(UTC)
    try:
        made = database.write_now(
            lambda c: service.issue(Work(c, organisation, now), employee_no, administrator=administrator)
        )
    except Refusal as refusal:
        refused(refusal)
    finally:
        database.close()
    base_url = settings.web.base_url or f"http://{settings.web.host}:{settings.web.port}"
    out.print(f"{made.name}（{employee_no}）", markup=False)
    out.print(f"  绑定码 code   [bold]{made.code}[/]")
    out.print(f"  网页 web      {base_url}/chat/?start={made.payload}", markup=False)
    if settings.telegram.enabled:
        out.print(f"  Telegram      对机器人说 · tell the bot: /start {made.payload}", markup=False)
    out.print(f"  有效至 until  {organisation.local(made.expires_at):%Y-%m-%d %H:%M}，一次有效 · single use")
