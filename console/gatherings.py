"""Gatherings: the list, opening one, a gathering's page with its people, and what is done there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode

from console import asked
from console.asked import number_in
from console.grammar import Go, Look, Page, Pages, Result, Visit
from console.lists import Rows, later, pieces, saves, sliced
from domain.gathering import LONGEST_TITLE, REASON, Gathering, Line, Mark
from domain.meeting import LeaveReason
from domain.permission import Action
from domain.refusal import Refusal
from services import gathering as service
from services import gathering_list as lists
from services import permission
from services.sheet import Cell

pages = Pages("gatherings")

ROWS = 50
TITLES = ("theme_day", "meeting", "lecture", "activity")
_SUBJECTS = {
    "meeting": ("life/meeting/", Action.PLAN_MEETINGS),
    "activity": ("life/activity/", Action.PLAN_ACTIVITIES),
}


def _state_of(visit: Visit, one: Gathering) -> str:
    if one.is_coming(visit.work.now):
        return "coming"
    return "open" if one.is_open(visit.work.now) else "over"


def _asked(look: Look) -> tuple[str, str]:
    state = look.query.get("state", "open")
    return state if state in lists.STATES else "open", look.query.get("q", "").strip()[:LONGEST_TITLE]


@pages.get("gatherings", needs=Action.GATHER)
def gatherings(visit: Visit) -> Result:
    """List the gatherings that this person may run, and those of meetings and activities of her units."""
    (state, wanted), page = _asked(visit), number_in(visit, "page")
    found = lists.listed(visit.work, visit.person.id, state, wanted, ROWS + 1, page * ROWS)
    ways = {
        noun: address
        for noun, (address, action) in _SUBJECTS.items()
        if permission.may_anywhere(visit.work, visit.person.id, action)
    }
    facts = {
        "state": state,
        "states": lists.STATES,
        "wanted": wanted,
        "rows": [(row, *_address(row.gathering, ways)) for row in found[:ROWS]],
        "at": page,
        "more": len(found) > ROWS,
        "query": urlencode({"state": state, "q": wanted} if wanted else {"state": state}),
    }
    return Page("gatherings.html", facts)


def _address(one: Gathering, ways: Mapping[str, str]) -> tuple[str, str]:
    """Return (where it has its page, what it is the sign-in of); no page for what is run elsewhere by others."""
    noun, _, number = one.subject.partition(":")
    if not noun:
        return f"gatherings/{one.id}", ""
    return (f"{ways[noun]}{number}" if noun in ways else ""), noun


@saves(pages, "gatherings/export", "gatherings", back="gatherings", needs=Action.GATHER)
def export(look: Look) -> Rows:
    """Return the list."""
    (state, wanted), words = _asked(look), look.words("gatherings")

    def line(row: lists.Row) -> list[Cell]:
        one = row.gathering
        moments = [_moment(look, at) for at in (one.opened_at, one.late_at, one.closed_at)]
        return [one.title, one.unit_name, *moments, row.there, row.late, row.by_hand]

    columns = ("name", "unit", "opens", "late_from", "closed", "came", "late", "by_hand")
    count, rows = sliced(
        lambda limit, offset: lists.listed(look.work, look.person.id, state, wanted, limit, offset), line
    )
    header = [words[one] for one in columns]
    return Rows(header, count, rows)


def _moment(look: Look, at: datetime | None) -> str:
    return f"{look.work.organisation.local(at):%Y-%m-%d %H:%M}" if at else ""


@pages.get("gatherings/new", needs=Action.GATHER)
def new(visit: Visit) -> Result:
    """Show the form that opens one."""
    return _form(visit, {"unit": visit.query.get("unit", "")})


def _form(visit: Visit, typed: Mapping[str, str], why: str = "") -> Page:
    wanted = (visit.query.get("q", "") or typed.get("q", "")).strip()[:40]
    places = lists.places(visit.work, visit.person.id, wanted)
    facts = {
        "typed": {**dict.fromkeys(("unit", "title", "day", "opens", "late"), ""), **typed},
        "places": places,
        "wanted": wanted,
        "many": len(places) >= lists.SHOWN_UNITS or bool(wanted),
        "titles": [visit.voice.label(f"gathering.{one}") for one in TITLES],
        "longest": LONGEST_TITLE,
        "today": visit.work.today.isoformat(),
        "why": why,
    }
    return Page("gatherings_new.html", facts, 409 if why else 200)


@pages.post("gatherings/new", needs=Action.GATHER)
def open_one(visit: Visit) -> Result:
    """Open a sign-in, or prepare one; what can't be read comes back in the form."""
    form = visit.form
    try:
        # The service writes last of all: what it refuses has left nothing behind.
        opens, late = _times(visit)
        title = _title(form)
        made = service.open_gathering(visit.work, visit.person.id, number_in(visit, "unit"), title, opens, late)
    except Refusal as refusal:
        if refusal.forget:
            raise
        return _form(visit, form, visit.why(refusal))
    return Go(f"gatherings/{made.id}", "prepared" if made.is_coming(visit.work.now) else "opened")


def _title(form: Mapping[str, str]) -> str:
    title = " ".join(form.get("title", "").split())
    if not title:
        raise Refusal("gathering.no_title")
    return title


def _times(visit: Visit) -> tuple[datetime | None, datetime | None]:
    """Return when it opens and from when one is late; None: as usual."""
    today = visit.work.today.isoformat()
    day = visit.form.get("day", "") or today
    opens, late = (_at(visit, day, visit.form.get(name, "")) for name in ("opens", "late"))
    if opens is None and day != today:
        raise Refusal("gathering.unread_time", words=day[:40])
    if opens is not None and opens < visit.work.now.replace(second=0, microsecond=0):
        raise Refusal("gathering.past")
    return opens, late


def _at(visit: Visit, day: str, clock: str) -> datetime | None:
    if not clock:
        return None
    found = asked.moment(visit, day, clock)
    if found is None:
        raise Refusal("gathering.unread_time", words=f"{day} {clock}"[:40])
    return found


@pages.get("gatherings/{number}", needs=Action.GATHER)
def gathering(visit: Visit) -> Result:
    """Show one to whoever runs it: how it stands, and its people a page at a time."""
    work, person = visit.work, visit.person.id
    found = lists.alone(work, person, visit.numbers["number"])
    state, keeps = _state_of(visit, found), lists.keeps(work, person, found)
    which = visit.query.get("list", "missing" if state == "open" else "there")
    which = which if which in lists.LISTS and (keeps or which != "leave") else "missing"
    wanted, page = visit.query.get("q", "").strip()[:40], number_in(visit, "page")
    people = lists.people(work, person, found, which, wanted, ROWS + 1, page * ROWS)
    facts = {
        "one": found,
        "state": state,
        "late_began": work.now >= found.late_at,
        "now": lists.standing(work, person, found),
        "which": which,
        "lists": [one for one in lists.LISTS if keeps or one != "leave"],
        "keeps": keeps,
        "wanted": wanted,
        "people": [(one, _how(visit, one)) for one in people[:ROWS]],
        "at": page,
        "more": len(people) > ROWS,
        "query": urlencode({"list": which, "q": wanted} if wanted else {"list": which}),
    }
    return Page("gatherings_one.html", facts)


def _how(look: Look, one: Line) -> str:
    """Say how somebody stands."""
    words = look.words("gatherings")
    if one.at is None:
        return _excuse(look, one.reason) if one.mark is Mark.LEAVE else words["not_there"]
    local = look.work.organisation.local(one.at)
    said = [f"{local:%H:%M}"] + [words[mark] for mark in ("late", "by_hand") if getattr(one, mark)]
    if one.mark in {Mark.LATE, Mark.IN_TIME}:
        said.append(words[f"marked_{one.mark.value}"].format(reason=one.reason))
    return " · ".join(said)


def _excuse(look: Look, reason: str) -> str:
    return look.words("gatherings")["excused"].format(reason=look.voice.label(f"attendance.leave_{reason}"))


@saves(pages, "gatherings/{number}/export", "gathering", back="gatherings/{number}", needs=Action.GATHER)
def export_one(look: Look) -> Rows:
    """Return its people: those of one list, or everybody who is expected or was there."""
    found = lists.alone(look.work, look.person.id, look.numbers["number"])
    words, counted = look.words("gatherings"), lists.count(look.work, found)
    which, wanted = look.query.get("list", ""), look.query.get("q", "").strip()[:40]

    def line(one: Line) -> list[str]:
        return [one.name, one.employee_no, words["yes" if one.at else "no"], _moment(look, one.at), _how(look, one)]

    if which in lists.LISTS:
        rows = pieces(
            lambda limit, offset: lists.people(look.work, look.person.id, found, which, wanted, limit, offset), line
        )
    else:
        rows = later(lambda: lists.every_line(look.work, look.person.id, found), line)
    header = [words[name] for name in ("person", "number", "came", "time", "how")]
    return Rows(
        header, counted.expected + counted.there, rows, found.title, look.work.organisation.today(found.opened_at)
    )


@pages.get("gatherings/{number}/mark", needs=Action.GATHER)
def mark(visit: Visit) -> Result:
    """Ask what is to be noted of somebody, and why."""
    work, person = visit.work, visit.person.id
    found = lists.alone(work, person, visit.numbers["number"])
    one = lists.line(work, person, found.id, number_in(visit, "member"))
    facts = {
        "one": found,
        "who": one,
        "how": _how(visit, one),
        "keeps": lists.keeps(work, person, found),
        "reasons": [(why.value, visit.voice.label(f"attendance.leave_{why.value}")) for why in LeaveReason],
        "reason": (REASON.start, REASON.stop - 1),
    }
    return Page("gatherings_mark.html", facts)


def _judge(visit: Visit, number: int, *, late: bool) -> None:
    lists.judge(
        visit.work, visit.person.id, number, number_in(visit, "member"), visit.form.get("reason", ""), late=late
    )


def _excused(visit: Visit, number: int) -> None:
    lists.excuse(visit.work, visit.person.id, number, number_in(visit, "member"), visit.form.get("reason", ""))


DEEDS: dict[str, Callable[[Visit, int], object]] = {
    "discard": lambda visit, number: lists.discard(visit.work, visit.person.id, number),
    "close": lambda visit, number: service.close(visit.work, visit.person.id, number),
    "reopen": lambda visit, number: service.reopen(visit.work, visit.person.id, number),
    "late_now": lambda visit, number: service.late_from_now(visit.work, visit.person.id, number),
    "enter": lambda visit, number: service.enter_for(visit.work, visit.person.id, number, number_in(visit, "member")),
    "excuse": _excused,
    "unmark": lambda visit, number: lists.take_back(visit.work, visit.person.id, number, number_in(visit, "member")),
    "late": lambda visit, number: _judge(visit, number, late=True),
    "in_time": lambda visit, number: _judge(visit, number, late=False),
}
"""By the name that a form carries; each has a notice of its own."""


@pages.post("gatherings/{number}", needs=Action.GATHER)
def do(visit: Visit) -> Result:
    """Do what a form of its page says."""
    number, name = visit.numbers["number"], visit.form.get("deed", "")
    found = lists.alone(visit.work, visit.person.id, number)
    if name == "screen":
        service.to_screen(visit.work, found, visit.person.id)
        return Go(f"gatherings/{number}/screen")
    if name not in DEEDS:
        raise Refusal("gathering.gone")
    DEEDS[name](visit, number)
    if name == "discard":
        return Go("gatherings", name)
    back = visit.form.get("list", "")
    kept = "?" + urlencode({"list": back}) if back in lists.LISTS else ""
    return Go(f"gatherings/{number}{kept}", name)
