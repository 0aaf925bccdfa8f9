"""What the program's own source says: the string constants in it, for tests that hold it against `content/`."""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROWS = ("bot", "console", "handlers", "messengers", "services", "content", "storage", "domain")
CODE = re.compile(r"[a-z_]+\.[a-z_0-9]*[a-z0-9]")
"""A piece of an f-string ends with an underscore and is no code."""


def modules() -> Iterator[Path]:
    """Yield every module of the program."""
    for row in ROWS:
        for path in sorted((ROOT / row).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


@cache
def trees() -> dict[Path, ast.Module]:
    """Return the syntax tree of every module: millions of objects, which the collector need not walk through."""
    gc.disable()
    try:
        return {path: ast.parse(path.read_text(encoding="utf-8")) for path in modules()}
    finally:
        gc.freeze()
        gc.enable()


def tree(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return trees()[path]


def codes() -> dict[str, set[str]]:
    """Return every constant that looks like `noun.name`, with the modules that hold it."""
    found: dict[str, set[str]] = {}
    for path in modules():
        if path.parts[-2] == "storage":
            continue  # what looks like a code there is a column
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                found.setdefault(node.value, set()).add(str(path.relative_to(ROOT)))
    return found


def patterns() -> list[re.Pattern[str]]:
    """Return every f-string that looks like a code, e.g. `demand.state_{name}`, as a pattern."""
    found = []
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[a-z_0-9]+"
                    for part in node.values
                ]
                if re.match(r"[a-z_]+\\\.", parts[0]):
                    found.append(re.compile("".join(parts)))
    return found


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield (module, node) of every call of a function or method with this name."""
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                called = node.func
                said = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                if said == name:
                    yield str(path.relative_to(ROOT)), node
