"""有什么活动: what is on for me, signing up and withdrawing by one tap, the calendar file, and what I thought of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from domain.activity import LIVE, MOST_FAMILY, STARS, Activity, ActivityState, SignUpState, has_room
from domain.arrival import Said, Uploaded
from domain.call import call
from domain.refusal import Refusal
from domain.reply import Block, Button, Personal, Reply
from handlers.grammar import Matter, Routes, Turn, reply
from services import activity as service
from services import activity_feedback, activity_sign_up
from services.activity import Seen

routes = Routes("activities")

PAGE = 5
WEEK = timedelta(days=7)


@routes.matter
def this_week(turn: Turn) -> Iterable[Matter]:
    """Mention a place that is kept, what one has signed up for in the week, or else what one could come to."""
    soon = turn.work.now + WEEK
    mine = [(one, state) for one, state in service.signed_up(turn.work, turn.person.id) if one.starts_at < soon]
    for one, state in mine[:2]:
        code = "activities.matter_offered" if state is SignUpState.OFFERED else "activities.matter"
        urgency = 8 if state is SignUpState.OFFERED else 32
        words = turn.voice.line(code, line=service.line(turn.work, turn.voice, one))
        yield Matter(urgency, words, turn.button("activities.look", call("activities.show", one.id)))
    if mine:
        return
    for one in service.open_to(turn.work, turn.person.id)[:1]:
        if one.starts_at < soon:
            words = turn.voice.line("activities.matter_open", line=service.line(turn.work, turn.voice, one))
            yield Matter(48, words, turn.button("activities.look", call("activities.show", one.id)))


@routes.entry("activities")
def activities(turn: Turn, _rest: str) -> Reply:
    """Show what is on."""
    return page(turn, 0)


@routes.button("page")
def page(turn: Turn, number: int) -> Reply:
    """Show what one has signed up for, then what one may come to, some at a time."""
    mine = service.signed_up(turn.work, turn.person.id)
    everything = [*mine, *((one, None) for one in service.open_to(turn.work, turn.person.id))]
    number = max(0, min(number, (len(everything) - 1) // PAGE))
    shown = everything[number * PAGE : (number + 1) * PAGE]
    home = turn.button("help.home", call("help.home"))
    if not shown:
        return reply(turn.say("activities.none"), rows=[[home]], edits=True, personal=Personal.OWN)
    lines = "\n".join(f"· {_line(turn, one, state)}" for one, state in shown)
    rows = [[Button(one.title[:30], call("activities.show", one.id))] for one, _ in shown]
    last = [home]
    if len(everything) > PAGE:
        following = number + 1 if len(everything) > (number + 1) * PAGE else 0
        last.insert(0, turn.button("activities.more", call("activities.page", following)))
    return reply(turn.say("activities.list", lines=lines), rows=[*rows, last], edits=True, personal=Personal.OWN)


def _line(turn: Turn, one: Activity, state: SignUpState | None) -> str:
    if state is not None:
        how = turn.voice.line(f"activities.state_{state.value}")
    elif one.left is None:
        how = turn.voice.line("activities.places_any")
    else:
        how = (
            turn.voice.line("activities.places_left", left=one.left) if one.left else turn.voice.line("activities.full")
        )
    return turn.voice.line("activities.with", line=service.line(turn.work, turn.voice, one), how=how)


@routes.button("show")
def show(turn: Turn, number: int) -> Reply:
    """Show one, with how one stands to it and what can be done."""
    return _card(turn, number)


def _card(turn: Turn, number: int, *first: Block) -> Reply:
    seen = service.seen(turn.work, turn.person.id, number)
    blocks: list[Block] = [*first, *service.details(turn.work, turn.voice, seen.activity)]
    if not first:
        blocks += _standing(turn, seen)
    back = turn.button("activities.back", call("activities.page", 0))
    return reply(*blocks, rows=[*_rows(turn, seen), [back]], edits=True, personal=Personal.OWN)


def _standing(turn: Turn, seen: Seen) -> list[Block]:
    """Say how one stands, and with what else it collides."""
    one, row = seen.activity, seen.row
    found: list[Block] = []
    if one.state in {ActivityState.CANCELLED, ActivityState.OVER}:
        found.append(turn.say(f"activities.is_{one.state.value}"))
    elif seen.state is SignUpState.WAITING:
        found.append(turn.say("activities.you_wait", place=seen.ahead + 1))
        if row and has_room(one.capacity, one.taken, row.party):
            found.append(turn.say("activities.free_for_you"))
    elif seen.state is SignUpState.OFFERED and row and row.offered_until:
        until = turn.voice.moment(turn.work.organisation.local(row.offered_until))
        found.append(turn.say("activities.you_are_offered", until=until))
    elif seen.state is SignUpState.IN:
        found.append(turn.say("activities.you_come", family=row.family if row else 0))
    return [*found, *_conflicts(turn, seen)]


def _conflicts(turn: Turn, seen: Seen) -> list[Block]:
    if seen.activity.state not in LIVE:
        return []
    return [
        turn.say("activities.conflict", line=service.line(turn.work, turn.voice, other)) for other in seen.conflicts[:2]
    ]


def _rows(turn: Turn, seen: Seen) -> list[list[Button]]:
    """Return what this person can do."""
    one, number = seen.activity, seen.activity.id
    if one.state is ActivityState.OVER and activity_feedback.may_answer(turn.work, turn.person.id, one):
        return [[turn.button("activities.stars", call("activities.rate", number, n), stars=n) for n in STARS]]
    if one.state not in LIVE:
        return []
    off = turn.button("activities.withdraw", call("activities.withdraw", number))
    family = seen.row.family if seen.row else 0
    held = {
        SignUpState.IN: [off, turn.button("activities.calendar", call("activities.file", number))],
        SignUpState.WAITING: [off],
        SignUpState.OFFERED: [
            turn.button("activities.accept", call("activities.join", number, family)),
            turn.button("activities.decline", call("activities.withdraw", number)),
        ],
    }
    if seen.state is SignUpState.WAITING and seen.row and has_room(one.capacity, one.taken, seen.row.party):
        return [[turn.button("activities.join", call("activities.join", number, family)), off]]
    if seen.state is not None:
        return [held[seen.state]]
    return _ways_in(turn, one) if seen.eligible else []


def _ways_in(turn: Turn, one: Activity) -> list[list[Button]]:
    code = "activities.join_list" if one.left == 0 else "activities.join"
    rows = [[turn.button(code, call("activities.join", one.id, 0))]]
    if one.family:
        rows.append(
            [
                turn.button("activities.join_with", call("activities.join", one.id, family), family=family)
                for family in range(1, MOST_FAMILY + 1)
            ]
        )
    return rows


@routes.button("join")
def join(turn: Turn, number: int, family: int) -> Reply:
    """Sign up, by one tap."""
    outcome = activity_sign_up.sign_up(turn.work, turn.person.id, number, family)
    seen = service.seen(turn.work, turn.person.id, number)
    if outcome.state is SignUpState.WAITING:
        code = "activities.waiting" if outcome.changed else "activities.waiting_already"
        said = turn.say(code, place=seen.ahead + 1)
    else:
        said = turn.say("activities.joined" if outcome.changed else "activities.joined_already")
    return _card(turn, number, said, *_conflicts(turn, seen))


@routes.button("withdraw")
def withdraw(turn: Turn, number: int) -> Reply:
    """Withdraw, by one tap."""
    outcome = activity_sign_up.withdraw(turn.work, turn.person.id, number)
    code = "activities.withdrawn" if outcome.changed else "activities.withdrawn_already"
    return _card(turn, number, turn.say(code))


@routes.button("file")
def file(turn: Turn, number: int) -> Reply:
    """Give the calendar file, to whoever comes."""
    seen = service.seen(turn.work, turn.person.id, number)
    if seen.state is not SignUpState.IN:
        raise Refusal("activities.sign_up_first")
    document = service.calendar_file(turn.work, turn.voice, seen.activity)
    back = turn.button("activities.back_one", call("activities.show", number))
    return reply(turn.say("activities.take_file"), document, rows=[[back]], personal=Personal.OWN)


@routes.button("rate")
def rate(turn: Turn, number: int, stars: int) -> Reply:
    """Take the stars; nothing that says whose they were is kept, nor the update itself. One free line may follow."""
    turn.forgets = True
    one = activity_feedback.rate(turn.work, turn.person.id, number, stars)
    turn.ask("activities.words", id=number)
    skip = turn.button("activities.skip", call("activities.skip"))
    return reply(turn.say("activities.thanks_more", title=one.title), rows=[[skip]], edits=True, personal=Personal.OWN)


@routes.button("skip")
def skip(turn: Turn) -> Reply:
    """Say nothing more."""
    if turn.step == "activities.words":
        turn.close()
    return reply(turn.say("activities.thanks"), rows=[[turn.button("help.home", call("help.home"))]], edits=True)


@routes.step("words", yields=True)
def words(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take the free line; the update that brought it is not kept."""
    turn.forgets = True
    activity_feedback.say(turn.work, int(turn.facts["id"]), content.text if isinstance(content, Said) else "")
    turn.close()
    return reply(turn.say("activities.thanks"), rows=[[turn.button("help.home", call("help.home"))]])
