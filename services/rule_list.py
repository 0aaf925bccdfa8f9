"""The rules in force as a list with their sources, and how the kept packs differ from each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from domain.rule import Book, Rule, Vote
from domain.rule_change import Change, difference
from services import rule
from services.work import Work
from storage import rule as table

MOST_KEPT = 20
"""So many kept packs are looked at, the newest first."""


@dataclass(frozen=True, slots=True)
class Step:
    """From one kept pack to the next."""

    seen_at: datetime
    version: str
    before: str
    changes: tuple[Change, ...]
    readable: bool = True


def in_force(work: Work) -> list[Rule]:
    """Return the rules that hold today, in the order of the packs."""
    book = rule.book(work)
    return [one for number in book.ids if (one := book.in_force(number, work.today)) is not None]


def coming(work: Work) -> list[Rule]:
    """Return the versions of rules that hold from a later day on, soonest first."""
    found = [one for pack in rule.book(work).packs for one in pack.rules if one.applies_from > work.today]
    return sorted(found, key=_begins)


def _begins(one: Rule) -> date:
    return one.applies_from


def votes(work: Work) -> list[Vote]:
    """Return how votes count today."""
    book = rule.book(work)
    return [one for number in book.vote_ids if (one := book.vote(number, work.today)) is not None]


def steps(work: Work) -> list[Step]:
    """Return how each kept pack differs from the one before it, the newest first."""
    kept = table.kept(work.connection, MOST_KEPT + 1)
    books = [rule.read_kept(body) for _, _, body in kept]
    found = []
    for place, (version, seen_at, _) in enumerate(kept[:MOST_KEPT]):
        older = kept[place + 1] if place + 1 < len(kept) else None
        if older is None:
            break
        found.append(_step(seen_at, version, older[0], books[place + 1], books[place]))
    return found


def _step(seen_at: datetime, version: str, before: str, old: Book | None, new: Book | None) -> Step:
    if old is None or new is None:
        return Step(seen_at, version, before, (), readable=False)
    return Step(seen_at, version, before, tuple(difference(old, new)))
