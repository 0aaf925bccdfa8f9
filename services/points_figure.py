"""Unit figures about points: counted when a month is over, read as they were counted, for whoever may see figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from domain.member import Unit
from domain.permission import Action
from domain.points_figure import Figure, figures, month_after, to_close
from domain.refusal import Refusal
from domain.retention import is_night
from domain.schedule import Rule
from services import permission, points_place, timetable
from services.work import Work
from storage import member as members
from storage import points_figure as table
from storage import schedule
from storage import unit as units
from storage.points_figure import Closed

TICK = "points.month"
LATE_LIMIT = timedelta(hours=2)
"""What was missed is done the next night."""
_AT = Rule("daily", at="04:10")
_GAP = timedelta(seconds=5)
FEW = 5_000
"""Of so many people a month is counted in no time; of 100,000 it takes two seconds, which only the night has."""
PAGE, MONTHS, MOST_ROWS = 50, 24, 20_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A unit's figure; `into` names the unit in whose figure it is counted. None: the month knows nothing of it."""

    unit: Unit
    figure: Figure | None
    into: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows: a unit over the months, and the units right beneath it in one of them."""

    unit: Unit
    places: list[Unit]
    above: Unit | None
    closed: Sequence[Closed]
    month: Closed | None
    months: list[tuple[date, Figure, str]]
    here: Shown | None
    below: list[Shown]
    more: bool


def prepare(work: Work) -> None:
    """Write the schedule; months that are over and not counted wait for the night, or of few people for nothing."""
    timetable.keep(work, TICK, _AT)
    if _waiting(work) and _may_count(work):
        schedule.again(work.connection, TICK, "", work.now)


def _may_count(work: Work) -> bool:
    return is_night(work.organisation.local(work.now)) or members.count(work.connection) <= FEW


def _waiting(work: Work) -> list[date]:
    done = [one.month for one in table.closed(work.connection)]
    return to_close(table.first_day(work.connection), work.today, done)


def close_next(work: Work) -> None:
    """Count one month that is over; the next one is due shortly after it while there is more."""
    waiting = _waiting(work)
    if not waiting:
        return
    month, smallest = waiting[0], work.organisation.smallest_group
    deeds = table.deeds(work.connection, month, month_after(month))
    found = figures(table.belongs(work.connection), deeds, smallest)
    table.keep(work.connection, Closed(month, work.now, smallest), found)
    if len(waiting) > 1 and _may_count(work):
        schedule.again(work.connection, TICK, "", work.now + _GAP)


def _place(work: Work, member_id: int, number: int) -> Unit:
    if number:
        return points_place.place(work, member_id, Action.SEE_UNIT_FIGURES, number)
    own = permission.scope(work, member_id, Action.SEE_UNIT_FIGURES)
    if not own:
        raise Refusal("permission.nowhere")
    return own[0]


def _month(closed: Sequence[Closed], wish: str) -> Closed | None:
    """Return the month that is asked for, else the newest that was counted."""
    return next((one for one in closed if f"{one.month:%Y-%m}" == wish), closed[0] if closed else None)


def seen(work: Work, member_id: int, unit_id: int, month: str, page: int = 1) -> Seen:
    """Return the figures of one of this person's units."""
    unit, closed = _place(work, member_id, unit_id), table.closed(work.connection)
    chosen = _month(closed, month)
    months = table.of_unit(work.connection, unit.id, MONTHS)
    some = table.beneath(work.connection, unit.path, 1, PAGE + 1, (max(page, 1) - 1) * PAGE)
    shown = _shown(work, chosen, [unit, *some[:PAGE]]) if chosen else []
    called = table.names(work.connection, {figure.into for _, figure in months if not figure.shown})
    return Seen(
        unit,
        points_place.offered(work, member_id, Action.SEE_UNIT_FIGURES),
        _above(work, member_id, unit),
        closed,
        chosen,
        [(day, figure, called.get(figure.into, "")) for day, figure in months],
        shown[0] if shown else None,
        shown[1:],
        len(some) > PAGE,
    )


def _above(work: Work, member_id: int, unit: Unit) -> Unit | None:
    numbers = [int(one) for one in unit.path.strip("/").split("/")][:-1]
    found = units.get(work.connection, numbers[-1]) if numbers else None
    allowed = found is not None and permission.may(work, member_id, Action.SEE_UNIT_FIGURES, found)
    return found if allowed else None


def _shown(work: Work, month: Closed, some: Sequence[Unit]) -> list[Shown]:
    found: Mapping[int, Figure] = table.of_month(work.connection, month.month, [unit.id for unit in some])
    called = table.names(work.connection, {one.into for one in found.values() if not one.shown})
    result = []
    for unit in some:
        figure = found.get(unit.id)
        result.append(Shown(unit, figure, called.get(figure.into, "") if figure and not figure.shown else ""))
    return result


def everything(work: Work, member_id: int, unit_id: int, month: str) -> tuple[Unit, Closed, list[Shown]]:
    """Return one of this person's units and all beneath it in a month, in the order of the tree, to be saved."""
    unit, chosen = _place(work, member_id, unit_id), _month(table.closed(work.connection), month)
    if chosen is None:
        raise Refusal("points.no_month")
    found: list[Shown] = []
    some = table.beneath(work.connection, unit.path, 0, MOST_ROWS, 0)
    for first in range(0, len(some), PAGE * 100):
        found += _shown(work, chosen, some[first : first + PAGE * 100])
    return unit, chosen, found
