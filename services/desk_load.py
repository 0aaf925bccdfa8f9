"""What those who oversee requests look at: the load of each officer, categories, weeks. Numbers about work, no ranking.

Officers stand in the order of the tree and never by a number. No case, no employee, no words; a category with fewer
people behind it than the smallest group is not counted on its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from content import Voice
from domain import demand_route as routing
from domain.points import publishable
from services import demand_category, permission
from services.chart import Chart, Kind, Series
from services.sheet import Cell
from services.work import Work
from storage import desk_load as table
from storage import member, unit

DAYS = 90
WEEKS = 12
ANSWERS = 3_000
"""So many first answers are looked at, the newest."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much one officer has to do; counts alone."""

    officer: str
    unit: str
    open: int
    near: int
    over: int
    first: timedelta | None
    """How long the first answer took, half of the time; None: of fewer answers than the smallest group."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What there is of one category; None: of too few people to be shown."""

    name: str
    counts: tuple[int, int, int, int] | None
    """Filed lately, open, near a limit, past one."""
    first: timedelta | None = None


def seen(work: Work, member_id: int) -> list[str]:
    """Return the paths of the units beneath which this person oversees requests."""
    held = [one for one in permission.grants_of(work, member_id) if one.role in routing.OVERSEERS]
    return sorted({path for one in held for path in routing.overseen(one.path)})


def loads(work: Work, member_id: int) -> list[Load]:
    """Return what each officer has to do within what this person oversees, in the order of the tree."""
    paths = seen(work, member_id)
    return _loads(work, paths, _answers(work, paths)) if paths else []


def together(work: Work, voice: Voice, member_id: int) -> tuple[list[Load], list[Topic]]:
    """Return the load of officers, and the categories in their own order, within what this person oversees."""
    paths = seen(work, member_id)
    if not paths:
        return [], []
    answers = _answers(work, paths)
    return _loads(work, paths, answers), _topics(work, voice, paths, answers)


def _answers(work: Work, paths: list[str]) -> list[table.Answer]:
    return table.first_answers(work.connection, work.now - timedelta(days=DAYS), paths, ANSWERS)


def _loads(work: Work, paths: list[str], answers: list[table.Answer]) -> list[Load]:
    rows = table.loads(work.connection, work.now, paths)
    places = unit.some(work.connection, {row[1] for row in rows})
    names = member.names_of(work.connection, {row[0] for row in rows})
    took = _took(work, (((one.officer_id, one.unit_id), one) for one in answers))

    def in_order(row: tuple[int, ...]) -> tuple[list[int], str]:
        return [int(part) for part in places[row[1]].path.split("/") if part], names.get(row[0], "")

    return [
        Load(names.get(row[0], ""), places[row[1]].name, row[2], row[3], row[4], took.get((row[0], row[1])))
        for row in sorted(rows, key=in_order)
    ]


def _took(work: Work, answers: Iterable[tuple[object, table.Answer]]) -> dict[object, timedelta]:
    """Return the median time to the first answer by key, where there are enough answers to say so."""
    times: dict[object, list[float]] = defaultdict(list)
    for key, one in answers:
        times[key].append((one.answered_at - one.filed_at).total_seconds())
    least = work.organisation.smallest_group
    return {key: timedelta(seconds=median(some)) for key, some in times.items() if len(some) >= least}


def _topics(work: Work, voice: Voice, paths: list[str], answers: list[table.Answer]) -> list[Topic]:
    since = work.now - timedelta(days=DAYS)
    rows = table.kinds(work.connection, work.now, since, paths)
    places = {code: at for at, code in enumerate(demand_category.pack().categories)}
    sizes = {at: rows[code].askers for code, at in places.items() if code in rows}
    shown = publishable(sizes, sum(sizes.values()), work.organisation.smallest_group)
    took = _took(work, ((one.category, one) for one in answers))
    return [
        Topic(
            demand_category.known(code).called(voice.language),
            (rows[code].filed, rows[code].open, rows[code].near, rows[code].over) if at in shown else None,
            took.get(code) if at in shown else None,
        )
        for code, at in places.items()
        if code in rows
    ]


def by_week(work: Work, voice: Voice, member_id: int) -> Chart | None:
    """Return requests filed and closed in each of the last weeks that are over; None for who oversees nothing.

    Where fewer people than the smallest group are overseen nothing is shown. The running week is not: a figure that
    grows by one says that somebody asked, and whatever it hid would come back later.
    """
    paths = seen(work, member_id)
    if not paths:
        return None
    monday = work.today - timedelta(days=work.today.weekday())
    days = [monday - timedelta(weeks=WEEKS - at) for at in range(WEEKS)]
    least = work.organisation.smallest_group
    enough = table.people(work.connection, paths, least) >= least
    found = [_weeks(work, column, monday, paths) if enough else [None] * WEEKS for column in ("filed_at", "closed_at")]
    names = (voice.label("desk.chart_filed"), voice.label("desk.chart_closed"))
    return Chart(
        title=voice.line("desk.chart_title", weeks=WEEKS),
        about=voice.line("desk.chart_about", least=least),
        kind=Kind.LINES,
        first=voice.label("desk.chart_week"),
        labels=tuple(f"{day:%m-%d}" for day in days),
        series=tuple(Series(name, tuple(values)) for name, values in zip(names, found, strict=True)),
        hidden=voice.line("desk.chart_hidden", least=least),
    )


def _weeks(work: Work, column: str, monday: date, paths: list[str]) -> list[int | None]:
    """Return the counts of the last weeks before this one, as far as they may be shown.

    Weeks are looked at from the start of a stretch of the calendar, whichever are shown: so a week that was shown stays
    so, and a hidden one stays hidden.
    """
    lead, least = (_number(monday) - WEEKS) % WEEKS, work.organisation.smallest_group
    span = WEEKS + lead
    moments = [work.organisation.start_of(monday - timedelta(weeks=span - at)) for at in range(span + 1)]
    weeks = table.between(work.connection, column, moments, paths)
    few = {at: (moments[at], moments[at + 1]) for at, (_, askers) in enumerate(weeks) if 0 < askers < least}
    behind = table.askers(work.connection, column, few, paths)
    who = [behind.get(at, set()) for at in range(span)]
    shown = [
        one for at in range(0, span, WEEKS) for one in shown_weeks(weeks[at : at + WEEKS], who[at : at + WEEKS], least)
    ]
    return shown[-WEEKS:]


def _number(monday: date) -> int:
    """Return how many weeks the calendar has before this one."""
    return monday.toordinal() // 7


def shown_weeks(weeks: list[tuple[int, int]], who: Sequence[set[int]], least: int) -> list[int | None]:
    """Return the counts that may be shown, of (count, people behind it) each; a week of nothing says nothing.

    A week of too few is hidden, and the next with it until enough different people are behind those hidden together.
    What comes later changes nothing before it. `who`: the people behind each week of too few.
    """
    found: list[int | None] = []
    behind: set[int] = set()
    for (count, askers), people in zip(weeks, who, strict=True):
        hides = 0 < askers < least or (askers > 0 and bool(behind))
        found.append(None if hides else count)
        if hides:
            behind |= people
            if askers >= least or len(behind) >= least:
                behind.clear()
    return found


def duration(voice: Voice, took: timedelta | None) -> str:
    """Return a time in words; empty for none."""
    if took is None:
        return ""
    hours = round(took.total_seconds() / 3600)
    if hours >= 24:  # noqa: PLR2004 - a day
        return voice.line("desk.days_hours", days=hours // 24, hours=hours % 24)
    return voice.line("desk.hours", hours=hours)


def topics(work: Work, voice: Voice, member_id: int) -> list[Topic]:
    """Return the categories in their own order, within what this person oversees."""
    return together(work, voice, member_id)[1]


def export_rows(work: Work, voice: Voice, member_id: int) -> tuple[list[str], list[list[Cell]]]:
    """Return the load of officers as headers and rows."""
    header = voice.label("desk.load_headers").split("|")
    return header, [
        [one.unit, one.officer, one.open, one.near, one.over, duration(voice, one.first)]
        for one in loads(work, member_id)
    ]
