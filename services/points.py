"""Awarding points: by the rule in force on the day, under its daily cap, once a source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from domain.points_rule import NIGHT, Terms, Version, brings, in_force
from services.work import Work
from storage import points as ledger
from storage import points_rule as table

_known: WeakKeyDictionary[Engine, tuple[datetime, list[Version], dict[date, Version | None]]] = WeakKeyDictionary()
"""When this process looked into each database, the versions there, and which of them holds on the days asked for."""


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
    rules = terms(work, day)
    if rule not in rules or rules[rule].points <= 0:
        return Awarded(0, 0, 0)
    before, cap = ledger.of_day(work.connection, member_id, day).get(rule, 0), rules[rule].daily_cap
    points = brings(rules, rule, before)
    entry = ledger.append(work.connection, member_id, rule, source, points, day, work.now)
    if entry is None:
        return Awarded(0, before, cap, repeated=True)
    return Awarded(points, before + points, cap)


def terms(work: Work, day: date) -> Terms:
    """Return the rules of today, or of a day gone by: the dated ones, or before the first of them the configuration's.

    A turn asks no database for them: nothing is decided about a day from `NIGHT` before it begins, so that whoever
    looked within half that time knows everything that holds now, whichever process wrote it.
    """
    engine = work.connection.engine
    kept = _known.get(engine)
    if kept is None or not timedelta(0) <= work.now - kept[0] < NIGHT / 2:
        kept = _known[engine] = work.now, table.dated(work.connection), {}
    _, versions, answers = kept
    if day not in answers:
        answers[day] = in_force(versions, day)
    found = answers[day]
    return found.terms if found is not None else work.organisation.points
