"""Sending with a second pair of eyes: asking for approval where a unit wants it, approving, giving back with words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from content import Voice
from domain import announcement as rules
from domain.announcement import Announcement, State
from domain.announcement_approval import LONGEST_REASON, SHORT, Approval, Verdict, sign
from domain.call import call
from domain.permission import Action, allows
from domain.refusal import Refusal
from domain.reply import Block, Choices, Personal, Reply, text
from services import announcement as writing
from services import announcement_approval as approvals
from services import permission
from services.work import Work
from storage import announcement as announcements
from storage import announcement_approval as table
from storage import audit
from storage import member as members
from storage import schedule as schedules

BEFORE = (State.DRAFT, State.SCHEDULED, State.LATE)


class Outcome(StrEnum):
    """What came of the wish to send."""

    SENT = "sent"
    SENT_BEFORE = "sent_before"
    PLANNED = "planned"
    ASKED = "asked"
    """It waits for somebody else."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What waits for approval. `sign` goes with the decision: nothing is approved that was not seen."""

    one: Announcement
    author: str
    asking: Approval
    sign: str
    passed: bool
    """The time for which it was planned is over."""


def send(work: Work, author_id: int, number: int) -> Outcome:
    """Send it, or ask somebody else to approve it first where its unit wants that."""
    one = writing.own(work, author_id, number)
    if _must_ask(work, one, approvals.leaving(work, one)):
        _ask(work, one, None)
        return Outcome.ASKED
    return Outcome.SENT if writing.send(work, author_id, number) else Outcome.SENT_BEFORE


def plan(work: Work, author_id: int, number: int, at: datetime) -> Outcome:
    """Plan it, or ask somebody else to approve it before."""
    one = writing.own(work, author_id, number)
    if _must_ask(work, one, at):
        if not work.now < at <= work.now + rules.FURTHEST:
            raise Refusal("announcement.when_past", days=rules.FURTHEST.days)
        _ask(work, one, at)
        return Outcome.ASKED
    writing.plan(work, author_id, number, at)
    return Outcome.PLANNED


def _must_ask(work: Work, one: Announcement, at: datetime | None) -> bool:
    """Answer whether somebody has to approve it first. What was approved for one time is not for another."""
    return one.state in BEFORE and approvals.needed(work, one) and not approvals.approved(work, one, at)


def _ask(work: Work, one: Announcement, at: datetime | None) -> None:
    writing.demand_sendable(work, one)
    if not approvals.others(work, one.path, one.author_id):
        raise Refusal("announcement_approval.nobody", unit=one.unit_name)
    if not announcements.change(work.connection, one.id, BEFORE, state=State.WAITING.value, send_at=at):
        raise Refusal("announcement.not_any_more")
    schedules.stop(work.connection, writing.TICK, str(one.id))
    if at is not None:
        writing.schedule(work, one.id, at)
    table.ask(work.connection, one.id, sign(one, at), work.now)
    fresh = writing.own(work, one.author_id, one.id)
    author = _name(work, one.author_id)

    def compose(speech: Voice) -> Reply:
        return card(work, speech, fresh, author, sign(fresh, at), pushed=True)

    approvals.tell_nearest(work, one.path, one.author_id, compose)


def _name(work: Work, member_id: int) -> str:
    found = members.get(work.connection, member_id)
    return found.name if found else ""


def card(work: Work, speech: Voice, one: Announcement, author: str, signed: str, *, pushed: bool = False) -> Reply:
    """Return what somebody who may approve it looks at: who asks, whom it is for, when, and the letter itself."""
    circle = speech.label(f"announcement.circle_{one.circle.value}")
    facts = {"author": author, "unit": one.unit_name, "circle": circle}
    blocks: list[Block] = [
        speech.say("announcement_approval.asked" if pushed else "announcement_approval.one", **facts)
    ]
    if one.send_at is None:
        blocks.append(speech.say("announcement_approval.at_once"))
    else:
        blocks.append(
            speech.say("announcement_approval.at", moment=speech.moment(work.organisation.local(one.send_at)))
        )
    blocks += [block for block in writing.letter(speech, one).blocks if not isinstance(block, Choices)]
    yes = speech.button("announcement_approval.yes", call("announcement_approval.yes", one.id, signed[:SHORT]))
    no = speech.button("announcement_approval.no", call("announcement_approval.no", one.id, signed[:SHORT]))
    return Reply((*blocks, Choices(((yes, no),))), edits=not pushed, personal=Personal.MEMBERSHIP)


def waiting(work: Work, member_id: int, size: int, page: int) -> list[tuple[Announcement, str]]:
    """Return (announcement, author) of what waits for this person, oldest first, and one more when there are more."""
    return table.waiting(work.connection, member_id, _paths(work, member_id), size + 1, page * size)


def count(work: Work, member_id: int) -> int:
    """Count what waits for this person."""
    paths = _paths(work, member_id)
    return table.count_waiting(work.connection, member_id, paths) if paths else 0


def _paths(work: Work, member_id: int) -> list[str]:
    return [unit.path for unit in permission.scope(work, member_id, Action.ANNOUNCE)]


def look(work: Work, member_id: int, number: int) -> Asked:
    """Return what waits, for somebody who may approve it. Raises: it is one's own, of elsewhere, or does not wait."""
    one = announcements.get(work.connection, number)
    if one is None or not one.unit_id or not _may(work, member_id, one):
        raise Refusal("announcement.gone")
    if one.author_id == member_id:
        raise Refusal("announcement_approval.own")
    last = table.newest(work.connection, number)
    if last is None:
        raise Refusal("announcement.gone")
    if one.state is not State.WAITING or last.verdict is not Verdict.OPEN:
        raise Refusal("announcement_approval.decided")
    passed = one.send_at is not None and one.send_at <= work.now
    return Asked(one, _name(work, one.author_id), last, sign(one, one.send_at), passed)


def _may(work: Work, member_id: int, one: Announcement) -> bool:
    return allows(permission.grants_of(work, member_id), Action.ANNOUNCE, one.path)


def _decide(work: Work, member_id: int, number: int, signed: str, verdict: Verdict, words: str = "") -> Announcement:
    found = look(work, member_id, number)
    if len(signed) < SHORT or not found.sign.startswith(signed) or found.asking.sign != found.sign:
        raise Refusal("announcement_approval.changed")
    if not table.decide(work.connection, found.asking.id, verdict, member_id, work.now, words):
        raise Refusal("announcement_approval.decided")
    audit.note(work.connection, work.now, member_id, f"announcement_{verdict.value}", None, id=number)
    return found.one


def approve(work: Work, member_id: int, number: int, signed: str) -> State:
    """Approve what was seen: it leaves now or as it was planned; when that time has passed its author is asked."""
    one = _decide(work, member_id, number, signed, Verdict.APPROVED)
    if not _may(work, one.author_id, one):
        raise Refusal("announcement_approval.author_lost", author=_name(work, one.author_id), unit=one.unit_name)
    facts = {"title": writing.title(one), "who": _name(work, member_id)}
    if one.send_at is not None and one.send_at <= work.now:
        _turn(work, number, State.SCHEDULED)
        writing.ask_author(
            work, one, "announcement_approval.approved_late", {name: dict(facts) for name in ("zh", "en")}
        )
        return State.LATE
    _turn(work, number, State.DRAFT)
    if one.send_at is None:
        writing.send(work, one.author_id, number)
        writing.tell_author(work, one, "announcement_approval.approved_now", facts)
        return State.SENT
    writing.plan(work, one.author_id, number, one.send_at)
    writing.tell_author(work, one, "announcement_approval.approved_later", facts, at=one.send_at)
    return State.SCHEDULED


def give_back(work: Work, member_id: int, number: int, signed: str, words: str) -> None:
    """Give it back to its author, who reads why and may change it."""
    words = check_reason(words)
    one = _decide(work, member_id, number, signed, Verdict.RETURNED, words)
    _turn(work, number, State.DRAFT)
    announcements.change(work.connection, number, (State.DRAFT,), send_at=None)
    schedules.stop(work.connection, writing.TICK, str(number))
    facts = {"title": writing.title(one), "who": _name(work, member_id)}
    writing.tell_author(work, one, "announcement_approval.returned", facts, more=(text(words),))


def check_reason(words: str) -> str:
    """Return why it is given back, tidied. Raises the refusal of none, and of too many words."""
    words = words.strip()
    if not words or len(words) > LONGEST_REASON:
        raise Refusal("announcement_approval.reason", longest=LONGEST_REASON, length=len(words))
    if (mark := rules.secrecy_mark(words)) is not None:
        refusal = Refusal("announcement.secret", mark=mark)
        refusal.forget = True
        raise refusal
    return words


def withdraw(work: Work, author_id: int, number: int) -> Announcement:
    """Take it back before it was decided, to change it."""
    writing.own(work, author_id, number)
    if not announcements.change(work.connection, number, (State.WAITING,), state=State.DRAFT.value, send_at=None):
        raise Refusal("announcement.not_any_more")
    schedules.stop(work.connection, writing.TICK, str(number))
    if (last := table.newest(work.connection, number)) is not None:
        table.decide(work.connection, last.id, Verdict.WITHDRAWN, author_id, work.now)
    return writing.own(work, author_id, number)


def _turn(work: Work, number: int, to: State) -> None:
    if not announcements.change(work.connection, number, (State.WAITING,), state=to.value):
        raise Refusal("announcement_approval.decided")
