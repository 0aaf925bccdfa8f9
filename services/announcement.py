"""Announcements: drafting, whom they reach, sending with a moment to take it back, pausing, recalling, confirming."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from content import Voice, voice
from domain import announcement as rules
from domain.announcement import STANDINGS, Announcement, Circle, State
from domain.call import call
from domain.member import Unit
from domain.permission import Action
from domain.push import later
from domain.refusal import Refusal
from domain.reply import Block, Choices, Document, Picture, Reply, text
from domain.schedule import Rule
from services import attachment, calendar, permission, post
from services.work import Work
from storage import address, outbox
from storage import announcement as table
from storage import campaign as campaigns
from storage import member as members
from storage import schedule as schedules
from storage import unit as units

TICK = "announcement.send"
EDITABLE = (State.DRAFT,)
_KINDS = ("announcement", "announcement_reminder")
"""The campaigns of one announcement: its own, and the reminder's."""
RECALL_AT_ONCE = 2000
"""So many delivered messages are redrawn as recalled; beyond that only what has not left is stopped."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How many are addressed, and how many of them have no account bound."""

    people: int
    unbound: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of an announcement so far."""

    audience: int
    sent: int
    waiting: int
    failed: int
    unbound: int
    unknown: int
    """Sent, but nobody knows whether it arrived."""
    confirmed: int


def places(work: Work, member_id: int) -> list[Unit]:
    """Return every unit that a person may address, from the top down."""
    found: dict[int, Unit] = {}
    for top in permission.scope(work, member_id, Action.ANNOUNCE):
        found.update({unit.id: unit for unit in units.beneath(work.connection, top.path)})
    return list(found.values())


def check_words(work: Work, words: str, file: int | None) -> None:
    """Refuse what may not be sent over the internet, and what is too long or empty."""
    name = ""
    if file is not None:
        kept = attachment.load(work, file)
        name = kept[0] if kept else ""
    mark = rules.secrecy_mark(words) or rules.secrecy_mark(name.rpartition(".")[0] or name)
    if mark is not None:
        refusal = Refusal("announcement.secret", mark=mark)
        refusal.forget = True
        raise refusal
    if len(words) > rules.LONGEST:
        raise Refusal("announcement.too_long", longest=rules.LONGEST, length=len(words))
    if not words.strip() and file is None:
        raise Refusal("announcement.empty")


def draft(work: Work, author_id: int, words: str, file: int | None) -> Announcement:
    """Keep a draft, addressed to the author's highest unit."""
    scope = permission.scope(work, author_id, Action.ANNOUNCE)
    if not scope:
        raise Refusal("help.not_yours")
    check_words(work, words, file)
    number = table.add(work.connection, author_id, words.strip(), file, work.now)
    table.change(work.connection, number, EDITABLE, unit_id=scope[0].id)
    return own(work, author_id, number)


def own(work: Work, author_id: int, number: int) -> Announcement:
    """Return one's own announcement."""
    found = table.get(work.connection, number)
    if found is None or found.author_id != author_id:
        raise Refusal("announcement.gone")
    return found


def rewrite(work: Work, author_id: int, number: int, words: str, file: int | None) -> Announcement:
    """Give a draft other words."""
    own(work, author_id, number)
    check_words(work, words, file)
    values = {"text": words.strip(), "attachment_id": file}
    if not table.change(work.connection, number, EDITABLE, **values):
        raise Refusal("announcement.not_any_more")
    return own(work, author_id, number)


def address_to(work: Work, author_id: int, number: int, unit_id: int, circle: Circle) -> Announcement:
    """Choose the unit and the kind of person."""
    own(work, author_id, number)
    if unit_id not in {unit.id for unit in places(work, author_id)}:
        raise Refusal("permission.nobody")
    if not table.change(work.connection, number, EDITABLE, unit_id=unit_id, circle=circle.value):
        raise Refusal("announcement.not_any_more")
    return own(work, author_id, number)


def audience(work: Work, one: Announcement) -> list[int]:
    """Return whom it is for."""
    return members.members_of(work.connection, one.path, STANDINGS[one.circle]) if one.unit_id else []


def reach(work: Work, one: Announcement) -> Reach:
    """Count whom it is for."""
    people = audience(work, one)
    return Reach(len(people), len(people) - len(address.reachable(work.connection, people)))


def first_moment(work: Work, wish: datetime) -> datetime:
    """Return when the first letter may leave: quiet hours are kept."""
    first = work.organisation.today(wish)
    off = calendar.days_off(work, first, first + timedelta(days=20))
    return later(wish, work.organisation, off, None)


def _demand_right(work: Work, one: Announcement) -> None:
    unit = units.get(work.connection, one.unit_id) if one.unit_id else None
    if unit is None:
        raise Refusal("announcement.gone")
    permission.demand_permission(work, one.author_id, Action.ANNOUNCE, unit)


def send(work: Work, author_id: int, number: int) -> bool:
    """Begin to send, after the grace; False when it was begun before."""
    one = own(work, author_id, number)
    before = (State.DRAFT, State.SCHEDULED, State.LATE)
    if one.state not in before:
        return False
    _demand_right(work, one)
    check_words(work, one.text, one.attachment)
    people = audience(work, one)
    if not people:
        raise Refusal("announcement.nobody")
    if not address.reachable(work.connection, people):
        raise Refusal("announcement.nobody_bound", count=len(people))
    at = work.now + rules.GRACE
    values = {"state": State.SENT.value, "send_at": at, "audience": len(people)}
    if not table.change(work.connection, number, before, **values):
        return False
    schedules.stop(work.connection, TICK, str(number))
    posted = post.push(work, people, "announcement", lambda speech: letter(speech, one), subject=str(number), at=at)
    table.change(work.connection, number, (State.SENT,), campaign_id=posted.campaign)
    return True


def plan(work: Work, author_id: int, number: int, at: datetime) -> Announcement:
    """Send it at a time."""
    one = own(work, author_id, number)
    _demand_right(work, one)
    if not work.now < at <= work.now + rules.FURTHEST:
        raise Refusal("announcement.when_past", days=rules.FURTHEST.days)
    values = {"state": State.SCHEDULED.value, "send_at": at}
    if not table.change(work.connection, number, (State.DRAFT, State.SCHEDULED, State.LATE), **values):
        raise Refusal("announcement.not_any_more")
    local = work.organisation.local(at)
    rule = Rule("once", at=f"{local:%H:%M}", on=local.date().isoformat())
    schedules.put(work.connection, TICK, str(number), rule.to_json(), at)
    return own(work, author_id, number)


def unplan(work: Work, author_id: int, number: int) -> bool:
    """Make a draft of it again; False when it has left already."""
    own(work, author_id, number)
    schedules.stop(work.connection, TICK, str(number))
    values = {"state": State.DRAFT.value, "send_at": None}
    return table.change(work.connection, number, (State.SCHEDULED, State.LATE), **values)


def fall_due(work: Work, number: int, due: datetime) -> None:
    """Send what was planned, or ask its author when that was long ago or is not allowed any more."""
    one = table.get(work.connection, number)
    if one is None or one.state is not State.SCHEDULED:
        return
    if work.now - due <= rules.LATE:
        try:
            send(work, one.author_id, number)
        except Refusal as refusal:
            _ask_author(work, one, "announcement.could_not", voice_line(refusal))
        return
    _ask_author(work, one, "announcement.was_late", None)


def voice_line(refusal: Refusal) -> dict[str, str]:
    """Return a refusal's sentence in each language."""
    return {name: voice(name).line(refusal.code, **refusal.facts) for name in ("zh", "en")}


def _ask_author(work: Work, one: Announcement, code: str, why: dict[str, str] | None) -> None:
    if not table.change(work.connection, one.id, (State.SCHEDULED,), state=State.LATE.value):
        return

    def compose(speech: Voice) -> Reply:
        facts = {"title": title(one), **({"why": why[speech.language]} if why else {})}
        look = speech.button("announcement.look", call("announcements.show", one.id))
        return Reply((speech.say(code, **facts), Choices(((look,),))))

    post.tell(work, one.author_id, "announcement", compose)


def title(one: Announcement, longest: int = 18) -> str:
    """Return the beginning of an announcement, for lists."""
    first = one.text.strip().splitlines()[0] if one.text.strip() else one.file_name
    return first if len(first) <= longest else first[: longest - 1] + "…"


def letter(speech: Voice, one: Announcement, confirmed: str = "") -> Reply:
    """Return the announcement as its readers see it; `confirmed`: the time at which this reader did."""
    blocks: list[Block] = [speech.say("announcement.head", unit=one.unit_name)]
    if one.text:
        blocks.append(text(one.text))
    if one.attachment is not None:
        picture = one.file_mime.startswith("image/")
        blocks.append(Picture(one.attachment, one.file_name) if picture else Document(one.attachment, one.file_name))
    if confirmed:
        blocks.append(speech.say("announcement.confirmed", time=confirmed))
        return Reply(tuple(blocks), edits=True)
    button = speech.button("announcement.confirm", call("announcements.confirm", one.id))
    return Reply((*blocks, Choices(((button,),))))


def progress(work: Work, one: Announcement) -> Progress:
    """Return what became of it so far."""
    if one.campaign_id is None:
        return Progress(one.audience, 0, 0, 0, 0, 0, 0)
    counts = campaigns.counts(work.connection, one.campaign_id)
    written = sum(counts.values())
    return Progress(
        one.audience,
        counts.get(outbox.SENT, 0) + counts.get(outbox.UNKNOWN, 0),
        counts.get(outbox.READY, 0) + counts.get(outbox.SENDING, 0) + counts.get(outbox.HELD, 0),
        counts.get(outbox.FAILED, 0),
        max(0, one.audience - written),
        counts.get(outbox.UNKNOWN, 0),
        table.confirmed(work.connection, one.id),
    )


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
    arrived = [
        row
        for campaign in campaigns.about(work.connection, _KINDS, str(number))
        for row in campaigns.letters(work.connection, campaign, (outbox.SENT,))
    ]
    for row in arrived[:RECALL_AT_ONCE]:
        if row["message"]:
            speech = voice(row["language"])
            drawing = Reply((speech.say("announcement.recalled", unit=one.unit_name),), edits=True)
            post.redraw(work, row["messenger"], row["recipient"], row["chat"], row["message"], drawing)
    return one


def _turn(
    work: Work, author_id: int, number: int, before: tuple[State, ...], after: State, letters: str
) -> Announcement:
    one = own(work, author_id, number)
    if after is not State.RECALLED:
        _demand_right(work, one)
    if table.change(work.connection, number, before, state=after.value) and one.campaign_id is not None:
        moment = first_moment(work, work.now)
        for campaign in campaigns.about(work.connection, _KINDS, str(number)):
            campaigns.turn(work.connection, campaign, letters, work.now, moment)
    return own(work, author_id, number)


def remind(work: Work, author_id: int, number: int) -> int | None:
    """Remind once those who were sent it and have not confirmed; None when that was done before."""
    one = own(work, author_id, number)
    if one.state is not State.SENT:
        raise Refusal("announcement.not_any_more")
    _demand_right(work, one)
    waiting = table.to_remind(work.connection, one)
    if not waiting:
        return 0
    if not table.remind(work.connection, number, work.now):
        return None

    def compose(speech: Voice) -> Reply:
        whole = letter(speech, one)
        return Reply((speech.say("announcement.reminder"), *whole.blocks))

    return post.push(work, waiting, "announcement_reminder", compose, subject=str(number)).letters


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


def written(work: Work, author_id: int, limit: int) -> list[Announcement]:
    """Return an author's newest announcements."""
    return table.by_author(work.connection, author_id, limit)


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
