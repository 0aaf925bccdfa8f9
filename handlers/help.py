"""Home card, help, cancel, language, and what is said when nothing else fits."""

from __future__ import annotations

from domain.call import call
from domain.reply import Reply
from handlers.grammar import Routes, Turn, reply

routes = Routes("help")


@routes.entry("help", guests=True)
def show_help(turn: Turn, _rest: str) -> Reply:
    """List the entries."""
    return reply(turn.say("help.nearest"))


@routes.entry("cancel", guests=True)
def cancel(turn: Turn, _rest: str) -> Reply:
    """Drop the open question."""
    turn.close()
    return home(turn)


@routes.button("home")
def home(turn: Turn) -> Reply:
    """Show the home card."""
    return reply(turn.say("help.nearest"))


@routes.button("expired")
def expired(turn: Turn) -> Reply:
    """Answer a button that nobody has any more."""
    return reply(turn.say("help.expired"), rows=[[turn.button("help.home", call("help.home"))]])


@routes.button("file")
def unexpected_file(turn: Turn) -> Reply:
    """Answer a file that nobody waits for."""
    return reply(turn.say("help.unexpected_file"), rows=[[turn.button("help.home", call("help.home"))]])


@routes.button("not_yours")
def not_yours(turn: Turn) -> Reply:
    """Answer an entry that needs a role."""
    return reply(turn.say("help.not_yours"), rows=[[turn.button("help.home", call("help.home"))]])


@routes.button("group")
def group(turn: Turn, payload: str) -> Reply:
    """Point from a group to the private chat."""
    return reply(turn.say("help.group"))


@routes.button("confirm")
def confirm(turn: Turn, entry: str) -> Reply:
    """Ask before a guess does anything."""
    return reply(turn.say("help.confirm", entry=turn.voice.help[entry]))


@routes.button("nearest")
def nearest(turn: Turn, entries: str) -> Reply:
    """Name the nearest entries."""
    return reply(turn.say("help.nearest"))
