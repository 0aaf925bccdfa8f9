"""Writing schedules: what happens again and again, kept as rows that any number of starts write only once."""

from __future__ import annotations

from datetime import datetime

from domain.schedule import Rule, next_due
from services import calendar
from services.work import Work
from storage import schedule


def keep(work: Work, tick: str, rule: Rule, subject: str = "") -> None:
    """Let a tick happen by a rule. Nothing is computed when it is kept already: a start needn't load the holidays."""
    line = rule.to_json()
    if schedule.is_kept(work.connection, tick, subject, line):
        return
    due = next_due(rule, work.now, work.organisation.zone, lambda day: calendar.is_workday(work, day))
    schedule.put(work.connection, tick, subject, line, due)


def alarms(work: Work, most: int) -> list[tuple[str, str, datetime]]:
    """Return (tick, subject, due) of what is due next."""
    return schedule.alarms(work.connection, most)
