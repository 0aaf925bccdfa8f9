"""My long imports and exports: how far each is, its file for a week, and an end to what is no longer wanted."""

from __future__ import annotations

from typing import Any

from console import life_ledger, people_export, requests
from console.grammar import Download, Go, Page, Pages, Records, Result, Visit
from console.long import facts_of
from domain.job import Job, State
from domain.refusal import Refusal
from services import job, roster_trial, roster_upload

pages = Pages("jobs")

KINDS = {
    "ledger": life_ledger.KIND,
    "people": people_export.KIND,
    "requests": requests.EXPORT,
    "roster": roster_upload.KIND,
    roster_upload.TRIAL: roster_trial.KIND,
}
"""What can be done as a job; `kind_<name>` in the words of the page is what it is called."""
BY_ITSELF = frozenset({"roster", roster_upload.TRIAL})
"""Those that begin on a page of their own, where what will happen was shown first."""
KILO = 1024


@pages.get("jobs")
def jobs(visit: Visit) -> Result:
    """List my jobs."""
    return Page("jobs.html", _listed(visit))


@pages.live("jobs/live", every=1.0)
def live(visit: Visit) -> Result:
    """Show how far each is."""
    return Page("jobs_live.html", _listed(visit))


def _listed(visit: Visit) -> dict[str, Any]:
    found = job.mine(visit.work, visit.person.id)
    return {"rows": [_row(visit, one) for one in found]}


def _row(visit: Visit, one: Job) -> dict[str, Any]:
    words = visit.words("jobs")
    until = one.kept_until
    kept = one.state is State.DONE and until is not None and until > visit.work.now
    said = ""
    if one.state is State.FAILED:
        said = visit.voice.line(one.why, **one.said)
    elif one.state is State.DONE and one.said:
        said = words[f"said_{one.kind}"].format(**one.said)
    elif one.state is State.DONE and not kept:
        said = words["removed"]
    return {
        "job": one,
        "open": one.state in {State.WAITING, State.RUNNING},
        "name": words[f"kind_{one.kind}"] if one.kind in KINDS else one.kind,
        "state": words["cancelling" if one.cancelling and one.state is State.RUNNING else f"state_{one.state.value}"],
        "said": said,
        "kilobytes": max(1, one.size // KILO),
        "until": until if kept else None,
    }


@pages.post("jobs")
def ask(visit: Visit) -> Result:
    """Have a file made."""
    name = visit.form.get("kind", "")
    if name not in KINDS or name in BY_ITSELF:
        raise Refusal("jobs.no_kind")
    job.ask(visit.work, visit.person.id, name, KINDS[name], facts_of(visit.form))
    return Go("jobs", "asked")


@pages.post("jobs/{number}/cancel")
def cancel(visit: Visit) -> Result:
    """Let one end."""
    ended = job.cancel(visit.work, visit.person.id, visit.numbers["number"])
    return Go("jobs", "cancelled" if ended else "ended_before")


@pages.get("jobs/{number}/file")
def file(visit: Visit) -> Result:
    """Save what was made."""
    number = visit.numbers["number"]
    made, one = job.result(visit.work, visit.person.id, number, KINDS), job.own(visit.work, visit.person.id, number)
    return Download(made.name, made.mime, made.body, Records(one.kind, one.total))
