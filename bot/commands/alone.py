"""One program at a time on one SQLite file: a second start ends before it serves anything."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NoReturn

from bot.commands.say import fail

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.engine import Database

AGAIN = 0.5
"""Seconds between looks at a holder of whom this machine can't tell whether it lives: that of a former container."""


def claim(database: Database) -> str:
    """Return the name by which this process holds its work; ends when another living program uses the same file."""
    from bot.lease import LASTS, neighbour, new_holder  # noqa: PLC0415 - start-up cost

    holder = new_holder()
    if not database.sqlite:
        return holder
    until = time.monotonic() + LASTS.total_seconds() + 1
    while other := database.write_now(lambda c: _take(c, holder)):
        number = neighbour(other)
        if number is None and time.monotonic() < until:
            time.sleep(AGAIN)
            continue
        refuse(str(database.engine.url.database), number)
    return holder


def refuse(file: str, number: int | None = None) -> NoReturn:
    """End because another program uses the file; `number` is of its process, where that is known."""
    who, whose = (f"（进程 {number}）", f" (process {number})") if number else ("", "")
    fail(
        f"{file} 正由另一个程序使用{who}，没有启动。先停掉它（Ctrl-C，或 systemctl stop dangqun），再启动。",
        f"{file} is in use by another program{whose}; nothing was started. Stop that one first.",
    )


def _take(connection: Connection, holder: str) -> str:
    """Say in one transaction that this process lives; returns another holder instead when there is a living one."""
    from bot.lease import LASTS, is_dead_neighbour, neighbour  # noqa: PLC0415 - start-up cost
    from storage import lease  # noqa: PLC0415

    for other in sorted(lease.alive(connection) - {holder}):
        # Who has our own number is gone: this process has only just begun.
        if not is_dead_neighbour(other) and neighbour(other) != os.getpid():
            return other
    lease.take(connection, f"process:{holder}", holder, LASTS)
    return ""
