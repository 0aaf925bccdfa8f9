"""Tables of questions as people lay them out: which row is the header, which column is what, and what a row then says.

A layout that was found can be corrected by a person (`Layout` is all that she chooses); it is remembered by the
fingerprint of its header, and the order of the columns changes nothing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.question import LETTERS, digest, plain, read_judgement, read_letters
from domain.question_entry import (
    MANY,
    SEPARATORS,
    Entry,
    has_number,
    is_kind,
    read_kind,
    settled,
    split_options,
    unlettered,
    unnumbered,
)

HEADER_WITHIN = 20
"""A header is looked for in so many first rows: people put titles above it."""
NO_HEADER = -1
FIELDS = ("text", "answer", "kind", "options", *LETTERS, "explanation", "source", "id")
KINDS = ("single", "multiple", "judge", "fill")
_SHORT = 4
"""Digits of a running number."""
_LONGEST_NAME = 40
_NAMES = {
    **dict.fromkeys(("编号", "id", "题目编号", "试题编号", "ref"), "id"),
    **dict.fromkeys(("题型", "类型", "题目类型", "试题类型", "试题题型", "题类"), "kind"),
    **dict.fromkeys(("kind", "type", "questiontype"), "kind"),
    **dict.fromkeys(("题干", "题目", "试题", "题目内容", "试题内容", "试题题干", "题目题干"), "text"),
    **dict.fromkeys(("题面", "题目描述", "问题", "考题", "内容"), "text"),
    **dict.fromkeys(("question", "text", "stem", "title", "content", "questiontext"), "text"),
    **dict.fromkeys(("答案", "正确答案", "标准答案", "参考答案", "正确选项", "试题答案"), "answer"),
    **dict.fromkeys(("答案选项", "选项答案"), "answer"),
    **dict.fromkeys(("answer", "key", "correct", "correctanswer", "rightanswer", "answers"), "answer"),
    **dict.fromkeys(("选项", "备选项", "备选答案", "题目选项", "候选项", "选择项"), "options"),
    **dict.fromkeys(("options", "choices", "option"), "options"),
    **dict.fromkeys(("解析", "答案解析", "说明", "试题解析", "题目解析", "解释", "分析"), "explanation"),
    **dict.fromkeys(("explanation", "analysis", "explain", "note"), "explanation"),
    **dict.fromkeys(("出处", "依据", "来源", "答案依据", "法条", "条款", "题目来源", "source", "reference"), "source"),
}  # fmt: skip
_PART = re.compile(r"^\s*(?:[一二三四五六七八九十]+\s*[、.．]|第\s*[一二三四五六七八九十\d]+\s*(?:部分|章|大题|节))")
_ORDER = {**dict(zip("1234567", MANY, strict=False)), **dict(zip("一二三四五六七", MANY, strict=False))}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a file. `first`: what the file calls its first row."""

    name: str
    rows: Sequence[Sequence[str]]
    first: int = 1


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table is read. `kind` and `separator`: what counts where rows don't show it; `used`: whether at all."""

    header: int
    columns: tuple[str, ...]
    kind: str = ""
    separator: str = ""
    used: bool = True

    def to_json(self) -> str:
        """Return it as a row keeps it."""
        return json.dumps([self.header, list(self.columns), self.kind, self.separator, self.used])

    @staticmethod
    def from_json(line: str) -> Layout:
        """Return what `to_json` wrote."""
        header, columns, kind, separator, used = json.loads(line)
        return checked(Layout(header, tuple(columns), kind, separator, used))


def checked(layout: Layout) -> Layout:
    """Return a layout in which only what we know is chosen, and no field twice."""
    seen: set[str] = set()
    columns = []
    for name in layout.columns:
        columns.append(name if name in FIELDS and name not in seen else "")
        seen.add(name)
    return replace(
        layout,
        columns=tuple(columns),
        kind=layout.kind if layout.kind in KINDS else "",
        separator=layout.separator if layout.separator in SEPARATORS else "",
    )


def _named(cell: str) -> str:
    """Return the field that a header cell names; empty when it names none."""
    if len(cell) > _LONGEST_NAME:
        return ""
    said = plain(re.sub(r"[（(\[【][^）)\]】]*[)）\]】]", "", cell) or cell).strip("*＊")
    if said in _NAMES:
        return _NAMES[said]
    for word in ("选项", "备选项", "option", "choice", "答案选项"):
        for rest in (said.removeprefix(word), said.removesuffix(word)):
            letter = _ORDER.get(rest, rest.upper())
            if rest != said and len(letter) == 1 and letter in LETTERS:
                return letter
    return said.upper() if len(said) == 1 and said.upper() in LETTERS else ""


def _fields(row: Sequence[str]) -> list[str]:
    found: list[str] = []
    for cell in row:
        name = _named(cell)
        found.append(name if name not in found else "")
    return found


def fingerprint(row: Sequence[str]) -> str:
    """Return what a header is known by; empty for a row that is no header, with fewer than two words in it."""
    words = [plain(cell) for cell in row]
    while words and not words[-1]:
        words.pop()
    return digest(json.dumps(words, ensure_ascii=False)) if sum(map(bool, words)) > 1 else ""


def find_layout(rows: Sequence[Sequence[str]]) -> Layout:
    """Find the header and what its columns are; without one, what the columns look like."""
    best: tuple[int, int, list[str]] | None = None
    for at, row in enumerate(rows[:HEADER_WITHIN]):
        columns = _fields(row)
        named = {one for one in columns if one}
        if "text" not in named or len(named) < 2:  # noqa: PLR2004 - a title says 题目 too
            continue
        worth = len(named) + 20 * ("answer" in named)
        if best is None or worth > best[0]:
            best = (worth, at, columns)
    if best is None:
        return _guessed(rows)
    _, at, columns = best
    at, columns = _second_row(rows, at, columns)
    width = max((len(row) for row in rows), default=0)
    columns += [""] * (width - len(columns))
    return Layout(at, tuple(_counted(rows[at + 1 :], _spread(rows, at, columns))))


def layout_at(rows: Sequence[Sequence[str]], header: int) -> Layout:
    """Say what the columns are when this row is the header."""
    if not 0 <= header < len(rows):
        return replace(_guessed(rows), header=NO_HEADER)
    columns = _fields(rows[header])
    width = max((len(row) for row in rows), default=0)
    columns += [""] * (width - len(columns))
    return Layout(header, tuple(_counted(rows[header + 1 :], _spread(rows, header, columns))))


def _second_row(rows: Sequence[Sequence[str]], at: int, columns: list[str]) -> tuple[int, list[str]]:
    """Take in a second header row that has the letters under one 选项."""
    if at + 1 >= len(rows):
        return at, columns
    below = [cell if len(plain(cell)) <= _SHORT else "" for cell in rows[at + 1]]
    letters = {place: name for place, name in enumerate(_fields(below)) if name and name in LETTERS}
    stem = columns.index("text")
    own = rows[at + 1][stem].strip() if stem < len(rows[at + 1]) else ""
    if len(letters) < 2 or (own and own != rows[at][stem].strip()):  # noqa: PLR2004 - A and B
        return at, columns
    wide = columns + [""] * (max(letters) + 1 - len(columns))
    return at + 1, [letters.get(place, "" if name == "options" else name) for place, name in enumerate(wide)]


def _spread(rows: Sequence[Sequence[str]], at: int, columns: list[str]) -> list[str]:
    """Read one 选项 over several columns without names as the letters."""
    if "options" not in columns:
        return columns
    first = columns.index("options")
    last = first
    while last + 1 < len(columns) and not columns[last + 1] and not _cell(rows[at], last + 1):
        if not any(_cell(row, last + 1) for row in rows[at + 1 :]):
            break
        last += 1
    if last == first or last - first >= len(LETTERS):
        return columns
    return [*columns[:first], *LETTERS[: last - first + 1], *columns[last + 1 :]]


def _counted(rows: Sequence[Sequence[str]], columns: list[str]) -> list[str]:
    """Leave out an id that only counts the rows: another file counts its own."""
    if "id" not in columns:
        return columns
    place = columns.index("id")
    values = [value for row in rows if (value := _cell(row, place))]
    counts = bool(values) and all(value.isdigit() and len(value) <= _SHORT for value in values)
    return ["" if counts and name == "id" else name for name in columns]


def _guessed(rows: Sequence[Sequence[str]]) -> Layout:
    """Say what the columns of a table without a header look like; what is doubtful is left to a person."""
    width = max((len(row) for row in rows), default=0)
    full = [row for row in rows if sum(bool(cell.strip()) for cell in row) > 1]
    columns = [""] * width
    cells = [[value for row in full if (value := _cell(row, place))] for place in range(width)]
    shares = {
        place: sum(read_letters(one) is not None or read_judgement(one) is not None for one in found) / len(found)
        for place, found in enumerate(cells)
        if found
    }
    lengths = {place: sum(map(len, found)) / len(found) for place, found in enumerate(cells) if found}
    if not lengths:
        return Layout(NO_HEADER, tuple(columns))
    stem = max(lengths, key=lambda place: (lengths[place] * len(cells[place]), -place))
    columns[stem] = "text"
    answer = max((place for place in shares if place != stem), key=lambda place: (shares[place], place), default=None)
    if answer is not None and shares[answer] >= 0.6:  # noqa: PLR2004 - fill-ins have words there
        columns[answer] = "answer"
    for place, found in enumerate(cells):
        if found and not columns[place] and all(is_kind(one) for one in found):
            columns[place] = "kind"
            break
    free = [
        place for place in range(stem + 1, width) if cells[place] and not columns[place] and place < (answer or width)
    ]
    if len(free) == 1:
        columns[free[0]] = "options"
    else:
        for letter, place in zip(LETTERS, free, strict=False):
            columns[place] = letter
    return Layout(NO_HEADER, tuple(columns))


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def entries(table: Table, layout: Layout) -> tuple[list[Entry], int]:
    """Return the questions of a table, settled, and how many rows were passed over: headings, titles, headers again."""
    if not layout.used or "text" not in layout.columns:
        return [], 0
    places = {name: place for place, name in enumerate(layout.columns) if name}
    told = [place for name, place in places.items() if name in {"text", "answer", "options", *LETTERS}]
    header = [cell.strip() for cell in table.rows[layout.header]] if 0 <= layout.header < len(table.rows) else None
    kind = layout.kind or (read_kind(table.name) if is_kind(table.name) else "")
    found: list[tuple[Entry, str]] = []
    passed = sum(any(cell.strip() for cell in row) for row in table.rows[: max(0, layout.header)])
    for number, row in enumerate(table.rows[layout.header + 1 :], layout.header + 1 + table.first):
        filled = [cell for cell in row if cell.strip()]
        if not filled:
            continue
        heading = filled[0] if len(set(filled)) == 1 else ""
        if heading and (_PART.match(heading) or (is_kind(heading) and len(plain(heading)) < HEADER_WITHIN)):
            kind = read_kind(heading) if is_kind(heading) else kind
            passed += 1
        elif [cell.strip() for cell in row] == header or not any(_cell(row, place) for place in told):
            passed += 1
        else:
            found.append((_entry(number, row, places, layout.separator), kind))
    numbered = Counter(has_number(one.text) for one, _ in found)
    if numbered[True] >= numbered[False]:
        found = [(replace(one, text=unnumbered(one.text)), kind) for one, kind in found]
    return [settled(one, kind) for one, kind in found], passed


def _entry(number: int, row: Sequence[str], places: dict[str, int], separator: str) -> Entry:
    def cell(name: str) -> str:
        return _cell(row, places[name]) if name in places else ""

    options = [unlettered(cell(letter), letter).strip() for letter in LETTERS]
    while options and not options[-1]:
        options.pop()
    together = split_options(cell("options"), separator)
    return Entry(
        number,
        cell("text"),
        tuple(options) or together,
        cell("answer"),
        cell("kind"),
        cell("explanation"),
        cell("source"),
        cell("id"),
    )
