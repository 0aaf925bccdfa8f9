"""Coming to a meeting: who should otherwise than by the rule, answers and leave, sign-in and its end."""

from __future__ import annotations

from dataclasses import dataclass, replace

from content import Voice
from domain.attendance import PARTY
from domain.call import call
from domain.gathering import USUAL_GRACE, Gathering
from domain.meeting import (
    BELATED,
    EARLY,
    REASON,
    Answer,
    Attendee,
    Duty,
    LeaveReason,
    Meeting,
    MeetingKind,
    MeetingState,
)
from domain.member import Person
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Choices, Personal, Reply
from services import gathering, meeting_notice, permission, post
from services import meeting as service
from services import member as people
from services.work import Work
from storage import attendee as attendees
from storage import audit
from storage import gathering as gatherings
from storage import meeting as table
from storage import member as members

BEFORE_END = (MeetingState.DRAFT, MeetingState.CALLED, MeetingState.OPEN)
DECIDABLE = (MeetingState.CALLED, MeetingState.OPEN, MeetingState.HELD)
"""Until the minutes go round a leave can still be decided."""


def mine(work: Work, member_id: int, number: int) -> tuple[Meeting, Attendee]:
    """Return a meeting that this person was told of, with how she stands to it; to others it does not exist."""
    found = table.get(work.connection, number)
    one = attendees.get(work.connection, number, member_id)
    if found is None or one is None or found.state is MeetingState.DRAFT:
        raise Refusal("meeting.gone")
    return found, one


def receive(work: Work, member_id: int, number: int) -> Attendee:
    """Note that the notice has arrived and she comes; a leave that she asked for is taken back by it."""
    found, _ = mine(work, member_id, number)
    service.demand_state(found, *table.TOLD)
    values = {"answer": Answer.RECEIVED.value, "answered_at": work.now, "leave": "", "decided_by": None}
    attendees.change(work.connection, number, member_id, **values)
    return mine(work, member_id, number)[1]


def ask_leave(work: Work, member_id: int, number: int, reason: str) -> Attendee:
    """Ask for leave, for one of the three reasons; the chair alone is told."""
    found, one = mine(work, member_id, number)
    service.demand_state(found, *table.TOLD)
    if member_id == found.chair_id:
        raise Refusal("meeting.chair_leave")
    if reason not in set(LeaveReason):
        raise Refusal("meeting.gone")
    if any(there.member_id == member_id for there in service.present(work, number)):
        raise Refusal("meeting.already_there")
    if one.answer in {Answer.LEAVE_ASKED, Answer.LEAVE_GRANTED}:
        return one
    values = {"answer": Answer.LEAVE_ASKED.value, "answered_at": work.now, "leave": reason, "decided_by": None}
    attendees.change(work.connection, number, member_id, **values)

    def compose(voice: Voice) -> Reply:
        why = voice.label(f"attendance.leave_{reason}")
        moment = voice.moment(work.organisation.local(found.starts_at))
        words = voice.say("meeting.leave_asked", name=one.name, why=why, title=found.title, moment=moment)
        row = tuple(
            voice.button(f"attendance.{verb}", call("attendance.decide", number, member_id, yes), name=one.name)
            for verb, yes in (("grant", 1), ("refuse", 0))
        )
        return Reply((words, Choices((row,))), personal=Personal.MEMBERSHIP)

    post.push(work, [found.chair_id], meeting_notice.LEAVE, compose, subject=service.subject(number))
    return mine(work, member_id, number)[1]


def decide(work: Work, by: int, number: int, member_id: int, *, grant: bool) -> Attendee:
    """Grant or refuse a leave; she is told."""
    found = service.runs(work, by, number)
    if not service.keeps(work, by, found):
        raise Refusal("meeting.gone")
    service.demand_state(found, *DECIDABLE)
    answer = Answer.LEAVE_GRANTED if grant else Answer.LEAVE_REFUSED
    values = {"answer": answer.value, "decided_by": by}
    if not attendees.change(work.connection, number, member_id, Answer.LEAVE_ASKED, **values):
        raise Refusal("meeting.leave_settled")
    _, one = mine(work, member_id, number)

    def compose(voice: Voice) -> Reply:
        moment = voice.moment(work.organisation.local(found.starts_at))
        words = voice.say(f"meeting.told_{answer.value}", title=found.title, moment=moment)
        look = voice.button("meeting.look", call("meeting.show", number))
        return Reply((words, Choices(((look,),))), personal=Personal.OWN)

    post.push(work, [member_id], meeting_notice.LEAVE, compose, subject=service.subject(number))
    return one


def excuse(work: Work, by: int, number: int, member_id: int, reason: str) -> Attendee:
    """Note a leave that somebody told of by word of mouth, for one of the three reasons; she is told.

    `decided_by` says who noted it; the audit trail does not, since whoever reads that may not know of leaves.
    """
    found = service.runs(work, by, number)
    if not service.keeps(work, by, found) or reason not in set(LeaveReason):
        raise Refusal("meeting.gone")
    service.demand_state(found, *DECIDABLE)
    if member_id == found.chair_id:
        raise Refusal("meeting.chair_leave")
    _, one = mine(work, member_id, number)
    if any(there.member_id == member_id for there in service.present(work, number)):
        raise Refusal("meeting.there_already", name=one.name)
    values = {"answer": Answer.LEAVE_GRANTED.value, "answered_at": work.now, "leave": reason, "decided_by": by}
    attendees.change(work.connection, number, member_id, **values)

    def compose(voice: Voice) -> Reply:
        why, moment = voice.label(f"attendance.leave_{reason}"), voice.moment(work.organisation.local(found.starts_at))
        words = voice.say("meeting.told_leave_noted", title=found.title, moment=moment, why=why)
        look = voice.button("meeting.look", call("meeting.show", number))
        return Reply((words, Choices(((look,),))), personal=Personal.OWN)

    if one.answer is not Answer.LEAVE_GRANTED or one.leave != reason:
        post.push(work, [member_id], meeting_notice.LEAVE, compose, subject=service.subject(number))
    return mine(work, member_id, number)[1]


def find(work: Work, by: int, number: int, words: str) -> list[Person]:
    """Return who is meant by a name or a number, to be called to a meeting; else who is alike among one's own."""
    service.demand_state(service.runs(work, by, number), *BEFORE_END)
    return people.meant(work, words, permission.scope(work, by, Action.PLAN_MEETINGS))


def one_of(work: Work, number: int, member_id: int) -> Attendee | None:
    """Return how somebody stands to a meeting; None: she is not called."""
    return attendees.get(work.connection, number, member_id)


def adjust(work: Work, by: int, number: int, member_id: int, duty: Duty | None, reason: str) -> Meeting:
    """Call somebody otherwise than the rule does, or (None) not at all, for a reason that is kept."""
    found = service.runs(work, by, number)
    service.demand_state(found, *BEFORE_END)
    why = " ".join(reason.split())
    service.check_secrecy(why)
    if len(why) not in REASON:
        raise Refusal("meeting.reason_length", least=REASON.start, longest=REASON.stop - 1)
    person = members.get(work.connection, member_id)
    if person is None:
        raise Refusal("meeting.gone")
    party = found.kind is not MeetingKind.OTHER
    if duty is Duty.SHOULD and party and not members.standings_of(work.connection, member_id) & set(PARTY):
        # 应到 is the base of Party members' rates: whoever is none of them is welcome as a guest.
        raise Refusal("meeting.guest_alone", name=person.name)
    known = attendees.get(work.connection, number, member_id)
    if duty is None:
        _take_out(work, found, known)
    else:
        _put(work, by, found, person, duty, why, known)
    # The reason stands with her row, for those who run the meeting; the trail has it only where no row is left.
    deed = {"meeting": number, "duty": duty.value if duty else "", "reason": "" if duty else why}
    audit.note(work.connection, work.now, by, "attendance.adjust", member_id, **deed)
    return found


def _take_out(work: Work, found: Meeting, known: Attendee | None) -> None:
    if known is None:
        raise Refusal("meeting.gone")
    if found.state is MeetingState.OPEN:
        # Whoever stands in the list of an open sign-in may be there already.
        raise Refusal("meeting.open_already")
    attendees.remove(work.connection, found.id, known.member_id)
    if found.state is MeetingState.CALLED:
        # Her calendar takes the file only when it is newer than the one that she has.
        table.change(work.connection, found.id, [found.state], told=True)
        meeting_notice.tell(work, service.get(work, found.id), known.member_id, "meeting.not_called")


def _put(work: Work, by: int, found: Meeting, person: Person, duty: Duty, why: str, known: Attendee | None) -> None:
    day = work.organisation.today(found.starts_at)
    rule = {one.member_id: one for one in service.summon(work, service.unit_of(work, found), found.kind, day)}
    votes = duty is not Duty.GUEST and person.id in rule and rule[person.id].votes
    code = rule[person.id].reason if person.id in rule and duty is not Duty.GUEST else "adjusted"
    if known is None:
        fresh = Attendee(person.id, person.name, duty, votes, code, adjusted=why)
        attendees.write(work.connection, found.id, [fresh])
        if found.state is MeetingState.CALLED:
            meeting_notice.tell(work, found, person.id, "meeting.notice")
    values = {"duty": duty.value, "votes": votes, "reason": code, "adjusted": why, "adjusted_by": by}
    attendees.change(work.connection, found.id, person.id, **values)
    sign_in = gathering.of_subject(work, service.subject(found.id))
    if sign_in is not None:
        gatherings.call_people(work.connection, sign_in.id, [person.id])


def recount(work: Work, by: int, number: int) -> Meeting:
    """Apply the rule to today's roster again; whoever was set otherwise by hand stays so."""
    found = service.runs(work, by, number)
    service.demand_state(found, MeetingState.DRAFT, MeetingState.CALLED)
    day = work.organisation.today(found.starts_at)
    rule = {one.member_id: one for one in service.summon(work, service.unit_of(work, found), found.kind, day)}
    known = {one.member_id: one for one in service.attending(work, number)}
    for one in known.values():
        if one.adjusted:
            continue
        if one.member_id not in rule:
            _take_out(work, found, one)
            continue
        fresh = rule[one.member_id]
        values = {"duty": fresh.duty.value, "votes": fresh.votes, "reason": fresh.reason}
        attendees.change(work.connection, number, one.member_id, **values)
    new = [one for one in rule.values() if one.member_id not in known]
    attendees.write(work.connection, number, new)
    for one in new if found.state is MeetingState.CALLED else ():
        meeting_notice.tell(work, found, one.member_id, "meeting.notice")
    return found


def open_sign_in(work: Work, by: int, number: int) -> Gathering:
    """Open the sign-in of a meeting, called by a notice or not; opened before, it is returned."""
    found = service.runs(work, by, number)
    service.demand_state(found, *BEFORE_END)
    local = work.organisation.local
    if found.state is not MeetingState.OPEN and work.now < found.starts_at - EARLY:
        raise Refusal("meeting.too_early", since=f"{local(found.starts_at - EARLY):%m-%d %H:%M}")
    if found.state is not MeetingState.OPEN and work.now > found.starts_at + BELATED:
        raise Refusal("meeting.too_late")
    before = [MeetingState.DRAFT, MeetingState.CALLED]
    if table.change(work.connection, number, before, state=MeetingState.OPEN.value, opened_at=work.now):
        audit.note(work.connection, work.now, by, "meeting.start", None, meeting=number, unit=found.unit_id)
        people = [one.member_id for one in service.attending(work, number)]
        late_at = max(found.starts_at, work.now) + USUAL_GRACE
        unit = service.unit_of(work, found)
        return gathering.open_listed(work, by, unit, found.title, service.subject(number), people, late_at)
    return sign_in_of(work, number)


def sign_in_of(work: Work, number: int) -> Gathering:
    """Return the sign-in of a meeting; raises the refusal while there is none."""
    found = gathering.of_subject(work, service.subject(number))
    if found is None:
        raise Refusal("meeting.not_open")
    return found


def missing(work: Work, by: int, number: int) -> list[Attendee]:
    """Return who is called and not there: those who should first, then those on leave, then the others.

    To whoever may not know of leaves nobody is on leave.
    """
    keeps = service.keeps(work, by, service.runs(work, by, number))
    there = {one.member_id for one in service.present(work, number)}
    people = [one for one in service.attending(work, number) if one.member_id not in there]
    order = {Duty.SHOULD: 0, Duty.NOT_REQUIRED: 2, Duty.GUEST: 3}
    if not keeps:
        people = [replace(one, answer=Answer.NONE, leave=None) for one in people]
    return sorted(people, key=lambda one: 1 if one.answer is Answer.LEAVE_GRANTED else order[one.duty])


def enter_by_hand(work: Work, by: int, number: int, member_id: int) -> None:
    """Sign somebody in from the list (代签); whoever runs the meeting signs herself in so without the mark."""
    found = service.runs(work, by, number)
    service.demand_state(found, MeetingState.OPEN)
    sign_in = sign_in_of(work, number)
    if not sign_in.is_open(work.now):
        raise Refusal("gathering.closed")
    if attendees.get(work.connection, number, member_id) is None:
        raise Refusal("meeting.gone")
    gathering.enter(work, sign_in, member_id, None if member_id == by else by)


def end(work: Work, by: int, number: int) -> Meeting:
    """End a meeting; once its time has come; one whose sign-in was never opened was held without."""
    found = service.runs(work, by, number)
    service.demand_state(found, *BEFORE_END)
    if work.now < found.starts_at:
        raise Refusal("meeting.not_yet")
    if not table.change(work.connection, number, [found.state], state=MeetingState.HELD.value, ended_at=work.now):
        raise Refusal("meeting.not_now", title=found.title)
    audit.note(work.connection, work.now, by, "meeting.end", None, meeting=number, unit=found.unit_id)
    sign_in = gathering.of_subject(work, service.subject(number))
    if sign_in is not None:
        gathering.finish(work, sign_in)
    return service.get(work, number)


@dataclass(frozen=True, slots=True)
class Asked:
    """A meeting that has leaves waiting for this person's answer."""

    meeting: Meeting
    count: int


def asked(work: Work, member_id: int) -> list[Asked]:
    """Return the meetings of whoever chairs them in which somebody waits for an answer to a leave."""
    running = [one for one in service.running(work, member_id, 50) if one.state in DECIDABLE]
    waiting = attendees.asking(work.connection, [one.id for one in running]) if running else {}
    return [Asked(one, waiting[one.id]) for one in running if one.id in waiting and service.keeps(work, member_id, one)]
