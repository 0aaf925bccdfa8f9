"""活动, for whoever holds them: what is planned, the live card with the names and the sign-in, its end, what came."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from content import Voice
from domain.activity import FEEDBACK_FROM, FEEDBACK_STEP, LIVE, Activity, ActivityState, SignUpState
from domain.arrival import Pressed
from domain.call import call
from domain.gathering import Card
from domain.permission import Action
from domain.reply import Block, Button, Personal, Reply
from handlers.grammar import Matter, Routes, Turn, reply
from services import activity as service
from services import activity_day, activity_feedback, activity_plan, activity_sign_up, gathering, permission
from services.work import Work

routes = Routes("activity")

LISTED = 5
PAGE = 6
WORDS_SHOWN = 8


@routes.schedule
def prepare(work: Work) -> None:
    """Write the schedule."""
    activity_day.prepare(work)


@routes.tick("look", late_limit=timedelta(hours=5))
def look(work: Work, _subject: str, _due: datetime) -> None:
    """Remind those who come on the workday before."""
    activity_day.remind(work)


@routes.tick("expire", late_limit=timedelta(days=30))
def expire(work: Work, subject: str, _due: datetime) -> None:
    """Free a place that was kept and not taken, and ask the next."""
    activity_sign_up.expire(work, int(subject))


@routes.tick("end", late_limit=timedelta(days=30))
def end(work: Work, subject: str, _due: datetime) -> None:
    """End what nobody ended."""
    activity_day.fall_due(work, int(subject))


@routes.matter
def today(turn: Turn) -> Iterable[Matter]:
    """Lead whoever holds something today to its card."""
    if not permission.may_anywhere(turn.work, turn.person.id, Action.PLAN_ACTIVITIES):
        return
    for one in service.planned(turn.work, turn.person.id, LISTED):
        starts_at = turn.work.organisation.local(one.starts_at)
        if one.state in LIVE and starts_at.date() == turn.work.today:
            words = turn.voice.line("activity.matter", title=one.title, time=f"{starts_at:%H:%M}")
            yield Matter(9, words, turn.button("activity.manage", call("activity.show", one.id)))
            return


@routes.entry("activity", needs=Action.PLAN_ACTIVITIES, writes=True)
def activity(turn: Turn, rest: str) -> Reply:
    """Show what is planned, and begin a new one; words after the command are its title."""
    if rest:
        return turn.registry.buttons["activity_plan.start"](turn, rest)
    return mine(turn)


@routes.button("mine")
def mine(turn: Turn) -> Reply:
    """Show what is planned; with nothing planned the planning begins at once."""
    planned = service.planned(turn.work, turn.person.id, LISTED)
    if not planned:
        return turn.registry.buttons["activity_plan.start"](turn, "")
    turn.close()
    lines = "\n".join(
        f"· {service.line(turn.work, turn.voice, one)} · {turn.voice.line(f'activity.is_{one.state.value}')}"
        for one in planned
    )
    rows = [[Button(one.title[:30], call("activity.show", one.id))] for one in planned]
    rows.append(
        [
            turn.button("activity.new", call("activity_plan.start", "")),
            turn.button("help.home", call("help.home")),
        ]
    )
    return reply(turn.say("activity.planned", lines=lines), rows=rows, edits=True, personal=Personal.OWN)


@routes.button("show")
def show(turn: Turn, number: int) -> Reply:
    """Show the card of one; a draft goes on being planned."""
    one = service.own(turn.work, turn.person.id, number)
    if one.state is ActivityState.DRAFT:
        return turn.registry.buttons["activity_draft.summary"](turn, number)
    turn.close()
    return _card(turn, one)


def _card(turn: Turn, one: Activity, *first: Block) -> Reply:
    """Draw the card; while people sign in it is remembered where it is, so that the count on it lives."""
    found = activity_day.sign_in_of(turn.work, one.id) if one.state is ActivityState.OPEN else None
    if found is not None:
        arrival, content = turn.arrival, turn.arrival.content
        place = (arrival.messenger, arrival.user, arrival.chat)
        if isinstance(content, Pressed) and content.message:
            gathering.keep_card(turn.work, found.id, Card(*place, content.message))
        else:
            turn.answered = lambda letter: gathering.keep_card(turn.work, found.id, Card(*place, f"@{letter}"))
    return _drawn(turn.work, turn.voice, one, *first)


@routes.lives
def drawn_anew(work: Work, voice: Voice, number: int) -> Reply:
    """Draw the living card."""
    one = activity_day.get(work, number)
    return _drawn(work, voice, one)


def _drawn(work: Work, voice: Voice, one: Activity, *first: Block) -> Reply:
    now = activity_day.standing(work, one)
    blocks: list[Block] = [*first, *service.details(work, voice, one)]
    blocks.append(
        voice.say(
            "activity.card",
            state=voice.line(f"activity.is_{one.state.value}"),
            coming=now.coming,
            family=now.family,
            waiting=now.waiting,
            offered=now.offered,
        )
    )
    if now.idle:
        blocks.append(voice.say("activity.idle", left=now.idle))
    found = activity_day.sign_in_of(work, one.id)
    if now.there is not None and found is not None:
        facts = {"there": now.there.there, "expected": now.there.expected}
        facts |= {"late": now.there.late, "by_hand": now.there.by_hand}
        if one.state is ActivityState.OPEN and found.is_open(work.now):
            late_at = f"{work.organisation.local(found.late_at):%H:%M}"
            blocks.append(voice.say("activity.signing_in", code=found.code(work.now), late_at=late_at, **facts))
        else:
            blocks.append(voice.say("activity.signed_in", **facts))
    return reply(*blocks, rows=_rows(voice, one), edits=True, personal=Personal.MEMBERSHIP)


def _rows(voice: Voice, one: Activity) -> list[list[Button]]:
    names = voice.button("activity.names", call("activity.names", one.id, 0))
    back = voice.button("activity.back", call("activity.mine"))
    finish = voice.button("activity.finish", call("activity.finish", one.id))
    if one.state is ActivityState.PUBLISHED:
        return [
            [names, voice.button("activity.open", call("activity.open", one.id))],
            [voice.button("activity.change", call("activity_draft.more", one.id)), finish],
            [voice.button("activity.call_off", call("activity.ask_off", one.id)), back],
        ]
    if one.state is ActivityState.OPEN:
        return [[voice.button("activity.refresh", call("activity.show", one.id)), names], [finish, back]]
    if one.state is ActivityState.OVER:
        return [[names, voice.button("activity.feedback", call("activity.feedback", one.id))], [back]]
    return [[names, back]]


@routes.button("names")
def names(turn: Turn, number: int, page: int) -> Reply:
    """Show who comes and who waits, to the planner alone; at the activity a tap signs somebody in by hand."""
    one = service.own(turn.work, turn.person.id, number)
    page = max(page, 0)
    found = activity_day.listed(turn.work, turn.person.id, number, page, PAGE)
    lines, rows = [], []
    for row in found[:PAGE]:
        waits = row.row.state is SignUpState.WAITING
        state = "there" if row.there else row.row.state.value
        how = turn.voice.line(f"activity.how_{state}", turn=row.row.turn)
        family = turn.voice.line("activity.with_family", family=row.row.family) if row.row.family else ""
        lines.append(f"· {row.name}{family} · {how}")
        if one.state is ActivityState.OPEN and not row.there and not waits:
            enter = call("activity.enter", number, row.member_id, page)
            rows.append([turn.button("activity.by_hand", enter, name=row.name[:20])])
    last = [turn.button("activity.back", call("activity.show", number))]
    if len(found) > PAGE:
        last.insert(0, turn.button("activity.more", call("activity.names", number, page + 1)))
    said = turn.say("activity.list", lines="\n".join(lines)) if lines else turn.say("activity.nobody")
    return reply(said, rows=[*rows, last], edits=True, personal=Personal.MEMBERSHIP)


@routes.button("enter")
def enter(turn: Turn, number: int, member_id: int, page: int) -> Reply:
    """Sign somebody in from the list (代签)."""
    activity_day.enter_for(turn.work, turn.person.id, number, member_id)
    return names(turn, number, page)


@routes.button("open")
def open_sign_in(turn: Turn, number: int) -> Reply:
    """Let people sign in."""
    activity_day.open_sign_in(turn.work, turn.person.id, number)
    return _card(turn, service.own(turn.work, turn.person.id, number))


@routes.button("finish")
def finish(turn: Turn, number: int) -> Reply:
    """End it; those who were there are asked what they think of it."""
    one = activity_day.finish(turn.work, turn.person.id, number)
    return _card(turn, one, turn.say("activity.finished", least=FEEDBACK_FROM))


@routes.button("ask_off")
def ask_off(turn: Turn, number: int) -> Reply:
    """Ask once more before it is called off."""
    one = service.own(turn.work, turn.person.id, number, (ActivityState.PUBLISHED,))
    now = activity_day.standing(turn.work, one)
    rows = [
        [turn.button("activity.really_off", call("activity.off", number))],
        [turn.button("activity.back", call("activity.show", number))],
    ]
    told = now.coming + now.offered + now.waiting
    return reply(turn.say("activity.ask_off", title=one.title, people=told), rows=rows, edits=True)


@routes.button("off")
def off(turn: Turn, number: int) -> Reply:
    """Call it off."""
    one = activity_plan.call_off(turn.work, turn.person.id, number)
    return _card(turn, one, turn.say("activity.is_off"))


@routes.button("feedback")
def feedback(turn: Turn, number: int) -> Reply:
    """Show attendance and what people thought of it, from five answers on."""
    found = activity_feedback.summary(turn.work, turn.person.id, number)
    back = [turn.button("activity.back", call("activity.show", number))]
    if found is None:
        return reply(turn.say("activity.too_few", least=FEEDBACK_FROM), rows=[back], edits=True)
    blocks: list[Block] = [
        turn.say("activity.stars", average=f"{found.average:.1f}", answers=found.answers, step=FEEDBACK_STEP)
    ]
    if found.words:
        lines = "\n".join(f"· {line}" for line in found.words[:WORDS_SHOWN])
        blocks.append(turn.say("activity.words", lines=lines, shown=len(found.words[:WORDS_SHOWN])))
    return reply(*blocks, rows=[back], edits=True, personal=Personal.PULSE)
