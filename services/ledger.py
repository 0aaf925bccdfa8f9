"""One's own points, why each came, averages of groups, and the export of all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from domain.member import Unit
from domain.permission import Action
from domain.points import MANUAL, periods, publishable
from domain.points_rule import RULES
from domain.refusal import Refusal
from services import permission, points
from services.sheet import Cell
from services.work import Work
from storage import member as members
from storage import objection as objections
from storage import points as table
from storage import unit as units
from storage.objection import Objection
from storage.points import Entry


@dataclass(frozen=True, slots=True)
class Bar:
    """Today's points of one kind, under its cap."""

    rule: str
    points: int
    cap: int


@dataclass(frozen=True, slots=True)
class Overview:
    """One's own points."""

    bars: tuple[Bar, ...]
    month: int
    quarter: int
    year: int


@dataclass(frozen=True, slots=True)
class Average:
    """A group's figure with what it was computed from."""

    unit: Unit
    people: int
    points: int


def overview(work: Work, member_id: int) -> Overview:
    """Return today's bars and the totals of month, quarter and year."""
    had = table.of_day(work.connection, member_id, work.today)
    bars = [
        Bar(rule, had.get(rule, 0), terms.daily_cap)
        for rule, terms in sorted(points.terms(work, work.today).items(), key=lambda pair: _order(pair[0]))
        if terms.points > 0
    ]
    if had.get(MANUAL):
        bars.append(Bar(MANUAL, had[MANUAL], 0))
    spans = periods(work.today)
    months = table.months(work.connection, member_id, min(period.first for period in spans))
    totals = [sum(points for month, points in months if month >= period.first) for period in spans]
    return Overview(tuple(bars), *totals)


def _order(rule: str) -> tuple[int, str]:
    return RULES.index(rule) if rule in RULES else len(RULES), rule


def history(work: Work, member_id: int, before: int, size: int) -> list[Entry]:
    """Return own entries, newest first; `before` 0 begins at the newest; one more than `size` when there are more."""
    return list(table.newest(work.connection, member_id, size + 1, before or None))


def own_entry(work: Work, member_id: int, number: int) -> tuple[Entry, str, Objection | None]:
    """Return one's own entry, who made it by hand (else empty), and the objection to it."""
    found = table.get(work.connection, number)
    if found is None or found[0] != member_id:
        raise Refusal("points.gone")
    maker = members.get(work.connection, found[1].by_member_id) if found[1].by_member_id else None
    return found[1], maker.name if maker else "", objections.of_entry(work.connection, number)


def averages(work: Work, member_id: int) -> tuple[date, list[Average], int]:
    """Return since when, the averages that may be shown within one's scope, and how many groups are too small."""
    first = periods(work.today)[0].first
    shown: list[Average] = []
    hidden = 0
    for top in permission.scope(work, member_id, Action.SEE_UNIT_FIGURES):
        children = _children(work, top)
        found = table.of_groups(work.connection, [top, *children], first)
        whole = Average(top, *found[top.id])
        if whole.people < work.organisation.smallest_group:
            hidden += 1
            continue
        parts = {one.id: Average(one, *found[one.id]) for one in children}
        sizes = {number: part.people for number, part in parts.items()}
        allowed = publishable(sizes, whole.people, work.organisation.smallest_group)
        shown.append(whole)
        shown += [parts[number] for number in sorted(allowed)]
        hidden += sum(1 for number, size in sizes.items() if size and number not in allowed)
    return first, shown, hidden


def _children(work: Work, top: Unit) -> list[Unit]:
    depth = top.path.count("/") + 1
    return [unit for unit in units.beneath(work.connection, top.path) if unit.path.count("/") == depth]


def export_rows(work: Work, first: date, last: date) -> tuple[list[str], list[list[Cell]]]:
    """Return header and rows of the whole ledger, for those who run the installation."""
    rows = table.all_rows(work.connection, first, last)
    header = ["工号", "姓名", "日期", "规则", "积分", "理由"]
    return header, [[no, name, day.isoformat(), rule, points, why] for no, name, day, rule, points, why in rows]
