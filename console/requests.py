"""Requests: an officer's desk in a wide window, the conversation with its files, and the figures of those who oversee.

Only the officer on whose desk a request lies reads its words here; whoever oversees sees counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from console import long
from console.asked import whole
from console.grammar import Download, Go, Page, Pages, Result, Visit
from console.lists import named
from domain import demand as rules
from domain.demand import OPEN, Act, State
from domain.demand_draft import LONGEST, TOO_SHORT, Draft, File, clean_name
from domain.file_type import file_type, picture_type
from domain.permission import Action
from domain.refusal import Refusal
from services import (
    attachment,
    demand,
    demand_merge,
    demand_view,
    desk,
    desk_canned,
    desk_list,
    desk_merge,
    desk_note,
    permission,
)
from services.job import Facts, Kind, Part, Step
from services.work import Work

pages = Pages("requests")
HANDLES = Action.HANDLE_DEMANDS
EVENTS = 50
"""Lines of a conversation on a page."""
FILES = 3
"""Files that one form takes."""
OTHERS = 50
"""So many of those who could take a request are offered at once; words find the others."""
SHOWN: dict[str, tuple[State, ...]] = {
    "open": OPEN,
    "near": OPEN,
    **{state.value: (state,) for state in State},
}
"""What the list can be narrowed to."""


def token_of(visit: Visit, number: int) -> str:
    """Return what a form is known by for ever: its own sign, bound to this person, this request and this deed.

    Nobody can name another's form, whatever is written into the hidden field.
    """
    parts = (visit.person.id, number, visit.form.get("act", ""), visit.form.get("once", ""))
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:40]


def _narrowed(visit: Visit) -> tuple[str, str]:
    return _asked_for(visit.query)


def _asked_for(fields: Mapping[str, str]) -> tuple[str, str]:
    state = fields.get("state", "open")
    return (state if state in SHOWN else "open"), fields.get("words", "")[:100].strip()


@pages.get("requests", needs=HANDLES)
def requests(visit: Visit) -> Result:
    """List what lies on one's desk, by state and time left."""
    state, words = _narrowed(visit)
    work, person, voice = visit.work, visit.person.id, visit.voice
    page = whole(visit.query.get("page", ""))
    found = desk_list.listed(work, person, SHOWN[state], words, page, near=state == "near")
    counts = {one.value: found.counts.get(one, 0) for one in State}
    counts |= {"open": sum(found.counts.get(one, 0) for one in OPEN), "near": found.near}
    facts: dict[str, Any] = {
        "rows": [_row(visit, one) for one in found.cases],
        "states": [(one, counts[one]) for one in SHOWN],
        "state": state,
        "asked": words,
        "at": found.page,
        "pages": found.pages,
        "query": urlencode({"state": state, "words": words}),
        "ratings": [
            *((voice.line(code), found.ratings.get(one.value, 0)) for one, code in demand_view.RATINGS.items()),
            (visit.words("requests")["unrated"], found.ratings.get("", 0)),
        ],
        "oversees": permission.may_anywhere(work, person, Action.OVERSEE_DEMANDS),
    }
    return Page("requests.html", facts)


def _row(visit: Visit, one: rules.Case) -> dict[str, Any]:
    """Return a line of the list: no name and no words, for others may stand before the screen."""
    voice, work = visit.voice, visit.work
    return {
        "id": one.id,
        "number": one.number,
        "kind": demand_view.kind(voice, one),
        "state": demand_view.state(voice, one),
        "filed": one.filed_at,
        "day": demand_view.last_day(voice, work, one.due) if one.open else "",
        "left": demand_view.left(voice, work, one.due) if one.open else "",
        "press": one.open and one.warns_at <= work.now,
        "rating": voice.line(demand_view.RATINGS[one.rating]) if one.rating else "",
    }


@pages.get("requests/export.xlsx", needs=HANDLES)
def export_xlsx(visit: Visit) -> Result:
    """Save the list as it is narrowed."""
    return long.exported(visit, "requests", EXPORT, visit.query, "requests")


@pages.get("requests/export.csv", needs=HANDLES)
def export_csv(visit: Visit) -> Result:
    """Save it as CSV."""
    return long.exported(visit, "requests", EXPORT, {**visit.query, "format": "csv"}, "requests")


def _export_count(work: Work, officer_id: int, facts: Facts) -> int:
    """Say how many there are, to a page; refuse who handles none."""
    if not permission.may_anywhere(work, officer_id, HANDLES):
        raise Refusal("permission.nowhere")
    state, words = _asked_for(facts)
    found = desk_list.listed(work, officer_id, SHOWN[state], words, 0, near=state == "near")
    return min(found.pages * desk_list.ON_A_PAGE if found.pages > 1 else len(found.cases), desk_list.MOST_EXPORTED)


def _export_steps(work: Work, officer_id: int, facts: Facts) -> Iterator[Part]:
    total = _export_count(work, officer_id, facts)
    yield Step(0, total)
    (state, words), speech = _asked_for(facts), long.speech_of(facts)
    header, rows = desk_list.export_rows(work, speech, officer_id, SHOWN[state], words, near=state == "near")
    yield Step(0, len(rows))
    yield from long.written(
        named(speech, "requests", "", work.today), header, rows, facts, speech.page["requests"]["title"]
    )


EXPORT = Kind(_export_count, _export_steps)
pages.kinds["requests"] = EXPORT


@pages.get("requests/{number}", needs=HANDLES)
def request(visit: Visit) -> Result:
    """Show a request on one's desk: who, what, by when, the conversation, and what can be done."""
    return Page("requests_one.html", {**_shown(visit), **_beside(visit)})


def _beside(visit: Visit, words: str = "") -> dict[str, Any]:
    """Return what stands beside the conversation: canned replies, notes, what it is dealt with together with.

    `words`: what stands in the answer already.
    """
    work, voice, person = visit.work, visit.voice, visit.person.id
    one = desk.of(work, person, visit.numbers["number"])
    alike = desk_merge.similar(work, person, one)
    return {
        "kept": words,
        "waits": alike is None,
        "canned": desk_canned.offered(work, one) if one.open else [],
        "notes": desk_note.notes(work, person, one.id),
        "lead": demand_merge.lead_of(work, one),
        "followers": demand_merge.followers(work, one),
        "similar": [
            (found.case, demand_view.kind(voice, found.case), demand_view.state(voice, found.case), found.shared)
            for found in alike or ()
        ],
    }


def _shown(visit: Visit) -> dict[str, Any]:
    work, voice, person = visit.work, visit.voice, visit.person.id
    seen = desk.look(work, person, visit.numbers["number"], whole(visit.query.get("page", "")), EVENTS)
    one = seen.case
    said = [
        text.plain.partition("\n") for text in demand_view.timeline(voice, work, one, seen.events, seen.names, person)
    ]
    limit, unnamed = "", voice.line("demand.unnamed_file")
    if one.open:
        day, left = demand_view.last_day(voice, work, one.due), demand_view.left(voice, work, one.due)
        limit = voice.line("desk.first_by" if one.answered_at is None else "desk.finish_by", day=day, left=left)
    return {
        "one": one,
        "category": demand_view.category(voice, one),
        "state": demand_view.state(voice, one),
        "author": seen.author,
        "limit": limit,
        "avoiding": voice.line("desk.avoiding") if one.avoided_id is not None else "",
        "rating": voice.line(demand_view.RATINGS[one.rating]) if one.rating else "",
        "said": [(head, rest, event.act.value) for (head, _, rest), event in zip(said, seen.events, strict=True)],
        "at": seen.page,
        "pages": seen.pages,
        "files": [(kept.attachment, kept.name or unnamed) for kept in demand.files(work, one)],
        "longest": LONGEST,
        "slots": range(1, FILES + 1),
    }


@pages.get("requests/{number}/files/{file}", needs=HANDLES)
def file(visit: Visit) -> Result:
    """Save a file of a request on one's desk; a browser never shows it by itself."""
    one = desk.of(visit.work, visit.person.id, visit.numbers["number"])
    kept = next((f for f in demand.files(visit.work, one) if f.attachment == visit.numbers["file"]), None)
    found = attachment.load(visit.work, kept.attachment) if kept else None
    if kept is None or found is None:
        raise Refusal("desk.none")
    name = kept.name or clean_name(found[0]) or visit.voice.line("demand.unnamed_file")
    return Download(name, "application/octet-stream", found[2], None)


@pages.post("requests/{number}", needs=HANDLES)
def write(visit: Visit) -> Result:
    """Answer, ask back, close or reassign; a form sent twice has one effect."""
    number, form, person = visit.numbers["number"], visit.form, visit.person.id
    here = f"requests/{number}"
    act = form.get("act", "")
    if act == "insert":
        return Page("requests_one.html", {**_shown(visit), **_beside(visit, _inserted(visit))})
    if act not in {one.value for one in rules.OFFICER_ACTS}:
        raise Refusal("help.expired")
    token = token_of(visit, number)
    after = "requests" if act == Act.REASSIGN.value else here
    if demand.written_before(visit.work, person, token):
        return Go(after, "before")
    sent = [found for slot in range(1, FILES + 1) if (found := visit.files.get(f"file{slot}", ("", b"")))[1]]
    draft = Draft(token=token, case=number, act=act, to=whole(form.get("to", ""))).saying(form.get("text", ""))
    draft = replace(draft, files=tuple(File(0, clean_name(name), picture=False) for name, _ in sent))
    try:
        desk.check(visit.work, person, draft)
    except Refusal as refusal:
        # Nothing was written yet, and what was typed must not be lost with the page.
        said = visit.why(refusal)
        if refusal.code == TOO_SHORT:
            said = visit.voice.line("desk.too_short")
        facts = {"why": said, "kept": draft.text, "back": here}
        return Page("requests_kept.html", facts, status=409)
    draft = replace(draft, files=tuple(_keep(visit, name, body) for name, body in sent))
    reached = desk.send(visit.work, person, draft).reached
    return Go(after, f"sent_{act}" if reached else f"sent_{act}_later")


def _inserted(visit: Visit) -> str:
    """Return the words of the form with the canned reply after them; scripts do it without a visit."""
    one, wish = desk.of(visit.work, visit.person.id, visit.numbers["number"]), whole(visit.form.get("canned", ""))
    found = next((kept.text for kept in desk_canned.offered(visit.work, one) if kept.id == wish), "")
    return "\n".join(words for words in (visit.form.get("text", "").rstrip(), found) if words)


def _keep(visit: Visit, name: str, body: bytes) -> File:
    """Keep a file under the type that its bytes have, whatever its name says."""
    called = clean_name(name)
    return File(attachment.keep(visit.work, called, file_type(body), body), called, picture_type(body) is not None)


@pages.get("requests/{number}/reassign", needs=HANDLES)
def reassign(visit: Visit) -> Result:
    """Offer who else may take it: never the employee, and not whom the employee does not want."""
    one = desk.of(visit.work, visit.person.id, visit.numbers["number"])
    rules.moved(one, Act.REASSIGN, visit.work.now)
    words = visit.query.get("words", "")[:100].strip()
    named = [
        (other.member_id, demand_view.officer(visit.voice, other))
        for other in desk.others(visit.work, visit.person.id, one.id)
    ]
    found = [pair for pair in named if words.lower() in pair[1].lower()]
    facts = {
        "one": one,
        "others": found[:OTHERS],
        "more": len(found) > OTHERS,
        "searched": len(named) > OTHERS or bool(words),
        "asked": words,
        "longest": LONGEST,
    }
    return Page("requests_reassign.html", facts)
