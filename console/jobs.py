"""My long imports and exports: how far each is, its file for a week, and an end to what is no longer wanted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from console.grammar import Download, Go, Page, Pages, Records, Result, Visit, all_kinds
from console.long import facts_of
from domain.job import Job, State
from domain.refusal import Refusal
from services import job, roster_trial, roster_upload
from services.job import Kind

pages = Pages("jobs")

IMPORTS = {"roster": roster_upload.KIND, roster_upload.TRIAL: roster_trial.KIND}
pages.kinds.update(IMPORTS)
BY_ITSELF = frozenset(IMPORTS)
"""Those that begin on a page of their own, where what will happen was shown first."""
FACT = "of_"
"""With this begin the fields of a form that say what a file is to hold."""
KILO = 1024


@cache
def kinds() -> Mapping[str, Kind]:
    """Return what can be done as a job, of all nouns."""
    return all_kinds()


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
        "name": words[f"kind_{one.kind}"] if one.kind in kinds() else one.kind,
        "state": words["cancelling" if one.cancelling and one.state is State.RUNNING else f"state_{one.state.value}"],
        "said": said,
        "kilobytes": max(1, one.size // KILO),
        "until": until if kept else None,
    }


@pages.post("jobs")
def ask(visit: Visit) -> Result:
    """Have a file made."""
    name = visit.form.get("kind", "")
    if name not in kinds() or name in BY_ITSELF:
        raise Refusal("jobs.no_kind")
    facts = {key.removeprefix(FACT): value for key, value in visit.form.items() if key.startswith(FACT)}
    job.ask(visit.work, visit.person.id, name, kinds()[name], facts_of(facts))
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
    made, one = job.result(visit.work, visit.person.id, number, kinds()), job.own(visit.work, visit.person.id, number)
    return Download(made.name, made.mime, made.body, Records(one.kind, one.total))
