"""发邀请: a binding code for somebody within one's scope, shown once."""

from __future__ import annotations

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.permission import Action
from domain.reply import Button, Personal, Reply
from handlers.grammar import Routes, Turn, reply
from services import invite as service
from services import member

routes = Routes("invite")

SHOWN = 6


@routes.entry("invite", needs=Action.INVITE, writes=True)
def invite(turn: Turn, rest: str) -> Reply:
    """Ask whom, or look for the name or number after the command."""
    if rest:
        return _find(turn, rest)
    turn.ask("invite.who")
    return reply(turn.say("invite.ask"), rows=[[_cancel(turn)]])


def _cancel(turn: Turn) -> Button:
    return turn.button("invite.cancel", call("invite.cancel"))


@routes.button("cancel")
def cancel(turn: Turn) -> Reply:
    """Invite nobody."""
    turn.close()
    return turn.registry.buttons["help.home"](turn)


@routes.step("who", yields=True, numbers=True)
def who(turn: Turn, content: Said | Uploaded) -> Reply:
    """Look for the person."""
    return _find(turn, content.text if isinstance(content, Said) else "")


def _find(turn: Turn, words: str) -> Reply:
    found = service.find(turn.work, turn.person.id, words)
    if not found:
        turn.ask("invite.who")
        return reply(turn.say("invite.nobody", words=words[:40]), rows=[[_cancel(turn)]])
    if len(found) > 1 or not member.is_named(found[0], words):
        # Whoever means somebody else types again.
        turn.ask("invite.who")
        rows = [[Button(f"{one.name} {one.employee_no}", call("invite.issue", one.id))] for one in found[:SHOWN]]
        said = turn.say("invite.which_more" if len(found) > SHOWN else "invite.which")
        return reply(said, rows=[*rows, [_cancel(turn)]], personal=Personal.MEMBERSHIP)
    return issue(turn, found[0].id)


@routes.button("issue")
def issue(turn: Turn, number: int) -> Reply:
    """Make the code and show it, with its link where this messenger has links."""
    made = service.issue_by(turn.work, turn.person.id, number)
    turn.close()
    until = turn.voice.moment(turn.work.organisation.local(made.expires_at))
    blocks = [turn.say("invite.made", name=made.name, number=made.employee_no, code=made.code, until=until)]
    if made.accounts:
        blocks.append(turn.say("invite.bound", name=made.name, count=made.accounts))
    link = turn.link(made.payload)
    if link:
        blocks.append(turn.say("invite.link", link=link))
    rows = [[turn.button("invite.another", call("help.go", "invite")), turn.button("help.home", call("help.home"))]]
    return reply(*blocks, rows=rows, personal=Personal.MEMBERSHIP)
