"""Today: what needs whoever looks, what is being sent now, and what is wrong."""

from __future__ import annotations

from console.grammar import Go, Page, Pages, Result, Visit
from domain.permission import Action
from services import digest, permission, roster_upload, session
from services import today as service

pages = Pages("today")


@pages.get("")
def today(visit: Visit) -> Result:
    """Show it in one glance."""
    lines = digest.lines(visit.work, visit.person.id, visit.voice)
    seen = permission.may_anywhere(visit.work, visit.person.id, Action.ANNOUNCE) or permission.may_anywhere(
        visit.work, visit.person.id, Action.MANAGE_ROLES
    )
    matters = [(line, "") for line in lines]
    if (upload := roster_upload.waiting(visit.work, visit.person.id)) is not None:
        matters.append((visit.words("today")["import_waits"].format(file=upload.name), "/console/people/import"))
    sending = service.sending(visit.work) if seen else []
    return Page(
        "today.html",
        {
            "matters": matters,
            "sending": sending,
            "banners": service.banners(visit.work, visit.voice),
        },
    )


@pages.post("out")
def sign_out(visit: Visit) -> Result:
    """Sign out here."""
    session.leave(visit.work, visit.session)
    return Go("")


@pages.post("out/everywhere")
def sign_out_everywhere(visit: Visit) -> Result:
    """Sign out in every browser."""
    session.leave_everywhere(visit.work, visit.person.id)
    return Go("")
