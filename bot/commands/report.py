"""`dangqun report organisational-life`: the figures of a period as XLSX or CSV, for anybody to recompute."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer

from bot.commands.say import fail, out
from bot.commands.surroundings import ConfigOption, open_database, settings_of

report = typer.Typer(help="报表 · Reports.", no_args_is_help=True)
PeriodOption = typer.Option(..., "--period", "-p", help="时段：2026-10、2026Q4、2026H2 或 2026 · The period.")
OutOption = typer.Option(..., "--out", "-o", help="写到这个 .xlsx 或 .csv · The file to write.")


@report.callback()
def reports() -> None:
    """报表 · Reports."""


@report.command(name="organisational-life")
def organisational_life(period: str = PeriodOption, path: Path = OutOption, config: Path | None = ConfigOption) -> None:
    """组织生活：参与率、规范化率、活动参与率，只有数字没有人名 · Participation and standardisation, without names."""
    from bot.mistakes import of_file  # noqa: PLC0415 - start-up cost
    from content import voice  # noqa: PLC0415
    from domain.rate import read_span  # noqa: PLC0415
    from services import rate_report  # noqa: PLC0415
    from services.work import Work  # noqa: PLC0415

    span = read_span(period)
    if span is None:
        fail(
            f"没有看懂时段“{period}”。写成 2026-10（月）、2026Q4（季）、2026H2（半年）或 2026（年）。没有写文件。",
            "The period can't be read. Write 2026-10, 2026Q4, 2026H2 or 2026. No file was written.",
        )
    writers = {".xlsx": rate_report.xlsx, ".csv": rate_report.csv}
    write = writers.get(path.suffix.lower())
    if write is None:
        fail(f"{path}：文件名要以 .xlsx 或 .csv 结尾。没有写文件。", "The file's name must end in .xlsx or .csv.")
    settings = settings_of(config)
    organisation = settings.as_organisation()
    database = open_database(settings)
    speaks = voice(organisation.language)
    body = database.read_now(lambda c: write(Work(c, organisation, datetime.now(UTC)), speaks, span))
    database.close()
    try:
        path.write_bytes(body)
    except OSError as error:
        zh, en = of_file(error)
        fail(f"写不了 {path}：{zh}", f"The file can't be written: {en}")
    out.print(f"{span.first} 至 {span.last} → {path} · {span.key}", markup=False)
