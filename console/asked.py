"""What visits ask for in words: whole numbers and days that a database can reckon with; anything else is not asked."""

from __future__ import annotations

from datetime import date, datetime, time

from console.grammar import Visit

LONGEST_NUMBER = 15
"""Digits: a page of this number, fifty rows each, is still a number for a database."""


def whole(words: str, usual: int = 0, longest: int = LONGEST_NUMBER) -> int:
    """Return the whole number that these words are; `usual` for anything else. `longest`: digits."""
    return int(words) if words.isascii() and words.isdigit() and len(words) <= longest else usual


def number_in(visit: Visit, name: str, usual: int = 0) -> int:
    """Return a whole number out of the query or the form; `usual` for anything else."""
    return whole(visit.query.get(name, "") or visit.form.get(name, ""), usual)


def moment(visit: Visit, day_typed: str, clock: str) -> datetime | None:
    """Return the moment (UTC) of a day and a time of the organisation's zone, else None."""
    found = day(day_typed)
    try:
        return visit.work.organisation.at(found, time.fromisoformat(clock).replace(tzinfo=None)) if found else None
    except ValueError:
        return None


def day(words: str) -> date | None:
    """Return the day that these words are, else None."""
    try:
        found = date.fromisoformat(words)
    except ValueError:
        return None
    # The day before the first and after the last can't be reckoned with.
    return found if date.min.year < found.year < date.max.year else None
