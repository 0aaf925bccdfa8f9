"""`dangqun invite`: a binding code and link for one person."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.commands.imports import refused
from bot.commands.say import out
from bot.commands.surroundings import ConfigOption, open_database, settings_of
from content import voice

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.config import Settings
    from services.invite import Issued


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
    from services import roster  # noqa: PLC0415
    from services.work import Work  # noqa: PLC0415

    settings = settings_of(config)
    database = open_database(settings)
    organisation, now = settings.as_organisation(), datetime.now(UTC)

    def issue(connection: Connection) -> Issued:
        work = Work(connection, organisation, now)
        return service.issue(work, roster.number_meant(work, employee_no), administrator=administrator)

    try:
        made = database.write_now(issue)
    except Refusal as refusal:
        refused(refusal)
    finally:
        database.close()
    show(settings, made, employee_no)


def show(settings: Settings, made: Issued, written: str) -> None:
    """Print code and link. `written`: the number as it was typed."""
    if made.employee_no != written:
        said = f"工号 {written} 按 {made.employee_no} 处理 · {written} was taken as {made.employee_no}"
        out.print(said, markup=False, style="dim")
    base_url = settings.web.base_url or f"http://{settings.web.host}:{settings.web.port}"
    until = settings.as_organisation().local(made.expires_at)
    out.print(f"{made.name}（{made.employee_no}）", markup=False)
    out.print(f"  绑定码 code   [bold]{made.code}[/]")
    out.print(f"  网页 web      {base_url}/chat/?start={made.payload}", markup=False)
    if settings.telegram.enabled:
        out.print(f"  Telegram      对机器人说 · tell the bot: /start {made.payload}", markup=False)
    for name in ("wecom", "dingtalk", "feishu"):
        if getattr(settings, name).enabled:
            zh, en = voice("zh").label(f"member.on_{name}"), voice("en").label(f"member.on_{name}")
            out.print(f"  {zh} {en}  打开助手，发绑定码 · open the assistant and send the code", markup=False)
    out.print(f"  有效至 until  {until:%Y-%m-%d %H:%M}，一次有效 · single use")
    if not settings.web.base_url:
        zh = "! 这个链接只有本机打得开：先在 [web] base_url 填员工浏览器访问本程序的地址，再发一个。"
        en = (
            "  The link opens on this machine alone: set [web] base_url to what people's browsers see, and do it again."
        )
        out.print(zh, markup=False, style="yellow")
        out.print(en, markup=False, style="dim")
