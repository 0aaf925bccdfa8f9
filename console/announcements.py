"""Announcements: composing with preview and exclusions, now or at a time; one's own with who confirmed, by unit.

An author sees and does here what the chat gives to authors, and nothing of anybody else's announcements.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from console import asked
from console.announcements_frame import WRITES, framed, on_messengers, page_at, seen
from console.announcements_sent import sent
from console.asked import whole
from console.grammar import Download, Go, Look, Page, Pages, Result, Visit
from console.lists import Line, Rows, saves, sliced
from console.meanwhile import drawn_from, undone
from domain.announcement import FURTHEST, LONGEST, Announcement, Circle, State
from domain.announcement_approval import sign
from domain.demand_draft import clean_name, clean_text
from domain.file_type import file_type
from domain.refusal import Refusal
from services import announcement, announcement_approval, announcement_list, announcement_review, attachment, permission
from services.announcement_list import Form

pages = Pages("announcements")
SHOWN: dict[str, tuple[State, ...]] = {
    "all": tuple(state for state in State if state is not State.DRAFT),
    "draft": (State.DRAFT,),
    "waiting": (State.WAITING,),
    "scheduled": (State.SCHEDULED, State.LATE),
    "sent": (State.SENT, State.PAUSED),
    "recalled": (State.RECALLED,),
}
"""What the list can be narrowed to."""
BEFORE = (State.DRAFT, State.WAITING, State.SCHEDULED, State.LATE)
PLAIN: dict[str, Any] = {"previews": [], "blank": True}
MOST_PLACES = 500
"""So many units are offered in the list; others are named by their code."""


@pages.get("announcements", needs=WRITES)
def listing(visit: Visit) -> Result:
    """List one's announcements, newest first, with how many confirmed."""
    state, words = _narrowed(visit)
    found = announcement_list.listed(visit.work, visit.person.id, SHOWN[state], words, page_at(visit))
    facts = {
        "rows": [(one, announcement.title(one, 40), found.confirmed.get(one.id, 0)) for one in found.found],
        "states": [(one, sum(found.counts.get(which, 0) for which in SHOWN[one])) for one in SHOWN],
        "state": state,
        "asked": words,
        "at": found.page,
        "pages": found.pages,
        "query": urlencode({"state": state, "words": words}),
    }
    return framed(visit, "announcements.html", "list", facts)


def _narrowed(look: Look) -> tuple[str, str]:
    """Return which state and which words the list is narrowed to."""
    state = look.query.get("state", "all")
    return state if state in SHOWN else "all", look.query.get("words", "")[:100].strip()


@saves(pages, "announcements/list.*", "announcements", back="announcements", needs=WRITES)
def saved_list(look: Look) -> Rows:
    """Return the list as it is narrowed."""
    (state, asked), words = _narrowed(look), look.words("announcements")
    local = look.work.organisation.local

    def line(found: tuple[Announcement, int]) -> Line:
        one, confirmed = found
        when = f"{local(one.send_at):%Y-%m-%d %H:%M}" if one.send_at else ""
        counts = [one.audience, confirmed] if one.campaign_id is not None else ["", ""]
        return [one.text or one.file_name, one.unit_name, words[one.state.value], when, *counts]

    def some(limit: int, offset: int) -> list[tuple[Announcement, int]]:
        return announcement_list.part(look.work, look.person.id, SHOWN[state], asked, limit, offset)

    header = [words[name] for name in ("what", "to", "state", "when", "audience", "confirmed")]
    return Rows(header, *sliced(some, line))


@pages.get("announcements/new", needs=WRITES)
def new(visit: Visit) -> Result:
    """Ask for everything on one page."""
    first = permission.scope(visit.work, visit.person.id, WRITES)[0]
    return _asked(visit, Form("", first.id, Circle.ALL.value), None)


@pages.get("announcements/{number}/edit", needs=WRITES)
def edit(visit: Visit) -> Result:
    """Ask for it again, with what there is."""
    one = announcement_list.editable(visit.work, visit.person.id, visit.numbers["number"])
    return _asked(visit, Form(one.text, one.unit_id or 0, one.circle.value, one.urgent), one)


def _asked(visit: Visit, form: Form, one: Announcement | None, why: str = "") -> Page:
    places = announcement.places(visit.work, visit.person.id)
    top = min((place.path.count("/") for place in places), default=0)
    offered = places[:MOST_PLACES]
    if form.unit_id not in {place.id for place in offered}:
        offered += [place for place in places if place.id == form.unit_id]
    facts = {
        "one": one,
        "typed": form,
        "places": [(place.id, "　" * (place.path.count("/") - top) + place.name) for place in offered],
        "more": len(places) > MOST_PLACES,
        "circles": _circles(visit),
        "longest": LONGEST,
        "reason": (announcement.REASON.start, announcement.REASON.stop - 1),
        "seen": drawn_from(_now(one)) if one else "",
        "day": _day(visit.form.get("for_day", "") or visit.query.get("day", "")),
        "why": why,
        **PLAIN,
    }
    return Page("announcements_form.html", facts, status=409 if why else 200)


def _circles(visit: Visit) -> list[tuple[str, str]]:
    return [(circle.value, visit.voice.label(f"announcement.circle_{circle.value}")) for circle in Circle]


def _typed(visit: Visit) -> Form:
    form = visit.form
    name, body = visit.files.get("file", ("", b""))
    called = clean_name(name) or visit.words("announcements")["unnamed"]
    unit_id = whole(form.get("unit", ""))
    if code := form.get("code", "").strip():
        known = announcement.places(visit.work, visit.person.id)
        unit_id = next((place.id for place in known if place.code == code), 0)
    return Form(
        clean_text(form.get("text", "")),
        unit_id,
        form.get("circle", ""),
        clean_text(form.get("urgent", "")),
        (called, file_type(body), body) if body else None,
        drop_file=form.get("drop_file", "") == "1",
    )


@pages.post("announcements/new", needs=WRITES)
def create(visit: Visit) -> Result:
    """Keep a draft; the same form once more is the same draft."""
    return _kept(visit, None)


@pages.post("announcements/{number}/edit", needs=WRITES)
def change(visit: Visit) -> Result:
    """Keep what was changed in a draft."""
    one = announcement_list.editable(visit.work, visit.person.id, visit.numbers["number"])
    words, here = visit.words("announcements"), f"announcements/{one.id}/edit"
    called = {"text": words["what"], "unit": words["unit"], "circle": words["circle"], "urgent": words["urgent"]}
    places = [(str(place.id), place.name) for place in announcement.places(visit.work, visit.person.id)[:MOST_PLACES]]
    offered = {"unit": places, "circle": _circles(visit)}
    return undone(visit, here, here, _now(one), called, offered) or _kept(visit, one)


def _now(one: Announcement) -> dict[str, str]:
    """Return what a draft's form shows."""
    return {"text": one.text, "unit": str(one.unit_id or 0), "circle": one.circle.value, "urgent": one.urgent}


def _kept(visit: Visit, one: Announcement | None) -> Result:
    form, number = _typed(visit), one.id if one else None
    try:
        announcement_list.check(visit.work, visit.person.id, number, form)
    except Refusal as refusal:
        # Nothing was kept yet; what was typed stays in the form, to be mended.
        return _asked(visit, form, one, visit.why(refusal))
    kept = announcement_list.compose(visit.work, visit.person.id, number, form)
    day = _day(visit.form.get("for_day", ""))
    return Go(f"announcements/{kept.id}{f'?day={day}' if day else ''}", "kept")


@pages.post("announcements/preview", needs=WRITES)
def preview(visit: Visit) -> Result:
    """Draw what is typed as each messenger would show it, and keep nothing of it."""
    form, name = _typed(visit), clean_name(visit.form.get("file_name", ""))
    if name:
        kind = "image/png" if visit.form.get("file_type", "").startswith("image/") else "application/octet-stream"
        form = replace(form, file=(name, kind, b""))
    try:
        one = announcement_list.sketch(visit.work, visit.person.id, whole(visit.form.get("one", "")) or None, form)
    except Refusal as refusal:
        blank = refusal.code == "announcement.empty"
        why = "" if blank else visit.why(refusal)
        return Page("announcements_previews.html", {**PLAIN, "why": why, "blank": blank})
    return Page("announcements_previews.html", {**seen(visit, one), "why": ""})


def _day(words: str) -> str:
    """Return the day of an address when it is one."""
    found = asked.day(words)
    return found.isoformat() if found else ""


@pages.get("announcements/{number}", needs=WRITES)
def show(visit: Visit) -> Result:
    """Show a draft as its readers will see it, or how what was sent stands."""
    return _shown(visit, announcement.own(visit.work, visit.person.id, visit.numbers["number"]))


def _shown(visit: Visit, one: Announcement, why: str = "") -> Page:
    if one.state not in BEFORE:
        return sent(visit, one)
    facts: dict[str, Any] = {
        **seen(visit, one),
        **_before(visit, one),
        "one": one,
        "title": announcement.title(one, 40),
        "circle": visit.voice.label(f"announcement.circle_{one.circle.value}"),
        "why": why,
    }
    return Page("announcements_draft.html", facts, status=409 if why else 200)


def _before(visit: Visit, one: Announcement) -> dict[str, Any]:
    work = visit.work
    wish = max(one.send_at or work.now, work.now)
    first, found = announcement.first_moment(work, wish), announcement_list.excluded(work, one)
    local = work.organisation.local(one.send_at) if one.send_at else None
    eyes = announcement_approval.needed(work, one)
    return {
        "excluded": found,
        "on": on_messengers(visit, found),
        "approval": announcement_approval.newest(work, one),
        "needs_eyes": eyes and not announcement_approval.approved(work, one, one.send_at),
        "eyes": eyes,
        "sign": sign(one),
        "quiet": visit.voice.moment(work.organisation.local(first)) if first > wish and not one.urgent else "",
        "urgent_count": announcement.urgent_this_month(work, one.unit_id or 0) if one.urgent else 0,
        "today": work.today.isoformat(),
        "last": (work.today + FURTHEST).isoformat(),
        "day": visit.form.get("day") or (f"{local:%Y-%m-%d}" if local else _day(visit.query.get("day", ""))),
        "clock": visit.form.get("clock") or (f"{local:%H:%M}" if local else ""),
        "planned": visit.voice.moment(local) if local else "",
    }


@pages.get("announcements/{number}/file", needs=WRITES)
def file(visit: Visit) -> Result:
    """Save the file of one's own announcement."""
    one = announcement.own(visit.work, visit.person.id, visit.numbers["number"])
    found = attachment.load(visit.work, one.attachment) if one.attachment is not None else None
    if found is None:
        raise Refusal("announcement.gone")
    return Download(clean_name(found[0]) or "file", "application/octet-stream", found[2], None)


@pages.post("announcements/{number}/test", needs=WRITES)
def test(visit: Visit) -> Result:
    """Send it to oneself first."""
    number = visit.numbers["number"]
    told = announcement_list.try_out(visit.work, visit.person.id, number)
    return Go(f"announcements/{number}", "tested" if told else "not_tested")


@pages.post("announcements/{number}/send", needs=WRITES)
def send(visit: Visit) -> Result:
    """Send what was seen; once, however often the form comes."""
    number, person = visit.numbers["number"], visit.person.id
    announcement_list.demand_seen(visit.work, person, number, visit.form.get("sign", ""))
    outcome = announcement_review.send(visit.work, person, number)
    return Go(f"announcements/{number}", outcome.value)


@pages.post("announcements/{number}/plan", needs=WRITES)
def plan(visit: Visit) -> Result:
    """Send what was seen at a time on the organisation's clock."""
    number, person, form = visit.numbers["number"], visit.person.id, visit.form
    one = announcement_list.demand_seen(visit.work, person, number, form.get("sign", ""))
    at = asked.moment(visit, form.get("day", ""), form.get("clock", ""))
    if at is None:
        return _shown(visit, one, visit.words("announcements")["unread"])
    if not visit.work.now < at <= visit.work.now + FURTHEST:
        return _shown(visit, one, visit.words("announcements")["past"].format(days=FURTHEST.days))
    outcome = announcement_review.plan(visit.work, person, number, at)
    return Go(f"announcements/{number}", outcome.value)


@pages.post("announcements/{number}/withdraw", needs=WRITES)
def withdraw(visit: Visit) -> Result:
    """Take it back from whoever would approve it."""
    number = visit.numbers["number"]
    announcement_review.withdraw(visit.work, visit.person.id, number)
    return Go(f"announcements/{number}", "withdrawn")


@pages.post("announcements/{number}/unplan", needs=WRITES)
def unplan(visit: Visit) -> Result:
    """Make a draft of what was planned."""
    number = visit.numbers["number"]
    announcement.unplan(visit.work, visit.person.id, number)
    announcement_list.editable(visit.work, visit.person.id, number)
    return Go(f"announcements/{number}", "unplanned")


@pages.post("announcements/{number}/discard", needs=WRITES)
def discard(visit: Visit) -> Result:
    """Throw a draft away."""
    announcement.discard(visit.work, visit.person.id, visit.numbers["number"])
    return Go("announcements?state=draft", "discarded")
