"""Who and what the demo enterprise consists of, once it is settled."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta

from domain.member import Unit
from domain.theme_day import LATEST_DAY, Choice
from services.calendar import plain_workday


@dataclass(slots=True)
class Enterprise:
    """Ids by number and by code."""

    people: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    visitors: dict[str, str] = field(default_factory=dict)
    """What a visitor may be -> number."""

    def visitor(self, who: str) -> int:
        """Return the id of the person whom a visitor may be."""
        return self.people[self.visitors[who]]


def theme_choice(today: date) -> Choice:
    """Return the day of the month that every branch keeps: this week's last workday, so that one is always near."""
    friday = today + timedelta(days=4 - today.weekday())
    days = [today + timedelta(days=ahead) for ahead in range((friday - today).days + 1)][::-1] or [today]
    chosen = next((day for day in days if plain_workday(day)), today)
    while not plain_workday(chosen):
        chosen += timedelta(days=1)
    return Choice(min(chosen.day, LATEST_DAY), time(15))
