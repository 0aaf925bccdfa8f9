"""A file with questions in it, of any kind that people have: its tables and its running text, before anything is read.

What could fill the memory is refused by its size, before it is unpacked or parsed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.arrival import clean
from domain.question import LETTERS
from domain.question_layout import Table, find_layout
from domain.question_text import key_lines
from domain.refusal import Refusal
from services import prose, sheet

DEEPEST = 12
MOST_RECORDS = 5_000
MOST_KEYS = 60
_LISTS = ("questions", "question", "data", "items", "list", "rows", "records", "题目", "试题")
_LABELS = ("key", "label", "letter", "option", "name", "id", "no")
_VALUES = ("text", "value", "content", "title", "desc", "option")


@dataclass(frozen=True, slots=True)
class Source:
    """What a file holds. `kind`: xlsx, csv, docx, text or json; a text's lines are its own, tables may stand beside."""

    kind: str
    tables: tuple[Table, ...] = ()
    lines: tuple[tuple[int, str], ...] = ()


def read(name: str, body: bytes) -> Source:
    """Read a file, without characters that no database takes. Raises the refusal that says what is wrong with it."""
    found = _read(name, body)
    tables = (
        Table(clean(one.name), [[clean(cell) for cell in row] for row in one.rows], one.first) for one in found.tables
    )
    return Source(found.kind, tuple(tables), tuple((number, clean(words)) for number, words in found.lines))


def _read(name: str, body: bytes) -> Source:
    if not body:
        raise Refusal("question.no_file")
    if len(body) > sheet.LARGEST_FILE:
        raise Refusal("sheet.too_large", megabytes=sheet.LARGEST_FILE >> 20)
    ending = name.rpartition(".")[2].casefold()
    if prose.is_docx(body):
        return _of_parts("docx", prose.read(body))
    if body[:4] == b"PK\x03\x04" or body[:4] == b"\xd0\xcf\x11\xe0":
        return Source("xlsx", tuple(Table(one.name, one.rows) for one in sheet.read(name, body)))
    if body[:5] == b"%PDF-":
        raise Refusal("prose.not_text")
    text = sheet.decode(body)
    if ending in {"json", "jsonl"} or (ending not in {"csv", "tsv", "txt", "md"} and text.lstrip()[:1] in {"[", "{"}):
        return Source("json", tuple(_of_json(text)))
    if ending not in {"txt", "md"} or "\t" in text:
        table = sheet.read_text(name, text)
        found = find_layout(table.rows)
        if ending in {"csv", "tsv"} or (found.header >= 0 and {"text", "answer"} <= set(found.columns)):
            return Source("csv", (Table(name, table.rows),))
    return _of_parts("text", prose.read(body))


def _of_parts(kind: str, parts: Iterable[prose.Part]) -> Source:
    """Part a text into tables that have a header of ours, and lines; other tables are read as lines."""
    tables: list[Table] = []
    lines: list[tuple[int, str]] = []
    for part in parts:
        if isinstance(part, prose.Line):
            lines.append((part.number, part.words))
            continue
        layout = find_layout(part.rows)
        if layout.header >= 0 and {"text", "answer"} & set(layout.columns):
            tables.append(Table(f"{len(tables) + 1}", part.rows))
        elif keys := key_lines(part.rows):
            lines += [(part.number, words) for words in ("参考答案", *keys)]
        else:
            lines += [(part.number, line) for row in part.rows for line in _lines(row)]
    return Source(kind, tuple(tables), tuple(lines))


def _lines(row: Sequence[str]) -> list[str]:
    return "  ".join(cell for cell in row if cell.strip()).split("\n")


def _of_json(text: str) -> Iterable[Table]:
    """Yield a table for each list of questions. Its rows are counted as the list's entries."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = _of_lines(text)
    if _depth(whole) > DEEPEST:
        raise Refusal("question.json_deep", deepest=DEEPEST)
    found = list(_lists(whole, ""))
    if not found:
        raise Refusal("question.json_none")
    for name, records in found:
        if len(records) > MOST_RECORDS:
            raise Refusal("question.too_many", most=MOST_RECORDS)
        keys = list(dict.fromkeys(str(key) for record in records for key in record))[:MOST_KEYS]
        rows = [keys, *([_cell(record.get(key)) for key in keys] for record in records)]
        yield Table(name or "JSON", rows, first=0)


def _of_lines(text: str) -> list[Any]:
    """Read an object a line. Raises the refusal of what is no JSON at all."""
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise Refusal("question.json_broken") from error


def _depth(whole: object) -> int:
    """Return how deep it goes, looked at level by level so that depth costs no stack."""
    level: list[object] = [whole]
    depth = 0
    while level and depth <= DEEPEST:
        depth += 1
        below: list[object] = []
        for one in level:
            below += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        level = [one for one in below if isinstance(one, dict | list)]
    return depth


def _lists(whole: object, name: str) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """Yield (name, records) of every list of objects that is not inside a record."""
    if isinstance(whole, list):
        records = [one for one in whole if isinstance(one, dict)]
        inner = [one for record in records for key in _LISTS if isinstance(one := record.get(key), list) and one]
        if inner and all(isinstance(one, list) and isinstance(one[0], dict) for one in inner):
            for record in records:
                yield from _lists(record, str(record.get("name") or record.get("title") or name))
        elif records:
            yield name, records
    elif isinstance(whole, dict):
        for key, value in whole.items():
            if isinstance(value, list | dict):
                yield from _lists(value, name if key in _LISTS else str(key)[:60])


def _cell(value: object) -> str:
    """Return a value as a cell: lists a line each, options under their letters."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return "\n".join(
            f"{key}.{_cell(one)}" if str(key).upper() in LETTERS else _cell(one) for key, one in value.items()
        )
    if isinstance(value, list):
        if all(isinstance(one, dict) for one in value):
            return "\n".join(_labelled(one) for one in value)
        return "\n".join(_cell(one) for one in value)
    return str(value).strip()[: sheet.LONGEST_CELL]


def _labelled(one: Mapping[str, Any]) -> str:
    """Return an option that is an object of a letter and its words."""
    label = next((str(one[key]) for key in _LABELS if key in one and str(one[key]).upper() in LETTERS), "")
    words = next((_cell(one[key]) for key in _VALUES if key in one), "")
    return f"{label}.{words}" if label else words
