"""Lists as files: a function says what a list holds, and its address saves it, short at once and long as a job.

What is saved are the rows that the page shows, all pages of them: the function reads the same filters and asks the same
permission, at a visit, when a job begins and when it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from console.asked import whole
from console.grammar import Look, Pages, Result, Visit
from console.long import demand_room, exported, is_csv, speech_of, written
from console.machine import Machine
from content import Voice
from domain import job as rules
from domain.member import Person
from domain.permission import Action
from domain.refusal import Refusal
from services import people, permission, sheet
from services.job import Facts, Kind, Part, Step
from services.work import Work

LONGEST_TITLE = 30
PART = 1_000
"""Rows that are fetched in one step."""
WAYS = ("xlsx", "csv")
Line = Sequence[sheet.Cell]
"""Numbers of a workbook can be summed; what only looks like one (a number of an employee, a moment) is text."""
One = TypeVar("One")


@dataclass(frozen=True, slots=True)
class Rows:
    """A list as it is saved."""

    header: Sequence[str]
    count: int
    """How many there are, or nearly: it says whether a job is worth while, and how far it is."""
    rows: Iterable[Line]
    """Gone through once, and only when it is written."""
    of: str = ""
    """Of which one thing it is: a meeting, a bank."""
    day: date | str = ""
    """The day of that thing, or its period; else the file has today's."""


Make = Callable[[Look], Rows]


def named(voice: Voice, what: str, of: str, day: date | str) -> str:
    """Return what a file is called in this language: what it lists, of which one thing (perhaps none), and the day."""
    said = voice.page["jobs"][f"file_{what}"]
    title = " ".join(of.split())
    short = title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…"
    return "-".join(one.replace("/", "-") for one in (said, short, str(day)) if one)


class _Numbers(Mapping[str, int]):
    """The numbers among the facts of a job; whatever is none is 0, which nothing has."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def __getitem__(self, name: str) -> int:
        return whole(self._facts.get(name, ""))

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A look without a page."""

    work: Work
    person: Person
    voice: Voice
    numbers: Mapping[str, int]
    query: Mapping[str, str]
    machine: Machine | None

    def words(self, noun: str) -> Mapping[str, str]:
        return self.voice.page[noun]


def saves(pages: Pages, path: str, name: str, *, back: str, needs: Action | None) -> Callable[[Make], Make]:
    """Register where a list is saved (`path.*`: as `path.xlsx` and `path.csv`), and the job that writes a long one.

    `name`: of the job. `back`: the page of the list; `{number}` stands for what stands in the path.
    """

    def register(make: Make) -> Make:
        pages.kinds[name] = _kind(name, make, needs)

        def giving(**how: str) -> Callable[[Visit], Result]:
            def give(visit: Visit) -> Result:
                facts = {**visit.query, **{key: str(number) for key, number in visit.numbers.items()}, **how}
                return exported(
                    visit, name, _kind(name, make, needs, visit.machine), facts, back.format(**visit.numbers)
                )

            return give

        if path.endswith(".*"):
            for way in WAYS:
                pages.get(f"{path[:-1]}{way}", needs=needs)(giving(format=way))
        else:
            pages.get(path, needs=needs)(giving())
        return make

    return register


def _kind(name: str, make: Make, needs: Action | None, machine: Machine | None = None) -> Kind:
    def look(work: Work, member_id: int, facts: Facts) -> tuple[Look, Rows]:
        person = people.myself(work, member_id)
        if needs is not None and not permission.may_anywhere(work, member_id, needs):
            raise Refusal("permission.nowhere")
        asked = _Asked(work, person, speech_of(facts), _Numbers(facts), facts, machine)
        return asked, make(asked)

    def count(work: Work, member_id: int, facts: Facts) -> int:
        return look(work, member_id, facts)[1].count

    def steps(work: Work, member_id: int, facts: Facts) -> Iterator[Part]:
        asked, found = look(work, member_id, facts)
        # Of a workbook fetching is one half and writing the other.
        share, rows = (1 if is_csv(facts) else 2), list[Line]()
        yield Step(0, found.count)
        for row in found.rows:
            rows.append(row)
            if len(rows) % sheet.A_PART == 0:
                demand_room(facts, len(rows))
                yield Step(len(rows) // share, max(found.count, len(rows)))
        called, title = named(asked.voice, name, found.of, found.day or work.today), asked.words("jobs")[f"file_{name}"]
        for part in written(called, found.header, rows, facts, title):
            yield Step((len(rows) + part.done) // 2, len(rows)) if isinstance(part, Step) else part

    return Kind(count, steps)


def sliced(some: Callable[[int, int], Sequence[One]], line: Callable[[One], Line]) -> tuple[int, Iterator[Line]]:
    """Return how many there are and the lines of all, of what is given by (limit, offset)."""
    return _counted(some), pieces(some, line)


def pieces(some: Callable[[int, int], Sequence[One]], line: Callable[[One], Line]) -> Iterator[Line]:
    """Yield the lines of what is given by (limit, offset), a part at a time."""
    at = 0
    while found := some(PART, at):
        yield from map(line, found)
        at += len(found)
        if len(found) < PART:
            return


def later(fetch: Callable[[], Iterable[One]], line: Callable[[One], Line]) -> Iterator[Line]:
    """Yield the lines of what is fetched all at once, but only when it is written."""
    yield from map(line, fetch())


def _counted(some: Callable[[int, int], Sequence[object]]) -> int:
    """Count what is given by (limit, offset): a few exactly, of many by looking whether there is one so far out."""
    if not some(1, rules.SMALL):
        return len(some(rules.SMALL, 0))
    least, most = rules.SMALL + 1, 2 * rules.SMALL + 1
    while some(1, most):
        least, most = most + 1, 2 * most
    while least < most:
        middle = (least + most) // 2
        least, most = (middle + 1, most) if some(1, middle) else (least, middle)
    return least


def every(found: Sequence[One], line: Callable[[One], Line]) -> tuple[int, Iterator[Line]]:
    """Return how many there are and the lines of all, of what is at hand."""
    return len(found), map(line, found)
