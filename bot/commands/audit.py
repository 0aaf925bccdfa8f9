"""`dangqun audit verify`: whether the audit trail is what was written, row by row."""

from __future__ import annotations

from pathlib import Path

import typer

from bot.commands.say import fail, out
from bot.commands.surroundings import ConfigOption, key_of, open_database, settings_of

audit = typer.Typer(help="操作记录 · The audit trail.", no_args_is_help=True)
HeadOption = typer.Option("", "--head", help="以前抄下的尾印 · A seal that was written down before.")


@audit.command()
def verify(head: str = HeadOption, config: Path | None = ConfigOption) -> None:
    """核对操作记录有没有被改、被删 · Check that no row was changed, moved or taken out."""
    from storage import audit as trail  # noqa: PLC0415 - start-up cost

    settings = settings_of(config)
    key = key_of(settings)
    database = open_database(settings)
    found = database.read_now(lambda c: trail.verify(c, key, head.strip().lower()))
    database.close()
    if found.broken:
        fail(
            f"第 {found.broken} 号记录和它的印对不上：从这里起被改过、挪过或删过，或者密钥换过。",
            f"Row {found.broken} does not fit its seal: rows were changed, moved or taken out, or the key is another.",
        )
    if not found.knows:
        fail(
            "记录里没有你给的尾印：末尾被截掉了，或者尾印抄错了。",
            "The seal that you gave is not in the trail: its end was cut off, or the seal was copied wrongly.",
        )
    out.print(f"完好：{found.rows} 条，其中 {found.unsealed} 条早于加印 · intact, {found.rows} rows", markup=False)
    out.print(f"尾印 head: {found.head or '-'}", markup=False)
    out.print("  请抄到库外，下次用 --head 核对，末尾被截掉也能发现", markup=False, style="dim")
