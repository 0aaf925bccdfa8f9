"""Questions as a spreadsheet has them: the template's columns, in any order and under their usual names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.question import LETTERS, digest, plain

HEADER_WITHIN = 20
"""A header is looked for in so many first rows: people put titles above it."""
_NAMES = {
    "编号": "id", "题号": "id", "id": "id",
    "题型": "kind", "类型": "kind", "题目类型": "kind", "kind": "kind", "type": "kind",
    "题干": "text", "题目": "text", "试题": "text", "题目内容": "text", "问题": "text",
    "question": "text", "text": "text",
    "答案": "answer", "正确答案": "answer", "标准答案": "answer", "answer": "answer",
    "解析": "explanation", "答案解析": "explanation", "说明": "explanation", "explanation": "explanation",
    "出处": "source", "依据": "source", "来源": "source", "source": "source",
}  # fmt: skip


def _column(cell: str) -> str | None:
    said = plain(cell)
    if said in _NAMES:
        return _NAMES[said]
    for word in ("选项", "option", "答案选项"):
        rest = said.removeprefix(word).strip().upper()
        if rest != said.upper() and len(rest) == 1 and rest in LETTERS:
            return rest
    return said.upper() if len(said) == 1 and said.upper() in LETTERS else None


def find_header(rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]] | None:
    """Return (row, column name -> place) of the header; None when no row has both a question and an answer."""
    for at, row in enumerate(rows[:HEADER_WITHIN]):
        columns: dict[str, int] = {}
        for place, cell in enumerate(row):
            name = _column(cell)
            if name is not None:
                columns.setdefault(name, place)
        if {"text", "answer"} <= columns.keys():
            return at, columns
    return None


def read_row(row: Sequence[str], columns: dict[str, int]) -> dict[str, Any] | None:
    """Return a row as `domain.question.check` wants it; None for an empty row."""

    def cell(name: str) -> str:
        place = columns.get(name)
        return row[place].strip() if place is not None and place < len(row) else ""

    if not any(cell(name) for name in columns):
        return None
    options = [cell(letter) for letter in LETTERS]
    while options and not options[-1]:
        options.pop()
    answer, kind = cell("answer"), cell("kind") or _guess(cell("answer"), options)
    fill = plain(kind) in {"填空", "填空题", "fill", "fillin"}
    wording: dict[str, Any] = {"text": cell("text"), "explanation": cell("explanation")}
    if options:
        wording["options"] = options
    if fill:
        wording["accept"] = [one.strip() for one in answer.replace("；", ";").split(";") if one.strip()]
    return {
        "id": cell("id") or f"q-{digest(plain(cell('text')))[:16]}",
        "kind": kind,
        "answer": "" if fill else answer,
        "source_zh": cell("source") or "-",
        "zh": wording,
    }


def _guess(answer: str, options: Sequence[str]) -> str:
    """Guess the kind that a sheet without such a column means."""
    if not options:
        return "judge" if len(plain(answer)) <= 2 else "fill"  # noqa: PLR2004 - 对, 错误
    return "single" if len(plain(answer)) == 1 else "multiple"
