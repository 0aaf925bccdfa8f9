"""Figures of units about points: who took part in a month, how often by rule, the average; and what is not shown.

They count deeds by rule alone: what was entered by hand is somebody's own affair and stands in no figure. A month is
counted once, when it is over: a figure that moves from day to day would tell, by its difference, one person's points.
A figure is shown of a unit where enough people took part, and only while nothing can be subtracted from another that
is of fewer (`rate_fold.fold`). The parts by rule are shown all or none: what is hidden of one rule is the rest of the
others otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from domain.rate_fold import Cell, cells, fold

MOST_MONTHS = 24
"""So far back months are counted when there are figures for the first time."""


@dataclass(frozen=True, slots=True)
class Part:
    """How often a rule brought something, at most once a person and day, and to how many people."""

    turns: int
    participants: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A unit's month. `into`: the unit in whose figure it is counted as its own would be of too few; 0: in none."""

    unit_id: int
    people: int
    into: int
    participants: int = 0
    turns: int = 0
    points: int = 0
    parts: Mapping[str, Part] = field(default_factory=dict)

    @property
    def shown(self) -> bool:
        """Whether it has figures of its own."""
        return self.into == self.unit_id

    @property
    def average(self) -> str:
        """Return points by person, rounded half up to one digit, in whole numbers; empty of nobody."""
        if not self.people:
            return ""
        tenths = (self.points * 20 + self.people) // (2 * self.people)
        return f"{tenths // 10}.{tenths % 10}"


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did by a rule in a month: on how many days, and for how many points."""

    member_id: int
    rule: str
    turns: int
    points: int


def month_before(day: date) -> date:
    """Return the first day of the month before the one that a day lies in."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def month_after(day: date) -> date:
    """Return the first day of the month after."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def to_close(first: date | None, today: date, closed: Iterable[date]) -> list[date]:
    """Return the months that are over and not counted yet, oldest first. `first`: the ledger's first day."""
    if first is None:
        return []
    months: list[date] = []
    done, month = set(closed), month_before(today)
    while month >= first.replace(day=1) and len(months) < MOST_MONTHS:
        months.append(month)
        month = month_before(month)
    return [one for one in reversed(months) if one not in done]


def figures(belongs: Sequence[tuple[str, int]], deeds: Sequence[Deed], smallest: int) -> list[Figure]:
    """Return the figures of a month. `belongs`: (path of the unit, person), of all who are here; nobody else counts."""
    by_person: dict[int, list[Deed]] = {}
    for deed in deeds:
        by_person.setdefault(deed.member_id, []).append(deed)
    everybody = cells(belongs)
    active = [(path, person) for path, person in belongs if person in by_person]
    took_part = cells(active)
    sums = {person: (sum(d.turns for d in own), sum(d.points for d in own)) for person, own in by_person.items()}
    turns_of = {(deed.member_id, deed.rule): deed.turns for deed in deeds}
    by_rule = {
        rule: cells([pair for pair in active if (pair[1], rule) in turns_of])
        for rule in sorted({deed.rule for deed in deeds})
    }
    shown = fold(took_part, smallest, distinct=True)
    whole = _split(by_rule, {unit for unit, into in shown.items() if unit != into}, smallest)
    parts: dict[int, dict[str, Part]] = {}
    for rule, some in by_rule.items():
        for cell in some:
            if cell.unit_id in whole:
                turns = sum(turns_of[person, rule] for person in cell.people)
                parts.setdefault(cell.unit_id, {})[rule] = Part(turns, len(cell.people))
    took = {cell.unit_id: cell for cell in took_part}
    found: dict[str, Figure] = {}
    for cell in everybody:
        into = _into(cell, took.get(cell.unit_id), shown, found, smallest)
        if into != cell.unit_id:
            found[cell.path] = Figure(cell.unit_id, len(cell.people), into)
            continue
        active_here = took[cell.unit_id].people if cell.unit_id in took else frozenset()
        turns, points = (sum(sums[person][at] for person in active_here) for at in (0, 1))
        found[cell.path] = Figure(
            cell.unit_id, len(cell.people), into, len(active_here), turns, points, parts.get(cell.unit_id, {})
        )
    return list(found.values())


def _split(by_rule: Mapping[str, Sequence[Cell]], hidden: set[int], smallest: int) -> frozenset[int]:
    """Return the units whose parts are shown: all of them of enough people, and none to be had by subtraction."""
    units = {cell.unit_id for some in by_rule.values() for cell in some}
    while True:
        folded = set(hidden)
        for some in by_rule.values():
            folded |= {
                unit for unit, into in fold(some, smallest, distinct=True, hidden=hidden).items() if unit != into
            }
        if folded == hidden:
            return frozenset(units - hidden)
        hidden = folded


def _into(
    cell: Cell, took_part: Cell | None, shown: Mapping[int, int], found: Mapping[str, Figure], smallest: int
) -> int:
    """Return the unit in whose figure a unit is shown; of one in which nobody took part, by its size alone."""
    if took_part is not None:
        return shown[cell.unit_id]
    if len(cell.people) >= smallest:
        return cell.unit_id
    above = cell.path.rsplit("/", 2)[0] + "/"
    while above != "/":
        if above in found:
            return found[above].into
        above = above.rsplit("/", 2)[0] + "/"
    return 0
