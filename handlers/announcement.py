"""发公告: words and a file, whom it is for, the preview as readers see it, and sending now or at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.announcement import (
    FURTHEST,
    Announcement,
    Circle,
    State,
    example_hour,
    example_moment,
    names_day,
    names_part,
    read_moment,
)
from domain.announcement_approval import Verdict
from domain.arrival import Said, Uploaded
from domain.call import call
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Block, Button, Choices, Personal, Reply, Text
from handlers.grammar import Routes, Turn, reply
from services import announcement as service
from services import announcement_approval as approvals
from services import announcement_review as review
from services import post
from services.work import Work

routes = Routes("announcement")

SHOWN = 6
_URGENT = "announcement.urgent"


@routes.tick("send", late_limit=timedelta(days=30))
def send_planned(work: Work, subject: str, due: datetime) -> None:
    """Send what was planned for this moment."""
    service.fall_due(work, int(subject), due)


@routes.entry("announce", needs=Action.ANNOUNCE, writes=True)
def announce(turn: Turn, rest: str) -> Reply:
    """Ask for the words; those after the command are taken as them."""
    if rest:
        return _drafted(turn, service.draft(turn.work, turn.person.id, rest, None))
    turn.ask("announcement.words")
    rows: list[list[Button]] = []
    if service.written(turn.work, turn.person.id, 1):
        rows.append([turn.button("announcement.list", call("announcements.mine"))])
    rows.append([_cancel(turn)])
    return reply(turn.say("announcement.ask"), rows=rows)


def _cancel(turn: Turn) -> Button:
    return turn.button("announcement.cancel", call("announcement.cancel"))


@routes.button("cancel")
def cancel(turn: Turn) -> Reply:
    """Send nothing; what is drafted stays."""
    if not turn.step.startswith("announcement."):
        return turn.registry.buttons["help.passed"](turn)
    said = turn.say("announcement.put_off" if "id" in turn.facts else "announcement.cancelled")
    turn.close()
    home = turn.button("help.home", call("help.home"))
    return reply(said, rows=[[home]], edits=True)


@routes.step("words")
def words(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take the words, or a file with a caption; of a draft that is being rewritten, or a new one."""
    if isinstance(content, Uploaded):
        if content.attachment is None:
            raise Refusal("announcement.file_lost")
        typed, file = content.caption, content.attachment
    else:
        typed, file = content.text, None
    number = turn.facts.get("id")
    if number is None:
        return _drafted(turn, service.draft(turn.work, turn.person.id, typed, file))
    before = service.own(turn.work, turn.person.id, int(number))
    # Words alone keep the file, a file alone keeps the words: people send the two apart.
    kept_file = file if file is not None else before.attachment
    kept_words = typed if typed.strip() else before.text
    return _drafted(turn, service.rewrite(turn.work, turn.person.id, int(number), kept_words, kept_file))


def _drafted(turn: Turn, one: Announcement) -> Reply:
    """Show the draft as its readers will see it, whom it is for, and what can be done."""
    turn.ask("announcement.words", id=one.id)
    found = service.reach(turn.work, one)
    seen = service.letter(turn.voice, one)
    blocks: list[Block] = [turn.say("announcement.preview")]
    blocks += [block for block in seen.blocks if not isinstance(block, Choices)]
    facts = {"unit": one.unit_name, "circle": turn.voice.label(f"announcement.circle_{one.circle.value}")}
    if found.more:
        to = turn.say("announcement.reach_more", people=found.people, **facts)
    elif not found.unbound:
        to = turn.say("announcement.reach_all", people=found.people, **facts)
    else:
        to = turn.say("announcement.reach", people=found.people, unbound=found.unbound, **facts)
    first = service.first_moment(turn.work, turn.work.now)
    if one.urgent:
        blocks += [to, turn.say("announcement.passes", count=service.urgent_this_month(turn.work, one.unit_id or 0))]
    elif first > turn.work.now:
        moment = turn.voice.moment(turn.work.organisation.local(first))
        blocks += [to, turn.say("announcement.quiet_now", moment=moment)]
    else:
        blocks.append(to)
    if remark := _approval(turn, one):
        blocks.append(remark)
    rows = [
        [
            turn.button("announcement.send", call("announcement.send", one.id)),
            turn.button("announcement.plan", call("announcement.plan", one.id)),
        ],
        [
            turn.button("announcement.test", call("announcement.test", one.id)),
            turn.button("announcement.rewrite", call("announcement.rewrite", one.id)),
        ],
        [
            turn.button("announcement.unit", call("announcement.unit", one.id, 0)),
            turn.button("announcement.circle", call("announcement.circle", one.id, "")),
        ],
        [
            turn.button("announcement.calm" if one.urgent else "announcement.urgent", call(_URGENT, one.id)),
            turn.button("announcement.discard", call("announcement.discard", one.id)),
        ],
        [_cancel(turn)],
    ]
    return reply(*blocks, rows=rows, edits=True, personal=Personal.OWN)


def _approval(turn: Turn, one: Announcement) -> Text | None:
    """Say why it was given back, while nothing was changed, or that somebody else will look at it first."""
    last = approvals.newest(turn.work, one)
    if last is not None and last.verdict is Verdict.RETURNED:
        return turn.say("announcement_approval.last_returned", who=last.decided_name, words=last.words)
    if approvals.needed(turn.work, one) and not approvals.approved(turn.work, one, one.send_at):
        return turn.say("announcement_approval.first", unit=one.unit_name)
    return None


def _draft(turn: Turn, number: int) -> Announcement:
    one = service.own(turn.work, turn.person.id, number)
    if one.state is not State.DRAFT:
        raise Refusal("announcement.not_any_more")
    return one


@routes.button("draft")
def draft(turn: Turn, number: int) -> Reply:
    """Show the draft again; what is planned becomes a draft."""
    service.unplan(turn.work, turn.person.id, number)
    return _drafted(turn, _draft(turn, number))


@routes.button("discard")
def discard(turn: Turn, number: int) -> Reply:
    """Throw the draft away."""
    service.discard(turn.work, turn.person.id, number)
    turn.close()
    home = turn.button("help.home", call("help.home"))
    return reply(turn.say("announcement.discarded"), rows=[[home]], edits=True)


@routes.button("rewrite")
def rewrite(turn: Turn, number: int) -> Reply:
    """Ask for other words or another file."""
    one = _draft(turn, number)
    turn.ask("announcement.words", id=one.id)
    back = turn.button("announcement.back", call("announcement.draft", one.id))
    return reply(turn.say("announcement.ask_again"), rows=[[back]])


@routes.button("urgent")
def urgent(turn: Turn, number: int) -> Reply:
    """Ask why it can't wait; an urgent one becomes an ordinary one."""
    one = _draft(turn, number)
    if one.urgent:
        return _drafted(turn, service.make_urgent(turn.work, turn.person.id, number, ""))
    turn.ask("announcement.reason", id=one.id)
    back = turn.button("announcement.back", call("announcement.draft", one.id))
    count = service.urgent_this_month(turn.work, one.unit_id or 0)
    return reply(turn.say("announcement.ask_reason", count=count), rows=[[back]], edits=True)


@routes.step("reason")
def reason(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take the reason."""
    words = content.text if isinstance(content, Said) else ""
    if not words.strip():
        raise Refusal("announcement.reason_length", least=service.REASON.start, longest=service.REASON.stop - 1)
    return _drafted(turn, service.make_urgent(turn.work, turn.person.id, int(turn.facts["id"]), words))


@routes.button("unit")
def unit(turn: Turn, number: int, page: int) -> Reply:
    """Choose the unit."""
    one = _draft(turn, number)
    places = service.places(turn.work, turn.person.id)
    page = max(0, min(page, (len(places) - 1) // SHOWN))
    rows = [
        [Button(place.name[:30], call("announcement.to", one.id, place.id, one.circle.value))]
        for place in places[page * SHOWN : (page + 1) * SHOWN]
    ]
    last = [turn.button("announcement.back", call("announcement.draft", one.id))]
    if len(places) > SHOWN:
        to = page + 1 if (page + 1) * SHOWN < len(places) else 0
        last.append(turn.button("announcement.more", call("announcement.unit", one.id, to)))
    return reply(turn.say("announcement.which_unit"), rows=[*rows, last], edits=True)


@routes.button("circle")
def circle(turn: Turn, number: int, chosen: str) -> Reply:
    """Choose the kind of person."""
    one = _draft(turn, number)
    if chosen in {kind.value for kind in Circle}:
        return to(turn, number, one.unit_id or 0, chosen)
    buttons = [
        turn.button(f"announcement.circle_{kind.value}", call("announcement.circle", one.id, kind.value))
        for kind in Circle
    ]
    rows = [buttons[place : place + 2] for place in range(0, len(buttons), 2)]
    rows.append([turn.button("announcement.back", call("announcement.draft", one.id))])
    return reply(turn.say("announcement.which_circle"), rows=rows, edits=True)


@routes.button("to")
def to(turn: Turn, number: int, unit_id: int, chosen: str) -> Reply:
    """Take the unit and the kind of person."""
    if chosen not in {kind.value for kind in Circle}:
        raise Refusal("help.expired")
    return _drafted(turn, service.address_to(turn.work, turn.person.id, number, unit_id, Circle(chosen)))


@routes.button("test")
def test(turn: Turn, number: int) -> Reply:
    """Send it to oneself first, just as readers will get it."""
    one = _draft(turn, number)
    arrival = turn.arrival
    post.answer(turn.work, arrival.messenger, arrival.user, arrival.chat, service.letter(turn.voice, one))
    rows = [
        [turn.button("announcement.send", call("announcement.send", one.id))],
        [turn.button("announcement.back", call("announcement.draft", one.id))],
    ]
    return reply(turn.say("announcement.tested"), rows=rows)


@routes.button("send")
def send(turn: Turn, number: int) -> Reply:
    """Send it; there are a few seconds to take it back. Somebody else may have to approve it first."""
    review.send(turn.work, turn.person.id, number)
    turn.close()
    return turn.registry.buttons["announcements.show"](turn, number)


@routes.button("plan")
def plan(turn: Turn, number: int) -> Reply:
    """Ask when."""
    one = _draft(turn, number)
    turn.ask("announcement.moment", id=one.id)
    example = example_moment(turn.work.today)
    return reply(turn.say("announcement.ask_when", example=example), rows=[[_back(turn, number)]], edits=True)


def _back(turn: Turn, number: int) -> Button:
    return turn.button("announcement.back", call("announcement.draft", number))


@routes.step("moment", numbers=True)
def moment(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take the moment. A day alone (明天下午) is kept while its hour is asked for: no hour is made up."""
    number, said = int(turn.facts["id"]), content.text if isinstance(content, Said) else ""
    today, now, organisation = turn.work.today, turn.work.now, turn.work.organisation
    day = said if names_day(said, today) else f"{turn.facts.get('day', '')} {said}".strip()
    found = read_moment(day, today) or read_moment(f"{day}点", today)
    if found is not None and now < (at := organisation.at(*found)) <= now + FURTHEST:
        review.plan(turn.work, turn.person.id, number, at)
        turn.close()
        return turn.registry.buttons["announcements.show"](turn, number)
    back = [[_back(turn, number)]]
    if found is None and (names_day(said, today) or names_part(said)):
        hour = example_hour(day, organisation.local(now))
        if hour:
            turn.ask("announcement.moment", id=number, day=day)
            return reply(turn.say("announcement.which_hour", day=day[:40], hour=hour), rows=back)
    elif found is None:
        return reply(turn.say("announcement.when_unread", example=example_moment(today)), rows=back)
    return reply(turn.say("announcement.when_past", days=FURTHEST.days), rows=back)
