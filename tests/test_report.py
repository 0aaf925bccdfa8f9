"""`dangqun report organisational-life`: read back from both formats, and refused with what to do."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from bot.__main__ import app
from domain.meeting import MeetingKind
from handlers.grammar import Registry
from storage.engine import Database
from tests.held_meetings import hold, join, take_part
from tests.talk import Company

FIGURES = ["党员参与率", "组织生活规范化率", "活动参与率"]


def report(*words: str) -> tuple[int, str]:
    """Run the command; returns exit code and what it said."""
    result = CliRunner().invoke(app, ["report", "organisational-life", *words], env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: Registry) -> Path:
    """A folder after `dangqun init` in which a branch of twelve met in October 2026."""
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["init", "--name", "江河集团"]).exit_code == 0
    database = Database(f"sqlite:///{tmp_path / 'var' / 'dangqun.db'}")
    company = Company(database, registry)
    people = company.roll.people
    old = [people[one] for one in ("lin", "bo", "ma", "tang")]
    new = join(company, "branch1", [f"党员{one}" for one in "甲乙丙丁戊己庚辛"])
    hold(company, "branch1", "2026-10-15", [*old, *new], [*old, *new[:5]], leave=[new[7]], kind=MeetingKind.THEME_DAY)
    take_part(company, "union", "2026-10-16", [people["ada"], people["zhou"], people["chen"]])
    database.close()
    return tmp_path


def test_the_workbook_can_be_recomputed(installed: Path) -> None:
    code, said = report("--period", "2026-10", "--out", "十月.xlsx")
    assert code == 0, said
    assert "2026-10-01 至 2026-10-31 → 十月.xlsx" in said
    book = load_workbook(installed / "十月.xlsx")
    assert book.sheetnames == [*FIGURES, "口径 · Definitions"]
    header, *rows = book["党员参与率"].iter_rows(values_only=True)
    assert header[:6] == (
        "组织 · Unit", "类型 · Type", "时段 · Period", "分子 · Numerator", "分母 · Denominator", "百分比 · Percentage",
    )  # fmt: skip
    found = {row[0]: row for row in rows}
    # Twelve should come, one had leave and stayed away, nine came.
    assert found["第一党支部"][2:7] == ("2026-10", 9, 11, 0.818, "准假（人次）：1")
    assert found["第一党支部"][8] == "2026-11 + national 2026.1"
    for figure in FIGURES:
        for row in book[figure].iter_rows(min_row=2, values_only=True):
            above, below = row[3], row[4]
            if isinstance(above, int) and isinstance(below, int) and below:
                assert row[5] == (2000 * above + below) // (2 * below) / 1000
    union = next(row for row in book["活动参与率"].iter_rows(values_only=True) if row[0] == "集团工会")
    assert union[3:6] == (2, 10, 0.2)
    kinds = {row[1] for row in book["组织生活规范化率"].iter_rows(min_row=2, values_only=True)}
    assert {"全部 · All", "主题党日", "支部委员会会议"} <= kinds
    definitions = [row[0] for row in book["口径 · Definitions"].iter_rows(min_row=2, values_only=True)]
    assert definitions == [*FIGURES, "百分比", "合并", "规则版本"]


def test_the_table_says_the_same_with_definitions_in_each_row(installed: Path) -> None:
    assert report("--period", "2026-10", "--out", "a.csv")[0] == 0
    assert report("--period", "2026-10", "--out", "a.xlsx")[0] == 0
    with (installed / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert header[0] == "指标 · Figure"
    assert header[-1] == "口径 · Definition"
    book = load_workbook(installed / "a.xlsx")
    percent = 5
    sheets = [
        [
            figure,
            *(
                "" if cell is None else f"{cell:.1%}" if at == percent and not isinstance(cell, str) else str(cell)
                for at, cell in enumerate(row)
            ),
        ]
        for figure in FIGURES
        for row in book[figure].iter_rows(min_row=2, values_only=True)
    ]
    assert [row[:-1] for row in rows] == sheets
    assert all("÷" in row[-1] and "required meetings" in row[-1] for row in rows if row[0] == FIGURES[0])
    assert "党员甲" not in (installed / "a.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("period", ["2026Q5", "2026-13", "去年", "2026-10-01", ""])
def test_a_wrong_period_is_refused_with_those_that_are(installed: Path, period: str) -> None:
    code, said = report("--period", period, "--out", "a.xlsx")
    assert code == 2
    assert "没有看懂时段" in said
    assert "2026Q4" in said
    assert not (installed / "a.xlsx").exists()


@pytest.mark.parametrize("name", ["a.pdf", "a", "a.xls"])
def test_a_wrong_ending_is_refused(installed: Path, name: str) -> None:
    code, said = report("--period", "2026Q4", "--out", name)
    assert code == 2
    assert ".xlsx 或 .csv" in said
    assert not (installed / name).exists()


def test_a_folder_that_is_not_there_is_told(installed: Path) -> None:
    code, said = report("--period", "2026", "--out", "nowhere/a.csv")
    assert code == 2
    assert "写不了 nowhere/a.csv" in said
    assert installed.exists()


def test_a_period_without_anything_has_a_table_all_the_same(installed: Path) -> None:
    assert report("-p", "2025h1", "-o", "a.xlsx")[0] == 0
    assert len(load_workbook(installed / "a.xlsx").sheetnames) == 4
