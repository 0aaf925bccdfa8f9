"""One's own points, why each came, objections to them, manual entries, and averages of groups."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date

from domain.member import Person, Unit
from domain.permission import Action, Role
from domain.points import LARGEST_MANUAL, LONGEST_REASON, SHORTEST_REASON, periods, publishable
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import member as members
from storage import objection as objections
from storage import points as table
from storage import unit as units
from storage.objection import Objection
from storage.points import Entry

MANUAL = "manual"
_ANSWERERS = (Role.BRANCH_SECRETARY, Role.UNION_OFFICER, Role.COMMITTEE)


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
    today = table.of_day(work.connection, member_id, work.today)
    bars = [
        Bar(rule, today.get(rule, 0), terms.daily_cap)
        for rule, terms in work.organisation.points.items()
        if terms.points > 0
    ]
    if today.get(MANUAL):
        bars.append(Bar(MANUAL, today[MANUAL], 0))
    spans = periods(work.today)
    months = table.months(work.connection, member_id, min(period.first for period in spans))
    totals = [sum(points for month, points in months if month >= period.first) for period in spans]
    return Overview(tuple(bars), *totals)


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


def answerer_for(work: Work, member_id: int) -> int | None:
    """Return who answers this person's objections: the nearest secretary or officer, never the person alone."""
    own_units = members.units_of(work.connection, member_id)
    for role in _ANSWERERS:
        for unit in sorted(own_units, key=lambda unit: -len(unit.path)):
            for holder in permission.holders(work, role, unit.path):
                if holder != member_id:
                    return holder
    return None


def object_to(work: Work, member_id: int, number: int) -> tuple[Objection, bool]:
    """Object to one's own entry; returns the objection and whether it is new."""
    own_entry(work, member_id, number)
    made = objections.raise_one(work.connection, number, member_id, answerer_for(work, member_id), work.now)
    found = objections.of_entry(work.connection, number)
    if found is None:
        raise Refusal("points.gone")
    return found, made is not None


def objection_for(work: Work, handler: int, number: int) -> tuple[Objection, Entry, Person]:
    """Return an objection to whoever must answer it, and to nobody else."""
    found = objections.get(work.connection, number)
    entry = table.get(work.connection, found.entry_id) if found else None
    person = members.get(work.connection, found.member_id) if found else None
    if found is None or entry is None or person is None or not _answers(work, found, handler):
        raise Refusal("points.gone")
    return found, entry[1], person


def waiting_objections(work: Work, handler: int) -> list[Objection]:
    """Return what waits for this person's answer."""
    return [one for one in objections.open_ones(work.connection) if _answers(work, one, handler)]


def _answers(work: Work, one: Objection, handler: int) -> bool:
    """Answer whether it is this person's now: whom it went to while in that role, else whoever is responsible now."""
    if one.handler_id == handler:
        return _reaches(work, handler, one.member_id, Action.ANSWER_OBJECTIONS)
    if one.handler_id is not None and _reaches(work, one.handler_id, one.member_id, Action.ANSWER_OBJECTIONS):
        return False
    return answerer_for(work, one.member_id) == handler


def answer_objection(work: Work, handler: int, number: int, correction: int, reason: str) -> tuple[Objection, bool]:
    """Keep the entry (`correction` 0) or correct it by so many points; returns it and whether this answered it."""
    found, entry, _ = objection_for(work, handler, number)
    _check_reason(reason)
    outcome = "corrected" if correction else "kept"
    if not objections.answer(work.connection, number, outcome, reason[:LONGEST_REASON], work.now):
        return found, False
    if correction:
        _check_amount(correction)
        table.append(
            work.connection,
            found.member_id,
            MANUAL,
            f"objection:{number}",
            correction,
            entry.day,
            work.now,
            reason=reason[:LONGEST_REASON],
            by_member_id=handler,
        )
    return found, True


def find_person(work: Work, actor: int, words: str) -> list[Person]:
    """Return whom the actor may give points to, by number or exact name; several when they are namesakes."""
    found = [p for p in members.by_name_or_number(work.connection, words.strip()) if p.id != actor]
    allowed = [p for p in found if _reaches(work, actor, p.id)]
    if not allowed:
        raise Refusal("points.no_such_person")
    return allowed


def _reaches(work: Work, actor: int, member_id: int, action: Action = Action.AWARD_POINTS) -> bool:
    own_units = members.units_of(work.connection, member_id)
    return any(permission.may(work, actor, action, unit) for unit in own_units)


def new_source() -> str:
    """Return a name for a manual entry that is not made yet; made twice under one name it counts once."""
    return f"manual:{secrets.token_hex(8)}"


def check_manual(work: Work, actor: int, member_id: int, amount: int, reason: str) -> Person:
    """Refuse what may not be entered by hand; returns the person."""
    person = members.get(work.connection, member_id)
    if person is None or member_id == actor or not _reaches(work, actor, member_id):
        raise Refusal("points.no_such_person")
    _check_amount(amount)
    _check_reason(reason)
    return person


def enter(work: Work, actor: int, member_id: int, amount: int, reason: str, source: str) -> bool:
    """Enter points by hand, with a reason that the person sees; False when this source is entered already."""
    check_manual(work, actor, member_id, amount, reason)
    made = table.append(
        work.connection,
        member_id,
        MANUAL,
        source,
        amount,
        work.today,
        work.now,
        reason=reason[:LONGEST_REASON],
        by_member_id=actor,
    )
    return made is not None


def _check_amount(amount: int) -> None:
    if amount == 0 or abs(amount) > LARGEST_MANUAL:
        raise Refusal("points.amount_out_of_range", largest=LARGEST_MANUAL)


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise Refusal("points.reason_missing", shortest=SHORTEST_REASON)
    if len(reason) > LONGEST_REASON:
        raise Refusal("points.reason_too_long", longest=LONGEST_REASON)


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


def export_rows(work: Work, first: date, last: date) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the whole ledger, for those who run the installation."""
    rows = table.all_rows(work.connection, first, last)
    header = ["工号", "姓名", "日期", "规则", "积分", "理由"]
    return header, [[no, name, day.isoformat(), rule, str(points), why] for no, name, day, rule, points, why in rows]
