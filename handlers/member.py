"""First contact, the notice and consent, binding by a code, /me, unbinding and going away."""

from __future__ import annotations

from domain import invite as codes
from domain.arrival import Opened, Said, Uploaded
from domain.call import call
from domain.gathering import read_payload
from domain.member import NOTICE_VERSION, Standing
from domain.reply import Block, Button, Personal, Reply
from handlers.grammar import Routes, Turn, reply
from services import invite as binding
from services import member as service
from services.invite import Outcome, Tried

routes = Routes("member")


@routes.entry("start", guests=True, listed=False)
def start(turn: Turn, payload: str) -> Reply:
    """Greet: a stranger is asked for a code, a bound person for consent; else the home card, or what a link is for."""
    person = turn.caller.person
    if payload and codes.looks_like_code(payload):
        return _try(turn, payload)
    if person is None:
        return _by_directory(turn) or _stranger(turn)
    if person.consent < NOTICE_VERSION:
        return _notice(turn)
    if (code := read_payload(payload)) is not None:
        return turn.registry.entries["attend"].run(turn, code)
    return turn.registry.buttons["help.home"](turn)


def _stranger(turn: Turn) -> Reply:
    asked = turn.step == "member.code" and not isinstance(turn.arrival.content, Opened)
    turn.ask("member.code")
    if turn.caller.until is not None:
        return reply(turn.say("member.visit_over"))
    if asked:
        return reply(turn.say("member.hello_again"), turn.say("member.ask_code"))
    return reply(turn.say("member.hello", organisation=turn.work.organisation.name), turn.say("member.ask_code"))


@routes.entry("bind", guests=True, listed=False)
def bind(turn: Turn, rest: str) -> Reply:
    """Try a code that was typed after the command; else look in the directory, or ask for one."""
    if rest:
        return _try(turn, rest)
    known = _by_directory(turn, again=True) if turn.caller.person is None else None
    return known or start(turn, "")


def _by_directory(turn: Turn, *, again: bool = False) -> Reply | None:
    """Bind whom the company's directory names. Whoever untied the account is bound `again` only when asking for it."""
    caller, arrival = turn.caller, turn.arrival
    if not arrival.directory_id or (caller.bound_at is not None and not again):
        return None
    tried = binding.by_directory(turn.work, arrival.messenger, caller.address_id, arrival.directory_id)
    if tried is None:
        return None
    if tried.outcome is Outcome.TAKEN:
        turn.ask("member.code")
        return reply(turn.say("member.directory_taken"), turn.say("member.ask_code"))
    return _welcome(turn, tried)


@routes.step("code", numbers=True)
def code_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Try a code."""
    words = content.text if isinstance(content, Said) else ""
    if not codes.looks_like_code(words):
        asks = words.strip() in turn.voice.phrases["bind"]
        known = _by_directory(turn, again=asks) if turn.caller.person is None else None
        if known is not None:
            return known
        turn.ask("member.code")
        return reply(turn.say("member.not_a_code"), turn.say("member.ask_code"))
    return _try(turn, words)


def _try(turn: Turn, words: str) -> Reply:
    arrival, caller = turn.arrival, turn.caller
    tried = binding.try_code(turn.work, arrival.messenger, arrival.user, caller.address_id, caller.person, words)
    match tried.outcome:
        case Outcome.BOUND_ALREADY:
            assert caller.person is not None  # noqa: S101 - what the outcome means
            if caller.person.consent < NOTICE_VERSION:
                return _notice(turn)
            home = turn.button("help.home", call("help.home"))
            return reply(
                turn.say("member.bound_already", name=caller.person.name), rows=[[home]], personal=Personal.OWN
            )
        case Outcome.BOUND:
            return _welcome(turn, tried)
        case Outcome.WRONG | Outcome.TAKEN:
            turn.ask("member.code")
            return reply(turn.say("member.wrong_code", left=tried.left))
        case Outcome.WAITING:
            turn.close()
            until = turn.work.organisation.local(tried.until or turn.work.now)
            return reply(turn.say("member.wait", until=f"{until:%H:%M}"))


def _welcome(turn: Turn, tried: Tried) -> Reply:
    person = tried.person
    if person is None or person.consent < NOTICE_VERSION:
        return _notice(turn, name=person.name if person else "")
    turn.close()
    home = turn.button("member.begin", call("help.home"))
    return reply(turn.say("member.welcome_back", name=person.name), rows=[[home]], personal=Personal.OWN)


def _notice(turn: Turn, name: str = "") -> Reply:
    """Show in three lines what is kept, who sees it, and what one may do; nothing is served before the answer."""
    turn.close()
    hello: list[Block] = [turn.say("member.bound", name=name)] if name else []
    rows = [[turn.button("member.agree", call("member.agree")), turn.button("member.decline", call("member.decline"))]]
    personal = Personal.OWN if name else Personal.PUBLIC
    return reply(*hello, turn.say("member.notice"), turn.say("member.free_will"), rows=rows, personal=personal)


@routes.button("agree")
def agree(turn: Turn) -> Reply:
    """Keep the consent, and begin."""
    if turn.caller.person is None:
        return start(turn, "")
    service.agree(turn.work, turn.caller.person)
    home = turn.button("member.begin", call("help.home"))
    said = turn.say("member.agreed", name=turn.caller.person.name)
    return reply(said, rows=[[home]], edits=True, personal=Personal.OWN)


@routes.button("decline")
def decline(turn: Turn) -> Reply:
    """Keep nothing: the account is untied again."""
    if turn.caller.person is not None and turn.caller.person.consent < NOTICE_VERSION:
        service.unbind(turn.work, turn.caller.address_id, turn.caller.person)
    return reply(turn.say("member.declined"), edits=True)


@routes.entry("me")
def me(turn: Turn, _rest: str) -> Reply:
    """Show what the roster says of oneself."""
    profile = service.profile(turn.work, turn.person)
    voice = turn.voice
    standings = [voice.label(f"member.standing_{one.value}") for one in Standing if one in profile.standings]
    roles = [f"{voice.label(f'permission.{role.value}')}（{unit}）" for role, unit in profile.roles]
    accounts = [voice.label(f"member.on_{name}") for name in profile.accounts]
    said = turn.say(
        "member.profile",
        name=profile.person.name,
        number=profile.person.employee_no,
        units="\n".join(f"· {unit.name}" for unit in profile.units) or "·",
        standings="、".join(standings),
        accounts="、".join(accounts),
    )
    blocks: list[Block] = [said]
    if roles:
        blocks.append(turn.say("member.roles", roles="、".join(roles)))
    return reply(*blocks, turn.say("member.whose"), rows=_ways(turn), edits=True, personal=Personal.MEMBERSHIP)


def _ways(turn: Turn) -> list[list[Button]]:
    return [
        [
            turn.button("member.settings", call("help.go", "settings")),
            turn.button("member.notice_again", call("member.notice")),
        ],
        [turn.button("member.unbind", call("member.unbind")), turn.button("member.leave", call("member.leave"))],
        [turn.button("help.home", call("help.home"))],
    ]


@routes.button("me")
def me_again(turn: Turn) -> Reply:
    """Show the profile from another card."""
    return me(turn, "")


@routes.button("notice")
def notice(turn: Turn) -> Reply:
    """Show the notice again, to somebody who has agreed."""
    back = turn.button("member.back", call("member.me"))
    return reply(turn.say("member.notice"), turn.say("member.free_will"), rows=[[back]], edits=True)


@routes.entry("unbind", writes=True, listed=False)
def unbind_entry(turn: Turn, _rest: str) -> Reply:
    """Ask before untying this account."""
    return unbind(turn)


@routes.button("unbind")
def unbind(turn: Turn) -> Reply:
    """Ask before untying this account."""
    rows = [[turn.button("member.unbind_sure", call("member.unbind_sure")), _stay(turn)]]
    return reply(turn.say("member.unbind_ask", name=turn.person.name), rows=rows, edits=True, personal=Personal.OWN)


def _stay(turn: Turn) -> Button:
    return turn.button("member.stay", call("member.me"))


@routes.button("unbind_sure")
def unbind_sure(turn: Turn) -> Reply:
    """Untie this account."""
    if turn.caller.person is not None:
        service.unbind(turn.work, turn.caller.address_id, turn.caller.person)
    turn.close()
    return reply(turn.say("member.unbound_now"), edits=True)


@routes.button("expel")
def expel(turn: Turn, address_id: int) -> Reply:
    """Untie an account that was bound to one's name by somebody else."""
    done = binding.expel(turn.work, turn.person, address_id)
    return reply(turn.say("member.expelled" if done else "member.expelled_before"), edits=True, personal=Personal.OWN)


@routes.entry("leave", writes=True, listed=False)
def leave_entry(turn: Turn, _rest: str) -> Reply:
    """Ask before going away."""
    return leave(turn)


@routes.button("leave")
def leave(turn: Turn) -> Reply:
    """Say what withdrawing consent means, and ask."""
    rows = [[turn.button("member.leave_sure", call("member.leave_sure")), _stay(turn)]]
    return reply(turn.say("member.leave_ask", name=turn.person.name), rows=rows, edits=True, personal=Personal.OWN)


@routes.button("leave_sure")
def leave_sure(turn: Turn) -> Reply:
    """Withdraw consent and untie every account."""
    if turn.caller.person is not None:
        service.go_away(turn.work, turn.caller.person)
    turn.close()
    return reply(turn.say("member.left"), edits=True)
