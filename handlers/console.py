"""管理台: a link that lets whoever asks into the web console, once, within ten minutes."""

from __future__ import annotations

from domain.call import call
from domain.reply import Button, Personal, Reply
from domain.session import LINK_LASTS
from handlers.grammar import Routes, Turn, reply
from services import session as service

routes = Routes("console")


@routes.entry("console", writes=True)
def console(turn: Turn, _rest: str) -> Reply:
    """Give the link, to whoever holds a role; in private alone."""
    page = turn.work.organisation.page
    home = turn.button("help.home", call("help.home"))
    if not page:
        return reply(turn.say("console.no_page"), rows=[[home]])
    secret = service.link(turn.work, turn.person.id)
    way = Button(turn.voice.label("console.open"), url=f"{page}/console/in/{secret}?language={turn.voice.language}")
    minutes = int(LINK_LASTS.total_seconds() // 60)
    return reply(turn.say("console.link", minutes=minutes), rows=[[way], [home]], personal=Personal.OWN)
