"""Today: what needs whoever looks, what is being sent now, and what is wrong; each line is one click away."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from console.grammar import Go, Page, Pages, Result, Visit, all_routes
from console.sending import reasons_in_words
from domain.permission import Action
from services import digest, obligation_view, permission, roster_upload, sending, session
from services import today as service
from services.digest import Matter
from services.obligation_words import line as duty_line

pages = Pages("today")
DUTIES = 3
"""So many duties of branches are named; the others are a click away."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list. `address` empty: there is no page for it."""

    words: str
    address: str
    presses: bool


@cache
def _ways() -> re.Pattern[str]:
    """Match the paths of all pages that can be looked at."""
    paths = (route.path for route in all_routes() if route.method == "GET" and not route.live_every)
    return re.compile("|".join(re.sub(r"\\\{\w+\\\}", "[1-9][0-9]*", re.escape(path)) for path in paths if path))


def way(path: str) -> str:
    """Return the address of a page as it is now; of one that is not there its noun's, or nothing."""
    for one in (path, path.partition("/")[0]):
        if _ways().fullmatch(one.partition("?")[0]):
            return f"/console/{one}"
    return ""


def _matters(visit: Visit) -> list[Line]:
    found = digest.matters(visit.work, visit.person.id, visit.voice)
    found += _duties(visit)
    imports = roster_upload.allowed(visit.work, visit.person.id)
    upload = roster_upload.waiting(visit.work, visit.person.id) if imports else None
    if upload is not None:
        line = visit.words("today")["import_waits"].format(file=upload.name)
        found.append(Matter(line, "people/import"))
    return [Line(one.line, way(one.path), one.presses) for one in sorted(found, key=lambda one: not one.presses)]


def _duties(visit: Visit) -> list[Matter]:
    """Return what one's own branches owe and have not planned, the most urgent first."""
    work = visit.work
    if not permission.may_anywhere(work, visit.person.id, Action.PLAN_MEETINGS):
        return []
    own = obligation_view.places(work, visit.person.id)
    if not own:
        return []
    late = [one for one in obligation_view.current(work, own) if obligation_view.is_late(one)]
    found = [
        Matter(duty_line(visit.voice, one), f"life/{obligation_view.plan_unit(own, one)}", presses=True)
        for one in late[:DUTIES]
    ]
    if len(late) > DUTIES:
        line = visit.words("today")["more_duties"].format(count=len(late) - DUTIES)
        found.append(Matter(line, "life", presses=True))
    return found


def _banners(visit: Visit) -> list[service.Banner]:
    work, voice, machine = visit.work, visit.voice, visit.machine
    found = []
    if machine.paused():
        words = visit.words("today")["paused"].format(why=reasons_in_words(visit))
        found.append(service.Banner(words, "" if machine.must_be_restored_again() else "sending/copy"))
    if permission.may_everywhere(work, visit.person.id, Action.RUN_MACHINE):
        found += service.alarms(work, voice, machine.faces(), machine.disk(), machine.copies())
    return found + service.banners(work, visit.person.id, voice)


def _sees_sending(visit: Visit) -> bool:
    return any(
        permission.may_anywhere(visit.work, visit.person.id, one) for one in (Action.ANNOUNCE, Action.RUN_MACHINE)
    )


def _flowing(visit: Visit) -> dict[str, object]:
    flows = service.flows(visit.work, visit.machine.faces()) if _sees_sending(visit) else []
    return {
        "flows": [(one, sending.messenger_name(visit.voice, one.name)) for one in flows],
        "counted": service.COUNTED,
        "runs": permission.may_everywhere(visit.work, visit.person.id, Action.RUN_MACHINE),
    }


@pages.get("", when_paused=True)
def today(visit: Visit) -> Result:
    """Show it in one glance."""
    banners = [(one.line, way(one.path)) for one in _banners(visit)]
    return Page("today.html", {"matters": _matters(visit), "banners": banners, **_flowing(visit)})


@pages.live("today/live", every=4.0)
def live(visit: Visit) -> Result:
    """Show what is being sent, as it changes."""
    return Page("today_live.html", _flowing(visit))


@pages.post("out", when_paused=True)
def sign_out(visit: Visit) -> Result:
    """Sign out here."""
    session.leave(visit.work, visit.session)
    return Go("")


@pages.post("out/everywhere", when_paused=True)
def sign_out_everywhere(visit: Visit) -> Result:
    """Sign out in every browser."""
    session.leave_everywhere(visit.work, visit.person.id)
    return Go("")
