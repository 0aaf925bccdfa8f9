"""主题党日: when it is, reminders of it, and the day of the month that a branch keeps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.arrival import Said, Uploaded
from domain.call import call
from domain.permission import Action
from domain.reply import Block, Button, Personal, Reply
from domain.theme_day import DAYS, LATEST_DAY, Choice, read_choice
from handlers.grammar import Matter, Routes, Turn, reply
from services import permission
from services import theme_day as service
from services.theme_day import Coming
from services.work import Work

routes = Routes("theme_day")

LISTED = 6


@routes.schedule
def prepare(work: Work) -> None:
    """Write the schedule."""
    service.prepare(work)


@routes.tick("look", late_limit=timedelta(hours=5))
def remind(work: Work, _subject: str, _due: datetime) -> None:
    """Remind of what is today or on the next workday."""
    service.remind(work)


@routes.matter
def soon(turn: Turn) -> Iterable[Matter]:
    """Mention the theme day in the week before it."""
    for one in service.of_member(turn.work, turn.person.id)[:1]:
        if (one.day - turn.work.today).days <= 6:  # noqa: PLR2004 - a week
            words = turn.voice.line("theme_day.matter", day=turn.voice.day(one.day), time=f"{one.choice.at:%H:%M}")
            yield Matter(30, words, turn.button("theme_day.look", call("theme_day.show")))


@routes.entry("theme_day")
def theme_day(turn: Turn, _rest: str) -> Reply:
    """Show when it is; who may set it gets the branches to choose from."""
    own = service.of_member(turn.work, turn.person.id)
    shown = list(own)
    rows: list[list[Button]] = []
    if permission.may_anywhere(turn.work, turn.person.id, Action.SET_THEME_DAY):
        settable = service.of_officer(turn.work, turn.person.id)
        shown += [one for one in settable[:LISTED] if one.unit.id not in {o.unit.id for o in own}]
        rows = [
            [turn.button("theme_day.set", call("theme_day.set", one.unit.id), unit=one.unit.name[:20])]
            for one in settable[:LISTED]
        ]
    blocks: list[Block] = [_line(turn, one) for one in shown]
    if not blocks:
        blocks.append(turn.say("theme_day.none"))
    else:
        blocks.append(turn.say("theme_day.rule"))
        if years := {one.day.year for one in shown if not one.settled}:
            blocks.append(turn.say("theme_day.unsettled", year=min(years)))
    home = turn.button("help.home", call("help.home"))
    return reply(*blocks, rows=[*rows, [home]], edits=True, personal=Personal.MEMBERSHIP)


def _line(turn: Turn, one: Coming) -> Block:
    code = "theme_day.next" if one.chosen else "theme_day.next_usual"
    return turn.say(
        code,
        unit=one.unit.name,
        day=turn.voice.day(one.day),
        time=f"{one.choice.at:%H:%M}",
        monthly=one.choice.day,
    )


@routes.button("show")
def show(turn: Turn) -> Reply:
    """Show the same from another card."""
    return theme_day(turn, "")


@routes.button("set")
def set_day(turn: Turn, number: int) -> Reply:
    """Ask for the day of the month."""
    unit = service.branch(turn.work, turn.person.id, number)
    turn.ask("theme_day.day", unit=number)
    buttons = [turn.button("theme_day.monthly", call("theme_day.choose", number, day), day=day) for day in DAYS]
    rows = [buttons[:3], buttons[3:], [turn.button("theme_day.back", call("theme_day.show"))]]
    return reply(turn.say("theme_day.ask", unit=unit.name, latest=LATEST_DAY), rows=rows, edits=True)


@routes.button("choose")
def choose(turn: Turn, number: int, day: int) -> Reply:
    """Take the day of a button, at the time kept so far."""
    unit = service.branch(turn.work, turn.person.id, number)
    before = service.coming(turn.work, [unit])[0].choice
    return _chosen(turn, number, Choice(max(1, min(day, LATEST_DAY)), before.at))


@routes.step("day", yields=True, numbers=True)
def day_typed(turn: Turn, content: Said | Uploaded) -> Reply:
    """Take a typed day, perhaps with a time."""
    number = int(turn.facts["unit"])
    unit = service.branch(turn.work, turn.person.id, number)
    before = service.coming(turn.work, [unit])[0].choice
    choice = read_choice(content.text, before.at) if isinstance(content, Said) else None
    if choice is None:
        back = turn.button("theme_day.back", call("theme_day.show"))
        return reply(turn.say("theme_day.unread", latest=LATEST_DAY), rows=[[back]])
    return _chosen(turn, number, choice)


def _chosen(turn: Turn, number: int, choice: Choice) -> Reply:
    one = service.choose(turn.work, turn.person.id, number, choice)
    turn.close()
    back = turn.button("theme_day.back", call("theme_day.show"))
    return reply(turn.say("theme_day.chosen"), _line(turn, one), rows=[[back]], edits=True)
