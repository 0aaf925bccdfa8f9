"""The audit trail, read: who did what when, by person, deed and day; and the note of what was saved as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from domain.permission import Action
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import audit as table
from storage import gathering as gatherings
from storage import member as members
from storage import question as questions
from storage import unit as units

Told = table.Told
PAGE = 50
Known = Mapping[tuple[str, object], str]
"""A fact and its value -> what that is called."""
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
    """Deeds, the names of everybody and of what else is known in them, and where the next page begins (0: nowhere)."""

    deeds: list[Told]
    names: Mapping[int, str]
    known: Known
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
    return Page(shown, _names(work, shown), _known(work, shown), shown[-1].id if len(found) > PAGE else 0)


def exported(work: Work, member_id: int, asked: Asked) -> Iterator[tuple[Told, Mapping[int, str], Known]]:
    """Yield all of what is asked for, with the names of people and of what else is known."""
    _demand(work, member_id)
    wanted = _wanted(work, asked)
    while found := table.listed(work.connection, wanted, _BITE):
        names, places = _names(work, found), _known(work, found)
        for one in found:
            yield one, names, places
        wanted = wanted._replace(before=found[-1].id)


def count(work: Work, member_id: int, asked: Asked) -> int:
    """Return how many deeds are asked for."""
    _demand(work, member_id)
    return table.count(work.connection, _wanted(work, asked))


def _names(work: Work, deeds: list[Told]) -> dict[int, str]:
    everybody = {one.actor_id for one in deeds} | {one.subject_id for one in deeds}
    return members.names_of(work.connection, [one for one in everybody if one is not None])


def _known(work: Work, deeds: list[Told]) -> Known:
    """Return the names of what stands in the facts by its number or code, as (fact, value)."""

    def there(key: str, kind: type) -> set[Any]:
        return {one.facts[key] for one in deeds if isinstance(one.facts.get(key), kind)}

    found: dict[tuple[str, object], str] = {}
    found |= {("unit", number): one.name for number, one in units.some(work.connection, there("unit", int)).items()}
    found |= {("unit", code): name for code, name in units.names(work.connection, there("unit", str)).items()}
    signs = gatherings.titles(work.connection, there("gathering", int))
    found |= {("gathering", number): title for number, title in signs.items()}
    return found | {("bank", name): bank for name, bank in questions.bank_names(work.connection, there("bank", str))}


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
