"""What the clock does about obligations, in bites: writes each month's facts, reminds secretaries, tells new rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from content import Voice
from domain.call import call
from domain.member import Unit
from domain.obligation import Obligation
from domain.period import Cycle, period_of, years_after
from domain.reply import Choices, Personal, Reply, Text, text
from domain.rule_change import Change
from domain.schedule import Rule
from services import obligation, post, rule, timetable
from services.obligation_view import is_late
from services.obligation_words import change_line, line
from services.work import Work
from storage import basis as bases
from storage import obligation as table
from storage import schedule

BASIS, REMIND, CHANGES = "obligation.basis", "obligation.remind", "obligation.changes"
BITE = 200
PUSHES = 25
"""So many branches to a bite whose secretaries are written to, which costs more."""
GAP = timedelta(seconds=1)
T = TypeVar("T")
BEFORE = (timedelta(days=14), timedelta(days=3))
"""So long before the last day of a period what is not planned is reminded of; and on the day after it."""
LISTED = 12
"""A push names so many; /due has the rest."""
AT = time(9, 5)


def prepare(work: Work) -> None:
    """Write the schedules, and keep the rules in force when they are new: what they change is told in bites."""
    timetable.keep(work, BASIS, Rule("daily", at="01:20"))
    timetable.keep(work, REMIND, Rule("daily", at=f"{AT:%H:%M}"))
    changed = rule.note(work)
    if changed is not None:
        _go_on(work, *changed, 0)


def write_basis(work: Work) -> None:
    """Write what branches are this month, those of which nothing is written yet; a bite at a time."""
    month = f"{work.today:%Y-%m}"
    some = bases.without(work.connection, month, BITE)
    bases.write(work.connection, month, bases.compute(work.connection, some, work.today, work.now), work.now)
    if len(some) == BITE:
        schedule.again(work.connection, BASIS, "", work.now + GAP)


def remind(work: Work, due: datetime) -> None:
    """Remind of what ends in two weeks or three days, or ended yesterday. The moment it was due says which bite."""
    ends = {work.today + ahead for ahead in BEFORE} | {work.today - timedelta(days=1)}
    number = round((due - work.organisation.at(work.organisation.today(due), AT)) / GAP)
    branches = _concerned(work, ends, number)
    found: dict[int, list[Obligation]] = defaultdict(list)
    for day in sorted(ends):
        for one in obligation.of_units(work, branches, day, day):
            if one.period.last == day and _calls(one, work.today):
                found[one.unit_id].append(one)
    _tell(work, branches, found, "obligation", _reminder)
    if len(branches) == PUSHES:
        schedule.again(work.connection, REMIND, "", due + GAP)


def _concerned(work: Work, ends: Iterable[date], number: int) -> list[Unit]:
    """Return a bite of the branches for which something may end then: all when a month does, else those whose term."""
    if any(period_of(Cycle.MONTH, day).last == day for day in ends):
        return table.branches(work.connection, PUSHES, number * PUSHES)
    book = rule.book(work)
    years = {one.years for one in (book.in_force(name, work.today) for name in book.ids) if one and one.years}
    elected = [years_after(day + timedelta(days=1), -some) for day in ends for some in years]
    return table.elected(work.connection, elected, PUSHES, number * PUSHES)


def _calls(one: Obligation, today: date) -> bool:
    if not one.rule.hard or not one.recorded:
        return False
    return is_late(one) if one.period.last < today else not one.settled


def _reminder(speaks: Voice, found: Sequence[Obligation]) -> Reply:
    lines = "\n".join(f"· {line(speaks, one)}" for one in found[:LISTED])
    rows = ((speaks.button("obligation.look", call("obligation.list", 0)),),)
    return Reply((speaks.say("obligation.remind", lines=lines), Choices(rows)), personal=Personal.OWN)


def tell_changes(work: Work, subject: str) -> None:
    """Tell the secretaries of one bite of branches what new rules change for theirs, and from when."""
    old, new, number = (int(part) for part in subject.split(":"))
    changes = rule.changes_between(work, old, new)
    branches = table.branches(work.connection, PUSHES, number * PUSHES) if changes else []
    now = obligation.basis_now(work, branches)
    found = {unit.id: [change for change in changes if change.concerns(unit.kind, now[unit.id])] for unit in branches}
    names = {unit.id: unit.name for unit in branches}

    def say(speaks: Voice, own: Sequence[tuple[str, Change]]) -> Reply:
        words: list[Text] = [speaks.say("obligation.rules_changed")]
        lines = (f"· {name}：{change_line(speaks, change)}" for name, change in own[:LISTED])
        return Reply((*words, text("\n".join(lines))), personal=Personal.OWN)

    named = {number: [(names[number], change) for change in some] for number, some in found.items()}
    _tell(work, branches, named, "rule", say)
    if len(branches) == PUSHES:
        _go_on(work, old, new, number + 1)


def _go_on(work: Work, old: int, new: int, number: int) -> None:
    once = Rule("once", on=work.today.isoformat()).to_json()
    schedule.put(work.connection, CHANGES, f"{old}:{new}:{number}", once, work.now + GAP)


def _tell(
    work: Work, branches: Sequence[Unit], found: Mapping[int, Sequence[T]], kind: str, say: Callable[..., Reply]
) -> None:
    """Push to each secretary one message about all her branches among these."""
    ids = {unit.id for unit in branches if found.get(unit.id)}
    if not ids:
        return
    by_person: dict[int, list[T]] = defaultdict(list)
    for person, unit_id in table.secretaries(work.connection, sorted(ids), work.now):
        by_person[person].extend(found[unit_id])
    for person, own in sorted(by_person.items()):

        def compose(speaks: Voice, own: Sequence[T] = own) -> Reply:
            return say(speaks, own)

        post.push(work, [person], kind, compose, subject=work.today.isoformat())
