"""The import of questions on a page: send a file, see how it is understood, correct that, then import what was shown.

The file stays with us between the steps; the page holds its number alone.
"""

from __future__ import annotations

from dataclasses import replace

from console.asked import whole
from console.grammar import Download, Go, Page, Pages, Result, Visit
from domain.permission import Action
from domain.question_entry import SEPARATORS
from domain.question_layout import FIELDS, HEADER_WITHIN, KINDS, NO_HEADER, Layout, Table, checked, layout_at
from domain.refusal import Refusal
from services import question_import, question_upload, question_view, sheet
from services.question_import import Choice, Understood
from services.question_upload import Upload

CARDS, PROBLEMS, TABLES, SAMPLES, COLUMNS = 10, 50, 20, 3, 40
"""What a page shows at most."""
_LONGEST_SAMPLE = 40


def register(pages: Pages) -> None:
    """Add these pages to those of the questions."""
    needs = Action.IMPORT_QUESTIONS
    for path, run in (("", show), ("/wrong", wrong), ("/left", left)):
        pages.get(f"questions/import{path}", needs=needs)(run)
    for path, run in (("", send), ("/layout", layout), ("/apply", apply), ("/drop", drop), ("/forget", forget)):
        pages.post(f"questions/import{path}", needs=needs)(run)


def show(visit: Visit) -> Result:
    """Show the form, or how the file that waits is understood and what importing it would do."""
    upload = question_upload.waiting(visit.work, visit.person.id)
    facts: dict[str, object] = {
        "upload": upload,
        "made": None,
        "plan": None,
        "problem": "",
        "banks": [(one, count) for one, count in question_import.own_banks(visit.work)],
        "bank": upload.bank if upload else visit.query.get("bank", ""),
        "left": question_upload.left(visit.work, visit.person.id) is not None,
    }
    if upload is None:
        return Page("questions_import.html", facts)
    try:
        made = question_upload.understand(visit.work, upload)
        facts |= _understood(visit, upload, made)
        facts["plan"] = question_upload.plan(visit.work, upload, made)
    except Refusal as refusal:
        facts["problem"] = visit.why(refusal)
    return Page("questions_import.html", facts)


def _understood(visit: Visit, upload: Upload, made: Understood) -> dict[str, object]:
    several = len(made.source.tables)
    return {
        "made": made,
        "corrected": upload.corrected,
        "tables": [
            _table(place, table, one, known=known)
            for place, (table, one, known) in enumerate(
                zip(made.source.tables[:TABLES], made.layouts, made.known, strict=False)
            )
        ],
        "fields": FIELDS,
        "kinds": KINDS,
        "separators": list(SEPARATORS),
        "cards": [question_view.card(visit.voice, one) for one in made.questions[:CARDS]],
        "answers": [question_view.explained(visit.voice, one)[0] for one in made.questions[:CARDS]],
        "troubles": [
            (question_import.where(visit.voice, one, tables=several), question_import.said(visit.voice, one))
            for one in made.troubles[:PROBLEMS]
        ],
        "more_troubles": max(0, len(made.troubles) - PROBLEMS),
    }


def _table(place: int, table: Table, one: Layout, *, known: bool) -> dict[str, object]:
    """Return what the page shows of a table: each column with its name and its first values."""
    header = table.rows[one.header] if 0 <= one.header < len(table.rows) else ()
    below = table.rows[one.header + 1 :]
    columns = []
    for at, field in enumerate(one.columns[:COLUMNS]):
        values = (row[at].strip() for row in below if at < len(row) and row[at].strip())
        samples = [value[:_LONGEST_SAMPLE] for value, _ in zip(values, range(SAMPLES), strict=False)]
        name = header[at].strip() if at < len(header) else ""
        if name or samples or field:
            columns.append({"at": at, "name": name, "samples": samples, "field": field})
    heads = [
        (at, at + table.first, " | ".join(cell for cell in row if cell.strip())[:_LONGEST_SAMPLE])
        for at, row in enumerate(table.rows[:HEADER_WITHIN])
        if any(cell.strip() for cell in row)
    ]
    return {"place": place, "name": table.name, "layout": one, "known": known, "columns": columns, "heads": heads}


def _number(visit: Visit) -> int:
    return whole(visit.form.get("number", ""))


def _bank(visit: Visit) -> str:
    """Return the bank that the form means: a new title when one was written, else the chosen one."""
    return visit.form.get("title", "").strip() or visit.form.get("bank", "").strip()


def send(visit: Visit) -> Result:
    """Keep the file; it is read when the page is drawn, so that nobody else waits for it."""
    name, body = visit.files.get("file", ("", b""))
    question_upload.keep(visit.work, visit.person.id, name or "questions", body, _bank(visit))
    return Go("questions/import")


def layout(visit: Visit) -> Result:
    """Take the person's corrections, and read the file again."""
    upload = question_upload.meant(visit.work, visit.person.id, _number(visit))
    choice = upload.choice
    if visit.form.get("only", "") != "bank":
        made = question_upload.understand(visit.work, upload)
        layouts = tuple(
            _corrected(visit, place, table, one)
            for place, (table, one) in enumerate(zip(made.source.tables, made.layouts, strict=True))
        )
        kind = visit.form.get("text_kind", "")
        choice = Choice(layouts, kind if kind in KINDS else "")
    question_upload.choose(visit.work, visit.person.id, upload.id, _bank(visit) or upload.bank, choice)
    return Go("questions/import", "read_again")


def _corrected(visit: Visit, place: int, table: Table, one: Layout) -> Layout:
    """Return the layout of a table as the form has it; one that the form has not stays."""
    form = visit.form
    if f"header_{place}" not in form:
        return one
    words = form[f"header_{place}"]
    header = int(words) if words.isascii() and words.isdigit() and int(words[:4]) < HEADER_WITHIN else NO_HEADER
    kind, separator = form.get(f"kind_{place}", ""), form.get(f"separator_{place}", "")
    if header != one.header:
        found = layout_at(table.rows, header)
    else:
        columns = tuple(form.get(f"column_{place}_{at}", name) for at, name in enumerate(one.columns))
        found = replace(one, columns=columns)
    return checked(replace(found, kind=kind, separator=separator, used=form.get(f"used_{place}", "") == "yes"))


def apply(visit: Visit) -> Result:
    """Import what was shown; what was wrong waits as a file to be mended."""
    bank, plan, kept = question_upload.apply(visit.work, visit.voice, visit.person.id, _number(visit))
    return Page("questions_imported.html", {"bank": bank, "plan": plan, "kept": kept})


def wrong(visit: Visit) -> Result:
    """Give the rows that can't be imported as they are, with what is wrong with each."""
    upload = question_upload.waiting(visit.work, visit.person.id)
    if upload is None:
        raise Refusal("question.file_gone")
    made = question_upload.understand(visit.work, upload)
    return Download("questions-to-mend.xlsx", sheet.XLSX, question_import.wrong_rows(visit.voice, made), None)


def left(visit: Visit) -> Result:
    """Give what the last import left out."""
    body = question_upload.left(visit.work, visit.person.id)
    if body is None:
        raise Refusal("question.file_gone")
    return Download("questions-to-mend.xlsx", sheet.XLSX, body, None)


def drop(visit: Visit) -> Result:
    """Import nothing."""
    question_upload.drop(visit.work, visit.person.id)
    return Go("questions/import", "dropped")


def forget(visit: Visit) -> Result:
    """Read the file as it looks, and forget what was remembered for its headers."""
    question_upload.forget(visit.work, visit.person.id, _number(visit))
    return Go("questions/import", "forgotten")
