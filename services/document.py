"""Documents of a meeting on request: its minutes, its sign-in sheet, its notice, each filled into a DOCX template."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from content import Voice
from content import voice as voice_of
from domain.meeting import Answer, Attendee, Duty, Meeting, MeetingState
from domain.refusal import Refusal
from services import attachment, document_template, minutes, minutes_closing, minutes_text, words
from services.work import Work
from storage import meeting_view as meetings
from storage import member as members
from storage.meeting_view import There

_HEAD = re.compile(r"([一二三四五六七八九十]{1,3}、|\d{1,2}\. |其他$|Other matters$)")
_NO_NAME = re.compile(r"[^\w.·（）()-]+")


Leaves = Callable[[Meeting], bool]
"""Whether a sheet of this meeting may say who was on leave."""


def of_none(_meeting: Meeting) -> bool:
    """Let no sheet say who was on leave."""
    return False


@dataclass(frozen=True, slots=True)
class Made:
    """A document that was made: its file's name and its bytes."""

    name: str
    body: bytes


def of_minutes(work: Work, member_id: int, number: int) -> Made:
    """Return the minutes of a meeting for whoever may read them; closed ones word for word as they were closed."""
    return make(work, "minutes", minutes.readable(work, member_id, number))


def sign_in(work: Work, member_id: int, number: int, leaves: Leaves = of_none) -> Made:
    """Return the sign-in sheet for whoever writes the minutes. `leaves`: of which meetings they may know of leaves."""
    found = minutes.managed(work, member_id, number)
    return make(work, "sign_in", found, leaves=leaves(found))


def notice(work: Work, member_id: int, number: int) -> Made:
    """Return the notice of a meeting for whoever writes its minutes."""
    found = minutes.managed(work, member_id, number)
    if found.state is MeetingState.CANCELLED:
        raise Refusal("minutes.is_cancelled")
    return make(work, "notice", found)


def make(work: Work, kind: str, meeting: Meeting, *, leaves: bool = False) -> Made:
    """Return a document of a meeting; whoever calls this has looked at permissions.

    `leaves`: a sign-in sheet says who was on leave; without, whoever is absent is absent.
    """
    template = document_template.template_of(work, meeting.path, kind)
    facts = facts_of(work, kind, meeting, leaves=leaves)
    return Made(name_of(work, meeting, kind), document_template.fill(template, facts))


def name_of(work: Work, meeting: Meeting, kind: str, suffix: str = "docx") -> str:
    """Return a file's name: day, title, kind and the meeting's number, with nothing in it that a disk dislikes."""
    day = work.organisation.local(meeting.starts_at).date().isoformat()
    words = voice_of(work.organisation.language).label(f"document.{kind}")
    title = _NO_NAME.sub("_", meeting.title).strip("._") or "meeting"
    return f"{day}-{title[:40]}-{words}-{meeting.id}.{suffix}"


def facts_of(work: Work, kind: str, meeting: Meeting, *, leaves: bool = False) -> dict[str, Any]:
    """Return what a template of this kind may name. `leaves`: who was on leave too."""
    voice = voice_of(work.organisation.language)
    names = members.names_of(work.connection, (meeting.chair_id, meeting.created_by))
    facts: dict[str, Any] = {
        "organisation": work.organisation.name,
        "unit": meeting.unit_name,
        "title": meeting.title,
        "when": minutes_text.when_of(work, voice, meeting),
        "place": meeting.place or minutes_text.NONE_THERE,
        "chair": names[meeting.chair_id],
        "recorder": names[meeting.created_by],
        "today": voice.day(work.today),
    }
    if kind == "sign_in":
        return facts | _sheet(work, voice, meeting, leaves=leaves)
    return facts | (_minutes if kind == "minutes" else _notice)(work, voice, meeting)


def _minutes(work: Work, voice: Voice, meeting: Meeting) -> dict[str, Any]:
    words = minutes_text.compose(work, meeting)
    heading, *rest = words.splitlines() or [""]
    closed = meeting.state is MeetingState.CLOSED
    there = minutes_text.attendance(work, meeting.id)
    added = minutes_closing.addenda(work, meeting) if closed else []
    return {
        "heading": heading,
        "status": "" if closed else voice.line("document.draft"),
        "lines": [SimpleNamespace(text=line, head=bool(_HEAD.match(line))) for line in rest],
        "should": there.should,
        "came": there.came,
        "leave": there.leave,
        "absent": there.absent,
        "present": "、".join(there.present),
        "guests": "、".join(there.guests),
        "digest": meeting.digest,
        "addenda": [
            SimpleNamespace(at=voice.moment(work.organisation.local(one.at)), name=one.name, text=one.text)
            for one in added
        ],
    }


def _sheet(work: Work, voice: Voice, meeting: Meeting, *, leaves: bool) -> dict[str, Any]:
    people = meetings.attendees(work.connection, meeting.id)
    named = words.in_order(people, lambda one: one.name)
    there = meetings.there(work.connection, meeting.id)
    counted = minutes_text.counted(people, there)
    over = meeting.state not in (*minutes.PLANNED, MeetingState.OPEN)
    away = voice.label("document.not_there") if over else ""
    rows = [
        SimpleNamespace(
            place=place,
            name=one.name,
            duty=voice.label(f"document.duty_{one.duty.value}"),
            came=_came(work, voice, one, there.get(one.member_id), leaves=leaves) or away,
        )
        for place, one in enumerate(sorted(named, key=lambda one: list(Duty).index(one.duty)), 1)
    ]
    facts = {"should": counted.should, "came": counted.came, "leave": counted.leave, "absent": counted.absent}
    held = meeting.state not in minutes.PLANNED
    return {"people": rows, "counts": voice.line("minutes.text_counts", **facts) if held else ""}


def _came(work: Work, voice: Voice, one: Attendee, there: There | None, *, leaves: bool) -> str:
    """Return when somebody signed in, with its marks; of leave the word alone and never its reason, if even that."""
    if there is None or there.at is None:
        return voice.label("document.on_leave") if leaves and one.answer is Answer.LEAVE_GRANTED else ""
    marks = [f"{work.organisation.local(there.at):%H:%M}"]
    marks += [voice.label("document.late")] if there.late else []
    marks += [voice.label("document.by_hand")] if there.by_hand else []
    return " ".join(marks)


def _notice(work: Work, _voice: Voice, meeting: Meeting) -> dict[str, Any]:
    agenda = minutes.agenda_of(work, meeting)
    return {"items": [SimpleNamespace(place=place, title=item.title) for place, item in enumerate(agenda.items, 1)]}


def sample(work: Work, kind: str) -> dict[str, Any]:
    """Return made-up facts of a kind, with which a template is tried."""
    words = dict.fromkeys(("organisation", "unit", "title", "when", "place", "chair", "recorder", "today"), "示例")
    if kind == "minutes":
        counts = dict.fromkeys(("should", "came", "leave", "absent"), 1)
        added = [SimpleNamespace(at="示例", name="示例", text="示例")]
        lines = [SimpleNamespace(text="示例", head=True), SimpleNamespace(text="示例", head=False)]
        texts = dict.fromkeys(("heading", "status", "present", "guests", "digest"), "示例")
        return {**words, **counts, **texts, "lines": lines, "addenda": added}
    if kind == "sign_in":
        one = SimpleNamespace(place=1, name="示例", duty="示例", came=f"{work.organisation.local(work.now):%H:%M}")
        return {**words, "people": [one], "counts": "示例"}
    return {**words, "items": [SimpleNamespace(place=1, title="示例")]}


def keep(work: Work, made: Made, mime: str = document_template.DOCX) -> int:
    """Keep a document that is to be sent; returns the attachment's id."""
    return attachment.keep(work, made.name, mime, made.body)
