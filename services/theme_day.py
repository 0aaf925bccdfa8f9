"""When each branch holds its theme day, and reminding of it the workday before and on the day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from content import Voice
from domain import theme_day as rules
from domain.call import call
from domain.member import Standing, Unit, UnitKind
from domain.permission import Action
from domain.refusal import Refusal
from domain.reply import Choices, Reply
from domain.schedule import Rule
from domain.theme_day import Choice
from services import calendar, permission, post, timetable
from services.work import Work
from storage import audit
from storage import member as members
from storage import theme_day as table
from storage import unit as units

TICK = "theme_day.look"
PARTY = (Standing.PARTY_FULL, Standing.PARTY_PROBATIONARY)


@dataclass(frozen=True, slots=True)
class Coming:
    """A branch's next theme day. `chosen`: by the branch itself, not the organisation's default."""

    unit: Unit
    choice: Choice
    day: date
    chosen: bool
    settled: bool = True
    """Whether the days off of its year are known; else it may still be moved."""


def prepare(work: Work) -> None:
    """Write the schedule: one look every workday."""
    rule = Rule("workdays", at=f"{work.organisation.timetable.theme_day_reminder_at:%H:%M}")
    timetable.keep(work, TICK, rule)


def coming(work: Work, branches: Sequence[Unit]) -> list[Coming]:
    """Return the next theme day of each of these branches."""
    off = calendar.days_off(work, work.today.replace(day=1), work.today + timedelta(days=63))
    return _each(work, branches, lambda choice: rules.coming(choice, work.today, lambda one: one not in off))


def in_month(work: Work, member_id: int, first: date) -> list[Coming]:
    """Return the theme days of the month that begins on this day, of one's own branches and those that one sets."""
    branches = {branch.id: branch for branch in (*_own(work, member_id), *_settable(work, member_id))}
    # A day that is moved may be moved by weeks, at the spring festival.
    off = calendar.days_off(work, first, first + timedelta(days=63))
    day = cache(lambda choice: rules.on(choice, first.year, first.month, lambda one: one not in off))
    return _each(work, list(branches.values()), day)


def _each(work: Work, branches: Sequence[Unit], day: Callable[[Choice], date]) -> list[Coming]:
    chosen = table.choices(work.connection, [branch.id for branch in branches])
    choices = [(branch, chosen.get(branch.id, usual(work))) for branch in branches]
    settled = cache(lambda year: calendar.is_settled(work, date(year, 1, 1)))
    days = [(branch, choice, day(choice)) for branch, choice in choices]
    return [Coming(branch, choice, on, branch.id in chosen, settled(on.year)) for branch, choice, on in days]


def of_member(work: Work, member_id: int) -> list[Coming]:
    """Return the next theme day of the branches that a person belongs to."""
    return coming(work, _own(work, member_id))


def _own(work: Work, member_id: int) -> list[Unit]:
    own = [unit for unit in members.units_of(work.connection, member_id) if unit.kind is UnitKind.PARTY_BRANCH]
    return own if own and members.standings_of(work.connection, member_id) & set(PARTY) else []


def of_officer(work: Work, member_id: int) -> list[Coming]:
    """Return the next theme day of the branches whose day a person may set."""
    return coming(work, list(_settable(work, member_id)))


def _settable(work: Work, member_id: int) -> Iterable[Unit]:
    for top in permission.scope(work, member_id, Action.SET_THEME_DAY):
        yield from (unit for unit in units.beneath(work.connection, top.path) if unit.kind is UnitKind.PARTY_BRANCH)


def branch(work: Work, member_id: int, number: int) -> Unit:
    """Return a branch whose day this person may set; raises the refusal for any other."""
    found = units.get(work.connection, number)
    wanted = [] if found is None else units.matching(work.connection, [found.path], [UnitKind.PARTY_BRANCH], "", 1, 0)
    if found not in wanted or not permission.may(work, member_id, Action.SET_THEME_DAY, wanted[0]):
        raise Refusal("theme_day.not_yours")
    return wanted[0]


def choose(work: Work, member_id: int, number: int, choice: Choice) -> Coming:
    """Set a branch's day."""
    unit = branch(work, member_id, number)
    table.choose(work.connection, unit.id, choice, member_id, work.now)
    audit.note(
        work.connection,
        work.now,
        member_id,
        "theme_day.choose",
        None,
        unit=unit.name,
        day=choice.day,
        at=f"{choice.at:%H:%M}",
    )
    return coming(work, [unit])[0]


def next_days(work: Work, choice: Choice, count: int) -> list[tuple[date, bool]]:
    """Return the next theme days of a choice as the calendar stands now, each with whether its year's is known."""
    off = calendar.days_off(work, work.today.replace(day=1), work.today + timedelta(days=32 * (count + 1)))
    days = rules.following(choice, work.today, lambda one: one not in off, count)
    settled = {year: calendar.is_settled(work, date(year, 1, 1)) for year in {day.year for day in days}}
    return [(day, settled[day.year]) for day in days]


def usual(work: Work) -> Choice:
    """Return what holds for branches that chose nothing."""
    settings = work.organisation.timetable
    return Choice(settings.theme_day, settings.theme_day_at)


def page(work: Work, member_id: int, words: str, limit: int, offset: int) -> list[Coming]:
    """Return a slice of the branches whose day a person may set, by these words in their names."""
    paths = [unit.path for unit in permission.scope(work, member_id, Action.SET_THEME_DAY)]
    return coming(work, units.matching(work.connection, paths, [UnitKind.PARTY_BRANCH], words, limit, offset))


def choose_usual(work: Work, member_id: int, number: int) -> Coming:
    """Let a branch keep the organisation's day again."""
    unit = branch(work, member_id, number)
    table.forget(work.connection, unit.id)
    audit.note(work.connection, work.now, member_id, "branch.usual_day", None, unit=unit.name)
    return coming(work, [unit])[0]


def remind(work: Work) -> None:
    """Remind the members of each branch whose theme day is today or the next workday."""
    if not calendar.is_workday(work, work.today):
        return
    following = work.today + timedelta(days=1)
    while not calendar.is_workday(work, following):
        following += timedelta(days=1)
    for one in coming(work, table.branches(work.connection)):
        if one.day in {work.today, following}:
            _remind(work, one)


def _remind(work: Work, one: Coming) -> None:
    today = one.day == work.today
    until = datetime.combine(one.day, one.choice.at, work.organisation.zone)
    if today and work.now >= until:
        return

    def compose(voice: Voice) -> Reply:
        code = "theme_day.remind_today" if today else "theme_day.remind_before"
        said = voice.say(code, unit=one.unit.name, day=voice.day(one.day), time=f"{one.choice.at:%H:%M}")
        return Reply((said, Choices(((voice.button("theme_day.look", call("theme_day.show")),),))))

    people = members.members_of(work.connection, one.unit.path, PARTY)
    post.push(work, people, "theme_day", compose, subject=f"{one.unit.id}:{one.day.isoformat()}")
