"""日历 and 放假安排: the days to come, and the yearly notice that goes over the calendar the program came with."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from content import Voice
from domain.arrival import Said, Uploaded
from domain.calendar import Notice, read_notice, spans
from domain.call import call
from domain.permission import Action, Role
from domain.refusal import Refusal
from domain.reply import Block, Choices, Reply, text
from domain.schedule import Rule
from handlers.grammar import Routes, Turn, reply
from services import calendar as service
from services import permission, post, timetable
from services.work import Work

routes = Routes("calendar")

AHEAD = 60
"""Days to come that are shown."""


@routes.schedule
def prepare(work: Work) -> None:
    """Look every Monday morning whether the coming year's notice is missing."""
    timetable.keep(work, "calendar.missing", Rule("weekly", at="09:00"))


@routes.tick("missing", late_limit=timedelta(days=5))
def missing(work: Work, _subject: str, _due: datetime) -> None:
    """Ask the administrators in December for next year's notice, once a week until somebody pastes it."""
    year = service.missing_notice(work)
    if year is None:
        return

    def compose(speech: Voice) -> Reply:
        button = speech.button("calendar.paste", call("help.go", "holidays"))
        return Reply((speech.say("calendar.missing", year=year), Choices(((button,),))))

    held = permission.everyone(work, Role.ADMINISTRATOR)
    # An administrator beneath the top can't declare it for everybody.
    people = [one for one in held if permission.may_everywhere(work, one, Action.SET_CALENDAR)]
    post.push(work, people, "calendar", compose, subject=str(year))


@routes.entry("calendar")
def calendar(turn: Turn, _rest: str) -> Reply:
    """Show the festivals, days off and make-up workdays to come."""
    label = turn.voice.label
    lines = []
    for one in service.coming(turn.work, AHEAD):
        words = [label(f"calendar.{one.festival}")] if one.festival else []
        if one.works is not None:
            words.append(label("calendar.works" if one.works else "calendar.off"))
        lines.append(f"· {turn.voice.day(one.day)} {' · '.join(words)}")
    rows = [[turn.button("help.home", call("help.home"))]]
    if permission.may_anywhere(turn.work, turn.person.id, Action.SET_CALENDAR):
        rows[0].insert(0, turn.button("calendar.paste", call("help.go", "holidays")))
    said = turn.say("calendar.coming" if lines else "calendar.nothing", days=AHEAD)
    listed = [text("\n".join(lines))] if lines else []
    return reply(said, *listed, rows=rows)


@routes.entry("holidays", needs=Action.SET_CALENDAR, writes=True)
def holidays(turn: Turn, rest: str) -> Reply:
    """Show what is known of this year and the next, and ask for the notice."""
    _allowed(turn)
    if rest:
        return _read(turn, rest)
    turn.ask("calendar.notice")
    year = turn.work.today.year
    lines = []
    for one in (year, year + 1):
        own = service.known_overrides(turn.work, date(one, 1, 1), date(one, 12, 31))
        code = "calendar.known" if service.has_notice(one) else "calendar.unknown"
        lines.append(turn.say(code, year=one, own=len(own)))
    cancel = turn.button("calendar.cancel", call("help.home"))
    return reply(*lines, turn.say("calendar.ask", year=year + 1), rows=[[cancel]])


def _allowed(turn: Turn) -> None:
    if not permission.may_anywhere(turn.work, turn.person.id, Action.SET_CALENDAR):
        raise Refusal("help.not_yours")


@routes.step("notice", yields=True)
def notice(turn: Turn, content: Said | Uploaded) -> Reply:
    """Read the notice, and show what it says before anything changes."""
    return _read(turn, content.text if isinstance(content, Said) else "")


def _read(turn: Turn, words: str) -> Reply:
    _allowed(turn)
    found = read_notice(words, turn.work.today)
    cancel = turn.button("calendar.cancel", call("help.home"))
    if not found.days:
        turn.ask("calendar.notice")
        return reply(turn.say("calendar.unread", year=turn.work.today.year + 1), *_unread(turn, found), rows=[[cancel]])
    turn.ask("calendar.notice", words=words, on=turn.work.today.isoformat())
    rows = [[turn.button("calendar.declare", call("calendar.declare", turn.version)), cancel]]
    said = turn.say("calendar.plan", count=len(found.days), days=_listed(turn, found))
    return reply(said, *_years(turn, found), *_unread(turn, found), rows=rows)


def _listed(turn: Turn, found: Notice) -> str:
    """Return the days as spans, one a line."""
    day, label = turn.voice.day, turn.voice.label
    lines = []
    for first, last, works in spans(found.days):
        until = label("calendar.until", day=day(last), count=(last - first).days + 1) if last > first else ""
        lines.append(f"· {day(first)}{until} {label('calendar.works' if works else 'calendar.off')}")
    return "\n".join(lines)


def _years(turn: Turn, found: Notice) -> list[Block]:
    """Say which year was taken for dates that name none."""
    if found.heading is not None:
        return [turn.say("calendar.by_heading", year=found.heading)]
    if not found.assumed:
        return []
    following = turn.work.today.year + 1
    return [
        turn.say("calendar.next_year" if following in found.assumed else "calendar.this_year", year=max(found.assumed))
    ]


def _unread(turn: Turn, found: Notice) -> list[Block]:
    """Name every clause that was not understood."""
    if not found.unread:
        return []
    return [turn.say("calendar.not_understood"), text("\n".join(f"· {clause}" for clause in found.unread))]


@routes.button("declare")
def declare(turn: Turn, version: int) -> Reply:
    """Declare what was shown."""
    _allowed(turn)
    turn.check_version(version)
    words = str(turn.facts.get("words", ""))
    found = read_notice(words, date.fromisoformat(str(turn.facts.get("on") or turn.work.today))).days
    if not found:
        raise Refusal("help.expired")
    service.declare(turn.work, found, words, turn.person.id)
    turn.close()
    home = turn.button("help.home", call("help.home"))
    return reply(turn.say("calendar.declared", count=len(found)), rows=[[home]], edits=True)
