"""A meeting's page for the projector: the code, how many are there, whether they are enough, and the item at hand."""

from __future__ import annotations

from console.grammar import Page, Pages, Result, Visit
from domain.permission import Action
from services import gathering, minutes, minutes_text
from services import meeting as service
from services import vote as votes

pages = Pages("life")


@pages.get("life/meeting/{number}/screen", needs=Action.PLAN_MEETINGS)
def screen(visit: Visit) -> Result:
    """Show it without any name; a script or the browser itself asks for it again every ten seconds."""
    work, voice = visit.work, visit.voice
    found = service.runs(work, visit.person.id, visit.numbers["number"])
    sign_in = gathering.of_subject(work, service.subject(found.id))
    is_open = sign_in is not None and sign_in.is_open(work.now)
    counts = service.counts(work, found)
    agenda = minutes.agenda_of(work, found)
    at_hand = agenda.at_hand
    facts = {
        "one": found,
        "state_name": voice.line(f"meeting.state_{found.state.value}"),
        "code": sign_in.code(work.now) if sign_in is not None and is_open else "",
        "late_at": f"{work.organisation.local(sign_in.late_at):%H:%M}" if sign_in is not None and is_open else "",
        "counts": counts,
        "rule": votes.rule_of(voice, votes.of_quorum(work, counts.basis), quorum=True) if counts.basis else "",
        "place": agenda.items.index(at_hand) + 1 if at_hand else 0,
        "items": len(agenda.items),
        "at_hand": at_hand,
        "voted": minutes_text.vote_words(work, voice, found, at_hand) if at_hand else "",
        "now": f"{work.organisation.local(work.now):%H:%M:%S}",
    }
    return Page("life_screen.html", facts)
