"""Approving announcements in the console: what waits for one's eyes, the two answers, and where they are asked for."""

from __future__ import annotations

from console.announcements_frame import WRITES, framed, on_messengers, page_at, seen
from console.asked import whole
from console.grammar import Download, Go, Look, Page, Pages, Result, Visit
from console.lists import Rows, every, saves
from domain.announcement import Announcement, State
from domain.announcement_approval import LONGEST_REASON
from domain.demand_draft import clean_name, clean_text
from domain.refusal import Refusal
from services import announcement, announcement_approval, announcement_list, announcement_review, attachment
from services.announcement_list import ON_A_PAGE

pages = Pages("announcements")
MOST_WAITING = 100_000
NOTICES = {State.SENT: "approved_now", State.SCHEDULED: "approved_later", State.LATE: "approved_late"}


@pages.get("announcements/approvals", needs=WRITES)
def approvals(visit: Visit) -> Result:
    """List what waits for this person, oldest first."""
    page = page_at(visit)
    found = announcement_review.waiting(visit.work, visit.person.id, ON_A_PAGE, page)
    rows = [(one, announcement.title(one, 40), author) for one, author in found[:ON_A_PAGE]]
    facts = {"rows": rows, "at": page, "more": len(found) > ON_A_PAGE}
    return framed(visit, "announcements_approvals.html", "approvals", facts)


@saves(pages, "announcements/approvals/table", "approvals", back="announcements/approvals", needs=WRITES)
def approvals_table(look: Look) -> Rows:
    """Return what waits for this person."""
    words, local = look.words("announcements"), look.work.organisation.local

    def line(found: tuple[Announcement, str]) -> list[str]:
        one, author = found
        when = f"{local(one.send_at):%Y-%m-%d %H:%M}" if one.send_at else words["at_once"]
        return [one.text or one.file_name, author, one.unit_name, when, one.urgent]

    header = [words[name] for name in ("what", "author", "to", "when", "urgent_mark")]
    found = announcement_review.waiting(look.work, look.person.id, MOST_WAITING, 0)
    return Rows(header, *every(found, line))


@saves(pages, "announcements/eyes/table", "eyes", back="announcements/eyes", needs=WRITES)
def eyes_table(look: Look) -> Rows:
    """Return where somebody else has to approve."""
    words = look.words("announcements")
    found = announcement_approval.settings(look.work, look.person.id)
    header = [words["unit_name"], words["state"]]
    rows = every(found, lambda row: [row.unit_name, words["eyes_required" if row.required else "eyes_free"]])
    return Rows(header, *rows)


@pages.get("announcements/approvals/{number}", needs=WRITES)
def one(visit: Visit) -> Result:
    """Show what waits, just as its readers would see it, and for whom it is."""
    return _shown(visit)


def _shown(visit: Visit, why: str = "") -> Page:
    found = announcement_review.look(visit.work, visit.person.id, visit.numbers["number"])
    local, excluded = visit.work.organisation.local, announcement_list.excluded(visit.work, found.one)
    facts = {
        **seen(visit, found.one),
        "asked": found,
        "one": found.one,
        "title": announcement.title(found.one, 40),
        "circle": visit.voice.label(f"announcement.circle_{found.one.circle.value}"),
        "excluded": excluded,
        "on": on_messengers(visit, excluded),
        "moment": visit.voice.moment(local(found.one.send_at)) if found.one.send_at else "",
        "words_typed": visit.form.get("words", ""),
        "longest": LONGEST_REASON,
        "why": why,
    }
    return Page("announcements_approve.html", facts, status=409 if why else 200)


@pages.get("announcements/approvals/{number}/file", needs=WRITES)
def file(visit: Visit) -> Result:
    """Save the file of what waits."""
    found = announcement_review.look(visit.work, visit.person.id, visit.numbers["number"]).one
    kept = attachment.load(visit.work, found.attachment) if found.attachment is not None else None
    if kept is None:
        raise Refusal("announcement.gone")
    return Download(clean_name(kept[0]) or "file", "application/octet-stream", kept[2], None)


@pages.post("announcements/approvals/{number}/approve", needs=WRITES)
def approve(visit: Visit) -> Result:
    """Approve what was seen."""
    number, signed = visit.numbers["number"], visit.form.get("sign", "")
    state = announcement_review.approve(visit.work, visit.person.id, number, signed)
    return Go("announcements/approvals", NOTICES[state])


@pages.post("announcements/approvals/{number}/return", needs=WRITES)
def give_back(visit: Visit) -> Result:
    """Give it back to its author, with words."""
    number, form = visit.numbers["number"], visit.form
    words = clean_text(form.get("words", ""))
    try:
        announcement_review.check_reason(words)
    except Refusal as refusal:
        return _shown(visit, visit.why(refusal))
    announcement_review.give_back(visit.work, visit.person.id, number, form.get("sign", ""), words)
    return Go("announcements/approvals", "given_back")


@pages.get("announcements/eyes", needs=WRITES)
def eyes(visit: Visit) -> Result:
    """Show where somebody else has to approve, and let it be asked for."""
    places = announcement.places(visit.work, visit.person.id)
    rows = announcement_approval.settings(visit.work, visit.person.id)
    facts = {"rows": rows, "places": [(place.id, place.name) for place in places[:500]], "me": visit.person.id}
    return framed(visit, "announcements_eyes.html", "eyes", facts)


@pages.post("announcements/eyes/on", needs=WRITES)
def eyes_on(visit: Visit) -> Result:
    """Ask for a second pair of eyes at a unit and beneath it."""
    announcement_approval.require(visit.work, visit.person.id, whole(visit.form.get("unit", "")))
    return Go("announcements/eyes", "eyes_on")


@pages.post("announcements/eyes/off", needs=WRITES)
def eyes_off(visit: Visit) -> Result:
    """Wish it off; it takes two."""
    done = announcement_approval.release(visit.work, visit.person.id, whole(visit.form.get("unit", "")))
    return Go("announcements/eyes", "eyes_off" if done else "eyes_wish")
