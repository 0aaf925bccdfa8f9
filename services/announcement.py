"""Writing announcements: drafting, whom they reach, urgency and its reason, sending with a moment to take it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from content import Voice, voice
from domain import announcement as rules
from domain.announcement import STANDINGS, Announcement, Circle, State
from domain.call import call
from domain.member import Unit
from domain.permission import Action
from domain.push import Audience
from domain.refusal import Refusal
from domain.reply import Block, Choices, Document, Picture, Reply, text
from domain.schedule import Rule
from services import announcement_approval, attachment, permission, post
from services.work import Work
from storage import announcement as table
from storage import announcement_list as lists
from storage import audit
from storage import schedule as schedules
from storage import unit as units

TICK = "announcement.send"
EDITABLE = (State.DRAFT,)
GREETS = ("：", ":")
"""How a line ends that only greets."""
COUNTED = 20_000
"""So many people are counted while somebody waits for the preview; of more it says that they are more."""
REASON = range(4, 101)
"""How long the reason of an urgent announcement may be."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How many are addressed, and how many of them have no account bound."""

    people: int
    unbound: int
    more: bool = False
    """There are more than were counted."""


def places(work: Work, member_id: int) -> list[Unit]:
    """Return every unit that a person may address, from the top down."""
    found: dict[int, Unit] = {}
    for top in permission.scope(work, member_id, Action.ANNOUNCE):
        found.update({unit.id: unit for unit in units.beneath(work.connection, top.path)})
    return list(found.values())


def check_words(work: Work, words: str, file: int | None) -> None:
    """Refuse what may not be sent over the internet, and what is too long or empty."""
    kept = attachment.load(work, file) if file is not None else None
    check_text(words, kept[0] if kept else "", has_file=file is not None)


def check_text(words: str, name: str, *, has_file: bool) -> None:
    """Do the same before a file of this name is kept."""
    mark = rules.secrecy_mark(words) or rules.secrecy_mark(name.rpartition(".")[0] or name)
    if mark is not None:
        refusal = Refusal("announcement.secret", mark=mark)
        refusal.forget = True
        raise refusal
    if len(words) > rules.LONGEST:
        raise Refusal("announcement.too_long", longest=rules.LONGEST, length=len(words))
    if not words.strip() and not has_file:
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


def discard(work: Work, author_id: int, number: int) -> None:
    """Throw one's own draft away with its file; what waits or is planned must be taken back first."""
    one = own(work, author_id, number)
    if one.state is not State.DRAFT:
        raise Refusal("announcement.no_draft")
    announcement_approval.forget(work, one)
    if not table.drop(work.connection, number):
        raise Refusal("announcement.no_draft")
    if one.attachment is not None:
        attachment.forget(work, one.attachment)


def audience(one: Announcement) -> Audience:
    """Return whom it is for."""
    return Audience(one.path, STANDINGS[one.circle])


def reach(work: Work, one: Announcement) -> Reach:
    """Count whom it is for, as far as that takes no time."""
    if not one.unit_id:
        return Reach(0, 0)
    whom = audience(one)
    found = lists.gauge(work.connection, whom.path, whom.standings, COUNTED)
    if found.people > COUNTED:
        return Reach(COUNTED, 0, more=True)
    return Reach(found.people, found.people - found.on.total())


def check_reason(reason: str) -> str:
    """Return the reason of an urgent one in a line, perhaps empty. Raises the refusal of a reason that will not do."""
    reason = " ".join(reason.split())
    if reason:
        check_text(reason, "", has_file=False)
        if len(reason) not in REASON:
            raise Refusal("announcement.reason_length", least=REASON.start, longest=REASON.stop - 1)
    return reason


def make_urgent(work: Work, author_id: int, number: int, reason: str) -> Announcement:
    """Let a draft pass quiet hours for this reason; an empty one takes that back."""
    own(work, author_id, number)
    reason = check_reason(reason)
    if not table.change(work.connection, number, EDITABLE, urgent=reason):
        raise Refusal("announcement.not_any_more")
    return own(work, author_id, number)


def urgent_this_month(work: Work, unit_id: int) -> int:
    """Count the urgent announcements that a unit has sent since the month began."""
    first = work.organisation.start_of(work.today.replace(day=1))
    return table.urgent_since(work.connection, unit_id, first)


def first_moment(work: Work, wish: datetime) -> datetime:
    """Return when the first letter may leave: quiet hours are kept."""
    return post.undisturbed(work, wish)[0]


def demand_right(work: Work, one: Announcement) -> None:
    """Refuse when the author may not speak to this unit (any more)."""
    unit = units.get(work.connection, one.unit_id) if one.unit_id else None
    if unit is None:
        raise Refusal("announcement.gone")
    permission.demand_permission(work, one.author_id, Action.ANNOUNCE, unit)


def demand_sendable(work: Work, one: Announcement) -> Reach:
    """Refuse what could not be sent, approved or not; returns whom it would reach."""
    demand_right(work, one)
    check_words(work, one.text, one.attachment)
    found = reach(work, one)
    if not found.people:
        raise Refusal("announcement.nobody")
    if found.unbound == found.people:
        raise Refusal("announcement.nobody_bound", count=found.people)
    return found


def send(work: Work, author_id: int, number: int) -> bool:
    """Begin to send, after the grace; False when it was begun before. Refused where somebody else must approve it."""
    one = own(work, author_id, number)
    before = (State.DRAFT, State.SCHEDULED, State.LATE)
    if one.state not in before:
        return False
    found = demand_sendable(work, one)
    announcement_approval.demand_approved(work, one, announcement_approval.leaving(work, one))
    at = work.now + rules.GRACE
    values = {"state": State.SENT.value, "send_at": at, "audience": found.people}
    if not table.change(work.connection, number, before, **values):
        return False
    schedules.stop(work.connection, TICK, str(number))
    kind = "announcement_urgent" if one.urgent else "announcement"
    facts = {"id": number, "unit": one.unit_id, "people": found.people}
    audit.note(work.connection, work.now, author_id, "announcement_send", None, **facts)
    if one.urgent:
        audit.note(work.connection, work.now, author_id, "announcement.urgent", None, id=number, reason=one.urgent)
    posted = post.push(work, audience(one), kind, lambda speech: letter(speech, one), subject=str(number), at=at)
    table.change(work.connection, number, (State.SENT,), campaign_id=posted.campaign)
    return True


def plan(work: Work, author_id: int, number: int, at: datetime) -> Announcement:
    """Send it at a time. Refused where somebody else must approve it."""
    one = own(work, author_id, number)
    demand_right(work, one)
    announcement_approval.demand_approved(work, one, at)
    if not work.now < at <= work.now + rules.FURTHEST:
        raise Refusal("announcement.when_past", days=rules.FURTHEST.days)
    values = {"state": State.SCHEDULED.value, "send_at": at}
    if not table.change(work.connection, number, (State.DRAFT, State.SCHEDULED, State.LATE), **values):
        raise Refusal("announcement.not_any_more")
    schedule(work, number, at)
    facts = {"id": number, "unit": one.unit_id, "at": f"{work.organisation.local(at):%Y-%m-%d %H:%M}"}
    audit.note(work.connection, work.now, author_id, "announcement_plan", None, **facts)
    return own(work, author_id, number)


def schedule(work: Work, number: int, at: datetime) -> None:
    """Let the clock look at it at this moment."""
    local = work.organisation.local(at)
    rule = Rule("once", at=f"{local:%H:%M}", on=local.date().isoformat())
    schedules.put(work.connection, TICK, str(number), rule.to_json(), at)


def unplan(work: Work, author_id: int, number: int) -> bool:
    """Make a draft of it again; False when it has left already."""
    own(work, author_id, number)
    schedules.stop(work.connection, TICK, str(number))
    values = {"state": State.DRAFT.value, "send_at": None}
    return table.change(work.connection, number, (State.SCHEDULED, State.LATE), **values)


def fall_due(work: Work, number: int, due: datetime) -> None:
    """Send what was planned, or ask its author when that was long ago or is not allowed any more."""
    one = table.get(work.connection, number)
    if one is not None and one.state is State.WAITING:
        tell_author(work, one, "announcement_approval.time_passed", {"title": title(one)})
        return
    if one is None or one.state is not State.SCHEDULED:
        return
    if work.now - due <= rules.LATE:
        try:
            send(work, one.author_id, number)
        except Refusal as refusal:
            ask_author(work, one, "announcement.could_not", voice_line(refusal))
        return
    ask_author(work, one, "announcement.was_late", {})


def voice_line(refusal: Refusal) -> dict[str, dict[str, str]]:
    """Return a refusal's sentence in each language, as the fact `why`."""
    return {name: {"why": voice(name).line(refusal.code, **refusal.facts)} for name in ("zh", "en")}


def ask_author(work: Work, one: Announcement, code: str, facts: Mapping[str, Mapping[str, str]]) -> None:
    """Let the author decide about what was planned. `facts`: by language."""
    if not table.change(work.connection, one.id, (State.SCHEDULED,), state=State.LATE.value):
        return

    def compose(speech: Voice) -> Reply:
        look = speech.button("announcement.look", call("announcements.show", one.id))
        told = {"title": title(one), **facts.get(speech.language, {})}
        return Reply((speech.say(code, **told), Choices(((look,),))))

    post.tell(work, one.author_id, "announcement_author", compose)


def tell_author(
    work: Work,
    one: Announcement,
    code: str,
    facts: Mapping[str, str],
    *,
    more: Sequence[Block] = (),
    at: datetime | None = None,
) -> None:
    """Tell the author something about it, with a way there. `at` becomes the fact `moment`."""

    def compose(speech: Voice) -> Reply:
        look = speech.button("announcement.look", call("announcements.show", one.id))
        moment = {"moment": speech.moment(work.organisation.local(at))} if at else {}
        return Reply((speech.say(code, **facts, **moment), *more, Choices(((look,),))))

    post.tell(work, one.author_id, "announcement_author", compose)


def title(one: Announcement, longest: int = 18) -> str:
    """Return the beginning of an announcement, for lists: after whom it greets, where a line does only that."""
    lines = [line.strip() for line in one.text.splitlines() if line.strip()] or [one.file_name]
    first = next((line for line in lines if not line.endswith(GREETS)), lines[0])
    return first if len(first) <= longest else first[: longest - 1] + "…"


def letter(speech: Voice, one: Announcement, confirmed: str = "") -> Reply:
    """Return the announcement as its readers see it; `confirmed`: the time at which this reader did."""
    blocks: list[Block] = [speech.say("announcement.head", unit=one.unit_name)]
    if one.urgent:
        blocks = [speech.say("announcement.head_urgent", unit=one.unit_name, reason=one.urgent)]
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


def written(work: Work, author_id: int, limit: int) -> list[Announcement]:
    """Return an author's newest announcements."""
    return table.by_author(work.connection, author_id, limit)
