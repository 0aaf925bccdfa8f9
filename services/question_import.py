"""Importing questions from a file of any layout: how it is understood, what each row would do, then that alone.

The chat, the command line and the console read with the same reader; a layout that somebody corrected in the console
is remembered by its header and used by all of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from content import FOLDER, Voice
from domain.question import LETTERS, Bank, Problem, Question, check_all
from domain.question_entry import Entry, to_raw
from domain.question_layout import HEADER_WITHIN, Layout, Table, checked, entries, find_layout, fingerprint
from domain.question_text import entries as entries_of_text
from domain.refusal import Refusal
from services import question as banks
from services import question_file, sheet
from services.question_file import Source
from services.work import Work
from storage import question_layout as remembered

MOST = 5_000
PASTE = "text"
"""What the running text of a file is called among its tables."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a row, counted as the file counts."""

    sheet: str
    row: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Placed:
    """A question as it was written, and where. `part`: which table, from 0; the running text comes last."""

    part: int
    sheet: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Understood:
    """How a file was read: its source, a layout for each table, every question, and those that are right."""

    source: Source
    layouts: tuple[Layout, ...]
    known: tuple[bool, ...]
    """Which layouts were remembered."""
    text_kind: str
    placed: tuple[Placed, ...]
    passed: int
    questions: tuple[Question, ...]
    troubles: tuple[Trouble, ...]
    wrong: tuple[int, ...]
    """Places of `placed` that have a trouble."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person corrected: a layout for each table, and the kind of the running text."""

    layouts: tuple[Layout, ...] = ()
    text_kind: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What importing a file does. new + same + changed + failed are all rows that hold a question."""

    new: int
    same: int
    changed: int
    failed: int
    troubles: tuple[Trouble, ...]
    passed: int = 0
    """Rows that hold none: titles, headings, headers that come again."""

    @property
    def changes(self) -> bool:
        """Whether anything would change."""
        return bool(self.new or self.changed)

    @property
    def rows(self) -> int:
        """All rows that hold a question."""
        return self.new + self.same + self.changed + self.failed


def understand(work: Work, name: str, body: bytes, choice: Choice | None = None) -> Understood:
    """Read a file, as a person chose or else as it looks. Raises the refusal of one that can't be read."""
    source = question_file.read(name, body)
    if choice is not None and len(choice.layouts) == len(source.tables):
        layouts = [checked(one) for one in choice.layouts]
        known = [False] * len(layouts)
    else:
        found = [_known(work, table) for table in source.tables]
        known = [one is not None for one in found]
        layouts = [one or find_layout(table.rows) for one, table in zip(found, source.tables, strict=True)]
    kind = choice.text_kind if choice else ""
    placed: list[Placed] = []
    passed = 0
    for part, (table, layout) in enumerate(zip(source.tables, layouts, strict=True)):
        made, over = entries(table, layout)
        placed += [Placed(part, table.name, one) for one in made]
        passed += over
    if source.lines:
        made, over = entries_of_text(source.lines, kind)
        placed += [Placed(len(source.tables), PASTE, one) for one in made]
        passed += over if made or not source.tables else 0
    if len(placed) > MOST:
        raise Refusal("question.too_many", most=MOST)
    right, troubles, wrong = _checked(placed)
    return Understood(
        source, tuple(layouts), tuple(known), kind, tuple(placed), passed, tuple(right), tuple(troubles), tuple(wrong)
    )


def _known(work: Work, table: Table) -> Layout | None:
    """Return the layout that somebody corrected for a header like one of the first rows."""
    rows = table.rows[:HEADER_WITHIN]
    marks = {mark: at for at, row in reversed(list(enumerate(rows))) if (mark := fingerprint(row))}
    found = remembered.find(work.connection, list(marks))
    if not found:
        return None
    mark = min(found, key=lambda one: marks[one])
    return replace(Layout.from_json(found[mark]), header=marks[mark])


def _checked(placed: Sequence[Placed]) -> tuple[list[Question], list[Trouble], list[int]]:
    """Check all questions of a file together; one that comes twice is wrong, and says where it came first."""
    right, problems = check_all([to_raw(one.entry) for one in placed], ("zh",))
    troubles = []
    for place, found in problems:
        problem, here = found, placed[place]
        if found.code == "quiz.problem_twice":
            if found.place == "id" and not here.entry.ref:
                continue  # it follows from the words, which are named beside
            first = placed[int(str(found.facts["place"])) - 1]
            problem = Problem(found.place, "question.twice", {"row": first.entry.row, "sheet": first.sheet})
        troubles.append(Trouble(here.sheet, here.entry.row, problem))
    return right, troubles, sorted({place for place, _ in problems})


def plan_of(work: Work, bank: Bank | str, made: Understood) -> Plan:
    """Say what importing what was understood would do. Raises the refusal of a wrong bank."""
    counts = banks.plan(work, banks.named(bank), made.questions)
    return _plan(counts, made)


def _plan(counts: banks.Counts, made: Understood) -> Plan:
    return Plan(counts.new, counts.same, counts.changed, len(made.wrong), made.troubles, made.passed)


def plan(work: Work, bank: str, name: str, body: bytes) -> Plan:
    """Say what importing the file would do. Raises the refusal of an unreadable file or a wrong bank."""
    return plan_of(work, bank, _read(work, name, body))


def apply(work: Work, bank: str, name: str, body: bytes, actor_id: int | None = None) -> Plan:
    """Import every right row in this transaction; wrong ones are left out and named. No actor: the command line."""
    return apply_of(work, bank, name, _read(work, name, body), actor_id)


def apply_of(work: Work, bank: Bank | str, name: str, made: Understood, actor_id: int | None) -> Plan:
    """Import what was understood."""
    return _plan(banks.put(work, banks.named(bank), made.questions, actor_id=actor_id, file=name), made)


def _read(work: Work, name: str, body: bytes) -> Understood:
    made = understand(work, name, body)
    guessed = all(one.header < 0 for one in made.layouts)
    if not made.placed or (made.layouts and guessed and not made.questions):
        raise Refusal("question.no_header")
    return made


def remember(work: Work, made: Understood) -> int:
    """Remember the layouts that a person confirmed, by their headers; returns how many."""
    count = 0
    for table, layout in zip(made.source.tables, made.layouts, strict=True):
        if layout.header < 0 or layout.header >= len(table.rows) or "text" not in layout.columns:
            continue
        mark = fingerprint(table.rows[layout.header])
        if mark and (layout != find_layout(table.rows) or remembered.find(work.connection, [mark])):
            remembered.keep(work.connection, mark, layout.to_json(), work.now)
            count += 1
    return count


def forget(work: Work, made: Understood) -> int:
    """Forget what was remembered for the headers of this file; returns how many."""
    marks = [mark for table in made.source.tables for row in table.rows[:HEADER_WITHIN] if (mark := fingerprint(row))]
    return remembered.drop(work.connection, marks)


def said(voice: Voice, one: Trouble) -> str:
    """Return what is wrong with a row, in words."""
    place, _, rest = one.problem.place.partition("[")
    names = {"source_zh": "source", "zh": "text", "options": "options"}
    field = names.get(place, place.rpartition(".")[2])
    label = voice.label(f"question.field_{field}") if field in FIELD_WORDS else place
    number = rest.rstrip("]")
    if field == "options" and number.isdigit() and int(number) <= len(LETTERS):
        label += LETTERS[int(number) - 1]
    facts = dict(one.problem.facts)
    return voice.line("question.line", field=label, words=voice.line(one.problem.code, **facts))


FIELD_WORDS = frozenset({"id", "kind", "text", "answer", "options", "accept", "explanation", "source"})


def where(voice: Voice, one: Trouble, *, tables: int) -> str:
    """Return which row it is, as the file counts; with the name of the table where there are several."""
    if tables > 1 and one.sheet != PASTE:
        return voice.line("question.row_of", sheet=one.sheet, row=one.row)
    return voice.line("question.row", row=one.row)


def wrong_rows(voice: Voice, made: Understood) -> bytes:
    """Return what was not imported as XLSX, a page a table: the row as it was, with what is wrong, to be sent again."""
    words: dict[tuple[str, int], list[str]] = {}
    for one in made.troubles:
        words.setdefault((one.sheet, one.row), []).append(said(voice, one))
    pages = []
    for part, table in enumerate(made.source.tables):
        layout = made.layouts[part]
        header = (
            list(table.rows[layout.header]) if 0 <= layout.header < len(table.rows) else list(_names(voice, layout))
        )
        width = max((len(row) for row in table.rows), default=0)
        rows = []
        for place in made.wrong:
            entry = made.placed[place].entry
            if made.placed[place].part == part:
                row = [*table.rows[entry.row - table.first], *[""] * width][:width]
                rows.append([*row, str(entry.row), "；".join(words[table.name, entry.row])])
        ends = [voice.label("question.column_row"), voice.label("question.column_wrong")]
        if rows:
            pages.append(
                sheet.Page(_page_name(table.name, part), [*header, *[""] * (width - len(header)), *ends], rows)
            )
    texts = [made.placed[place].entry for place in made.wrong if made.placed[place].part == len(made.source.tables)]
    if texts or not pages:
        pages.append(_text_page(voice, texts, words))
    return sheet.write_book(pages)


def _page_name(name: str, part: int) -> str:
    bare = "".join(one for one in name if one not in "[]:*?/\\'")[:24]
    return f"{bare or 'sheet'} {part + 1}"


def _names(voice: Voice, layout: Layout) -> Sequence[str]:
    fields = {"options": voice.label("question.field_options"), **{letter: letter for letter in LETTERS}}
    return [fields.get(one) or (voice.label(f"question.field_{one}") if one else "") for one in layout.columns]


def _text_page(voice: Voice, texts: Sequence[Entry], words: dict[tuple[str, int], list[str]]) -> sheet.Page:
    header = [*template_header(), voice.label("question.column_row"), voice.label("question.column_wrong")]
    rows = [
        [
            one.ref, one.kind, one.text, *[*one.options, *[""] * len(LETTERS)][: len(LETTERS)], one.answer,
            one.explanation, one.source, str(one.row), "；".join(words[PASTE, one.row]),
        ]
        for one in texts
    ]  # fmt: skip
    return sheet.Page("questions", header, rows)


def _template() -> dict[str, list[list[str]]]:
    return tomllib.loads((FOLDER / "template" / "questions.toml").read_text(encoding="utf-8"))


def template_header() -> list[str]:
    """Return the columns of the template."""
    return [str(one) for one in _template()["header"]]


def template() -> bytes:
    """Return the template as XLSX, with an example of each kind; several spellings are parted by a semicolon."""
    return sheet.write_xlsx("questions", template_header(), _template()["rows"])


def own_banks(work: Work) -> list[tuple[Bank, int]]:
    """Return the organisation's own banks, with how many questions."""
    return banks.own(work)
