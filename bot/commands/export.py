"""`dangqun export members|points|demands|checkins|documents`: tables in which no cell runs, and the evidence pack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bot.commands.say import fail, out
from bot.commands.surroundings import ConfigOption, open_database, settings_of
from bot.config import Settings

if TYPE_CHECKING:
    from domain.organisation import Organisation
    from storage.engine import Database

export = typer.Typer(help="导出 XLSX 或 CSV · Export as XLSX or CSV.", no_args_is_help=True)
OutOption = typer.Option(..., "--out", "-o", help="写到这个 .xlsx 或 .csv · The file to write.")
SinceOption = typer.Option(None, "--since", help="从这一天（YYYY-MM-DD），默认今年一月一日 · From this day.")
UntilOption = typer.Option(None, "--until", help="到这一天，默认今天 · To this day.")
Table = tuple[Sequence[str], Sequence[Sequence[Any]]]


def _note(database: Database, work: tuple[Organisation, datetime], what: str, rows: int) -> None:
    """Leave a line in the audit trail before the file is there."""
    from services import audit  # noqa: PLC0415 - start-up cost
    from services.work import Work  # noqa: PLC0415

    database.write_now(lambda c: audit.saved(Work(c, *work), None, what, rows))


def _write(name: str, path: Path, table: Table, note: Callable[[int], None]) -> None:
    from bot.mistakes import of_file  # noqa: PLC0415 - start-up cost
    from services import sheet  # noqa: PLC0415

    header, rows = table
    suffix = path.suffix.lower()
    if suffix not in {".xlsx", ".csv"}:
        fail(f"{path}：文件名要以 .xlsx 或 .csv 结尾。", "The file's name must end in .xlsx or .csv.")
    body = sheet.write_xlsx(name, header, rows) if suffix == ".xlsx" else sheet.write_csv(header, rows)
    note(len(rows))
    try:
        path.write_bytes(body)
    except OSError as error:
        zh, en = of_file(error)
        fail(f"写不了 {path}：{zh}", f"The file can't be written: {en}")
    out.print(f"{len(rows)} 行 → {path} · {len(rows)} rows", markup=False)


def _days(settings: Settings, since: str | None, until: str | None) -> tuple[date, date]:
    today = settings.as_organisation().today(datetime.now(UTC))
    try:
        first = date.fromisoformat(since) if since else today.replace(month=1, day=1)
        last = date.fromisoformat(until) if until else today
    except ValueError:
        fail("日期要写成 YYYY-MM-DD。", "Dates are written YYYY-MM-DD.")
    return first, last


@export.command()
def members(path: Path = OutOption, config: Path | None = ConfigOption) -> None:
    """花名册，可再导入 · The roster, in the layout that can be imported again."""
    from services import roster  # noqa: PLC0415 - start-up cost
    from services.work import Work  # noqa: PLC0415

    settings = settings_of(config)
    database = open_database(settings)
    work = settings.as_organisation(), datetime.now(UTC)
    table = database.read_now(lambda c: roster.export_rows(Work(c, *work)))
    _write("members", path, table, partial(_note, database, work, "people"))
    database.close()


@export.command()
def points(
    path: Path = OutOption, since: str = SinceOption, until: str = UntilOption, config: Path | None = ConfigOption
) -> None:
    """积分流水 · The ledger."""
    from services import ledger  # noqa: PLC0415 - start-up cost
    from services.work import Work  # noqa: PLC0415

    settings = settings_of(config)
    first, last = _days(settings, since, until)
    database = open_database(settings)
    work = settings.as_organisation(), datetime.now(UTC)
    table = database.read_now(lambda c: ledger.export_rows(Work(c, *work), first, last))
    _write("points", path, table, partial(_note, database, work, "points"))
    database.close()


@export.command()
def checkins(
    path: Path = OutOption, since: str = SinceOption, until: str = UntilOption, config: Path | None = ConfigOption
) -> None:
    """签到记录 · Check-ins."""
    from services import checkin  # noqa: PLC0415 - start-up cost
    from services.work import Work  # noqa: PLC0415

    settings = settings_of(config)
    first, last = _days(settings, since, until)
    database = open_database(settings)
    work = settings.as_organisation(), datetime.now(UTC)
    table = database.read_now(lambda c: checkin.export_rows(Work(c, *work), first, last))
    _write("checkins", path, table, partial(_note, database, work, "checkins"))
    database.close()


@export.command()
def demands(path: Path = OutOption, config: Path | None = ConfigOption) -> None:
    """诉求台账（不含内容与姓名）· Requests, without text and names."""
    from services import demand  # noqa: PLC0415 - start-up cost
    from services.work import Work  # noqa: PLC0415

    settings = settings_of(config)
    database = open_database(settings)
    work = settings.as_organisation(), datetime.now(UTC)
    table = database.read_now(lambda c: demand.export_rows(Work(c, *work)))
    _write("demands", path, table, partial(_note, database, work, "requests"))
    database.close()


@export.command()
def documents(
    unit: str = typer.Option(..., "--unit", help="组织编码 · The unit's code."),
    year: int = typer.Option(..., "--year", help="年份 · The year."),
    path: Path = typer.Option(..., "--out", "-o", help="写到这个 .zip · The file to write."),  # noqa: B008
    pdf: bool = typer.Option(False, "--pdf", help="另附 PDF（要装 LibreOffice）· PDFs too (needs LibreOffice)."),  # noqa: FBT001, FBT003
    config: Path | None = ConfigOption,
) -> None:
    """会议佐证材料：台账、会议记录、签到表和清单 · Evidence pack of a unit's meetings."""
    from bot.mistakes import of_file  # noqa: PLC0415 - start-up cost
    from bot.office import OfficeError, found, to_pdf  # noqa: PLC0415
    from services import document_pack  # noqa: PLC0415
    from services.work import Work  # noqa: PLC0415
    from storage import unit as units  # noqa: PLC0415

    if path.suffix.lower() != ".zip":
        fail(f"{path}：文件名要以 .zip 结尾。", "The file's name must end in .zip.")
    if pdf and not found():
        fail(
            "这台机器上没有 LibreOffice（soffice），没有生成。去掉 --pdf 再来，或先装上它。", "There is no LibreOffice."
        )
    settings = settings_of(config)
    database = open_database(settings)
    work = settings.as_organisation(), datetime.now(UTC)
    place = database.read_now(lambda c: units.by_code(c, unit))
    if place is None:
        fail(f"没有编码为“{unit}”的组织。", f"There is no unit with the code {unit}.")
    if not document_pack.FIRST_YEAR <= year <= document_pack.LAST_YEAR:
        fail(f"年份要在 {document_pack.FIRST_YEAR} 到 {document_pack.LAST_YEAR} 之间。", "That is no year.")
    convert = to_pdf if pdf else None
    try:
        made = database.read_now(lambda c: document_pack.pack(Work(c, *work), place, year, convert))
        count = len(database.read_now(lambda c: document_pack.of_year(Work(c, *work), place, year)))
        _note(database, work, "pack", count)
        path.write_bytes(made.body)
    except OfficeError as error:
        fail(f"LibreOffice 没有转成 PDF：{error}", f"LibreOffice made no PDF: {error}")
    except OSError as error:
        zh, en = of_file(error)
        fail(f"写不了 {path}：{zh}", f"The file can't be written: {en}")
    database.close()
    out.print(f"{len(made.body)} 字节 → {path} · {len(made.body)} bytes", markup=False)
