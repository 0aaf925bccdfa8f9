"""The audit trail, read: who did what when, by person, deed and day; and the note of what was saved as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from domain.permission import Action
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import audit as table
from storage import member as members
from storage import unit as units

Told = table.Told
PAGE = 50
MOST = 20_000
"""Deeds in one export; narrower filters give the rest."""
_BITE = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is listed. `who`: a number in the roster; `about`: deeds done to that person, not by that person."""

    who: str = ""
    about: bool = False
    deed: str = ""
    first: date | None = None
    last: date | None = None
    before: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Deeds, the names of everybody and of every unit in them, and where the next page begins (0: nowhere)."""

    deeds: list[Told]
    names: Mapping[int, str]
    units: Mapping[int, str]
    next: int


def _demand(work: Work, member_id: int) -> None:
    permission.demand_everywhere(work, member_id, Action.RUN_MACHINE)


def saved(work: Work, member_id: int | None, what: str, rows: int) -> None:
    """Note that somebody saved records as a file: which (`export_<what>` in words) and how many rows.

    `member_id` None: the command line.
    """
    table.note(work.connection, work.now, member_id, "export.save", None, what=what, rows=rows)


def kinds(work: Work) -> list[str]:
    """Return the deeds that there are."""
    return table.deeds(work.connection)


def head(work: Work) -> str:
    """Return the seal of the newest deed."""
    return table.head(work.connection)


def listed(work: Work, member_id: int, asked: Asked) -> Page:
    """Return a page, newest first."""
    _demand(work, member_id)
    found = table.listed(work.connection, _wanted(work, asked), PAGE + 1)
    shown = found[:PAGE]
    return Page(shown, _names(work, shown), _units(work, shown), shown[-1].id if len(found) > PAGE else 0)


def exported(work: Work, member_id: int, asked: Asked) -> Iterator[tuple[Told, Mapping[int, str], Mapping[int, str]]]:
    """Yield at most `MOST` of what is asked for, with the names of people and of units."""
    _demand(work, member_id)
    wanted = _wanted(work, asked)
    for _ in range(MOST // _BITE):
        found = table.listed(work.connection, wanted, _BITE)
        names, places = _names(work, found), _units(work, found)
        for one in found:
            yield one, names, places
        if len(found) < _BITE:
            return
        wanted = wanted._replace(before=found[-1].id)


def _names(work: Work, deeds: list[Told]) -> dict[int, str]:
    everybody = {one.actor_id for one in deeds} | {one.subject_id for one in deeds}
    return members.names_of(work.connection, [one for one in everybody if one is not None])


def _units(work: Work, deeds: list[Told]) -> dict[int, str]:
    """Return the names of the units that stand in the facts by their id."""
    numbers = {one.facts["unit"] for one in deeds if isinstance(one.facts.get("unit"), int)}
    return {number: unit.name for number, unit in units.some(work.connection, numbers).items()}


def _wanted(work: Work, asked: Asked) -> table.Asked:
    actor = subject = 0
    if asked.who:
        person = members.by_employee_no(work.connection, asked.who.strip())
        if person is None:
            raise Refusal("settings.nobody", number=asked.who[:40])
        actor, subject = (0, person.id) if asked.about else (person.id, 0)
    first, last = asked.first or asked.last, asked.last or asked.first
    start = work.organisation.start_of(first) if first else None
    end = work.organisation.start_of(last + timedelta(days=1)) if last else None
    return table.Asked(asked.before, actor, subject, asked.deed, start, end)
