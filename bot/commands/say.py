"""How the command line speaks: Chinese first, English beside it, colours where the terminal has them."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(zh: str, en: str, code: int = 2) -> NoReturn:
    """Say in both languages what went wrong and what to do, and end."""
    err.print("✗ ", style="red", end="")
    err.print(zh, markup=False)
    err.print(f"  {en}", markup=False, style="dim")
    raise typer.Exit(code)
