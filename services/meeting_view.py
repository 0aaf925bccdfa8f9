"""How a meeting looks: to those who are called, to whoever plans it, and to the chair while it is held."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from content import Voice
from domain.attendance import Counts
from domain.call import call
from domain.meeting import EARLY, Answer, Attendee, Duty, Meeting, MeetingKind, MeetingState
from domain.reply import Block, Button, Choices, Personal, Reply, text
from services import gathering, post, vote
from services import meeting as service
from services.work import Work

SMALLEST_COMMITTEE = 2
"""Of fewer nobody speaks as of a committee: a small branch has a secretary alone."""


def said(work: Work, voice: Voice, meeting: Meeting) -> list[Block]:
    """Return what a meeting is, in words: what and who, when, where, the agenda."""
    head = voice.say("meeting.head", title=meeting.title, unit=meeting.unit_name)
    blocks: list[Block] = [
        head,
        voice.say("meeting.when", moment=moment(work, voice, meeting), minutes=meeting.minutes),
    ]
    if meeting.place:
        blocks.append(voice.say("meeting.where", place=meeting.place))
    listed = service.agenda(work, meeting.id)
    if listed:
        blocks.append(voice.say("meeting.agenda", items=numbered(listed)))
    return blocks


def numbered(lines: list[str]) -> str:
    """Return lines with numbers before them."""
    return "\n".join(f"{place}. {line}" for place, line in enumerate(lines, start=1))


def moment(work: Work, voice: Voice, meeting: Meeting) -> str:
    """Return when it begins, as people say it."""
    return voice.moment(work.organisation.local(meeting.starts_at))


def worries(work: Work, voice: Voice, unit_id: int, starts_at: datetime, minutes: int, but: int = 0) -> list[Block]:
    """Say what stands against a time: a day off, another meeting of the unit."""
    found = service.worry(work, unit_id, starts_at, minutes, but)
    blocks: list[Block] = [voice.say("meeting.day_off")] if found.day_off else []
    for one in found.clashes[:2]:
        facts = {"unit": one.unit_name, "title": one.title, "moment": moment(work, voice, one)}
        blocks.append(voice.say("meeting.clash", **facts))
    return blocks


def delay(work: Work, voice: Voice, meeting: Meeting) -> list[Block]:
    """Say when a notice of now arrives, if that is not at once; after the meeting it helps nobody."""
    first, _ = post.undisturbed(work, work.now)
    if first <= work.now:
        return []
    code = "meeting.arrives_too_late" if first >= meeting.starts_at else "meeting.arrives_later"
    return [voice.say(code, moment=voice.moment(work.organisation.local(first)))]


def answers(voice: Voice, meeting: Meeting) -> Choices:
    """Return the buttons of a notice."""
    return Choices((_answer_row(voice, meeting), (_file(voice, meeting),)))


def _answer_row(voice: Voice, meeting: Meeting) -> tuple[Button, Button]:
    received = voice.button("attendance.received", call("attendance.received", meeting.id))
    return received, voice.button("attendance.leave", call("attendance.leave", meeting.id))


def _file(voice: Voice, meeting: Meeting) -> Button:
    return voice.button("attendance.file", call("attendance.file", meeting.id))


def _back(voice: Voice) -> Button:
    return voice.button("meeting.back", call("meeting.list"))


def for_member(work: Work, voice: Voice, meeting: Meeting, mine: Attendee, first: Block | None = None) -> Reply:
    """Return the card of somebody who is called. `first`: what has just happened."""
    blocks = [*([first] if first else []), *said(work, voice, meeting)]
    if meeting.state not in {MeetingState.CALLED, MeetingState.OPEN}:
        blocks.append(text(voice.line(f"meeting.state_{meeting.state.value}")))
        return Reply((*blocks, Choices(((_back(voice),),))), edits=True, personal=Personal.OWN)
    if mine.duty is not Duty.SHOULD:
        blocks.append(voice.say(f"meeting.as_{mine.duty.value}"))
    blocks.append(voice.say("meeting.my_answer", answer=voice.line(f"meeting.answer_{mine.answer.value}")))
    # What was answered already is not offered again.
    away = mine.answer in {Answer.LEAVE_ASKED, Answer.LEAVE_GRANTED}
    received, leave = _answer_row(voice, meeting)
    given = [received] if away else [leave] if mine.answer is Answer.RECEIVED else [received, leave]
    rows = (tuple(given), (_file(voice, meeting), _back(voice)))
    return Reply((*blocks, Choices(rows)), edits=True, personal=Personal.OWN)


def for_planner(
    work: Work,
    voice: Voice,
    meeting: Meeting,
    *,
    minutes: bool,
    first: Block | None = None,
    kept: bool = False,
    leaves: bool = False,
) -> Reply:
    """Return the card of whoever runs a meeting, as it is now.

    `minutes`: they can be written here. `kept`: this is the card that is remembered, on which the code counts.
    `leaves`: the reader may know of leaves, and note one.
    """
    if meeting.state is MeetingState.OPEN:
        return live(work, voice, meeting, minutes=minutes, kept=kept)
    if meeting.state in {MeetingState.DRAFT, MeetingState.CALLED}:
        return _planned(work, voice, meeting, first)
    return _over(work, voice, meeting, minutes=minutes, leaves=leaves)


def _planned(work: Work, voice: Voice, meeting: Meeting, first: Block | None) -> Reply:
    blocks = [*([first] if first else []), *said(work, voice, meeting)]
    if meeting.counts_for:
        blocks.append(voice.say("meeting.counts_for", period=meeting.counts_for))
    people = service.attending(work, meeting.id)
    blocks.append(text(expected(voice, people, service.counts(work, meeting))))
    rows: list[list[Button]] = []
    if work.now >= meeting.starts_at - EARLY:
        rows.append([voice.button("meeting.start", call("meeting.start", meeting.id))])
        if work.now >= meeting.starts_at:
            rows[0].append(voice.button("meeting.end_unsigned", call("meeting.end", meeting.id)))
    if meeting.kind is MeetingKind.COMMITTEE_MEETING and len(people) < SMALLEST_COMMITTEE:
        blocks.append(voice.say("meeting.no_committee"))
    if meeting.state is MeetingState.DRAFT:
        blocks += delay(work, voice, meeting)
        if work.now < meeting.starts_at:
            rows.append([voice.button("meeting.send", call("meeting.send", meeting.id))])
        rows += [
            [_edit(voice, meeting, "time"), _edit(voice, meeting, "place")],
            [_listed(voice, meeting), _edit(voice, meeting, "agenda")],
            [voice.button("meeting.cancel", call("meeting_change.cancel", meeting.id)), _back(voice)],
        ]
    else:
        given = Counter(one.answer for one in people)
        away = given[Answer.LEAVE_ASKED] + given[Answer.LEAVE_GRANTED]
        facts = {"received": given[Answer.RECEIVED], "leave": away, "none": given[Answer.NONE]}
        blocks.append(voice.say("meeting.answered", **facts))
        who = voice.button("meeting.answers", call("attendance.answers", meeting.id), none=given[Answer.NONE])
        change = voice.button("meeting.edit", call("meeting_change.menu", meeting.id))
        rows += [[who], [_listed(voice, meeting), change], [_file(voice, meeting), _back(voice)]]
    choices = Choices(tuple(tuple(row) for row in rows))
    return Reply((*blocks, choices), edits=True, personal=Personal.OWN)


def _edit(voice: Voice, meeting: Meeting, what: str) -> Button:
    return voice.button(f"meeting.{what}", call(f"meeting_change.{what}", meeting.id))


def _listed(voice: Voice, meeting: Meeting) -> Button:
    return voice.button("meeting.people", call("attendance.people", meeting.id))


def expected(voice: Voice, people: list[Attendee], counts: Counts) -> str:
    """Say how many should come and why, and what the quorum will be."""
    why = Counter(one.reason for one in people if one.duty is Duty.SHOULD)
    comma = "、" if voice.language == "zh" else ", "
    reasons = comma.join(voice.line(f"meeting.reason_{code}", count=number) for code, number in why.most_common())
    lines = [voice.line("meeting.people", should=counts.should, reasons=reasons or "0")]
    guests = sum(one.duty is Duty.GUEST for one in people)
    if counts.not_required:
        lines.append(voice.line("meeting.people_not_required", count=counts.not_required))
    if guests:
        lines.append(voice.line("meeting.people_guests", count=guests))
    if counts.basis:
        lines.append(voice.line("meeting.people_voting", voting=counts.voting, needed=counts.needed))
    return "\n".join(lines)


def live(work: Work, voice: Voice, meeting: Meeting, *, minutes: bool, kept: bool = False) -> Reply:
    """Return the chair's card while people sign in: the code, the counts, the quorum of the item at hand.

    A code that counts nowhere is not shown: it is on the projector, unless some card is remembered.
    """
    blocks: list[Block] = []
    sign_in = gathering.of_subject(work, service.subject(meeting.id))
    facts = {"title": meeting.title, "unit": meeting.unit_name}
    if sign_in is not None and sign_in.is_open(work.now):
        if kept or sign_in.in_chat:
            blocks.append(voice.say("meeting.live", code=sign_in.code(work.now), **facts))
        else:
            blocks.append(voice.say("meeting.live_screen", **facts))
        late_at = f"{work.organisation.local(sign_in.late_at):%H:%M}"
        blocks.append(voice.say("meeting.live_late", late_at=late_at))
    else:
        blocks.append(voice.say("meeting.live_closed", **facts))
    blocks += counted(work, voice, meeting)
    rows = [
        [
            voice.button("meeting.refresh", call("meeting.show", meeting.id)),
            voice.button("meeting.missing", call("attendance.missing", meeting.id, 0)),
        ],
        [_listed(voice, meeting)],
        [voice.button("meeting.end", call("meeting.end", meeting.id)), _back(voice)],
    ]
    if work.now < meeting.starts_at:
        rows.insert(2, [voice.button("meeting.cancel", call("meeting_change.cancel", meeting.id))])
    if minutes:
        rows[1].insert(0, _minutes(voice, meeting, "items"))
    choices = Choices(tuple(tuple(row) for row in rows))
    return Reply((*blocks, choices), edits=True, personal=Personal.MEMBERSHIP)


def _minutes(voice: Voice, meeting: Meeting, verb: str) -> Button:
    """Return a way into the minutes, a capability of its own."""
    return voice.button(f"meeting.{verb}", call(f"minutes.{verb}", meeting.id))


def counted(work: Work, voice: Voice, meeting: Meeting) -> list[Block]:
    """Say how many are there, and whether they are enough for the item at hand, by which rule."""
    counts = service.counts(work, meeting)
    facts = {"should": counts.should, "came": counts.came, "leave": counts.leave}
    blocks: list[Block] = [voice.say("meeting.live_count", late=counts.late, by_hand=counts.by_hand, **facts)]
    if counts.welcome:
        blocks.append(voice.say("meeting.live_welcome", welcome=counts.welcome))
    if counts.basis:
        rule = vote.rule_of(voice, vote.of_quorum(work, counts.basis), quorum=True)
        base = {"voting": counts.voting, "came": counts.voting_came, "needed": counts.needed, "rule": rule}
        if counts.reached:
            blocks.append(voice.say("meeting.quorum_reached", **base))
        else:
            blocks.append(voice.say("meeting.quorum_lacking", lacking=counts.lacking, **base))
    return blocks


def _over(work: Work, voice: Voice, meeting: Meeting, *, minutes: bool, leaves: bool) -> Reply:
    facts = {"title": meeting.title, "unit": meeting.unit_name, "moment": moment(work, voice, meeting)}
    rows = [[_back(voice)]]
    if meeting.state is MeetingState.CANCELLED:
        blocks: list[Block] = [voice.say("meeting.cancelled_card", **facts)]
    else:
        blocks = [voice.say("meeting.held", **facts)]
        signed = gathering.of_subject(work, service.subject(meeting.id)) is not None
        blocks += counted(work, voice, meeting) if signed else [voice.say("meeting.held_unsigned")]
        if minutes:
            rows.insert(0, [_minutes(voice, meeting, "write")])
        if leaves and meeting.state is MeetingState.HELD:
            rows.insert(-1, [voice.button("attendance.excuse", call("attendance.absent", meeting.id, 0))])
    choices = Choices(tuple(tuple(row) for row in rows))
    return Reply((*blocks, choices), edits=True, personal=Personal.MEMBERSHIP)
