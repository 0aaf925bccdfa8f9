"""Awarding points: by the rule in force on the day, under its daily cap, once a source."""

from __future__ import annotations

from dataclasses import dataclass

from domain.points_rule import Terms, brings
from services.work import Work
from storage import points as ledger


@dataclass(frozen=True, slots=True)
class Awarded:
    """What a deed brought: `points` may be 0 because the day's cap was reached or the deed was counted before."""

    points: int
    today: int
    cap: int
    repeated: bool = False


def award(work: Work, member_id: int, rule: str, source: str) -> Awarded:
    """Award what the rule gives for this source. `source` names the deed for ever, e.g. `checkin:2026-11-23`.

    A rule that the organisation does not use gives nothing.
    """
    day = work.today
    found = ledger.of_day(work.connection, member_id, day)
    rules = terms(work, found)
    if rule not in rules or rules[rule].points <= 0:
        return Awarded(0, 0, 0)
    before, cap = found.points.get(rule, 0), rules[rule].daily_cap
    points = brings(rules, rule, before)
    entry = ledger.append(work.connection, member_id, rule, source, points, day, work.now)
    if entry is None:
        return Awarded(0, before, cap, repeated=True)
    return Awarded(points, before + points, cap)


def terms(work: Work, day: ledger.Day) -> Terms:
    """Return the rules of a day: the dated ones, or as long as there are none what the configuration says."""
    return day.terms if day.version else work.organisation.points
