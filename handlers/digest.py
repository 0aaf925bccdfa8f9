"""每周摘要: what is due and overdue, for those with a role; pushed once a week, shown at any time."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.call import call
from domain.permission import Action
from domain.reply import Personal, Reply, text
from handlers.grammar import Routes, Turn, reply
from services import digest as service
from services.work import Work

routes = Routes("digest")


@routes.schedule
def prepare(work: Work) -> None:
    """Write the schedule."""
    service.prepare(work)


@routes.tick("weekly", late_limit=timedelta(days=1))
def weekly(work: Work, _subject: str, _due: datetime) -> None:
    """Push the digest."""
    service.push(work)


@routes.entry("digest", needs=Action.SEE_UNIT_FIGURES)
def digest(turn: Turn, _rest: str) -> Reply:
    """Show the digest as it is now."""
    lines = service.lines(turn.work, turn.person.id, turn.voice)
    home = turn.button("help.home", call("help.home"))
    if not lines:
        return reply(turn.say("digest.nothing"), rows=[[home]], edits=True, personal=Personal.MEMBERSHIP)
    listed = text("\n".join(f"· {line}" for line in lines))
    return reply(turn.say("digest.head"), listed, rows=[[home]], edits=True, personal=Personal.MEMBERSHIP)
