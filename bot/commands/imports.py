"""`dangqun import roster|questions`: files into the database, with a dry run first for whoever asks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bot.commands.say import fail, out
from bot.commands.surroundings import ConfigOption, open_database, settings_of

if TYPE_CHECKING:
    from domain.refusal import Refusal
    from services.roster import Plan

imports = typer.Typer(help="导入花名册、题库 · Import the roster or questions.", no_args_is_help=True)
SHOWN = 200


def read_file(path: Path) -> bytes:
    """Return a file's bytes, or end with the reason."""
    from bot.mistakes import of_file  # noqa: PLC0415 - start-up cost

    try:
        return path.read_bytes()
    except OSError as error:
        zh, en = of_file(error)
        fail(f"读不了 {path}：{zh}", f"The file can't be read: {en}")


def refused(refusal: Refusal, zh: str = "", en: str = "") -> None:
    """Say a refusal in both languages, and end. `zh`, `en`: how to do here what it names."""
    from content import voice  # noqa: PLC0415 - start-up cost

    said = {language: voice(language).line(refusal.code, **refusal.facts) for language in ("zh", "en")}
    fail(said["zh"] + zh, said["en"] + en, code=1)


@imports.command("roster")
def roster(
    file: Path = typer.Argument(..., help="XLSX 或 CSV 花名册 · The roster."),  # noqa: B008
    dry_run: bool = typer.Option(False, "--dry-run", help="只试算，不写入 · Only say what would happen."),  # noqa: FBT001, FBT003
    skip_errors: bool = typer.Option(False, "--skip-errors", help="跳过有问题的行 · Leave wrong rows out."),  # noqa: FBT001, FBT003
    config: Path | None = ConfigOption,
) -> None:
    """导入花名册：逐行说明，再一次写入 · Import the roster, in one transaction."""
    from domain.refusal import Refusal  # noqa: PLC0415 - start-up cost
    from services import roster as service  # noqa: PLC0415
    from services.work import Work  # noqa: PLC0415

    settings = settings_of(config)
    body = read_file(file)
    database = open_database(settings)
    organisation, now = settings.as_organisation(), datetime.now(UTC)
    try:
        if dry_run:
            made = database.read_now(lambda c: service.plan(Work(c, organisation, now), file.name, body))
        else:
            made = database.write_now(
                lambda c: service.apply(Work(c, organisation, now), file.name, body, skip_errors=skip_errors)
            )
    except Refusal as refusal:
        if refusal.code == "roster.has_errors":
            show_plan(database.read_now(lambda c: service.plan(Work(c, organisation, now), file.name, body)))
            refused(refusal, "（加上 --skip-errors）", " (add --skip-errors)")
        refused(refusal)
    finally:
        database.close()
    show_plan(made)
    if dry_run:
        _warn(made, skip_errors=skip_errors)
    out.print("试算完成，没有写入 · dry run, nothing written" if dry_run else "已导入 · imported")


def _warn(made: Plan, *, skip_errors: bool) -> None:
    """Say beside a dry run what its wrong rows mean for the import, and what to do."""
    from domain.roster import Fate  # noqa: PLC0415 - start-up cost

    count = made.counts[Fate.ERROR]
    if count and skip_errors:
        out.print(f"有 {count} 行有问题：导入时跳过它们 · {count} wrong row(s) will be left out", markup=False)
    elif count:
        out.print(
            f"有 {count} 行有问题：这样导入会整份拒绝。请改好这些行，或者加上 --skip-errors 只导入其余的行\n"
            f"{count} wrong row(s): the import will be refused as a whole. Mend them, or add --skip-errors",
            markup=False,
        )


def show_plan(made: Plan) -> None:
    """Print what a roster file does, row by row."""
    from rich.markup import escape  # noqa: PLC0415 - start-up cost
    from rich.table import Table  # noqa: PLC0415

    from content import voice  # noqa: PLC0415
    from services.roster import said  # noqa: PLC0415

    speech = voice("zh")
    table = Table("行 row", "结果 result", "说明 why")
    for verdict in made.verdicts[:SHOWN]:
        label = speech.label(f"roster.{verdict.fate}")
        table.add_row(str(verdict.row or ""), label, escape(said(speech, verdict)))
    out.print(table)
    if len(made.verdicts) > SHOWN:
        out.print(f"…另有 {len(made.verdicts) - SHOWN} 行 · more rows")
    if made.new_units:
        out.print(f"新建组织 · new units：{'、'.join(made.new_units)}", markup=False)
    totals = " · ".join(f"{speech.label(f'roster.{fate}')} {count}" for fate, count in sorted(made.counts.items()))
    out.print(totals or "没有可导入的行 · nothing to import", markup=False)


@imports.command("questions")
def questions(
    file: Path = typer.Argument(..., help="题目：XLSX、CSV、DOCX、TXT 或 JSON · Questions in any layout."),  # noqa: B008
    bank: str = typer.Option(..., "--bank", help="题库名（小写英文）· The bank's name."),
    dry_run: bool = typer.Option(False, "--dry-run", help="只试算，不写入 · Only say what would happen."),  # noqa: FBT001, FBT003
    config: Path | None = ConfigOption,
) -> None:
    """导入题库：逐行指出问题 · Import questions, with errors by row."""
    from content import voice  # noqa: PLC0415 - start-up cost
    from domain.refusal import Refusal  # noqa: PLC0415
    from services import question_import as service  # noqa: PLC0415
    from services.work import Work  # noqa: PLC0415

    settings = settings_of(config)
    body = read_file(file)
    database = open_database(settings)
    organisation, now = settings.as_organisation(), datetime.now(UTC)
    act = database.read_now if dry_run else database.write_now
    do = service.plan if dry_run else service.apply
    try:
        made = act(lambda c: do(Work(c, organisation, now), bank, file.name, body))
    except Refusal as refusal:
        refused(refusal)
    finally:
        database.close()
    speech = voice("zh")
    for one in made.troubles[:SHOWN]:
        sheet = "" if one.sheet == service.PASTE else f"{one.sheet} "
        out.print(f"{sheet}第 {one.row} 行 row {one.row} · {service.said(speech, one)}", markup=False)
    out.print(
        f"新增 {made.new} · 变更 {made.changed} · 不变 {made.same} · 有问题 {made.failed}"
        f"（new, changed, same, wrong）{'  没有写入 nothing written' if dry_run else ''}",
        markup=False,
    )
    if made.failed:
        raise typer.Exit(1)
