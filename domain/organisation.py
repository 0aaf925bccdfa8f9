"""How this organisation wants the assistant to behave: the checked settings that rules need, without any I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from domain.retention import Retention
from domain.rule import Pack


@dataclass(frozen=True, slots=True)
class PointRule:
    """What one kind of deed is worth, and how much of it counts in a day."""

    points: int
    daily_cap: int


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When nothing is pushed: from `start` to `end` of the organisation's clock, and on days off."""

    start: time = time(21, 0)
    end: time = time(8, 0)
    days_off: bool = True


@dataclass(frozen=True, slots=True)
class Timetable:
    """When the clock speaks, in the organisation's zone."""

    learning_at: time = time(9, 10)
    quiz_reminder_at: time = time(16, 40)
    theme_day: int = 5
    """Day of the month of the theme day where a branch has chosen none."""
    theme_day_at: time = time(15, 0)
    theme_day_reminder_at: time = time(9, 20)
    digest_weekday: int = 0
    """0 is Monday."""
    digest_at: time = time(8, 40)


@dataclass(frozen=True, slots=True)
class Organisation:
    """The organisation and its choices."""

    name: str
    zone: ZoneInfo
    language: str = "zh"
    points: Mapping[str, PointRule] = field(default_factory=dict)
    quiet: QuietHours = field(default_factory=QuietHours)
    pushes_a_day: int = 3
    timetable: Timetable = field(default_factory=Timetable)
    retention: Retention = field(default_factory=Retention)
    messengers: tuple[str, ...] = ()
    """The messengers that are switched on; empty: any."""
    by_directory: tuple[str, ...] = ()
    """The messengers whose company directory binds people by their employee number."""
    page: str = ""
    """Where browsers reach us, without a slash at its end; empty: nobody has said."""
    rules: tuple[Pack, ...] = ()
    """The organisation's own rule packs, checked; they stand over the national one."""
    smallest_group: int = 5
    """No figure is shown of fewer people (never below 5)."""

    def today(self, now: datetime) -> date:
        """Return the organisation's day at this moment."""
        return now.astimezone(self.zone).date()

    def local(self, now: datetime) -> datetime:
        """Return this moment on the organisation's clock."""
        return now.astimezone(self.zone)

    def start_of(self, day: date) -> datetime:
        """Return the first moment of a day, in UTC."""
        return datetime.combine(day, time(0), self.zone).astimezone(UTC)

    def at(self, day: date, clock: time) -> datetime:
        """Return a wall-clock time of a day, in UTC; a time that a zone skips becomes the next one that exists."""
        local = datetime.combine(day, clock, self.zone)
        return local.astimezone(UTC)
