"""The text of the minutes, composed from attendance, agenda and points in the organisation's language."""

from __future__ import annotations

from dataclasses import dataclass

from content import Voice
from content import voice as voice_of
from domain.meeting import Answer, Attendee, Duty, Meeting
from domain.minutes import Item
from domain.vote import Result, judge
from services import minutes as service
from services import vote, words
from services.minutes import Agenda
from services.work import Work
from storage import meeting_view as meetings
from storage import member as members
from storage.meeting_view import There

_NUMERALS = "一二三四五六七八九十"
NONE_THERE = "—"


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who came, in names; how many did not, in numbers: why somebody was away stands in no minutes."""

    present: tuple[str, ...]
    guests: tuple[str, ...]
    should: int
    came: int
    leave: int
    absent: int
    extra: int
    """Came and count for nothing (不作硬性要求)."""
    voting: int
    voting_came: int
    by_hand: tuple[str, ...] = ()
    """Who of those present was signed in by somebody else (代签)."""


def attendance(work: Work, number: int) -> Attendance:
    """Return who was at a meeting."""
    people = meetings.attendees(work.connection, number)
    return counted(people, meetings.there(work.connection, number))


def counted(people: list[Attendee], there: dict[int, There]) -> Attendance:
    """Count who came, of whom it was expected, and who did not; names in the order in which one looks for them."""
    people = words.in_order(people, lambda one: one.name)
    should = [one for one in people if one.duty is Duty.SHOULD]
    came = [one for one in should if one.member_id in there]
    leave = [one for one in should if one.answer is Answer.LEAVE_GRANTED and one not in came]
    extra = [one for one in people if one.duty is Duty.NOT_REQUIRED and one.member_id in there]
    return Attendance(
        present=tuple(one.name for one in (*came, *extra)),
        guests=tuple(one.name for one in people if one.duty is Duty.GUEST and one.member_id in there),
        should=len(should),
        came=len(came),
        leave=len(leave),
        absent=len(should) - len(came) - len(leave),
        extra=len(extra),
        # Whoever need not come keeps her vote: the head counts as the votes beneath it do.
        voting=sum(one.votes for one in people),
        voting_came=sum(one.votes and one.member_id in there for one in people),
        by_hand=tuple(one.name for one in people if one.member_id in there and there[one.member_id].by_hand),
    )


def compose(work: Work, meeting: Meeting) -> str:
    """Return the draft as it would be closed now; of closed minutes the frozen text."""
    return meetings.closed_text(work.connection, meeting.id) or "\n".join(_lines(work, meeting))


def _lines(work: Work, meeting: Meeting) -> list[str]:
    voice = voice_of(work.organisation.language)
    agenda = service.agenda_of(work, meeting)
    lines = _head(work, voice, meeting)
    for place, item in enumerate(agenda.items, 1):
        lines.append(voice.line("minutes.text_item", place=ordinal(voice, place), title=item.title))
        lines += _body(work, voice, agenda, item)
    rest = agenda.of_item(None)
    known = {item.id for item in agenda.items}
    rest += [(number, point) for number, point in agenda.numbered if point.item_id and point.item_id not in known]
    if rest:
        lines.append(voice.line("minutes.text_rest"))
        lines += [voice.line("minutes.text_point", place=number, text=point.text) for number, point in rest]
    return lines


def ordinal(voice: Voice, place: int) -> str:
    """Return 一, 二 … 二十 where one counts so, else the digits."""
    if voice.language != "zh":
        return str(place)
    tens, ones = divmod(place, 10)
    lead = ("" if tens <= 1 else _NUMERALS[tens - 1]) + ("十" if tens else "")
    return lead + (_NUMERALS[ones - 1] if ones else "")


def title_of(voice: Voice, meeting: Meeting) -> str:
    """Return what stands over the minutes."""
    return voice.line("minutes.text_title", unit=meeting.unit_name, title=meeting.title)


def when_of(work: Work, voice: Voice, meeting: Meeting) -> str:
    """Return when it was held, on the organisation's clock."""
    start = work.organisation.local(meeting.opened_at or meeting.starts_at)
    end = f"—{work.organisation.local(meeting.ended_at):%H:%M}" if meeting.ended_at else ""
    return voice.moment(start) + end


def _head(work: Work, voice: Voice, meeting: Meeting) -> list[str]:
    names = members.names_of(work.connection, (meeting.chair_id, meeting.created_by))
    there = attendance(work, meeting.id)
    join = "、" if voice.language == "zh" else ", "
    facts = {"should": there.should, "came": there.came, "leave": there.leave, "absent": there.absent}
    lines = [
        title_of(voice, meeting),
        voice.line("minutes.text_when", when=when_of(work, voice, meeting)),
        voice.line("minutes.text_where", place=meeting.place or NONE_THERE),
        voice.line("minutes.text_who", chair=names[meeting.chair_id], recorder=names[meeting.created_by]),
        voice.line("minutes.text_counts", **facts),
    ]
    if there.extra:
        lines.append(voice.line("minutes.text_extra", extra=there.extra))
    if meeting.quorum:
        lines.append(voice.line("minutes.text_voting", voting=there.voting, came=there.voting_came))
    lines.append(voice.line("minutes.text_present", names=join.join(there.present) or NONE_THERE))
    if there.guests:
        lines.append(voice.line("minutes.text_guests", names=join.join(there.guests)))
    if there.by_hand:
        lines.append(voice.line("minutes.text_by_hand", names=join.join(there.by_hand)))
    return lines


def _body(work: Work, voice: Voice, agenda: Agenda, item: Item) -> list[str]:
    lines = [
        voice.line("minutes.text_point", place=number, text=point.text) for number, point in agenda.of_item(item.id)
    ]
    if item.decision:
        lines.append(voice.line("minutes.text_decision", words=item.decision))
    said = vote_words(work, voice, agenda.meeting, item)
    if said:
        lines.append(said)
    return lines


def vote_words(work: Work, voice: Voice, meeting: Meeting, item: Item) -> str:
    """Return how a vote went, with its rule; empty when there was none."""
    tally = item.tally
    if tally is None:
        return ""
    basis = service.basis_of(work, meeting, item)
    outcome = judge(basis, tally)
    # The outcome of the day it was voted on stands, whatever the rules say today.
    code = f"vote.{item.outcome}" if item.outcome in set(Result) else outcome.code
    facts = dict(outcome.facts)
    ended = voice.line(code, rule=vote.rule_of(voice, basis), **facts)
    counts = {"should": tally.should, "present": tally.present, "yes": tally.yes, "no": tally.no}
    counts["abstain"] = tally.abstain
    if not tally.by_ballot:
        return voice.line("minutes.text_hands", ended=ended, **counts)
    paper = {"issued": tally.issued, "returned": tally.returned, "invalid": tally.invalid or 0}
    return voice.line("minutes.text_ballot", ended=ended, **counts, **paper)
