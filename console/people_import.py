"""The roster's import on a page: send the file, read what would happen row by row, then import that or let it go."""

from __future__ import annotations

from console.grammar import Download, Go, Page, Pages, Result, Visit
from domain.permission import Action
from domain.refusal import Refusal
from domain.roster import Fate, Verdict
from services import roster_upload, sheet
from services.roster import Plan

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 50
UNITS_SHOWN = 20
_ORDER = (Fate.ERROR, Fate.NEW, Fate.CHANGED, Fate.IGNORED, Fate.SAME)


def register(pages: Pages) -> None:
    """Add these pages to those of the people."""
    for path, run in (("", show), ("/result", result)):
        pages.get(f"people/import{path}", needs=Action.IMPORT_ROSTER)(run)
    for path, run in (("", send), ("/apply", apply), ("/drop", drop)):
        pages.post(f"people/import{path}", needs=Action.IMPORT_ROSTER)(run)


def show(visit: Visit) -> Result:
    """Show the form, or what importing the file that waits would do."""
    upload = roster_upload.waiting(visit.work, visit.person.id)
    facts: dict[str, object] = {"upload": upload, "plan": None, "problem": "", "fates": _ORDER}
    if upload is None:
        return Page("people_import.html", facts)
    try:
        plan = roster_upload.plan(visit.work, visit.person.id, upload.attachment)
    except Refusal as refusal:
        facts["problem"] = visit.voice.line(refusal.code, **refusal.facts)
        return Page("people_import.html", facts)
    return Page("people_import.html", facts | _shown(visit, plan))


def _shown(visit: Visit, plan: Plan) -> dict[str, object]:
    wish = visit.query.get("fate", "")
    first = next((one for one in _ORDER if plan.counts[one]), Fate.SAME)
    fate = Fate(wish) if wish in set(Fate) else first
    chosen = [one for one in plan.verdicts if one.fate is fate]
    pages = max(1, -(-len(chosen) // SHOWN))
    wished = visit.query.get("page", "")
    page = max(1, min(int(wished) if wished.isascii() and wished.isdigit() and len(wished) < SHOWN else 1, pages))
    return {
        "plan": plan,
        "fate": fate,
        "rows": [(one.row or "", words_of(visit, one)) for one in chosen[(page - 1) * SHOWN : page * SHOWN]],
        "at": page,
        "pages": pages,
        "units": plan.new_units[:UNITS_SHOWN],
        "understood": list(plan.reading.understood.values()),
    }


def words_of(visit: Visit, verdict: Verdict) -> str:
    """Return a verdict as a sentence."""
    return visit.voice.line(verdict.code, **verdict.facts)


def send(visit: Visit) -> Result:
    """Keep the file; it is read when the page is drawn, so that nobody else waits for it."""
    name, body = visit.files.get("file", ("", b""))
    roster_upload.keep(visit.work, visit.person.id, name or "roster", body)
    return Go("people/import")


def result(visit: Visit) -> Result:
    """Give every row with its verdict, to be mended beside the file."""
    upload = roster_upload.waiting(visit.work, visit.person.id)
    if upload is None:
        raise Refusal("people.file_gone")
    plan = roster_upload.plan(visit.work, visit.person.id, upload.attachment)
    words = visit.words("people")
    rows = [[str(v.row or ""), visit.voice.label(f"roster.{v.fate}"), words_of(visit, v)] for v in plan.verdicts]
    body = sheet.write_xlsx("dry run", [words["row"], words["fate"], words["verdict"]], rows)
    return Download("roster-dry-run.xlsx", XLSX, body)


def _number(visit: Visit) -> int:
    words = visit.form.get("number", "")
    return int(words) if words.isascii() and words.isdigit() and len(words) < SHOWN else 0


def apply(visit: Visit) -> Result:
    """Import what was shown."""
    skip = visit.form.get("skip", "") == "yes"
    plan = roster_upload.apply(visit.work, visit.person.id, _number(visit), skip_errors=skip)
    return Page("people_imported.html", {"plan": plan, "fates": _ORDER})


def drop(visit: Visit) -> Result:
    """Import nothing."""
    if not roster_upload.allowed(visit.work, visit.person.id):
        raise Refusal("permission.nowhere")
    roster_upload.drop(visit.work, visit.person.id)
    return Go("people/import", "dropped")
