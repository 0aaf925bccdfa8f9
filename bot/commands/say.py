"""How the command line speaks: Chinese first, English beside it, colours where the terminal has them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def program() -> str:
    """Return how to call this program from here, as whoever reads a next step has to type it."""
    called = sys.argv[0] if Path(sys.argv[0]).name == "dangqun" else ".venv/bin/dangqun"
    return "dangqun" if shutil.which("dangqun") else called


def fail(zh: str, en: str, code: int = 2) -> NoReturn:
    """Say in both languages what went wrong and what to do, and end."""
    err.print("✗ ", style="red", end="")
    err.print(zh, markup=False)
    err.print(f"  {en}", markup=False, style="dim")
    raise typer.Exit(code)
