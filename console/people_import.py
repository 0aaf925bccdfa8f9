"""The roster's import on a page: send the file, read what would happen row by row, then import that or let it go."""

from __future__ import annotations

from collections.abc import Mapping

from console.asked import whole
from console.grammar import Download, Go, Page, Pages, Result, Visit
from console.saving import saved
from domain.job import Job, State
from domain.permission import Action
from domain.refusal import Refusal
from domain.roster import Fate, Verdict
from services import job, roster, roster_trial, roster_upload
from services.roster import Plan
from services.roster_upload import TRIAL, Upload

SHOWN = 50
UNITS_SHOWN = 20
_ORDER = (Fate.ERROR, Fate.NEW, Fate.CHANGED, Fate.IGNORED, Fate.SAME)


def register(pages: Pages) -> None:
    """Add these pages to those of the people."""
    for path, run in (("", show), ("/result", result), ("/marked", marked)):
        pages.get(f"people/import{path}", needs=Action.IMPORT_ROSTER)(run)
    pages.live("people/import/live", needs=Action.IMPORT_ROSTER, every=1.0)(live)
    for path, run in (("", send), ("/try", again), ("/apply", apply), ("/drop", drop)):
        pages.post(f"people/import{path}", needs=Action.IMPORT_ROSTER)(run)


def show(visit: Visit) -> Result:
    """Show the form, or what importing the file that waits would do."""
    roster_upload.demand(visit.work, visit.person.id)
    upload = roster_upload.waiting(visit.work, visit.person.id)
    facts: dict[str, object] = {"upload": upload, "plan": None, "problem": "", "fates": _ORDER, "trial": None}
    if upload is None:
        return Page("people_import.html", facts)
    if upload.long:
        return Page("people_import.html", facts | _tried(visit, upload))
    try:
        plan = roster_upload.plan(visit.work, visit.person.id, upload.attachment)
    except Refusal as refusal:
        facts["problem"] = visit.why(refusal)
        return Page("people_import.html", facts)
    return Page("people_import.html", facts | _shown(visit, plan))


def live(visit: Visit) -> Result:
    """Show how far the trial of a long file is."""
    upload = roster_upload.waiting(visit.work, visit.person.id)
    if upload is None:
        raise Refusal("people.file_gone")
    return Page("people_import_live.html", {"upload": upload, "fates": _ORDER, **_tried(visit, upload)})


def _facts(visit: Visit, upload: Upload) -> dict[str, str]:
    return {"number": str(upload.attachment), "language": visit.voice.language}


def _tried(visit: Visit, upload: Upload) -> dict[str, object]:
    """Return how the trial of this file stands: a job of its own."""
    mine = job.mine(visit.work, visit.person.id)
    trial = next((one for one in mine if one.kind == TRIAL and _is_of(one, upload)), None)
    failed = trial is not None and trial.state is State.FAILED
    why = visit.voice.line(trial.why, **trial.said) if trial is not None and failed else ""
    return {"trial": trial, "why": why, "counts": trial.said if trial is not None else {}}


def _is_of(one: Job, upload: Upload) -> bool:
    return one.facts.get("number") == str(upload.attachment)


def _shown(visit: Visit, plan: Plan) -> dict[str, object]:
    wish = visit.query.get("fate", "")
    first = next((one for one in _ORDER if plan.counts[one]), Fate.SAME)
    fate = Fate(wish) if wish in set(Fate) else first
    chosen = [one for one in plan.verdicts if one.fate is fate]
    pages = max(1, -(-len(chosen) // SHOWN))
    page = max(1, min(whole(visit.query.get("page", ""), 1), pages))
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
    return roster.said(visit.voice, verdict)


def send(visit: Visit) -> Result:
    """Keep the file; a short one is read when the page is drawn, a long one by a job: nobody else waits for either."""
    name, body = visit.files.get("file", ("", b""))
    roster_upload.keep(visit.work, visit.person.id, name or "roster", body)
    return again(visit)


def again(visit: Visit) -> Result:
    """Try a long file once more, after its trial was cancelled or could not be done."""
    upload = roster_upload.waiting(visit.work, visit.person.id)
    if upload is None:
        raise Refusal("people.file_gone")
    if upload.long:
        job.ask(visit.work, visit.person.id, TRIAL, roster_trial.KIND, _facts(visit, upload))
    return Go("people/import")


def marked(visit: Visit) -> Result:
    """Give the file back with its errors marked."""
    upload = roster_upload.waiting(visit.work, visit.person.id)
    if upload is not None and upload.long:
        raise Refusal("people.marked_there")
    made = roster_trial.marked(visit.work, visit.person.id, visit.voice)
    return Download(made.name, made.mime, made.body, None)


def result(visit: Visit) -> Result:
    """Give every row with its verdict, to be mended beside the file."""
    upload = roster_upload.waiting(visit.work, visit.person.id)
    if upload is None:
        raise Refusal("people.file_gone")
    if upload.long:
        raise Refusal("people.marked_there")
    plan = roster_upload.plan(visit.work, visit.person.id, upload.attachment)
    words = visit.words("people")
    rows = [[v.row or "", visit.voice.label(f"roster.{v.fate}"), words_of(visit, v)] for v in plan.verdicts]
    header = [words["row"], words["fate"], words["verdict"]]
    return saved(visit, TRIAL, header, rows)


def _number(visit: Visit) -> int:
    return whole(visit.form.get("number", ""))


def apply(visit: Visit) -> Result:
    """Import what was shown."""
    skip = visit.form.get("skip", "") == "yes"
    upload = roster_upload.meant(visit.work, visit.person.id, _number(visit))
    if upload.long:
        facts: Mapping[str, str] = {"number": str(upload.attachment), "skip": "yes" if skip else ""}
        job.ask(visit.work, visit.person.id, "roster", roster_upload.KIND, facts)
        return Go("jobs", "importing")
    plan = roster_upload.apply(visit.work, visit.person.id, _number(visit), skip_errors=skip)
    return Page("people_imported.html", {"plan": plan, "fates": _ORDER})


def drop(visit: Visit) -> Result:
    """Import nothing."""
    if not roster_upload.allowed(visit.work, visit.person.id):
        raise Refusal("permission.nowhere")
    roster_upload.drop(visit.work, visit.person.id)
    return Go("people/import", "dropped")
