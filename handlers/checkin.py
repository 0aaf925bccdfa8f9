"""签到."""

from __future__ import annotations

from domain.reply import Personal, Reply
from handlers.grammar import Routes, Turn, reply
from services import checkin as service

routes = Routes("checkin")


@routes.entry("checkin", writes=True)
def check_in(turn: Turn, _rest: str) -> Reply:
    """Check in for today."""
    done = service.check_in(turn.work, turn.person.id)
    time = f"{turn.work.organisation.local(done.at):%H:%M}"
    if done.repeated:
        return reply(turn.say("checkin.again", time=time), personal=Personal.OWN)
    blocks = [turn.say("checkin.done", time=time, streak=done.streak)]
    if done.awarded and done.awarded.points:
        blocks.append(turn.say("checkin.done_points", points=done.awarded.points))
    return reply(*blocks, personal=Personal.OWN)
