"""Awarding points: by published rule, under the daily cap, once a source."""

from __future__ import annotations

from dataclasses import dataclass

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
    terms = work.organisation.points.get(rule)
    if terms is None or terms.points <= 0:
        return Awarded(0, 0, 0)
    day = work.today
    before = ledger.of_day(work.connection, member_id, day).get(rule, 0)
    points = max(0, min(terms.points, terms.daily_cap - before))
    entry = ledger.append(work.connection, member_id, rule, source, points, day, work.now)
    if entry is None:
        return Awarded(0, before, terms.daily_cap, repeated=True)
    return Awarded(points, before + points, terms.daily_cap)
