"""Importing questions from a spreadsheet: what each row would do, then that and nothing else."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

from content import FOLDER
from domain import question_sheet as layout
from domain.question import Problem, Question, check_all
from domain.refusal import Refusal
from services import question as banks
from services import sheet
from services.work import Work

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a row, counted as the spreadsheet counts."""

    sheet: str
    row: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class Plan:
    """What importing a file does. new + same + changed + failed rows are all rows that hold anything."""

    new: int
    same: int
    changed: int
    failed: int
    troubles: tuple[Trouble, ...]

    @property
    def changes(self) -> bool:
        """Whether anything would change."""
        return bool(self.new or self.changed)


def plan(work: Work, bank: str, name: str, body: bytes) -> Plan:
    """Say what importing the file would do. Raises the refusal of an unreadable file or a wrong bank."""
    questions, troubles, failed = _read(name, body)
    counts = banks.plan(work, _named(bank), questions)
    return Plan(counts.new, counts.same, counts.changed, failed, tuple(troubles))


def apply(work: Work, bank: str, name: str, body: bytes) -> Plan:
    """Import every right row in this transaction; wrong ones are left out and named."""
    questions, troubles, failed = _read(name, body)
    counts = banks.put(work, _named(bank), questions)
    return Plan(counts.new, counts.same, counts.changed, failed, tuple(troubles))


def _named(bank: str) -> str:
    if not _NAME.fullmatch(bank):
        raise Refusal("question.bank_name", bank=bank[:32])
    return bank


def _read(name: str, body: bytes) -> tuple[list[Question], list[Trouble], int]:
    questions: list[Question] = []
    troubles: list[Trouble] = []
    failed = 0
    headers = 0
    for one in sheet.read(name, body):
        header = layout.find_header(one.rows)
        if header is None:
            continue
        headers += 1
        at, columns = header
        placed = [
            (number, raw)
            for number, row in enumerate(one.rows[at + 1 :], at + 2)
            if (raw := layout.read_row(row, columns)) is not None
        ]
        made, problems = check_all([raw for _, raw in placed], ("zh",))
        wrong = {place for place, _ in problems}
        failed += len(wrong)
        troubles += [Trouble(one.name, placed[place][0], problem) for place, problem in problems]
        questions += made
    if not headers:
        raise Refusal("question.no_header")
    return questions, troubles, failed


def template() -> bytes:
    """Return the template as XLSX, with an example of each kind; several spellings are parted by a semicolon."""
    shown = tomllib.loads((FOLDER / "template" / "questions.toml").read_text(encoding="utf-8"))
    return sheet.write_xlsx("questions", shown["header"], shown["rows"])


def names(work: Work) -> list[tuple[str, int]]:
    """Return the organisation's own banks, with how many questions."""
    return banks.own(work)
