"""The command line: `dangqun …`, also `python -m bot …`."""

from __future__ import annotations

import typer

from bot.commands.demo import demo
from bot.commands.doctor import doctor
from bot.commands.export import export
from bot.commands.imports import imports
from bot.commands.init import init
from bot.commands.invite import invite
from bot.commands.migrate import migrate
from bot.commands.run import run

app = typer.Typer(
    name="dangqun",
    help="党群助手：党群工作的聊天助手 · A chat assistant for Party and mass work.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (demo, init, run, migrate, doctor, invite):
    app.command(command.__name__)(command)
app.add_typer(imports, name="import")
app.add_typer(export, name="export")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
