"""`dangqun init`: a configuration with fresh secrets, and its database."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from zoneinfo import available_timezones

import typer

from bot.commands.say import fail, out, program
from bot.commands.surroundings import DEFAULT_CONFIG, open_database, settings_of
from bot.mistakes import of_file

TEMPLATE = """\
# 党群助手的配置。每一项的说明见 config.example.toml 与 docs/configuration.md。
# 这个文件含有密钥：只应让运行程序的用户可读。

[organisation]
name = "{name}"
timezone = "{timezone}"
language = "zh"

[database]
url = "sqlite:///var/dangqun.db"

[security]
key = "{key}"

[web]
host = "127.0.0.1"
port = 8080
# 员工的浏览器访问本程序的地址，例如 https://dangqun.example.com
base_url = ""

[telegram]
enabled = false
# token = "…"          也可用环境变量 DANGQUN_TELEGRAM__TOKEN
webhook_secret = "{webhook_secret}"

[wecom]
# 企业微信、钉钉、飞书：dangqun connect wecom（或 dingtalk、feishu）会一步步问，并写在这里。
# 回调的路径已经换成别人猜不到的。
enabled = false
path = "/hooks/wecom-{wecom}"

[dingtalk]
enabled = false
path = "/hooks/dingtalk-{dingtalk}"

[feishu]
enabled = false
path = "/hooks/feishu-{feishu}"
"""


STEPS = (
    ("import roster 花名册.xlsx --dry-run", "看看会导入什么，不写入", "see what would happen"),
    ("import roster 花名册.xlsx", "导入", "import it"),
    (
        "invite 工号 --administrator",
        "第一位管理员的绑定码；这个人要在花名册里",
        "a code for the first administrator, who must be in the roster",
    ),
    (
        "run",
        "启动，打开 http://127.0.0.1:8080/chat/；它一直占着这个终端，Ctrl-C 停止，下面的命令另开一个终端",
        "serve; it holds this terminal, use another one for what follows",
    ),
    ("invite 工号", "给其他人发绑定码；管理员也可以在聊天里发 /invite", "a code for everybody else"),
    (
        "connect wecom",
        "接入企业微信；钉钉 dingtalk、飞书 feishu、telegram 也一样",
        "connect WeCom; dingtalk, feishu and telegram likewise",
    ),
    ("doctor", "体检：每一行都说怎么办", "check everything; each line says what to do"),
)


def init(
    name: str = typer.Option("我的单位", "--name", help="单位名称 · The organisation's name."),
    timezone: str = typer.Option("Asia/Shanghai", "--timezone", help="时区 · Time zone."),
    path: Path = typer.Option(Path("config.toml"), "--config", "-c", help="写到哪里 · Where to write it."),  # noqa: B008
) -> None:
    """生成配置与密钥、建库，并说明下一步 · Write a configuration with secrets, create the database."""
    if any(character in name for character in '"\\\n'):
        fail("单位名称不能含引号、反斜杠或换行。", "The name can't hold quotes, backslashes or line breaks.")
    if timezone not in available_timezones():
        fail(
            f"没有这个时区：{timezone}。例如 Asia/Shanghai。",
            f"There is no time zone {timezone}; such as Asia/Shanghai.",
        )
    paths = {messenger: secrets.token_urlsafe(16) for messenger in ("wecom", "dingtalk", "feishu")}
    words = TEMPLATE.format(
        name=name, timezone=timezone, key=secrets.token_hex(32), webhook_secret=secrets.token_urlsafe(32), **paths
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        fail(
            f"{path} 已存在，没有改动它。要重来，请先把它移走。",
            f"{path} exists and was left alone. Move it away to begin anew.",
        )
    except OSError as error:
        zh, en = of_file(error)
        fail(f"写不了 {path}：{zh}", f"The file can't be written: {en}")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(words)
    _create(path)
    out.print("[green]✓[/] ", end="")
    out.print(f"配置 {path}（仅自己可读），数据库已建好 · configuration and database are there", markup=False)
    out.print("下一步 · Next:")
    for number, (command, zh, en) in enumerate(STEPS, 1):
        tail = "" if path == DEFAULT_CONFIG else f" -c {path}"
        out.print(f"  {number}. {program()} {command}{tail}", markup=False)
        out.print(f"       {zh} · {en}", markup=False, style="dim")


def _create(path: Path) -> None:
    from storage import migrate as schema  # noqa: PLC0415 - start-up cost

    database = open_database(settings_of(path), must_be_current=False)
    if schema.current(database.engine) is None:
        schema.upgrade(database.engine)
    database.close()
