"""From draft to closed minutes: those present correct within a term, then the text is frozen; later only addenda."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from content import Voice
from content import voice as voice_of
from domain.call import call
from domain.meeting import Meeting, MeetingState
from domain.minutes import (
    Addendum,
    Correction,
    CorrectionState,
    chained,
    digest_of,
    read_numbered,
    term_of,
)
from domain.refusal import Refusal
from domain.reply import Button, Choices, Personal, Reply, Text, text
from domain.schedule import Rule
from services import minutes, minutes_text, post, timetable
from services.work import Work
from storage import meeting_view as meetings
from storage import minutes as table

TICK = "correction.term"
LATE_LIMIT = timedelta(days=365)
"""However late the clock is, minutes whose term is over are closed."""
KIND = "minutes"
MOST_CORRECTIONS = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the circulated draft is. `waited_for` was there and has not said that it is right."""

    asked: int
    agreed: int
    waited_for: frozenset[int]
    corrections: tuple[Correction, ...]

    @property
    def open(self) -> tuple[Correction, ...]:
        """What the secretary still has to take or decline."""
        return tuple(one for one in self.corrections if one.state is CorrectionState.OPEN)


def asked(work: Work, meeting: Meeting) -> list[int]:
    """Return who was there and is asked whether the draft is right; whoever sends it out has said so by that."""
    return sorted(meetings.there(work.connection, meeting.id))


def standing(work: Work, meeting: Meeting) -> Standing:
    """Return who has answered, and with what."""
    said = table.corrections(work.connection, meeting.id)
    wished = tuple(one for one in said if one.state is not CorrectionState.AGREED)
    people = set(asked(work, meeting))
    agreed = {one.member_id for one in said if one.state is CorrectionState.AGREED} & people
    return Standing(len(people), len(agreed), frozenset(people - agreed), wished)


def circulate(work: Work, member_id: int, number: int) -> Meeting:
    """Lay the draft before those present; the clock closes it when the term is over."""
    found = minutes.managed(work, member_id, number, lock=True)
    if found.state is MeetingState.OPEN:
        raise Refusal("minutes.not_over")
    found = minutes.writable(work, member_id, number)
    agenda = minutes.agenda_of(work, found)
    if not agenda.points and not any(item.decision or item.outcome for item in agenda.items):
        raise Refusal("minutes.nothing_written")
    until = term_of(work.now)
    table.circulate(work.connection, number, until)
    after = _get(work, number)
    local = work.organisation.local(until)
    timetable.keep(work, TICK, Rule("once", at=f"{local:%H:%M}", on=local.date().isoformat()), str(number))
    draft = minutes_text.compose(work, after)
    before = standing(work, after).corrections

    def compose(voice: Voice) -> Reply:
        said = voice.say("correction.notice", title=after.title, until=voice.moment(local))
        row = Choices((member_row(voice, number),))
        return Reply((said, text(draft), *_rewritten(voice, before), row), personal=Personal.MEMBERSHIP)

    people = asked(work, after)
    if member_id in people:
        _write(work, after, member_id, CorrectionState.AGREED, "")
    post.push(work, [one for one in people if one != member_id], KIND, compose, subject=str(number))
    return after


def _rewritten(voice: Voice, before: tuple[Correction, ...]) -> tuple[Text, ...]:
    """Return what those present have read already beside what it says now; nothing the first time."""
    changed = [one for one in before if one.state is CorrectionState.TAKEN and one.old][-MOST_CORRECTIONS:]
    lines = [line for one in changed for line in correction_lines(voice, one)]
    return (voice.say("correction.since_last"), *lines) if lines else ()


def take_back(work: Work, member_id: int, number: int) -> Meeting:
    """Let circulated minutes be written on before they are closed; those who were asked are told, and asked again.

    What was said about the draft stays, except that it is right: nobody has read yet what it will be.
    """
    found = minutes.managed(work, member_id, number, lock=True)
    if found.state is MeetingState.CLOSED:
        raise Refusal("minutes.is_closed")
    if found.state is not MeetingState.CIRCULATING:
        raise Refusal("correction.not_circulating")
    table.forget_agreed(work.connection, number)
    table.take_back(work.connection, number)

    def compose(voice: Voice) -> Reply:
        return Reply((voice.say("correction.taken_back", title=found.title),), personal=Personal.MEMBERSHIP)

    people = [one for one in asked(work, found) if one != member_id]
    post.push(work, people, KIND, compose, subject=str(number))
    return _get(work, number)


def member_row(voice: Voice, number: int) -> tuple[Button, ...]:
    """Return what somebody present can press under the draft."""
    right = voice.button("correction.agree", call("correction.agree", number))
    return right, voice.button("correction.correct", call("correction.correct", number))


def settle_row(voice: Voice, correction: Correction) -> tuple[Button, ...]:
    """Return what the secretary can press under a wish."""
    taken = voice.button("correction.take", call("correction.settle", correction.id, 1))
    return taken, voice.button("correction.decline", call("correction.settle", correction.id, 0))


def correction_lines(voice: Voice, correction: Correction, now: str = "") -> tuple[Text, ...]:
    """Return a wish beside the point that it is about. `now`: as that point reads since, when it was changed."""
    if not correction.old:
        return (voice.say("correction.wish", words=correction.text),)
    changed = (voice.say("correction.since", words=now),) if now else ()
    return (
        voice.say("correction.old_point", words=correction.old),
        *changed,
        voice.say("correction.new_point", words=correction.text or "—"),
    )


def since(work: Work, wish: Correction) -> str:
    """Return how the point of a wish reads now, where it was changed after the wish came; else nothing."""
    points = table.points(work.connection, wish.meeting_id)
    return next((one.text for one in points if one.id == wish.point_id and one.text != wish.old), "")


def _get(work: Work, number: int) -> Meeting:
    found = meetings.get(work.connection, number)
    if found is None:
        raise Refusal("minutes.not_yours")
    return found


def correctable(work: Work, member_id: int, number: int) -> Meeting:
    """Return circulated minutes to somebody who was there, within the term."""
    known = meetings.get(work.connection, number)
    back = known is not None and known.state is MeetingState.HELD and known.corrections_until is not None
    if back and member_id in meetings.there(work.connection, number):
        # Those who were there have read of it, and hold its old buttons.
        raise Refusal("correction.not_circulating")
    found = minutes.readable(work, member_id, number)
    if found.state is MeetingState.CLOSED:
        raise Refusal("minutes.is_closed")
    if found.state is not MeetingState.CIRCULATING:
        raise Refusal("correction.not_circulating")
    if member_id not in meetings.there(work.connection, number):
        raise Refusal("correction.only_present")
    if found.corrections_until is not None and work.now >= found.corrections_until:
        raise Refusal("correction.term_over")
    return found


def agree(work: Work, member_id: int, number: int) -> Meeting:
    """Write down that somebody present found the draft right; twice is once."""
    meetings.lock(work.connection, number)
    found = correctable(work, member_id, number)
    known = table.corrections(work.connection, number)
    if not any(one.member_id == member_id and one.state is CorrectionState.AGREED for one in known):
        _write(work, found, member_id, CorrectionState.AGREED, "")
    return found


def _write(
    work: Work,
    meeting: Meeting,
    member_id: int,
    state: CorrectionState,
    words: str,
    point: tuple[int, str] | None = None,
) -> int:
    return table.add_correction(
        work.connection,
        meeting_id=meeting.id,
        member_id=member_id,
        text=words,
        state=state.value,
        at=work.now,
        point_id=point[0] if point else None,
        old=point[1] if point else "",
    )


def correct(work: Work, member_id: int, number: int, words: str) -> Correction:
    """Take a wish of somebody present; one that begins with the number of a point is about that point."""
    meetings.lock(work.connection, number)
    found = correctable(work, member_id, number)
    place, wish = read_numbered(words)
    wish = minutes.one_line(wish)
    known = table.corrections(work.connection, number)
    if sum(one.member_id == member_id for one in known) >= MOST_CORRECTIONS:
        raise Refusal("correction.too_many_corrections", most=MOST_CORRECTIONS)
    point = dict(minutes.agenda_of(work, found).numbered).get(place) if place is not None else None
    if place is not None and point is None:
        raise Refusal("minutes.no_point", place=place)
    about = (point.id, point.text) if point else None
    made = _correction(work, _write(work, found, member_id, CorrectionState.OPEN, wish, about))

    def compose(voice: Voice) -> Reply:
        said = voice.say("correction.corrected", name=made.name, title=found.title)
        rows = Choices((settle_row(voice, made),))
        return Reply((said, *correction_lines(voice, made), rows), personal=Personal.MEMBERSHIP)

    post.tell(work, _writer(work, found), KIND, compose)
    return made


def _writer(work: Work, meeting: Meeting) -> int:
    """Return who is told of corrections: whoever planned it, else the chair, else who heads the unit."""
    writers = (meeting.created_by, meeting.chair_id, *minutes.heads(work, meeting))
    return next((one for one in writers if minutes.may_manage(work, one, meeting)), meeting.chair_id)


def _correction(work: Work, number: int) -> Correction:
    found = table.correction_of(work.connection, number)
    if found is None:
        raise Refusal("minutes.not_yours")
    return found


def settle(work: Work, member_id: int, number: int, *, taken: bool) -> Meeting:
    """Take or decline a wish, once; whoever had it is told. After the term the last one settled closes the minutes."""
    wish = _correction(work, number)
    found = minutes.managed(work, member_id, wish.meeting_id, lock=True)
    if found.state is not MeetingState.CIRCULATING:
        raise Refusal("minutes.is_closed" if found.state is MeetingState.CLOSED else "correction.not_circulating")
    state = CorrectionState.TAKEN if taken else CorrectionState.DECLINED
    if not table.settle(work.connection, number, state, work.now):
        raise Refusal("correction.settled_before")
    over = found.corrections_until is not None and work.now >= found.corrections_until
    if taken:
        _put_in(work, found, wish, member_id)
        # What they found right is not what stands there now.
        table.forget_agreed(work.connection, found.id, but=member_id)
        _tell_changed(work, found, wish, member_id, over=over)
    if wish.member_id != member_id:
        code = "correction.told_taken" if taken else "correction.told_declined"

        def compose(voice: Voice) -> Reply:
            said = voice.say(code, title=found.title, words=wish.text)
            rows = () if over or not taken else (Choices(_changed_rows(voice, found.id)),)
            return Reply((said, *rows), personal=Personal.MEMBERSHIP)

        post.tell(work, wish.member_id, KIND, compose)
    if over and not standing(work, found).open:
        _close(work, found)
    return _get(work, found.id)


def _changed_rows(voice: Voice, number: int) -> tuple[tuple[Button, ...], ...]:
    """Return what somebody present can press under a change: as under the draft, and the whole text."""
    return member_row(voice, number), (voice.button("correction.look", call("correction.show", number)),)


def _tell_changed(work: Work, found: Meeting, wish: Correction, by: int, *, over: bool) -> None:
    """Tell those present what the draft says now; whoever wished it so is told by her answer."""
    code = "correction.changed_late" if over else "correction.changed"

    def compose(voice: Voice) -> Reply:
        said = voice.say(code, title=found.title)
        look = ((voice.button("correction.look", call("correction.show", found.id)),),)
        rows = Choices(look if over else _changed_rows(voice, found.id))
        return Reply((said, *correction_lines(voice, wish), rows), personal=Personal.MEMBERSHIP)

    people = [one for one in asked(work, found) if one not in {by, wish.member_id}]
    post.push(work, people, KIND, compose, subject=str(found.id))


def _put_in(work: Work, meeting: Meeting, wish: Correction, member_id: int) -> None:
    if wish.point_id in {one.id for one in table.points(work.connection, meeting.id)}:
        table.change_point(work.connection, wish.point_id, wish.text)
        return
    words = voice_of(work.organisation.language).line("minutes.text_correction", words=wish.text)
    table.add_point(work.connection, meeting.id, None, words, member_id, work.now)


def close(work: Work, member_id: int, number: int) -> Meeting:
    """Close the minutes: everything is settled, and the term is over or everybody who is asked has agreed."""
    found = minutes.managed(work, member_id, number, lock=True)
    if found.state is MeetingState.CLOSED:
        raise Refusal("minutes.is_closed")
    if found.state is not MeetingState.CIRCULATING:
        raise Refusal("correction.not_circulating")
    stands = standing(work, found)
    if stands.open:
        raise Refusal("correction.still_open", count=len(stands.open))
    if found.corrections_until is not None and work.now < found.corrections_until and stands.agreed < stands.asked:
        until = f"{work.organisation.local(found.corrections_until):%m-%d %H:%M}"
        raise Refusal("correction.term_runs", until=until, agreed=stands.agreed, asked=stands.asked)
    return _close(work, found)


def _close(work: Work, found: Meeting) -> Meeting:
    words = minutes_text.compose(work, found)
    table.close(work.connection, found.id, words, digest_of(words), work.now)
    return _get(work, found.id)


def term_ends(work: Work, number: int) -> None:
    """Close what nobody wants otherwise; of wishes that are still open the secretary is told, once."""
    found = meetings.lock(work.connection, number)
    if found is None or found.state is not MeetingState.CIRCULATING:
        return
    if found.corrections_until is None or work.now < found.corrections_until:
        return
    waiting = standing(work, found).open
    if not waiting:
        _close(work, found)
        return

    def compose(voice: Voice) -> Reply:
        said = voice.say("correction.term_with_open", title=found.title, count=len(waiting))
        row = (voice.button("correction.all", call("correction.all", number)),)
        return Reply((said, Choices((row,))), personal=Personal.MEMBERSHIP)

    post.tell(work, _writer(work, found), KIND, compose)


def add(work: Work, member_id: int, number: int, words: str) -> Addendum:
    """Add to closed minutes; the hash of it covers the closed text and every addendum before."""
    found = minutes.managed(work, member_id, number, lock=True)
    if found.state is not MeetingState.CLOSED:
        raise Refusal("correction.not_closed")
    line = minutes.one_line(words)
    before = table.addenda(work.connection, number)
    digest = chained(before[-1].digest if before else found.digest, work.now, member_id, line)
    table.add_addendum(work.connection, number, line, member_id, work.now, digest)
    return table.addenda(work.connection, number)[-1]


def addenda(work: Work, meeting: Meeting) -> list[Addendum]:
    """Return what was added after closing; whoever calls this has looked at permissions."""
    return table.addenda(work.connection, meeting.id)


def intact(work: Work, meeting: Meeting) -> bool:
    """Compute every hash again: whether the closed text and its addenda are what they were."""
    digest = digest_of(meetings.closed_text(work.connection, meeting.id))
    if digest != meeting.digest:
        return False
    for one in table.addenda(work.connection, meeting.id):
        digest = chained(digest, one.at, one.by, one.text)
        if digest != one.digest:
            return False
    return True
