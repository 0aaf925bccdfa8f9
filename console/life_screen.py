"""Pages for the projector: a meeting's with its counts and the item at hand, and the sign-in of an activity."""

from __future__ import annotations

from typing import Any

from console.gatherings_code import EVERY, shown
from console.gatherings_code import screen as shows
from console.grammar import Page, Pages, Result, Visit
from domain.meeting import MeetingState
from domain.permission import Action
from domain.refusal import Refusal
from services import activity, activity_day, gathering, gathering_list, minutes, minutes_text
from services import meeting as service
from services import vote as votes

pages = Pages("life")


@pages.get("life/meeting/{number}/screen", needs=Action.PLAN_MEETINGS)
def screen(visit: Visit) -> Result:
    """Show it without any name."""
    facts = _facts(visit)
    return shows(visit, "life_screen_live.html", facts["one"].title, f"life/meeting/{facts['one'].id}", facts)


@pages.live("life/meeting/{number}/screen/live", needs=Action.PLAN_MEETINGS, every=EVERY)
def live(visit: Visit) -> Result:
    """Show its moving part."""
    return Page("life_screen_live.html", _facts(visit))


def _facts(visit: Visit) -> dict[str, Any]:
    work, voice = visit.work, visit.voice
    found = service.runs(work, visit.person.id, visit.numbers["number"])
    sign_in = gathering.of_subject(work, service.subject(found.id))
    counts = service.counts(work, found)
    agenda = minutes.agenda_of(work, found)
    at_hand = agenda.at_hand if found.state is MeetingState.OPEN else None
    return {
        "one": found,
        "running": found.state is MeetingState.OPEN,
        "state_name": voice.line(f"meeting.state_{found.state.value}"),
        "counts": counts,
        "rule": votes.rule_of(voice, votes.of_quorum(work, counts.basis), quorum=True) if counts.basis else "",
        "place": agenda.items.index(at_hand) + 1 if at_hand else 0,
        "items": len(agenda.items),
        "at_hand": at_hand,
        "voted": minutes_text.vote_words(work, voice, found, at_hand) if at_hand else "",
        **shown(visit, sign_in),
    }


@pages.get("life/activity/{number}/screen", needs=Action.PLAN_ACTIVITIES)
def activity_screen(visit: Visit) -> Result:
    """Show the sign-in of an activity without any name."""
    facts, number = _activity(visit), visit.numbers["number"]
    return shows(visit, "gatherings_live.html", facts["one"].title, f"life/activity/{number}", facts)


@pages.live("life/activity/{number}/screen/live", needs=Action.PLAN_ACTIVITIES, every=EVERY)
def activity_live(visit: Visit) -> Result:
    """Show its moving part."""
    return Page("gatherings_live.html", _activity(visit))


def _activity(visit: Visit) -> dict[str, Any]:
    work, number = visit.work, visit.numbers["number"]
    activity.own(work, visit.person.id, number, lock=False)
    found = activity_day.sign_in_of(work, number)
    if found is None:
        raise Refusal("gathering.not_opened")
    return {
        "one": found,
        "running": found.is_open(work.now),
        "coming": False,
        "count": gathering_list.count(work, found),
        **shown(visit, found),
    }
