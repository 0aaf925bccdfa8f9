"""When something is due: rules of wall-clock time in one zone, and their next occurrence.

A time that the zone skips (spring) becomes the next existing minute; a time that it repeats (autumn) counts once, the
first. So each rule has at most one occurrence a day, and never loses one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HORIZON = 800
"""Days to look ahead; a rule with none in them is over."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: at `at` (HH:MM) on the days that `kind` means.

    kind: `daily`, `workdays`, `weekly` (`weekday`, 0 is Monday), `monthly` (`day` of the month, moved to the next
    workday when `workday_only`; `before` days earlier), `every` (each `minutes`, counted from midnight UTC),
    `once` (`on`, a date).
    """

    kind: str
    at: str = "00:00"
    weekday: int = 0
    day: int = 1
    before: int = 0
    workday_only: bool = False
    minutes: int = 0
    on: str = ""

    def to_json(self) -> str:
        """Return the rule as a row keeps it; the same rule gives the same text."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def from_json(line: str) -> Rule:
        """Return the rule that `to_json` wrote."""
        return Rule(**json.loads(line))


def wall(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return a wall-clock time in UTC; a skipped time is moved to the first minute that exists after it."""
    local = datetime.combine(day, clock, zone)
    moment = local.astimezone(UTC)
    back = moment.astimezone(zone)
    if back.replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    before = local.replace(fold=1).utcoffset() or timedelta()
    after = local.replace(fold=0).utcoffset() or timedelta()
    gap = abs(after - before)
    start = moment - gap
    for minute in range(int(gap.total_seconds() // 60) * 2 + 1):
        candidate = start + timedelta(minutes=minute)
        if candidate.astimezone(zone).replace(tzinfo=None) >= local.replace(tzinfo=None):
            return candidate
    return moment


def moved(year: int, month: int, day: int, workday: Callable[[date], bool]) -> date:
    """Return the day of a month, shortened to the month's length, moved on to the next workday.

    When no workday is left in the month it is moved back to the last one before: a monthly duty stays in its month.
    """
    first = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    wanted = date(year, month, min(day, first.day))
    forward = wanted
    while forward.month == month and not workday(forward):
        forward += timedelta(days=1)
    if forward.month == month:
        return forward
    back = wanted
    while not workday(back) and back.day > 1:
        back -= timedelta(days=1)
    return back


def next_due(rule: Rule, after: datetime, zone: ZoneInfo, workday: Callable[[date], bool]) -> datetime | None:
    """Return the first occurrence strictly after this moment (UTC), or None when there is none any more."""
    if rule.kind == "every":
        step = timedelta(minutes=rule.minutes)
        midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + step * ((after - midnight) // step + 1)
    clock = time.fromisoformat(rule.at)
    start = after.astimezone(zone).date() - timedelta(days=1)
    for offset in range(HORIZON):
        day = start + timedelta(days=offset)
        if _falls_on(rule, day, workday):
            moment = wall(day, clock, zone)
            if moment > after:
                return moment
    return None


def _falls_on(rule: Rule, day: date, workday: Callable[[date], bool]) -> bool:
    match rule.kind:
        case "daily":
            return True
        case "workdays":
            return workday(day)
        case "weekly":
            return day.weekday() == rule.weekday
        case "once":
            return day.isoformat() == rule.on
        case "monthly":
            wanted = day + timedelta(days=rule.before)
            target = (
                moved(wanted.year, wanted.month, rule.day, workday)
                if rule.workday_only
                else moved(wanted.year, wanted.month, rule.day, lambda _: True)
            )
            return target == wanted
    msg = f"no such kind of rule: {rule.kind}"
    raise ValueError(msg)
