"""First contact, consent, binding, /me, leaving."""

from __future__ import annotations

from domain.reply import Reply
from handlers.grammar import Routes, Turn, reply

routes = Routes("member")


@routes.entry("start", guests=True, listed=False)
def start(turn: Turn, _payload: str) -> Reply:
    """Greet."""
    return reply(turn.say("help.nearest"))
