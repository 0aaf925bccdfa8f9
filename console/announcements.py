"""Announcements: composing with preview and exclusions, now or at a time; one's own with who confirmed, by unit.

An author sees and does here what the chat gives to authors, and nothing of anybody else's announcements.
"""

from __future__ import annotations

from datetime import date, time
from typing import Any
from urllib.parse import urlencode

from console import announcements_chart
from console.grammar import Download, Go, Page, Pages, Result, Visit
from domain.announcement import FURTHEST, LONGEST, Announcement, Circle, State
from domain.demand_draft import clean_name, clean_text
from domain.file_type import file_type
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Text
from services import announcement, announcement_list, announcements, attachment, permission, reach, sheet
from services.announcement_list import ON_A_PAGE, Form

pages = Pages("announcements")
WRITES = Action.ANNOUNCE
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN: dict[str, tuple[State, ...]] = {
    "all": tuple(state for state in State if state is not State.DRAFT),
    "draft": (State.DRAFT,),
    "scheduled": (State.SCHEDULED, State.LATE),
    "sent": (State.SENT, State.PAUSED),
    "recalled": (State.RECALLED,),
}
"""What the list can be narrowed to."""
MOST_PLACES = 500
"""So many units are offered in the list; others are named by their code."""


def _whole(words: str) -> int:
    return int(words) if words.isascii() and words.isdigit() and len(words) < 10 else 0  # noqa: PLR2004 - fits anywhere


def _page(visit: Visit) -> int:
    return _whole(visit.query.get("page", ""))


@pages.get("announcements", needs=WRITES)
def listing(visit: Visit) -> Result:
    """List one's announcements, newest first, with how many confirmed."""
    state = visit.query.get("state", "all")
    state = state if state in SHOWN else "all"
    words = visit.query.get("words", "")[:100].strip()
    found = announcement_list.listed(visit.work, visit.person.id, SHOWN[state], words, _page(visit))
    facts = {
        "rows": [(one, announcement.title(one, 40), found.confirmed.get(one.id, 0)) for one in found.found],
        "states": [(one, sum(found.counts.get(which, 0) for which in SHOWN[one])) for one in SHOWN],
        "state": state,
        "asked": words,
        "at": found.page,
        "pages": found.pages,
        "query": urlencode({"state": state, "words": words}),
    }
    return Page("announcements.html", facts)


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
        "why": why,
    }
    return Page("announcements_form.html", facts, status=409 if why else 200)


def _circles(visit: Visit) -> list[tuple[str, str]]:
    return [(circle.value, visit.voice.label(f"announcement.circle_{circle.value}")) for circle in Circle]


def _typed(visit: Visit) -> Form:
    form = visit.form
    name, body = visit.files.get("file", ("", b""))
    called = clean_name(name) or visit.words("announcements")["unnamed"]
    unit_id = _whole(form.get("unit", ""))
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
    return _kept(visit, announcement_list.editable(visit.work, visit.person.id, visit.numbers["number"]))


def _kept(visit: Visit, one: Announcement | None) -> Result:
    form, number = _typed(visit), one.id if one else None
    try:
        announcement_list.check(visit.work, visit.person.id, number, form)
    except Refusal as refusal:
        # Nothing was kept yet; what was typed stays in the form, to be mended.
        return _asked(visit, form, one, visit.voice.line(refusal.code, **refusal.facts))
    kept = announcement_list.compose(visit.work, visit.person.id, number, form)
    return Go(f"announcements/{kept.id}", "kept")


@pages.get("announcements/{number}", needs=WRITES)
def show(visit: Visit) -> Result:
    """Show a draft as its readers will see it, or how what was sent stands."""
    return _shown(visit, announcement.own(visit.work, visit.person.id, visit.numbers["number"]))


def _shown(visit: Visit, one: Announcement, why: str = "") -> Page:
    letter = announcement.letter(visit.voice, one)
    facts: dict[str, Any] = {
        "one": one,
        "title": announcement.title(one, 40),
        "letter": [block.plain for block in letter.blocks if isinstance(block, Text)],
        "confirm": visit.voice.label("announcement.confirm"),
        "circle": visit.voice.label(f"announcement.circle_{one.circle.value}"),
        "why": why,
    }
    if one.state in {State.DRAFT, State.SCHEDULED, State.LATE}:
        return Page("announcements_draft.html", {**facts, **_before(visit, one)}, status=409 if why else 200)
    return Page("announcements_sent.html", {**facts, **_after(visit, one)})


def _before(visit: Visit, one: Announcement) -> dict[str, Any]:
    work = visit.work
    first = announcement.first_moment(work, work.now)
    local = work.organisation.local(one.send_at) if one.send_at else None
    return {
        "excluded": announcement_list.excluded(work, one),
        "sign": announcement_list.sign(one),
        "quiet": visit.voice.moment(work.organisation.local(first)) if first > work.now and not one.urgent else "",
        "urgent_count": announcement.urgent_this_month(work, one.unit_id or 0) if one.urgent else 0,
        "today": work.today.isoformat(),
        "last": (work.today + FURTHEST).isoformat(),
        "day": visit.form.get("day") or (f"{local:%Y-%m-%d}" if local else ""),
        "clock": visit.form.get("clock") or (f"{local:%H:%M}" if local else ""),
        "planned": visit.voice.moment(local) if local else "",
    }


def _after(visit: Visit, one: Announcement) -> dict[str, Any]:
    work = visit.work
    made = announcements.progress(work, one)
    return {
        "made": made,
        "grace": one.send_at is not None and work.now < one.send_at,
        "readers": reach.readers(work, visit.voice, one.campaign_id) if one.campaign_id is not None else [],
        "remindable": one.state is State.SENT and made.names and one.reminded_at is None and made.confirmed < made.sent,
        "many": one.audience >= announcement.COUNTED,
        "most": announcement.COUNTED,
        "chart": announcements_chart.beside(visit, one) if one.campaign_id is not None and made.names else None,
    }


@pages.get("announcements/{number}/file", needs=WRITES)
def file(visit: Visit) -> Result:
    """Save the file of one's own announcement."""
    one = announcement.own(visit.work, visit.person.id, visit.numbers["number"])
    found = attachment.load(visit.work, one.attachment) if one.attachment is not None else None
    if found is None:
        raise Refusal("announcement.gone")
    return Download(clean_name(found[0]) or "file", "application/octet-stream", found[2])


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
    begun = announcement.send(visit.work, person, number)
    return Go(f"announcements/{number}", "sent" if begun else "sent_before")


@pages.post("announcements/{number}/plan", needs=WRITES)
def plan(visit: Visit) -> Result:
    """Send what was seen at a time on the organisation's clock."""
    number, person, form = visit.numbers["number"], visit.person.id, visit.form
    one = announcement_list.demand_seen(visit.work, person, number, form.get("sign", ""))
    try:
        day, clock = date.fromisoformat(form.get("day", "")), time.fromisoformat(form.get("clock", ""))
        at = visit.work.organisation.at(day, clock.replace(tzinfo=None))
    except (ValueError, OverflowError):
        return _shown(visit, one, visit.words("announcements")["unread"])
    if not visit.work.now < at <= visit.work.now + FURTHEST:
        return _shown(visit, one, visit.words("announcements")["past"].format(days=FURTHEST.days))
    announcement.plan(visit.work, person, number, at)
    return Go(f"announcements/{number}", "planned")


@pages.post("announcements/{number}/unplan", needs=WRITES)
def unplan(visit: Visit) -> Result:
    """Make a draft of what was planned."""
    number = visit.numbers["number"]
    announcement.unplan(visit.work, visit.person.id, number)
    announcement_list.editable(visit.work, visit.person.id, number)
    return Go(f"announcements/{number}", "unplanned")


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
    number, page = visit.numbers["number"], _page(visit)
    one = announcement.own(visit.work, visit.person.id, number)
    rows = announcement_list.by_unit(visit.work, visit.person.id, number, page)
    facts = {"one": one, "rows": rows[:ON_A_PAGE], "at": page, "more": len(rows) > ON_A_PAGE}
    return Page("announcements_units.html", {**facts, "title": announcement.title(one, 40)})


@pages.get("announcements/{number}/silent", needs=WRITES)
def silent(visit: Visit) -> Result:
    """Name who was sent it and has not confirmed."""
    number, page, unit = visit.numbers["number"], _page(visit), _whole(visit.query.get("unit", ""))
    one = announcement.own(visit.work, visit.person.id, number)
    rows = announcement_list.silent(visit.work, visit.person.id, number, unit or None, page)
    facts = {"one": one, "rows": [(name, code) for _, name, code in rows[:ON_A_PAGE]], "what": "silent"}
    facts |= {"at": page, "more": len(rows) > ON_A_PAGE, "query": f"unit={unit}&" if unit else ""}
    return Page("announcements_people.html", {**facts, "title": announcement.title(one, 40)})


@pages.get("announcements/{number}/missed", needs=WRITES)
def missed(visit: Visit) -> Result:
    """Name whom it has not reached, and why."""
    number, page = visit.numbers["number"], _page(visit)
    one = _listable(visit)
    rows = announcements.missed(visit.work, visit.person.id, number, page, ON_A_PAGE)
    named = [(who.name, who.employee_no, visit.voice.label(f"announcements.why_{who.why}")) for who in rows]
    facts = {"one": one, "rows": named, "what": "missed", "at": page, "more": len(rows) == ON_A_PAGE, "query": ""}
    return Page("announcements_people.html", {**facts, "title": announcement.title(one, 40)})


def _listable(visit: Visit) -> Announcement:
    one = announcement.own(visit.work, visit.person.id, visit.numbers["number"])
    if one.audience >= announcement.COUNTED:
        raise Refusal("announcements.too_many", most=announcement.COUNTED)
    return one


@pages.get("announcements/{number}/silent.xlsx", needs=WRITES)
def silent_xlsx(visit: Visit) -> Result:
    """Save who has not confirmed."""
    number, unit, words = visit.numbers["number"], _whole(visit.query.get("unit", "")), visit.words("announcements")
    rows = announcement_list.silent(
        visit.work, visit.person.id, number, unit or None, 0, announcement_list.MOST_EXPORTED
    )
    body = sheet.write_xlsx(words["silent"], [words["name"], words["code"]], [[name, code] for _, name, code in rows])
    return Download(f"{words['silent']}.xlsx", XLSX, body)


@pages.get("announcements/{number}/missed.xlsx", needs=WRITES)
def missed_xlsx(visit: Visit) -> Result:
    """Save whom it has not reached."""
    _listable(visit)
    number, words = visit.numbers["number"], visit.words("announcements")
    rows = announcements.missed(visit.work, visit.person.id, number, 0, announcement_list.MOST_EXPORTED)
    named = [[who.name, who.employee_no, visit.voice.label(f"announcements.why_{who.why}")] for who in rows]
    body = sheet.write_xlsx(words["missed"], [words["name"], words["code"], words["why"]], named)
    return Download(f"{words['missed']}.xlsx", XLSX, body)
