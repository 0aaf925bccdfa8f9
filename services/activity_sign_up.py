"""Signing up and withdrawing by one tap, and the waiting list: who is next is asked, and a place is kept for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from content import Voice
from domain import activity as rules
from domain.activity import Activity, ActivityState, SignUp, SignUpState
from domain.call import call
from domain.push import KINDS
from domain.refusal import Refusal
from domain.reply import Choices, Personal, Reply
from domain.schedule import Rule
from services import activity, gathering, post
from services.work import Work
from storage import activity as table
from storage import gathering as gatherings
from storage import schedule as schedules
from storage import sign_up as sign_ups

EXPIRE = "activity.expire"
OWN = "activity_own"
SUBJECT = "activity"
"""What sign-ins of activities are of: `activity:12`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a tap. `changed`: False when it stood so before."""

    state: SignUpState
    changed: bool


def subject_of(number: int) -> str:
    """Return what the sign-in of an activity is called."""
    return f"{SUBJECT}:{number}"


def sign_up(work: Work, member_id: int, number: int, family: int) -> Outcome:
    """Sign somebody up, into the list when it is full; whoever was offered a place takes it. Twice is once."""
    one = table.lock(work.connection, number)
    if one is None or one.state is ActivityState.DRAFT:
        raise Refusal("activities.gone")
    known = sign_ups.get(work.connection, number, member_id)
    if known and known.state is SignUpState.WAITING and one.state in rules.LIVE:
        # What was left free because nobody could be asked in time: who waits takes it by the same tap.
        if rules.has_room(one.capacity, one.taken, known.party):
            return _enter(work, one, replace(known, state=SignUpState.IN))
        return Outcome(known.state, changed=False)
    if known and known.state is SignUpState.IN:
        return Outcome(known.state, changed=False)
    if known and known.state is SignUpState.OFFERED and one.state in rules.LIVE:
        sign_ups.put(work.connection, replace(known, state=SignUpState.IN, offered_until=None), work.now)
        return Outcome(SignUpState.IN, changed=True)
    why = rules.hurdle(one, work.now, eligible=activity.may_come(work, member_id, one), family=family)
    if why:
        raise Refusal(f"activities.{why}", title=one.title)
    return _enter(work, one, SignUp(number, member_id, SignUpState.IN, 0, family, None))


def _enter(work: Work, one: Activity, row: SignUp) -> Outcome:
    """Give a place, or one in the list."""
    if table.take_places(work.connection, one.id, row.party):
        sign_ups.put(work.connection, row, work.now)
        found = gathering.of_subject(work, subject_of(one.id)) if one.state is ActivityState.OPEN else None
        if found is not None:
            gatherings.call_people(work.connection, found.id, [row.member_id])
        return Outcome(SignUpState.IN, changed=True)
    if one.state is ActivityState.OPEN:
        raise Refusal("activities.full_now", title=one.title)
    if row.party > one.capacity:
        raise Refusal("activities.party_too_large", capacity=one.capacity)
    turn = sign_ups.last_turn(work.connection, one.id) + 1
    sign_ups.put(work.connection, replace(row, state=SignUpState.WAITING, turn=turn), work.now)
    return Outcome(SignUpState.WAITING, changed=True)


def withdraw(work: Work, member_id: int, number: int) -> Outcome:
    """Take somebody off, out of the list too; the next in turn is asked. Twice is once."""
    one = table.lock(work.connection, number)
    known = sign_ups.get(work.connection, number, member_id) if one else None
    if one is None or known is None:
        raise Refusal("activities.gone")
    if known.state is SignUpState.WITHDRAWN:
        return Outcome(known.state, changed=False)
    if one.state is not ActivityState.PUBLISHED or work.now >= one.starts_at:
        raise Refusal("activities.begun", title=one.title)
    _take_off(work, known)
    ask_next(work, number)
    return Outcome(SignUpState.WITHDRAWN, changed=True)


def _take_off(work: Work, known: SignUp) -> None:
    row = replace(known, state=SignUpState.WITHDRAWN, offered_until=None)
    sign_ups.put(work.connection, row, work.now)
    if known.state in rules.COMING:
        table.give_back(work.connection, known.activity_id, known.party)


def ask_next(work: Work, number: int) -> None:
    """Ask the next in turn for all places that are free; the activity is locked.

    Who could not hear of it before the place is gone is passed by and keeps her turn: nothing is kept for anybody who
    does not know it. What nobody can be asked for stays free for whoever signs up.
    """
    one = table.get(work.connection, number)
    if one is not None and one.state is ActivityState.PUBLISHED and work.now < one.starts_at:
        _ask_all(work, one)
    _wake(work, number)


def _ask_all(work: Work, one: Activity) -> None:
    waiting = sign_ups.waiting(work.connection, one.id)
    if rules.next_to_ask(one.capacity, one.taken, waiting) is None:
        return
    heard = post.moments_of(work, [row.member_id for row in waiting], KINDS[OWN], work.now)
    until = {row.member_id: rules.held_until(one, heard[row.member_id], work.now) for row in waiting}
    in_time = [row for row in waiting if heard[row.member_id] < until[row.member_id]]
    chosen = rules.to_ask(one.capacity, one.taken, in_time)
    if not chosen or not table.take_places(work.connection, one.id, sum(row.party for row in chosen)):
        return
    together: dict[tuple[datetime, int], list[int]] = {}
    for row in chosen:
        together.setdefault((until[row.member_id], row.family), []).append(row.member_id)
    for (moment, family), people in together.items():
        sign_ups.offer(work.connection, one.id, people, moment, work.now)
        _offer(work, one, people, family, moment)


def _offer(work: Work, one: Activity, people: Sequence[int], family: int, moment: datetime) -> None:
    until = work.organisation.local(moment)

    def compose(voice: Voice) -> Reply:
        said = voice.say("activities.offered", line=activity.line(work, voice, one), until=voice.moment(until))
        buttons = (
            voice.button("activities.accept", call("activities.join", one.id, family)),
            voice.button("activities.decline", call("activities.withdraw", one.id)),
        )
        look = (voice.button("activities.look", call("activities.show", one.id)),)
        return Reply((said, Choices((buttons, look))), personal=Personal.OWN)

    post.push(work, people, OWN, compose, subject=str(one.id))


def _wake(work: Work, number: int) -> None:
    """Let the clock look when the first kept place is free again."""
    kept = [row.offered_until for row in sign_ups.offered(work.connection, number) if row.offered_until]
    if not kept:
        schedules.stop(work.connection, EXPIRE, str(number))
        return
    local = work.organisation.local(min(kept))
    rule = Rule("once", at=f"{local:%H:%M}", on=local.date().isoformat())
    schedules.put(work.connection, EXPIRE, str(number), rule.to_json(), min(kept))
    schedules.again(work.connection, EXPIRE, str(number), min(kept))


def expire(work: Work, number: int) -> None:
    """Free the places that were kept and not taken in time, and ask the next."""
    one = table.lock(work.connection, number)
    if one is None:
        return
    for row in sign_ups.offered(work.connection, number):
        if row.offered_until is not None and row.offered_until <= work.now:
            _take_off(work, row)
            if work.now < one.starts_at:
                _lapse(work, one, row)
    ask_next(work, number)


def _lapse(work: Work, one: Activity, row: SignUp) -> None:
    def compose(voice: Voice) -> Reply:
        look = voice.button("activities.look", call("activities.show", one.id))
        said = voice.say("activities.lapsed", title=one.title)
        return Reply((said, Choices(((look,),))), personal=Personal.OWN)

    post.push(work, [row.member_id], OWN, compose, subject=str(one.id))
