"""Meetings in the console: lists by state, the form that plans one, a meeting's page, and its papers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from console.asked import moment, number_in, whole
from console.grammar import Download, Go, Look, Page, Pages, Records, Result, Visit
from console.life_frame import ROWS, framed, year_in
from console.meanwhile import drawn_from
from domain.attendance import KINDS
from domain.meeting import EARLY, LONGEST_PLACE, USUAL_MINUTES, LeaveReason, Meeting, MeetingKind, MeetingState
from domain.member import Unit
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Text
from services import document, meeting_list, meeting_notice, minutes, minutes_closing, minutes_text
from services import meeting as service
from services import meeting_attendance as attendance
from services import meeting_view as view

pages = Pages("life")

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_PAPERS = {"minutes": document.of_minutes, "sign_in": document.sign_in, "notice": document.notice}


@pages.get("life/meetings", needs=Action.PLAN_MEETINGS)
def meetings(visit: Visit) -> Result:
    """List the meetings of a unit and those beneath it (or of all of one's units), a list a group of states."""
    page, (unit, group) = number_in(visit, "page"), list_of(visit)
    found = meeting_list.listed(visit.work, visit.person.id, unit, group, ROWS + 1, page * ROWS)
    facts = {
        "unit": unit,
        "group": group,
        "groups": list(meeting_list.GROUPS),
        "meetings": [(one, kind_name(visit, one.kind), state_name(visit, one)) for one in found[:ROWS]],
        "year": year_in(visit),
        "years": _years(visit),
    }
    return framed(visit, "life_meetings.html", "meetings", {**facts, "page_at": page, "more": len(found) > ROWS})


def list_of(look: Look) -> tuple[Unit | None, str]:
    """Return whose meetings are asked for, and in which list."""
    number, group = whole(look.query.get("unit", "")), look.query.get("list", "coming")
    unit = meeting_list.place(look.work, look.person.id, number) if number else None
    return unit, group if group in meeting_list.GROUPS else "coming"


def _years(visit: Visit) -> list[int]:
    now = visit.work.today.year
    return [now, now - 1, now - 2]


def kind_name(look: Look, kind: MeetingKind) -> str:
    """Return a kind of meeting in words."""
    return look.voice.label(f"meeting.kind_{kind.value}")


def state_name(look: Look, one: Meeting) -> str:
    """Return how far a meeting is, in words."""
    return look.voice.line(f"meeting.state_{one.state.value}")


@pages.get("life/units", needs=Action.PLAN_MEETINGS)
def units(visit: Visit) -> Result:
    """Choose a unit: to plan for (`next=new`), or to see its meetings."""
    wanted, page = visit.query.get("q", "").strip()[:40], number_in(visit, "page")
    found = meeting_list.places(visit.work, visit.person.id, wanted, ROWS + 1, page * ROWS)
    plans = visit.query.get("next") == "new"
    if len(found) == 1 and not wanted and not page:
        return Go(f"life/meetings{'/new' if plans else ''}?unit={found[0].id}")
    facts = {"units": found[:ROWS], "wanted": wanted, "plans": plans}
    return framed(visit, "life_units.html", "meetings", {**facts, "page_at": page, "more": len(found) > ROWS})


@pages.get("life/meetings/new", needs=Action.PLAN_MEETINGS)
def new(visit: Visit) -> Result:
    """Show the form that plans a meeting, once unit and kind are known."""
    number, kind = number_in(visit, "unit"), visit.query.get("kind", "")
    if not number:
        return Go("life/units?next=new")
    unit = service.place(visit.work, visit.person.id, number, kind or None)
    if not kind and len(KINDS[unit.kind]) == 1:
        kind = KINDS[unit.kind][0].value
    if not kind:
        kinds = [(one.value, kind_name(visit, one)) for one in KINDS[unit.kind]]
        return framed(visit, "life_kinds.html", "meetings", {"unit": unit, "kinds": kinds})
    return _form(visit, unit, MeetingKind(kind), _usual(visit, unit, MeetingKind(kind)))


def _usual(visit: Visit, unit: Unit, kind: MeetingKind) -> dict[str, str]:
    """Return what stands in the form at first: a likely time, the last place, the usual agenda."""
    times = service.suggestions(visit.work, unit, kind)
    local = visit.work.organisation.local(times[0]) if times else None
    return {
        "title": "" if kind is MeetingKind.OTHER else kind_name(visit, kind),
        "day": f"{local:%Y-%m-%d}" if local else "",
        "at": f"{local:%H:%M}" if local else "",
        "minutes": str(USUAL_MINUTES[kind]),
        "where": service.last_place(visit.work, unit.id),
        "agenda": visit.voice.line(f"meeting.agenda_{kind.value}"),
        "period": visit.query.get("period", ""),
    }


def _form(visit: Visit, unit: Unit, kind: MeetingKind, typed: Mapping[str, str], why: str = "") -> Page:
    facts = {
        "unit": unit,
        "kind": kind,
        "kind_name": kind_name(visit, kind),
        "typed": {**dict.fromkeys(("title", "day", "at", "minutes", "where", "agenda", "period"), ""), **typed},
        "lengths": meeting_notice.LENGTHS,
        "today": visit.work.today.isoformat(),
        "why": why,
    }
    return framed(visit, "life_plan.html", "meetings", facts, 409 if why else 200)


@pages.post("life/meetings/new", needs=Action.PLAN_MEETINGS)
def plan(visit: Visit) -> Result:
    """Plan a meeting, and send its notice when that was asked for; what can't be read comes back in the form."""
    form, work, person = visit.form, visit.work, visit.person.id
    unit = service.place(work, person, number_in(visit, "unit"), form.get("kind", ""))
    if not form.get("kind"):
        raise Refusal("meeting.no_kind", unit=unit.name)
    kind = MeetingKind(form["kind"])
    service.check_size(work, unit)
    try:
        # All of it is checked before anything is written, so that the form can come back without a trace.
        starts_at, title, where, lines = _checked(visit, kind)
    except Refusal as refusal:
        return _form(visit, unit, kind, form, visit.why(refusal))
    made = service.plan(
        work, person, unit.id, kind.value, title, starts_at,
        where=where, minutes=minutes_in(visit), counts_for=form.get("period", ""), agenda=lines,
    )  # fmt: skip
    if form.get("send"):
        meeting_notice.send(work, person, made.id)
    return Go(f"life/meeting/{made.id}", "sent" if form.get("send") else "planned")


def _checked(visit: Visit, kind: MeetingKind) -> tuple[datetime, str, str, list[str]]:
    title = service.title_of(visit.form.get("title", ""))
    if not title:
        raise Refusal("meeting.empty")
    starts_at = moment_in(visit)
    service.check_time(visit.work, starts_at)
    where = service.short(visit.form.get("where", ""), LONGEST_PLACE, "meeting.long_place")
    lines = visit.form.get("agenda", "").splitlines()
    service.items(kind, lines)
    return starts_at, title, where, lines


def moment_in(visit: Visit) -> datetime:
    """Return the moment of the form's day and time; raises the refusal for what is none."""
    day, at = visit.form.get("day", ""), visit.form.get("at", "")
    found = moment(visit, day, at)
    if found is None:
        raise Refusal("meeting.when_unread", words=f"{day} {at}"[:40])
    return found


def minutes_in(visit: Visit) -> int:
    """Return how long the form says that it takes; 0 for what is no offered length."""
    found = number_in(visit, "minutes")
    return found if found in meeting_notice.LENGTHS else 0


@pages.get("life/meeting/{number}", needs=Action.PLAN_MEETINGS)
def meeting(visit: Visit) -> Result:
    """Show a meeting to whoever runs it."""
    return drawn(visit)


def drawn(visit: Visit, why: str = "") -> Page:
    """Return its page. `why`: what is wrong with the form that came, whose words stay in it."""
    work, person = visit.work, visit.person.id
    found = service.runs(work, person, visit.numbers["number"])
    page, local = number_in(visit, "page"), work.organisation.local(found.starts_at)
    people = meeting_list.rows(work, person, found)
    planned = found.state in minutes.PLANNED
    facts = {
        "one": found,
        "why": why,
        "typed": dict.fromkeys(("deed", "title", "day", "at", "minutes", "where", "what", "words"), "")
        | dict(visit.form),
        "local_day": f"{local:%Y-%m-%d}",
        "local_time": f"{local:%H:%M}",
        "kind_name": kind_name(visit, found.kind),
        "state_name": state_name(visit, found),
        "counted": _counted(visit, found),
        "keeps": service.keeps(work, person, found),
        "people": people[page * ROWS : (page + 1) * ROWS],
        "adjusted": any(one.adjusted for one in people),
        "decidable": found.state in attendance.DECIDABLE,
        "leaves": list(LeaveReason),
        "unreached": meeting_notice.unreached(work, found.id) if planned else [],
        "worries": _worries(visit, found) if planned else [],
        "lengths": sorted({*meeting_notice.LENGTHS, found.minutes}),
        "agenda_lines": "\n".join(service.agenda(work, found.id)),
        "seen": {deed: drawn_from(shown(visit, found, deed)) for deed in ("change", "agenda")},
        "soon": planned and work.now >= found.starts_at - EARLY,
        "begun": work.now >= found.starts_at,
        "page_at": page,
        "more": len(people) > (page + 1) * ROWS,
    }
    return framed(visit, "life_meeting.html", "meetings", facts | _minutes(visit, found), 409 if why else 200)


def shown(visit: Visit, found: Meeting, deed: str) -> dict[str, str]:
    """Return what the form of this deed shows; nothing for a deed that changes nothing shown."""
    if deed == "agenda":
        return {"agenda": "\n".join(service.agenda(visit.work, found.id))}
    if deed == "rewrite":
        point = dict(minutes.agenda_of(visit.work, found).numbered).get(number_in(visit, "place"))
        return {"words": point.text} if point else {}
    local = visit.work.organisation.local(found.starts_at)
    when = {"day": f"{local:%Y-%m-%d}", "at": f"{local:%H:%M}", "minutes": str(found.minutes)}
    return {"title": found.title, **when, "where": found.place} if deed == "change" else {}


def _counted(visit: Visit, found: Meeting) -> list[str]:
    """Say who should come while it is planned, and later who came and whether they are enough."""
    work, voice = visit.work, visit.voice
    if found.state in minutes.PLANNED:
        return [view.expected(voice, service.attending(work, found.id), service.counts(work, found))]
    if found.state is MeetingState.CANCELLED:
        return []
    return [block.plain for block in view.counted(work, voice, found) if isinstance(block, Text)]


def _worries(visit: Visit, found: Meeting) -> list[str]:
    """Say what should be known before the notice goes out."""
    work, voice = visit.work, visit.voice
    blocks = view.worries(work, voice, found.unit_id, found.starts_at, found.minutes, found.id)
    if found.state is MeetingState.DRAFT:
        blocks += view.delay(work, voice, found)
    return [block.plain for block in blocks if isinstance(block, Text)]


def _minutes(visit: Visit, found: Meeting) -> dict[str, object]:
    """Return agenda, votes, text, corrections and addenda."""
    work, voice = visit.work, visit.voice
    agenda = minutes.agenda_of(work, found)
    closed = found.state is MeetingState.CLOSED
    written = found.state in {*minutes.GOING_ON, *minutes.READABLE}
    shown = found.state in minutes.READABLE or found.corrections_until is not None
    return {
        "items": [(item, minutes_text.vote_words(work, voice, found, item)) for item in agenda.items],
        "at_hand": agenda.at_hand,
        "points": [(at, point, drawn_from({"words": point.text})) for at, point in agenda.numbered],
        "text": minutes_text.compose(work, found) if written else "",
        "stands": minutes_closing.standing(work, found) if shown else None,
        "addenda": minutes_closing.addenda(work, found) if closed else [],
        "intact": not closed or minutes_closing.intact(work, found),
    }


@pages.get("life/meeting/{number}/paper", needs=Action.PLAN_MEETINGS)
def paper(visit: Visit) -> Result:
    """Give minutes, sign-in sheet or notice as DOCX."""
    kind = visit.query.get("kind", "")
    if kind not in _PAPERS:
        raise Refusal("minutes.not_yours")
    made = _PAPERS[kind](visit.work, visit.person.id, visit.numbers["number"])
    return Download(made.name, DOCX, made.body, Records("paper", 1))
