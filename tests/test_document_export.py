"""`dangqun export documents`: the evidence pack from the command line, with PDFs where LibreOffice is."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import office
from bot.__main__ import app
from domain.meeting import MeetingState
from handlers.grammar import Registry
from storage.engine import Database
from tests.meetings import hold
from tests.talk import Company


def dangqun(*words: str) -> tuple[int, str]:
    """Run a command; returns exit code and what it said."""
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    return result.exit_code, result.output


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: Registry) -> Path:
    """A folder after `dangqun init`, in which the test enterprise has held a meeting."""
    monkeypatch.chdir(tmp_path)
    assert dangqun("init", "--name", "江河集团")[0] == 0
    database = Database(f"sqlite:///{tmp_path / 'var' / 'dangqun.db'}")
    hold(Company(database, registry), state=MeetingState.HELD)
    database.close()
    return tmp_path


def export(unit: str, out: str, *more: str) -> tuple[int, str]:
    return dangqun("export", "documents", "--unit", unit, "--year", "2026", "--out", out, *more)


def test_the_pack_is_written(installed: Path) -> None:
    code, said = export("branch1", "pack.zip")
    assert code == 0, said
    with zipfile.ZipFile(installed / "pack.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert manifest["unit"]["code"] == "branch1"
    assert {one["kind"] for one in manifest["files"]} == {"ledger", "minutes", "sign_in"}


def test_what_is_wrong_is_said(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "没有编码为" in export("nowhere", "pack.zip")[1]
    assert "要以 .zip 结尾" in export("branch1", "pack.rar")[1]
    assert "写不了" in export("branch1", "nowhere/pack.zip")[1]
    assert "年份" in dangqun("export", "documents", "--unit", "branch1", "--year", "1", "--out", "x.zip")[1]
    monkeypatch.setattr(office, "found", lambda: "")
    code, said = export("branch1", "pack.zip", "--pdf")
    assert code != 0
    assert "没有 LibreOffice" in said
    assert not (installed / "pack.zip").exists()


@pytest.mark.skipif(not office.found(), reason="no LibreOffice on this machine")
def test_pdfs_come_with_it(installed: Path) -> None:
    code, said = export("branch1", "pack.zip", "--pdf")
    assert code == 0, said
    with zipfile.ZipFile(installed / "pack.zip") as archive:
        pages = [archive.read(name) for name in archive.namelist() if name.endswith(".pdf")]
    assert len(pages) == 2
    assert all(page.startswith(b"%PDF") for page in pages)


def test_an_office_that_breaks_is_said(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "found", lambda: "/bin/false")
    code, said = export("branch1", "pack.zip", "--pdf")
    assert code != 0
    assert "没有转成 PDF" in said
    assert not (installed / "pack.zip").exists()
