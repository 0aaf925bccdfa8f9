"""Announcements that were sent: what became of them, pausing, recalling, reminding, confirming, who was not reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from content import Voice
from domain.announcement import Announcement, State
from domain.call import call
from domain.refusal import Refusal
from domain.reply import Choices, Reply
from services import announcement_recall, post
from services.announcement import COUNTED, audience, demand_right, first_moment, letter, own, title
from services.work import Work
from storage import announcement as table
from storage import announcement_list as lists
from storage import audit, outbox, stretch
from storage import campaign as campaigns
from storage import member as members

DEEDS = {
    State.PAUSED: "announcement_pause",
    State.SENT: "announcement_resume",
    State.RECALLED: "announcement_recall",
}
"""What turning it so is called in the audit trail."""
LINGER = timedelta(seconds=15)
"""So long after the last letter left its figures are still looked at."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of an announcement so far."""

    audience: int
    sent: int
    waiting: int
    failed: int
    unbound: int
    closed: int
    unknown: int
    """Sent, but nobody knows whether it arrived."""
    confirmed: int
    unanswered: int = 0
    """Tries without an answer, also those of letters that got through later."""
    names: bool = True
    """Whose letters they were is kept."""


def progress(work: Work, one: Announcement) -> Progress:
    """Return what became of it so far; letters of a large audience are written as they leave, and count as waiting."""
    if one.campaign_id is None:
        return Progress(one.audience, 0, 0, 0, 0, 0, 0, 0)
    counts = campaigns.counts(work.connection, one.campaign_id)
    kept = campaigns.get(work.connection, one.campaign_id)
    people = kept["people"] or max(one.audience, sum(counts.values()))
    unbound, closed = kept["unbound"], kept["closed"]
    waiting = counts.get(outbox.READY, 0) + counts.get(outbox.SENDING, 0) + counts.get(outbox.HELD, 0)
    if stretch.left(work.connection, one.campaign_id):
        waiting += max(0, people - unbound - closed - sum(counts.values()))
    elif one.state is not State.RECALLED:
        # Whoever bound or lost an account while it was being sent.
        unbound = max(0, people - closed - sum(counts.values()))
    return Progress(
        people,
        counts.get(outbox.SENT, 0) + counts.get(outbox.UNKNOWN, 0),
        waiting,
        counts.get(outbox.FAILED, 0),
        unbound,
        closed,
        counts.get(outbox.UNKNOWN, 0),
        table.confirmed(work.connection, one.id),
        outbox.unanswered(work.connection, one.campaign_id),
        names=not campaigns.gone(work.connection, one.campaign_id),
    )


@dataclass(slots=True)
class Messenger:
    """What became of an announcement on one messenger so far."""

    name: str
    sent: int = 0
    waiting: int = 0
    failed: int = 0
    unknown: int = 0
    confirmed: int = 0


def by_messenger(work: Work, one: Announcement) -> list[Messenger]:
    """Return what became of it on each messenger, as far as its letters are written; of too many people nothing."""
    if one.campaign_id is None or one.audience >= COUNTED:
        return []
    found: dict[str, Messenger] = {}
    for name, state, letters, confirmed in lists.made_of(work.connection, one):
        made = found.setdefault(name, Messenger(name))
        made.confirmed += confirmed
        if state in {outbox.SENT, outbox.UNKNOWN}:
            made.sent += letters
        if state in {outbox.READY, outbox.SENDING, outbox.HELD}:
            made.waiting += letters
        made.failed += letters if state == outbox.FAILED else 0
        made.unknown += letters if state == outbox.UNKNOWN else 0
    return [found[name] for name in sorted(found)]


def finished(work: Work, one: Announcement, made: Progress) -> bool:
    """Answer whether sending is over, and has been for a moment: what came last has been seen."""
    if one.campaign_id is None or one.state is State.RECALLED:
        return True
    if made.waiting:
        return False
    last = campaigns.get(work.connection, one.campaign_id)["active_at"] or one.send_at or work.now
    return bool(work.now - last > LINGER)


@dataclass(frozen=True, slots=True)
class Missed:
    """Somebody whom an announcement has not reached; `why`: unbound, closed, consent, failed, unknown, waiting."""

    member_id: int
    name: str
    employee_no: str
    why: str


def missed(work: Work, author_id: int, number: int, page: int, size: int) -> list[Missed]:
    """Return whom it has not reached and why, for the author to tell them another way."""
    one = own(work, author_id, number)
    if one.campaign_id is None:
        return []
    demand_right(work, one)
    _demand_names(work, one, "retention.no_names")
    whom = audience(one)
    rows = campaigns.missed(work.connection, one.campaign_id, whom.path, whom.standings, size, page * size)
    return [Missed(*row) for row in rows]


def _demand_names(work: Work, one: Announcement, code: str) -> None:
    """Refuse when it is no longer kept whom it has reached."""
    if one.campaign_id is not None and campaigns.gone(work.connection, one.campaign_id):
        raise Refusal(code)


def late(work: Work, campaign_id: int) -> None:
    """Tell the author that the rest of an announcement was stopped, being late: it goes on or is recalled by hand."""
    _, subject = campaigns.subject_of(work.connection, campaign_id)
    one = table.get(work.connection, int(subject)) if subject else None
    if one is None or not table.change(work.connection, one.id, (State.SENT,), state=State.PAUSED.value):
        return
    waiting = progress(work, one).waiting

    def compose(speech: Voice) -> Reply:
        look = speech.button("announcement.look", call("announcements.show", one.id))
        return Reply((speech.say("announcements.late_rest", title=title(one), count=waiting), Choices(((look,),))))

    post.tell(work, one.author_id, "announcement_author", compose)


def pause(work: Work, author_id: int, number: int) -> Announcement:
    """Stop what has not left yet."""
    return _turn(work, author_id, number, (State.SENT,), State.PAUSED, outbox.HELD)


def resume(work: Work, author_id: int, number: int) -> Announcement:
    """Let what was stopped leave."""
    return _turn(work, author_id, number, (State.PAUSED,), State.SENT, outbox.READY)


def recall(work: Work, author_id: int, number: int) -> Announcement:
    """Stop what has not left, and redraw what has arrived as recalled."""
    before = own(work, author_id, number)
    one = _turn(work, author_id, number, (State.SENT, State.PAUSED), State.RECALLED, outbox.RECALLED)
    if before.state is State.RECALLED or one.campaign_id is None:
        return one
    announcement_recall.redraw(work, one)
    return one


def _turn(
    work: Work, author_id: int, number: int, before: tuple[State, ...], after: State, letters: str
) -> Announcement:
    one = own(work, author_id, number)
    if after is not State.RECALLED:
        demand_right(work, one)
    if after is State.SENT:
        _demand_names(work, one, "retention.no_more")
    if not table.change(work.connection, number, before, state=after.value):
        return own(work, author_id, number)
    audit.note(work.connection, work.now, author_id, DEEDS[after], None, id=number)
    if one.campaign_id is not None:
        moment = work.now if one.urgent else first_moment(work, work.now)
        for campaign in campaigns.about(work.connection, announcement_recall.KINDS, str(number)):
            campaigns.turn(work.connection, campaign, letters, work.now, moment)
    return own(work, author_id, number)


def remind(work: Work, author_id: int, number: int) -> int | None:
    """Remind once those who were sent it and have not confirmed; None when that was done before.

    Whoever has had the day's pushes is left alone.
    """
    one = own(work, author_id, number)
    if one.state is not State.SENT:
        raise Refusal("announcement.not_any_more")
    demand_right(work, one)
    _demand_names(work, one, "retention.no_names")
    waiting = table.to_remind(work.connection, one)
    if not waiting:
        return 0
    if not table.remind(work.connection, number, work.now):
        return None

    def compose(speech: Voice) -> Reply:
        whole = letter(speech, one)
        return Reply((speech.say("announcement.reminder"), *whole.blocks))

    posted = post.push(work, waiting, "announcement_reminder", compose, subject=str(number))
    if not posted.letters and posted.left_out["capped"]:
        # Raising takes back that it was done, so that it can be done tomorrow.
        raise Refusal("announcements.reminder_capped")
    audit.note(work.connection, work.now, author_id, "announcement_remind", None, id=number, people=len(waiting))
    return posted.letters


def readable(work: Work, member_id: int, number: int) -> Announcement:
    """Return an announcement that this person was sent (or wrote) and that still stands."""
    one = table.get(work.connection, number)
    if one is None:
        raise Refusal("announcement.gone")
    if one.author_id == member_id:
        return one
    if one.state is State.RECALLED:
        raise Refusal("announcement.was_recalled")
    if not table.was_sent_to(work.connection, one, member_id):
        raise Refusal("announcement.gone")
    return one


def confirm(work: Work, member_id: int, number: int) -> tuple[Announcement, datetime, bool]:
    """Confirm having seen it; returns (announcement, when, whether it was now). A preview counts for nothing."""
    one = readable(work, member_id, number)
    if one.campaign_id is None or not table.was_sent_to(work.connection, one, member_id):
        raise Refusal("announcement.only_preview")
    first = table.confirm(work.connection, number, member_id, work.now)
    at = table.confirmed_at(work.connection, number, member_id) or work.now
    return one, at, first


def unconfirmed(work: Work, member_id: int) -> list[Announcement]:
    """Return what waits for a person's confirmation."""
    return table.unconfirmed(work.connection, member_id)


def confirmed_at(work: Work, member_id: int, number: int) -> datetime | None:
    """Return when a person confirmed."""
    return table.confirmed_at(work.connection, number, member_id)


def received(work: Work, member_id: int, page: int, size: int) -> list[Announcement]:
    """Return what a person was sent, newest first."""
    return table.received(work.connection, member_id, size, page * size)


def keep_card(work: Work, number: int, messenger: str, account: str, chat: str, message: str) -> None:
    """Remember where the author's card is, to keep its counts living."""
    table.keep_card(work.connection, number, messenger, account, chat, message)


def card_of(work: Work, number: int) -> tuple[str, str, str, str] | None:
    """Return where the author's card is."""
    return table.card_of(work.connection, number)


def language_of(work: Work, one: Announcement) -> str:
    """Return the language that the author reads."""
    author = members.get(work.connection, one.author_id)
    return (author.language if author else "") or work.organisation.language
