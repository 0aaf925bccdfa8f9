"""What those who are called are told: the notice, what changed, that it is off, a reminder; and the calendar file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from content import Voice
from domain.call import call
from domain.meeting import LONGEST_PLACE, LONGEST_TITLE, Answer, Attendee, Meeting, MeetingState
from domain.refusal import Refusal
from domain.reply import Block, Choices, Document, Personal, Reply
from domain.schedule import Rule
from services import attachment, calendar, gathering, ics, post, timetable
from services import meeting as service
from services import meeting_view as view
from services.work import Work
from storage import address
from storage import attendee as attendees
from storage import campaign as campaigns
from storage import meeting as table
from storage import meeting_view as table_view

TICK = "meeting.look"
REMIND_AT = "16:00"
"""On the workday before, when the day's own notices are out and tomorrow is being planned."""
KIND, LEAVE = "meeting", "meeting_leave"
FILE = "event.ics"
LENGTHS = (30, 45, 60, 90, 120, 180)
"""How many minutes a meeting may be said to take."""


def prepare(work: Work) -> None:
    """Write the schedule: one look every workday."""
    timetable.keep(work, TICK, Rule("workdays", at=REMIND_AT))


def send(work: Work, member_id: int, number: int) -> Meeting:
    """Send the notice to everybody who is called; whoever sends it has received it."""
    found = service.runs(work, member_id, number)
    service.demand_state(found, MeetingState.DRAFT)
    service.check_time(work, found.starts_at)
    if not table.change(work.connection, number, [MeetingState.DRAFT], state=MeetingState.CALLED.value):
        raise Refusal("meeting.not_now", title=found.title)
    attendees.change(
        work.connection, number, member_id, answer=Answer.RECEIVED.value, answered_at=work.now, decided_by=None
    )
    found = service.get(work, number)
    people = [one.member_id for one in service.attending(work, number) if one.member_id != member_id]
    _notify(work, found, people, "meeting.notice")
    return found


def _notify(work: Work, found: Meeting, people: Iterable[int], code: str, changes: Sequence[Change] = ()) -> None:
    def compose(voice: Voice) -> Reply:
        first = [voice.say(code)] if not changes else [voice.say(code, changes=_listed(work, voice, changes))]
        ask = voice.say("meeting.please_answer")
        return Reply((*first, *view.said(work, voice, found), ask, view.answers(voice, found)), personal=Personal.OWN)

    posted = post.push(work, people, KIND, compose, subject=service.subject(found.id))
    if posted.campaign is not None:
        table.change(work.connection, found.id, table.OPEN_STATES, campaign_id=posted.campaign)


Change = tuple[str, "datetime | str", "datetime | str"]
"""(what, before, after) of one thing that was changed."""


def _listed(work: Work, voice: Voice, changes: Sequence[Change]) -> str:
    def words(value: datetime | str) -> str:
        if isinstance(value, datetime):
            return voice.moment(work.organisation.local(value))
        return value or voice.line("meeting.nowhere")

    return "\n".join(
        voice.line(f"meeting.changed_{what}", before=words(before), after=words(after))
        for what, before, after in changes
    )


def change(
    work: Work,
    member_id: int,
    number: int,
    *,
    starts_at: datetime | None = None,
    where: str | None = None,
    title: str | None = None,
    minutes: int | None = None,
) -> Meeting:
    """Change a meeting; after the notice everybody is told what changed, and asked again when it is the time."""
    found = service.runs(work, member_id, number)
    service.demand_state(found, MeetingState.DRAFT, MeetingState.CALLED)
    values: dict[str, object] = {}
    changes: list[Change] = []
    if starts_at is not None and starts_at != found.starts_at:
        service.check_time(work, starts_at)
        values["starts_at"] = starts_at
        changes.append(("time", found.starts_at, starts_at))
    if where is not None and where != found.place:
        values["place"] = service.short(where, LONGEST_PLACE, "meeting.long_place")
        changes.append(("place", found.place, where))
    if title is not None and title != found.title:
        values["title"] = service.short(title, LONGEST_TITLE, "meeting.long_title")
        changes.append(("title", found.title, title))
    if minutes is not None and minutes != found.minutes:
        if minutes not in LENGTHS:
            raise Refusal("help.expired")
        values["minutes"] = minutes
        changes.append(("minutes", str(found.minutes), str(minutes)))
    if not changes:
        return found
    told = found.state is MeetingState.CALLED
    if not table.change(work.connection, number, [found.state], told=told, **values):
        raise Refusal("meeting.not_now", title=found.title)
    fresh = service.get(work, number)
    if told:
        if "starts_at" in values:
            # A yes and a leave were said of the other time.
            attendees.ask_again(work.connection, number, member_id)
        people = [one.member_id for one in service.attending(work, number) if one.member_id != member_id]
        _notify(work, fresh, people, "meeting.changed", changes)
    return fresh


def cancel(work: Work, member_id: int, number: int) -> Meeting:
    """Cancel a meeting that has not begun; whoever had the notice is told, with the file that takes it out again."""
    found = service.runs(work, member_id, number)
    service.demand_cancellable(work, found)
    told = found.state is not MeetingState.DRAFT
    if not table.change(work.connection, number, [found.state], told=told, state=MeetingState.CANCELLED.value):
        raise Refusal("meeting.not_now", title=found.title)
    sign_in = gathering.of_subject(work, service.subject(number))
    if sign_in is not None:
        gathering.finish(work, sign_in)
    fresh = service.get(work, number)
    if told:
        people = [one.member_id for one in service.attending(work, number) if one.member_id != member_id]
        kept = file(work, fresh)

        def compose(voice: Voice) -> Reply:
            moment = voice.moment(work.organisation.local(fresh.starts_at))
            off = voice.say("meeting.off", title=fresh.title, unit=fresh.unit_name, moment=moment)
            return Reply((off, Document(kept, FILE)), personal=Personal.OWN)

        post.push(work, people, KIND, compose, subject=service.subject(number))
    return fresh


def tell_agenda(work: Work, member_id: int, number: int) -> int:
    """Tell those called of the agenda as it is now, once for each agenda; returns how many."""
    table_view.lock(work.connection, number)
    found = service.runs(work, member_id, number)
    service.demand_state(found, MeetingState.CALLED)
    digest = hashlib.sha256("\n".join(service.agenda(work, number)).encode()).hexdigest()[:12]
    about = f"{service.subject(number)}:agenda:{digest}"
    if campaigns.about(work.connection, [KIND], about):
        raise Refusal("meeting_change.agenda_told")
    table.change(work.connection, number, [MeetingState.CALLED], told=True)
    fresh = service.get(work, number)
    people = [one.member_id for one in service.attending(work, number) if one.member_id != member_id]

    def compose(voice: Voice) -> Reply:
        first = voice.say("meeting_change.agenda_news")
        return Reply((first, *view.said(work, voice, fresh), view.answers(voice, fresh)), personal=Personal.OWN)

    return post.push(work, people, KIND, compose, subject=about).letters


def file(work: Work, meeting: Meeting, *, off: bool = False) -> int:
    """Return the calendar file of a meeting as it is now, as an attachment. `off`: for whoever need not come."""
    occasion = ics.Occasion(
        meeting.uid,
        meeting.sequence,
        f"{meeting.title} · {meeting.unit_name}",
        meeting.place,
        meeting.starts_at,
        meeting.minutes,
        "\n".join(service.agenda(work, meeting.id)),
        cancelled=off or meeting.state is MeetingState.CANCELLED,
    )
    return attachment.keep(work, FILE, ics.MIME, ics.write(work, occasion))


def tell(work: Work, meeting: Meeting, member_id: int, code: str) -> None:
    """Send one person the notice (`meeting.notice`), or say that she need not come (any other sentence)."""
    if code == "meeting.notice":
        _notify_one(work, meeting, member_id)
        return
    kept = file(work, meeting, off=True)

    def compose(voice: Voice) -> Reply:
        moment = voice.moment(work.organisation.local(meeting.starts_at))
        facts = {"title": meeting.title, "unit": meeting.unit_name, "moment": moment}
        return Reply((voice.say(code, **facts), Document(kept, FILE)), personal=Personal.OWN)

    post.push(work, [member_id], KIND, compose, subject=service.subject(meeting.id))


def _notify_one(work: Work, meeting: Meeting, member_id: int) -> None:
    def compose(voice: Voice) -> Reply:
        ask = voice.say("meeting.please_answer")
        first = voice.say("meeting.notice")
        return Reply(
            (first, *view.said(work, voice, meeting), ask, view.answers(voice, meeting)), personal=Personal.OWN
        )

    post.push(work, [member_id], KIND, compose, subject=service.subject(meeting.id))


def unreached(work: Work, number: int) -> list[str]:
    """Return the names of those who get no notice, having no account bound or not having agreed to have one."""
    people = service.attending(work, number)
    reached = address.reachable(work.connection, [one.member_id for one in people])
    return [one.name for one in people if one.member_id not in reached]


def waiting(work: Work, number: int) -> list[Attendee]:
    """Return who has not answered yet."""
    return [one for one in service.attending(work, number) if one.answer is Answer.NONE]


def nudge(work: Work, member_id: int, number: int) -> int:
    """Remind who has not answered, once a day at most; returns how many."""
    found = service.runs(work, member_id, number)
    service.demand_state(found, MeetingState.CALLED)
    about = f"{service.subject(number)}:nudge"
    earlier = campaigns.about(work.connection, [KIND], about)
    if earlier and work.organisation.today(campaigns.get(work.connection, earlier[-1])["created_at"]) == work.today:
        raise Refusal("meeting.nudged_today")
    people = [one.member_id for one in waiting(work, number)]

    def compose(voice: Voice) -> Reply:
        first = voice.say("meeting.nudge")
        return Reply((first, *view.said(work, voice, found), view.answers(voice, found)), personal=Personal.OWN)

    return post.push(work, people, KIND, compose, subject=about).letters if people else 0


def remind(work: Work) -> None:
    """Remind of what is before the end of the next workday, unless its notice is of today."""
    last = _next_workday(work, work.today) + timedelta(days=1)
    first = work.today + timedelta(days=1)
    moments = (work.organisation.start_of(first), work.organisation.start_of(last))
    for one in table.between(work.connection, *moments):
        if one.state is MeetingState.CALLED and not _told_today(work, one):
            _remind(work, one)


def _next_workday(work: Work, day: date) -> date:
    following = day + timedelta(days=1)
    while not calendar.is_workday(work, following):
        following += timedelta(days=1)
    return following


def _told_today(work: Work, meeting: Meeting) -> bool:
    number = table.campaign_of(work.connection, meeting.id)
    if number is None:
        return False
    return work.organisation.today(campaigns.get(work.connection, number)["created_at"]) == work.today


def _remind(work: Work, meeting: Meeting) -> None:
    away = (Answer.LEAVE_GRANTED, Answer.LEAVE_ASKED)
    people = [one.member_id for one in service.attending(work, meeting.id) if one.answer not in away]

    def compose(voice: Voice) -> Reply:
        moment = voice.moment(work.organisation.local(meeting.starts_at))
        facts = {"title": meeting.title, "unit": meeting.unit_name, "moment": moment}
        blocks: list[Block] = [voice.say("meeting.remind", **facts)]
        if meeting.place:
            blocks.append(voice.say("meeting.where", place=meeting.place))
        look = voice.button("meeting.look", call("meeting.show", meeting.id))
        return Reply((*blocks, Choices(((look,),))), personal=Personal.OWN)

    post.push(work, people, KIND, compose, subject=f"{service.subject(meeting.id)}:remind")
