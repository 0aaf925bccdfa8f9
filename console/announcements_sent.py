"""Announcements that were sent: how they stand, who confirmed by unit, who did not, whom they missed and why."""

from __future__ import annotations

from typing import Any

from console import announcements_chart
from console.announcements_frame import WRITES, page_at, seen
from console.asked import whole
from console.grammar import Go, Look, Page, Pages, Result, Visit
from domain.announcement import Announcement, State
from domain.permission import Action
from domain.refusal import Refusal
from services import announcement, announcement_approval, announcement_list, announcements, permission, reach, today
from services.announcement_list import ON_A_PAGE

pages = Pages("announcements")


def sent(visit: Visit, one: Announcement) -> Page:
    """Show how it stands, and what its readers see."""
    figures = standing(visit, one)
    names = one.campaign_id is not None and figures["made"].names
    facts = {
        **figures,
        **seen(visit, one),
        "chart": announcements_chart.beside(visit, one) if names else None,
        "hours": announcements_chart.by_hours(visit, one),
        "title": announcement.title(one, 40),
        "circle": visit.voice.label(f"announcement.circle_{one.circle.value}"),
        "many": one.audience >= announcement.COUNTED,
        "most": announcement.COUNTED,
        "approval": announcement_approval.newest(visit.work, one),
    }
    return Page("announcements_sent.html", facts)


def standing(visit: Visit, one: Announcement) -> dict[str, Any]:
    """Return the figures that live while it is being sent."""
    work = visit.work
    made = announcements.progress(work, one)
    by_messenger = announcements.by_messenger(work, one)
    # Of what is not yet cut into letters it is not known which messenger it waits for.
    waits_for = {each.name for each in by_messenger if each.waiting} or None
    return {
        "one": one,
        "made": made,
        "stopped": today.stopped(work, visit.voice, waits_for) if made.waiting else [],
        "messengers": [(visit.voice.label(f"member.on_{each.name}"), each) for each in by_messenger],
        "readers": reach.readers(work, visit.voice, one.campaign_id) if one.campaign_id is not None else [],
        "grace": one.send_at is not None and work.now < one.send_at,
        "over": announcements.finished(work, one, made),
        "remindable": one.state is State.SENT and made.names and one.reminded_at is None and made.confirmed < made.sent,
    }


@pages.live("announcements/{number}/live", needs=WRITES)
def live(visit: Visit) -> Result:
    """Send the figures again whenever they changed, until nothing more will leave."""
    facts = standing(visit, announcement.own(visit.work, visit.person.id, visit.numbers["number"]))
    if facts["over"]:
        # A refusal ends the stream; the page that is open shows the last figures.
        raise Refusal("announcement.not_any_more")
    return Page("announcements_live.html", facts)


def _turned(one: Announcement, wish: State, notice: str) -> Go:
    """Say so when it stands as wished now, whoever turned it; it may have been too late for that."""
    if one.state is not wish:
        raise Refusal("announcement.not_any_more")
    return Go(f"announcements/{one.id}", notice)


@pages.post("announcements/{number}/pause", needs=WRITES)
def pause(visit: Visit) -> Result:
    """Stop what has not left yet."""
    one = announcements.pause(visit.work, visit.person.id, visit.numbers["number"])
    return _turned(one, State.PAUSED, "paused")


@pages.post("announcements/{number}/resume", needs=WRITES)
def resume(visit: Visit) -> Result:
    """Let what was stopped leave."""
    one = announcements.resume(visit.work, visit.person.id, visit.numbers["number"])
    return _turned(one, State.SENT, "resumed")


@pages.post("announcements/{number}/recall", needs=WRITES)
def recall(visit: Visit) -> Result:
    """Take it back, also what has arrived."""
    one = announcements.recall(visit.work, visit.person.id, visit.numbers["number"])
    return _turned(one, State.RECALLED, "recalled")


@pages.post("announcements/{number}/remind", needs=WRITES)
def remind(visit: Visit) -> Result:
    """Remind those who have not confirmed; once."""
    number = visit.numbers["number"]
    count = announcements.remind(visit.work, visit.person.id, number)
    notice = "reminded_before" if count is None else "reminded" if count else "reminded_nobody"
    return Go(f"announcements/{number}", notice)


@pages.get("announcements/{number}/units", needs=WRITES)
def units(visit: Visit) -> Result:
    """Show how many confirmed in each unit, in the order of the tree: nobody is ranked."""
    number, page = visit.numbers["number"], page_at(visit)
    one = announcement.own(visit.work, visit.person.id, number)
    rows = announcement_list.by_unit(visit.work, visit.person.id, number, page)
    facts = {"one": one, "rows": rows[:ON_A_PAGE], "at": page, "more": len(rows) > ON_A_PAGE}
    return Page("announcements_units.html", {**facts, "title": announcement.title(one, 40)})


@pages.get("announcements/{number}/silent", needs=WRITES)
def silent(visit: Visit) -> Result:
    """Name who was sent it and has not confirmed."""
    number, page, unit = visit.numbers["number"], page_at(visit), whole(visit.query.get("unit", ""))
    one = announcement.own(visit.work, visit.person.id, number)
    rows = announcement_list.silent(visit.work, visit.person.id, number, unit or None, page)
    facts = {"one": one, "rows": [(name, code) for _, name, code in rows[:ON_A_PAGE]], "what": "silent"}
    facts |= {"at": page, "more": len(rows) > ON_A_PAGE, "query": f"unit={unit}&" if unit else "", "inviting": False}
    return Page("announcements_people.html", {**facts, "title": announcement.title(one, 40)})


@pages.get("announcements/{number}/missed", needs=WRITES)
def missed(visit: Visit) -> Result:
    """Name whom it has not reached, why, and what can be done."""
    number, page = visit.numbers["number"], page_at(visit)
    one = _listable(visit)
    rows = announcements.missed(visit.work, visit.person.id, number, page, ON_A_PAGE)
    facts = {"one": one, "rows": [(who.member_id, *why(visit, who)) for who in rows], "what": "missed"}
    facts |= {"at": page, "more": len(rows) == ON_A_PAGE, "query": ""}
    facts["inviting"] = permission.may_anywhere(visit.work, visit.person.id, Action.INVITE)
    return Page("announcements_people.html", {**facts, "title": announcement.title(one, 40)})


def why(look: Look, who: announcements.Missed) -> list[str]:
    """Return somebody whom it has not reached as the cells of a row."""
    said = look.voice.label(f"announcements.why_{who.why}")
    return [who.name, who.employee_no, said, look.words("announcements")[f"todo_{who.why}"]]


def _listable(visit: Visit) -> Announcement:
    one = announcement.own(visit.work, visit.person.id, visit.numbers["number"])
    if one.audience >= announcement.COUNTED:
        raise Refusal("announcements.too_many", most=announcement.COUNTED)
    return one
