"""签到, and saying that one is away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.checkin import example_days, read_days
from domain.refusal import Refusal
from domain.reply import Personal, Reply
from handlers.grammar import Matter, Routes, Turn, reply
from services import checkin as service

routes = Routes("checkin")


@routes.entry("checkin", writes=True)
def check_in(turn: Turn, rest: str) -> Reply:
    """Check in for today; with a code, at a gathering."""
    if rest and "attend" in turn.registry.entries:
        return turn.registry.entries["attend"].run(turn, rest)
    done = service.check_in(turn.work, turn.person.id)
    time = f"{turn.work.organisation.local(done.at):%H:%M}"
    buttons = [[turn.button("checkin.away", call("checkin.away")), turn.button("help.home", call("help.home"))]]
    if done.repeated:
        return reply(turn.say("checkin.again", time=time), rows=buttons, personal=Personal.OWN)
    blocks = [turn.say("checkin.done", time=time, streak=done.streak)]
    if done.awarded and done.awarded.points:
        blocks.append(turn.say("checkin.done_points", points=done.awarded.points))
    return reply(*blocks, rows=buttons, personal=Personal.OWN)


@routes.matter
def to_do(turn: Turn) -> Iterable[Matter]:
    """Offer the check-in on the home card until it is done."""
    if not service.done_today(turn.work, turn.person.id):
        yield Matter(50, turn.voice.line("checkin.matter"), turn.button("checkin.now", call("checkin.now")))


@routes.button("now")
def now(turn: Turn) -> Reply:
    """Check in from the home card."""
    return check_in(turn, "")


@routes.button("away")
def away(turn: Turn) -> Reply:
    """Ask for which days; the reason is never asked."""
    turn.ask("checkin.days")
    week = 7
    first, last = example_days(turn.work.today)
    return reply(
        turn.say("checkin.away_ask", first=first, last=last),
        rows=[
            [turn.button("checkin.away_today", call("checkin.away_for", 1))],
            [
                turn.button("checkin.away_three", call("checkin.away_for", 3)),
                turn.button("checkin.away_week", call("checkin.away_for", week)),
            ],
            [
                turn.button("checkin.back", call("checkin.back")),
                turn.button("help.home", call("help.home")),
            ],
        ],
        personal=Personal.OWN,
    )


@routes.button("away_for")
def away_for(turn: Turn, days: int) -> Reply:
    """Be away from today on, for so many days."""
    return _away(turn, f"{turn.work.today:%Y-%m-%d} {turn.work.today + timedelta(days=max(days, 1) - 1):%Y-%m-%d}")


@routes.step("days", numbers=True)
def days_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Read the days that were typed."""
    return _away(turn, content.text if isinstance(content, Said) else "")


def _away(turn: Turn, words: str) -> Reply:
    days = read_days(words, turn.work.today)
    if days is None:
        first, last = example_days(turn.work.today)
        raise Refusal("checkin.away_unread", first=first, last=last)
    count = service.go_away(turn.work, turn.person.id, *days)
    turn.close()
    begins, ends = (turn.voice.day(day) for day in days)
    return reply(
        turn.say("checkin.away_noted", first=begins, last=ends, count=count),
        rows=[[turn.button("help.home", call("help.home"))]],
        personal=Personal.OWN,
    )


@routes.button("back")
def back(turn: Turn) -> Reply:
    """Be there again from today on."""
    service.come_back(turn.work, turn.person.id)
    turn.close()
    return reply(turn.say("checkin.back_noted"), rows=[[turn.button("help.home", call("help.home"))]])
