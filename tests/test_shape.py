"""The Grid: rows and nouns, small files, small functions, one docstring a module, no capability that knows another."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

from handlers import CAPABILITIES
from messengers import NAMES
from tests.code import ROOT, modules, tree

pytestmark = pytest.mark.xdist_group("source")

LONGEST_FILE, LONGEST_FUNCTION = 400, 45
SHARED = {
    "work", "permission", "post", "points", "calendar", "words", "member", "attachment", "sheet", "invite",
    "question", "question_view", "theme_day", "timetable", "gathering", "ics", "picture", "rule", "obligation",
    "vote", "sending", "chart", "prose", "job",
}  # fmt: skip
"""Services that others may use; any other one belongs to its own noun."""
FAMILIES = (
    "demand", "desk", "question", "quiz", "learning", "mistakes", "search", "announcement", "activity",
    "obligation", "rate", "meeting", "minutes", "document", "roster", "points", "people",
)  # fmt: skip


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_a_module_is_small_and_says_what_it_knows() -> None:
    wrong = []
    for path in modules():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        wrong += [(relative(path), "lines", lines)] if lines > LONGEST_FILE else []
        wrong += [] if ast.get_docstring(tree(path)) else [(relative(path), "docstring", 0)]
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno
                wrong += [(relative(path), node.name, length)] if length >= LONGEST_FUNCTION else []
    assert wrong == []


def test_every_capability_is_in_every_row_under_one_name() -> None:
    for name in CAPABILITIES:
        routes = importlib.import_module(f"handlers.{name}").routes
        assert routes.noun == name
        for language in ("zh", "en"):
            assert (ROOT / "content" / language / f"{name}.toml").exists(), (language, name)
        tests = list((ROOT / "tests").glob("test_*.py"))
        assert any(name in path.read_text(encoding="utf-8") for path in tests), name


def test_every_handler_is_a_capability() -> None:
    found = {path.stem for path in (ROOT / "handlers").glob("*.py")} - {"__init__", "grammar"}
    assert found == set(CAPABILITIES)


def test_no_capability_knows_another() -> None:
    for path in (ROOT / "handlers").glob("*.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module == "handlers":
                assert {alias.name for alias in node.names} <= {"CAPABILITIES"}, path.name
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("handlers."):
                assert node.module == "handlers.grammar", path.name


def family(name: str) -> str:
    """Return the noun that a module belongs to."""
    return next((one for one in FAMILIES if name.startswith(one)), name)


def test_a_service_uses_shared_services_alone() -> None:
    together = {"claim": "parcel", "desk": "demand", "quiz": "question", "mistakes": "question", "search": "learning"}
    together |= {"document": "minutes", "ledger": "points"}
    for path in (ROOT / "services").glob("*.py"):
        own = together.get(family(path.stem), family(path.stem))
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("services"):
                continue
            names = [alias.name for alias in node.names] if node.module == "services" else [str(node.module)[9:]]
            for name in names:
                other = together.get(family(name), family(name))
                assert name in SHARED or other == own, (path.name, name)


def test_a_messenger_is_a_folder_a_line_and_a_section() -> None:
    from bot.config import Settings  # noqa: PLC0415 - beside its use

    folders = {path.name for path in (ROOT / "messengers").iterdir() if (path / "__init__.py").exists()}
    assert folders == set(NAMES)
    assert folders <= set(Settings.model_fields)
    for path in modules():
        row = path.relative_to(ROOT).parts[0]
        if row in {"domain", "services", "storage", "handlers"}:
            words = path.read_text(encoding="utf-8").lower()
            assert "messengers." not in words.replace("messengers.base", ""), path.name


def test_a_page_that_says_why_something_was_refused_lets_the_door_log_it() -> None:
    for path in (ROOT / "console").glob("*.py"):
        for node in ast.walk(tree(path)):
            if path.name == "app.py" or not isinstance(node, ast.ExceptHandler) or node.type is None:
                continue
            if "Refusal" in ast.unparse(node.type):
                does = "\n".join(map(ast.unparse, node.body))
                assert re.search(r"visit\.why\(refusal\)|_again\(visit, \w+, refusal\)|^raise$", does), path.name
        words = path.read_text(encoding="utf-8")
        assert path.name in {"app.py", "grammar.py"} or "line(refusal.code" not in words, path.name


def test_nothing_is_left_undone() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error")
    for path in modules():
        words = path.read_text(encoding="utf-8")
        assert not [mark for mark in marks if mark in words], path.name
