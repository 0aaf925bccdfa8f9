"""Documents: what is generated is current, what they name exists, and the two READMEs say the same."""

from __future__ import annotations

import re
import tomllib

import pytest

from bot.config import load
from bot.documents import main
from tests.code import ROOT

PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "README.en.md"])


def test_what_is_generated_is_current() -> None:
    assert main(["--check"]) == 0, "run `make docs`"


def test_the_example_is_a_valid_configuration() -> None:
    path = ROOT / "config.example.toml"
    assert load(path, {}) == load(None, {})
    assert set(tomllib.loads(path.read_text(encoding="utf-8"))) >= {"organisation", "database", "telegram", "web"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: object) -> None:
    path = PAGES[PAGES.index(page)]  # type: ignore[arg-type]
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http", "mailto")):
            assert (path.parent / target).exists(), target


def test_the_readmes_are_twins() -> None:
    zh, en = (ROOT.joinpath(name).read_text(encoding="utf-8") for name in ("README.md", "README.en.md"))
    assert len(re.findall(r"^## ", zh, re.MULTILINE)) == len(re.findall(r"^## ", en, re.MULTILINE))
    assert re.findall(r"\]\((docs/[^)]+)\)", zh) == re.findall(r"\]\((docs/[^)]+)\)", en)

    def commands(words: str) -> list[str]:
        return re.findall(r"^(\.venv/bin/dangqun (?:import |export )?[a-z]+|make [a-z]+)", words, re.MULTILINE)

    assert commands(zh) == commands(en)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_can_be_typed_as_they_stand(page: object) -> None:
    words = PAGES[PAGES.index(page)].read_text(encoding="utf-8")  # type: ignore[arg-type]
    assert not re.findall(r"^dangqun .*", words, re.MULTILINE)


def test_the_readme_names_the_first_administrator_and_the_second_terminal() -> None:
    zh, en = (ROOT.joinpath(name).read_text(encoding="utf-8") for name in ("README.md", "README.en.md"))
    assert zh.count("--administrator") == en.count("--administrator") == 1
    assert "另开一个终端" in zh
    assert "use another for the next two" in en


def test_every_command_of_the_readme_exists() -> None:
    words = (ROOT / "README.md").read_text(encoding="utf-8")
    known = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for command in re.findall(r"dangqun ((?:import |export )?[a-z]+)", words):
        assert f"`dangqun {command}`" in known, command
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make ([a-z]+)", words, re.MULTILINE):
        assert f"\n{target}:" in makefile


def test_no_file_names_a_package_index() -> None:
    index = re.compile(r"(index-url|extra-index|registry\s*=)\s*\S*https?://")
    for path in (
        ROOT / "requirements.lock",
        ROOT / "requirements-test.lock",
        ROOT / "pyproject.toml",
        ROOT / "Makefile",
    ):
        words = path.read_text(encoding="utf-8")
        assert not index.search(words)
        assert "files.pythonhosted" not in words
    for lock in ("requirements.lock", "requirements-test.lock"):
        lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
        assert all("==" in line for line in lines if line and line[0].isalpha())
        assert sum("--hash=sha256:" in line for line in lines) >= sum(
            bool(line) and line[0].isalpha() for line in lines
        )


def test_every_runtime_dependency_is_weighed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    weighed = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    extras = project["optional-dependencies"]["test"]
    for line in (*project["dependencies"], *extras):
        name = re.split(r"[\[<>=]", line)[0].lower()
        assert f"`{name}`" in weighed, name
