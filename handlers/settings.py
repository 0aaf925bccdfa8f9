"""设置: which pushes, quiet hours, where they go, and the language."""

from __future__ import annotations

from content import LANGUAGES, voice
from domain.arrival import Said, Uploaded
from domain.call import call
from domain.refusal import Refusal
from domain.reply import Button, Personal, Reply
from handlers.grammar import Routes, Turn, reply
from services import member
from services import settings as service

routes = Routes("settings")

_WORDS = {"zh": ("zh", "中文", "汉语", "chinese"), "en": ("en", "英文", "英语", "english")}


@routes.entry("settings")
def settings(turn: Turn, _rest: str) -> Reply:
    """Show everything that can be chosen."""
    turn.close()
    return _card(turn)


@routes.button("open")
def open_settings(turn: Turn) -> Reply:
    """Show the same from another card."""
    return settings(turn, "")


def _card(turn: Turn) -> Reply:
    chosen = service.look(turn.work, turn.person.id)
    switches = [
        turn.button(
            "settings.on" if wanted else "settings.off",
            call("settings.switch", kind, int(not wanted)),
            kind=turn.voice.label(f"settings.kind_{kind}"),
        )
        for kind, wanted in chosen.kinds.items()
    ]
    rows: list[list[Button]] = [switches[place : place + 2] for place in range(0, len(switches), 2)]
    starts, ends = chosen.quiet
    quiet_call = call("settings.quiet", "")
    more = [
        turn.button("settings.quiet", quiet_call, starts=starts, ends=ends)
        if starts != ends
        else turn.button("settings.no_quiet", quiet_call)
    ]
    rows += [more, [turn.button("settings.language", call("settings.language", ""))]]
    if len(chosen.accounts) > 1:
        rows[-1].append(turn.button("settings.where", call("settings.where", 0)))
    rows[-1].append(turn.button("help.home", call("help.home")))
    code = "settings.card" if starts != ends else "settings.card_no_quiet"
    hours = {"starts": starts, "ends": ends} if starts != ends else {}
    said = turn.say(code, count=turn.work.organisation.pushes_a_day, **hours)
    return reply(said, rows=rows, edits=True, personal=Personal.OWN)


@routes.button("switch")
def switch(turn: Turn, kind: str, wanted: int) -> Reply:
    """Switch a kind of push."""
    service.switch(turn.work, turn.person.id, kind, wanted=bool(wanted))
    return _card(turn)


@routes.button("quiet")
def quiet(turn: Turn, hours: str) -> Reply:
    """Ask for quiet hours, or take those of a button (`2200-0700`)."""
    if hours == "usual":
        service.usual_quiet(turn.work, turn.person.id)
        return settings(turn, "")
    if hours:
        found = service.read_hours(f"{hours[:2]}:{hours[2:4]}-{hours[5:7]}:{hours[7:9]}")
        if found is None:
            raise Refusal("help.expired")
        service.set_quiet(turn.work, turn.person.id, *found)
        return settings(turn, "")
    turn.ask("settings.hours")
    offers = ("2000-0900", "2200-0700", "2300-0630")
    rows = [
        [Button(f"{one[:2]}:{one[2:4]}–{one[5:7]}:{one[7:]}", call("settings.quiet", one)) for one in offers],
        [turn.button("settings.usual", call("settings.quiet", "usual")), _back(turn)],
    ]
    return reply(turn.say("settings.quiet_ask"), rows=rows, edits=True)


def _back(turn: Turn) -> Button:
    return turn.button("settings.back", call("settings.open"))


@routes.step("hours", yields=True, numbers=True)
def hours_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take typed quiet hours."""
    found = service.read_hours(content.text) if isinstance(content, Said) else None
    if found is None:
        return reply(turn.say("settings.hours_unread"), rows=[[_back(turn)]])
    service.set_quiet(turn.work, turn.person.id, *found)
    return settings(turn, "")


@routes.button("where")
def where(turn: Turn, account: int) -> Reply:
    """Choose the messenger for pushes."""
    if account:
        service.prefer(turn.work, turn.person.id, account)
        return settings(turn, "")
    rows = [
        [
            turn.button(
                "settings.here" if one.preferred else "settings.there",
                call("settings.where", one.id),
                messenger=turn.voice.label(f"member.on_{one.messenger}"),
            )
        ]
        for one in service.look(turn.work, turn.person.id).accounts[:6]
    ]
    return reply(turn.say("settings.where_ask"), rows=[*rows, [_back(turn)]], edits=True, personal=Personal.OWN)


@routes.entry("language", guests=True)
def language(turn: Turn, rest: str) -> Reply:
    """Change the language, or ask which."""
    wish = rest.strip().lower()
    for short, words in _WORDS.items():
        if wish in words:
            return choose_language(turn, short)
    return choose_language(turn, "")


@routes.button("language")
def choose_language(turn: Turn, short: str) -> Reply:
    """Take the language of a button; without one, ask."""
    if short not in LANGUAGES:
        names = [turn.button(f"settings.{one}", call("settings.language", one)) for one in LANGUAGES]
        return reply(turn.say("settings.language_ask"), rows=[names], edits=True)
    member.set_language(turn.work, turn.caller.address_id, turn.caller.person, short)
    turn.voice = voice(short)
    home = turn.button("help.home", call("help.home"))
    return reply(turn.say("settings.spoken"), rows=[[home]], edits=True)
