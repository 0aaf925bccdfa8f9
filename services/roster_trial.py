"""A roster file as it is given back: its own rows, each wrong one marked and with what is wrong beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from content import LANGUAGES, Voice, voice
from domain.refusal import Refusal
from domain.roster import Fate, find_header
from services import roster, roster_upload, sheet
from services.job import Facts, Kind, Made, Part, Step
from services.roster import Plan
from services.sheet import Page, Sheet
from services.work import Work

SAID = (Fate.ERROR, Fate.IGNORED)
"""Fates that are told beside the row; only the first is marked."""


def pages(speech: Voice, made: Plan, sheets: Sequence[Sheet]) -> list[Page]:
    """Return the tables of the file with a last column that says what is wrong; it can be mended and sent again."""
    return [_page(speech, made, one) for one in sheets if one.rows]


def _page(speech: Voice, made: Plan, one: Sheet) -> Page:
    said: dict[int, list[str]] = defaultdict(list)
    wrong: set[int] = set()
    for verdict in made.reading.verdicts:
        if verdict.row and verdict.fate in SAID and verdict.table == one.name:
            said[verdict.row - 1].append(roster.said(speech, verdict))
            if verdict.fate is Fate.ERROR:
                wrong.add(verdict.row - 1)
    header = find_header(one.rows)
    if header is not None:
        said[header[0]] = [speech.page["people"]["problem"]]
    width = max(len(row) for row in one.rows)
    rows = [[*row, *[""] * (width - len(row)), "；".join(said.get(at, ()))] for at, row in enumerate(one.rows)]
    return Page(one.name, rows[0], rows[1:], frozenset(at - 1 for at in wrong))


def name_of(name: str) -> str:
    """Return what the file is called that is given back."""
    return f"{PurePath(name).stem[:60] or 'roster'}-checked.xlsx"


def marked(work: Work, actor_id: int, speech: Voice) -> Made:
    """Return this person's file with its errors marked."""
    roster_upload.demand(work, actor_id)
    upload = roster_upload.waiting(work, actor_id)
    if upload is None:
        raise Refusal("people.file_gone")
    sheets = roster_upload.tables(work, upload)
    made = roster.plan_of(work, sheets)
    return Made(name_of(upload.name), sheet.XLSX, sheet.write_book(pages(speech, made, sheets)))


def _steps(work: Work, actor_id: int, facts: Facts) -> Iterator[Part]:
    upload = roster_upload.meant(work, actor_id, roster_upload.number_of(facts))
    yield Step(0, 0)
    sheets = roster_upload.tables(work, upload)
    total = sum(len(one.rows) for one in sheets)
    yield Step(0, total)
    made = roster.plan_of(work, sheets)
    yield Step(0, total)
    language = facts.get("language", "")
    writing = sheet.write_in_steps(pages(voice(language if language in LANGUAGES else "zh"), made, sheets))
    while True:
        try:
            yield Step(next(writing), total)
        except StopIteration as end:
            yield Made(name_of(upload.name), sheet.XLSX, end.value, roster.in_figures(made))
            return


KIND = Kind(roster_upload.count, _steps)
