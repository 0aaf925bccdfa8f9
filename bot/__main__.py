"""The command line: `dangqun …`, also `python -m bot …`."""

from __future__ import annotations

import os
import tempfile
import traceback

import typer

from bot.commands.audit import audit
from bot.commands.backup import backup, restore, resume, transfer, verify
from bot.commands.connect import connect
from bot.commands.demo import demo
from bot.commands.doctor import doctor
from bot.commands.export import export
from bot.commands.imports import imports
from bot.commands.init import init
from bot.commands.invite import invite
from bot.commands.login_link import login_link
from bot.commands.migrate import migrate
from bot.commands.report import report
from bot.commands.rules import rules
from bot.commands.run import run
from bot.commands.say import err

app = typer.Typer(
    name="dangqun",
    help="党群助手：党群工作的聊天助手 · A chat assistant for Party and mass work.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (demo, init, connect, run, migrate, doctor, invite, backup, verify, restore, resume, transfer):
    app.command(command.__name__)(command)
app.command("login-link")(login_link)
app.add_typer(imports, name="import")
app.add_typer(export, name="export")
app.add_typer(report, name="report")
app.add_typer(rules, name="rules")
app.add_typer(audit, name="audit")


def main() -> None:
    """Run the command line. What breaks unexpectedly is kept in a file; a person reads a sentence."""
    # Databases, exports and logs hold people's data: nobody else on this machine reads them.
    os.umask(0o077)
    try:
        app()
    except Exception as error:  # noqa: BLE001 - the last line before a person
        with tempfile.NamedTemporaryFile(
            "w", prefix="dangqun-error-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            traceback.print_exc(file=file)
        err.print(f"✗ 程序出了意外（{type(error).__name__}）。已提交的数据不受影响，详情在 {file.name}", markup=False)
        err.print(f"  Something unexpected broke. Committed data is safe; details: {file.name}", markup=False)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
