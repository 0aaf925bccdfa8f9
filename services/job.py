"""Long imports and exports as jobs: asked for once, seen and cancelled by whoever asked, the result kept for a week.

A kind of job is two plain functions. `count` says how many rows there would be and raises the refusal of whoever may
not: it is asked again whenever the job runs and when its result is saved. What was asked for with other roles than its
owner has now is void: made now, it would hold something else. `steps` yields how far it is, and last what it made
(`Made`) or what is to be done (`Deed`), which happens in the transaction that notes the job as done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from domain.job import AT_ONCE, Job, State
from domain.refusal import Refusal
from services import permission
from services.work import Work
from storage import audit
from storage import job as table

MOST = 50
"""So many of somebody's jobs are listed."""
Facts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """So many of so many are done; `total` 0: nobody knows yet."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made."""

    name: str
    mime: str
    body: bytes
    said: Mapping[str, object] = field(default_factory=dict)
    """Figures about it, for the page."""
    rows: int = 0
    """Rows that are in it."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done all at once at the end; returns what can be said of it. It may run twice, and must not mind."""

    do: Callable[[Work], Mapping[str, object]]


Part = Step | Made | Deed


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of job does, for whom it does it and with which facts (what its page asked).

    `count` is also asked in the transaction that keeps the result, so it must be quick.
    """

    count: Callable[[Work, int, Facts], int]
    steps: Callable[[Work, int, Facts], Iterator[Part]]


def ask(work: Work, owner_id: int, name: str, kind: Kind, facts: Facts) -> int:
    """Write a job down; returns its id. The same one that still waits or runs is that one: a form may come twice."""
    total = kind.count(work, owner_id, facts)
    roles = permission.named(permission.grants_of(work, owner_id))
    before = table.unfinished_of(work.connection, owner_id)
    asked = (name, dict(facts), roles, False)
    same = next((one for one in before if (one.kind, one.facts, one.roles, one.cancelling) == asked), None)
    if same is not None:
        return same.id
    if len(before) >= AT_ONCE:
        raise Refusal("jobs.too_many", most=AT_ONCE)
    audit.note(work.connection, work.now, owner_id, "job.ask", None, kind=name, rows=total)
    return table.add(work.connection, owner_id, name, facts, work.now, total, roles=roles)


def at_once(work: Work, actor_id: int, kind: Kind, facts: Facts) -> Made:
    """Make the file of a short export now."""
    made = [part for part in kind.steps(work, actor_id, facts) if isinstance(part, Made)]
    return made[-1]


def mine(work: Work, owner_id: int) -> list[Job]:
    """Return one's newest jobs."""
    return table.of(work.connection, owner_id, MOST)


def own(work: Work, owner_id: int, number: int) -> Job:
    """Return one's own job; raises for anybody else's as for none."""
    found = table.get(work.connection, number)
    if found is None or found.owner_id != owner_id:
        raise Refusal("jobs.none")
    return found


def cancel(work: Work, owner_id: int, number: int) -> bool:
    """Let one's own job end; False when it had ended before."""
    found = own(work, owner_id, number)
    ended = table.cancel(work.connection, number, work.now)
    if ended:
        audit.note(work.connection, work.now, owner_id, "job.cancel", None, kind=found.kind)
    return ended


def demand_still(work: Work, found: Job, kind: Kind) -> None:
    """Raise the refusal of whoever may not have this job done any more, or has other roles than it began with."""
    kind.count(work, found.owner_id, found.facts)
    if found.roles != permission.named(permission.grants_of(work, found.owner_id)):
        raise Refusal("jobs.other_roles")


def result(work: Work, owner_id: int, number: int, kinds: Mapping[str, Kind]) -> Made:
    """Return the file of one's own job, for whoever might still have it made."""
    found = own(work, owner_id, number)
    kept = table.body_of(work.connection, number) if found.state is State.DONE else None
    until = found.kept_until
    if kept is None or until is None or until <= work.now or found.kind not in kinds:
        raise Refusal("jobs.gone")
    demand_still(work, found, kinds[found.kind])
    return Made(found.name, *kept)
