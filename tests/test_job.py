"""Jobs: done once however often a process dies, cancelled up to the commit, given back by a stop, forgotten in time."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from bot import jobs as runner
from bot.jobs import Jobs
from bot.lease import _here
from domain.job import KEPT, LASTS, REMEMBERED, TRIES, Job, State
from domain.permission import Role
from domain.refusal import Refusal
from services import job as service
from services import roles
from services.job import Deed, Facts, Kind, Made, Part, Step
from services.work import Work
from storage import job as table
from storage import member, permission
from tests.running import eventually
from tests.talk import Company

NOW = datetime.now(UTC)


def _count(work: Work, actor_id: int, facts: Facts) -> int:
    del work, actor_id, facts
    return 3


def kind(*parts: Part | Callable[[], object]) -> Kind:
    """A kind of job that goes through these parts; what can be called is called on the way."""

    def steps(work: Work, actor_id: int, facts: Facts) -> Iterator[Part]:
        del work, actor_id, facts
        for part in parts:
            if callable(part):
                part()
            else:
                yield part

    return Kind(_count, steps)


FILE = Made("a.csv", "text/csv", b"a,b")


def joins(work: Work) -> dict[str, object]:
    """A deed that can be counted."""
    member.add(work.connection, f"J{member.count(work.connection)}", "新人", work.now)
    return {"new": 1}


def there(connection: Connection) -> int:
    """How often it was done."""
    return connection.scalar(select(func.count()).where(member.member.c.name == "新人")) or 0


def at(company: Company, connection: Connection) -> Work:
    """A piece of work of this morning."""
    return Work(connection, company.organisation, NOW)


def asks(company: Company, made: Kind, nickname: str = "root", **facts: str) -> int:
    """Ask for a job."""
    return company.write(lambda c: service.ask(at(company, c), company.roll.people[nickname], "it", made, facts))


def look(company: Company, number: int) -> Job:
    """How it stands."""
    found = company.read(lambda c: table.get(c, number))
    assert found is not None
    return found


@asynccontextmanager
async def runs(company: Company, made: Kind, holder: str = "here") -> AsyncIterator[Jobs]:
    """A process that does jobs."""
    jobs = Jobs(company.database, lambda: company.organisation, holder, {"it": made})
    task = asyncio.create_task(jobs.run())
    try:
        yield jobs
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def ended(company: Company, number: int) -> Job:
    """Wait until it has ended."""
    await eventually(lambda: look(company, number).ended_at)
    return look(company, number)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often: nobody wants to wait."""
    monkeypatch.setattr(runner, "PULSE", 0.02)
    monkeypatch.setattr(runner, "LOOK", 0.05)


async def test_a_file_is_made_and_kept_for_a_week(company: Company) -> None:
    made = kind(Step(1, 3), Step(2, 3), FILE)
    number = asks(company, made, q="x")
    assert asks(company, made, q="x") == number, "a form sent twice"
    async with runs(company, made):
        found = await ended(company, number)
    assert (found.state, found.percent, found.name, found.size, found.tries) == (State.DONE, 100, "a.csv", 3, 1)
    root = company.roll.people["root"]

    def file(now: datetime, owner: int = root, known: dict[str, Kind] | None = None) -> Made:
        kinds = {"it": made} if known is None else known
        return company.read(lambda c: service.result(Work(c, company.organisation, now), owner, number, kinds))

    assert file(NOW) == FILE
    with pytest.raises(Refusal):
        file(NOW, company.roll.people["lin"])
    with pytest.raises(Refusal):
        file(datetime.now(UTC) + KEPT)
    with pytest.raises(Refusal):
        file(NOW, known={})
    company.write(lambda c: table.forget(c, datetime.now(UTC) + KEPT))
    assert (look(company, number).size, look(company, number).facts) == (0, {})
    with pytest.raises(Refusal):
        file(NOW)
    company.write(lambda c: table.forget(c, datetime.now(UTC) + REMEMBERED))
    assert company.read(lambda c: table.get(c, number)) is None


async def test_what_runs_is_cancelled_between_steps_and_nothing_is_done(company: Company) -> None:
    goes = threading.Event()
    made = kind(Step(1, 3), lambda: goes.wait(10), Step(2, 3), Deed(joins))
    number = asks(company, made)
    async with runs(company, made):
        await eventually(lambda: look(company, number).done == 1)
        assert company.write(lambda c: table.cancel(c, number, NOW))
        await asyncio.sleep(0.1)
        goes.set()
        assert (await ended(company, number)).state is State.CANCELLED
    assert company.read(there) == 0
    assert not company.write(lambda c: table.cancel(c, number, NOW)), "it has ended"


async def test_cancelling_works_until_the_commit(company: Company) -> None:
    numbers: list[int] = []

    def deed(work: Work) -> dict[str, object]:
        table.cancel(work.connection, numbers[0], NOW)
        return joins(work)

    made = kind(Step(1, 3), Deed(deed))
    numbers.append(asks(company, made))
    async with runs(company, made):
        assert (await ended(company, numbers[0])).state is State.CANCELLED
    assert company.read(there) == 0


async def test_what_waits_is_cancelled_at_once(company: Company) -> None:
    made = kind(Deed(joins))
    number = asks(company, made)
    assert company.write(lambda c: table.cancel(c, number, NOW))
    async with runs(company, made):
        await asyncio.sleep(0.1)
    assert look(company, number).state is State.CANCELLED
    assert company.read(there) == 0


async def test_a_stop_gives_the_job_back_and_the_next_start_does_it_once(company: Company) -> None:
    began, goes = threading.Event(), threading.Event()
    slow = kind(Step(1, 3), began.set, lambda: goes.wait(10), Step(2, 3), Deed(joins))
    number = asks(company, slow)
    async with runs(company, slow):
        await eventually(began.is_set)
        asyncio.get_running_loop().call_later(0.05, goes.set)
    assert (look(company, number).state, look(company, number).tries) == (State.WAITING, 0)
    async with runs(company, kind(Deed(joins)), "next"):
        found = await ended(company, number)
    assert (found.state, found.said) == (State.DONE, {"new": 1})
    assert company.read(there) == 1


DIES = """
import os, sys
from datetime import UTC, datetime
from bot.lease import new_holder
from storage import job, member
from storage.engine import Database

def dies(connection):
    member.add(connection, "J0", "新人", datetime.now(UTC))
    assert job.finish(connection, taken.id, holder, datetime.now(UTC), said={})
    os._exit(9)

database, holder = Database(sys.argv[1]), new_holder()
taken = database.write_now(lambda c: job.take(c, holder))
database.write_now(dies)
"""


async def test_a_process_that_is_killed_before_its_commit_leaves_the_job_to_the_next(company: Company) -> None:
    made = kind(Step(1, 3), Deed(joins))
    number = asks(company, made)
    url = company.database.engine.url.render_as_string(hide_password=False)
    killed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", DIES, url], cwd=Path(__file__).parent.parent, check=False
    )
    assert killed.returncode == 9
    assert (look(company, number).state, company.read(there)) == (State.RUNNING, 0)
    async with runs(company, made):
        found = await ended(company, number)
    assert (found.state, found.tries, company.read(there)) == (State.DONE, 2, 1)


async def test_one_that_kills_them_again_and_again_is_given_up(company: Company) -> None:
    made = kind(Deed(joins))
    number = asks(company, made)
    dead = f"{_here()}:{2**22 - 1}:abcdef"
    for _ in range(TRIES):
        assert company.write(lambda c: table.take(c, dead, [dead])) is not None
    async with runs(company, made):
        found = await ended(company, number)
    assert (found.state, found.why, found.said) == (State.FAILED, "jobs.died", {"tries": TRIES})
    assert company.read(there) == 0


def test_one_process_has_a_job_until_its_lease_is_over(company: Company) -> None:
    number = asks(company, kind(FILE))
    assert company.write(lambda c: table.take(c, "one")) is not None
    assert company.write(lambda c: table.take(c, "other")) is None
    assert company.write(lambda c: table.pulse(c, number, "other", 1, 3)) is None
    assert company.write(lambda c: table.pulse(c, number, "one", 1, 3)) is False
    company.write(lambda c: c.execute(table.job.update().values(until=datetime.now(UTC) - LASTS)))
    assert company.write(lambda c: table.take(c, "other")) is not None
    assert not company.write(lambda c: table.finish(c, number, "one", NOW, said={})), "it came too late"
    assert company.write(lambda c: table.finish(c, number, "other", NOW, said={}))


async def test_a_refusal_and_a_mistake_are_said_and_change_nothing(company: Company) -> None:
    def refused(work: Work) -> dict[str, object]:
        joins(work)
        raise Refusal("roster.has_errors", count=2)

    def mistaken(work: Work) -> dict[str, object]:
        joins(work)
        raise ZeroDivisionError

    for deed, why in ((refused, "roster.has_errors"), (mistaken, "jobs.mistake")):
        made = kind(Step(1, 3), Deed(deed))
        number = asks(company, made)
        async with runs(company, made):
            found = await ended(company, number)
        assert (found.state, found.why) == (State.FAILED, why)
    assert company.read(there) == 0
    unknown = asks(company, made)
    async with runs(company, made) as jobs:
        jobs._kinds = {}
        await ended(company, unknown)


async def test_who_lost_the_right_meanwhile_gets_nothing(company: Company) -> None:
    root = company.roll.people["root"]

    def count(work: Work, actor_id: int, facts: Facts) -> int:
        del facts
        if not roles.held(work, actor_id):
            raise Refusal("permission.nowhere")
        return 3

    def loses() -> None:
        lin = company.roll.people["lin"]
        company.write(
            lambda c: roles.give(at(company, c), root, lin, Role.ADMINISTRATOR, company.roll.units["root"].id)
        )
        company.write(lambda c: roles.end(at(company, c), lin, root, Role.ADMINISTRATOR, company.roll.units["root"].id))

    made = replace(kind(Step(1, 3), loses, FILE), count=count)
    number = asks(company, made)
    async with runs(company, made):
        found = await ended(company, number)
    assert (found.state, found.why, found.size) == (State.FAILED, "permission.nowhere", 0)


def _moves(company: Company, connection: Connection) -> None:
    """Let the administrator's role be for the second branch alone."""
    grant, branch = permission.grant, company.roll.units["branch2"].id
    mine = grant.c.member_id == company.roll.people["root"]
    connection.execute(grant.update().where(mine).values(unit_id=branch))


async def test_a_file_is_worth_nothing_once_its_owner_has_other_roles(company: Company) -> None:
    """It holds what she could see then, and the right that she still has somewhere says nothing about that."""
    may = [True]

    def count(work: Work, actor_id: int, facts: Facts) -> int:
        if not may[0]:
            raise Refusal("permission.nowhere")
        return _count(work, actor_id, facts)

    made = replace(kind(FILE), count=count)
    number = asks(company, made)
    async with runs(company, made):
        await ended(company, number)
    root = company.roll.people["root"]

    def file() -> Made:
        return company.read(lambda c: service.result(at(company, c), root, number, {"it": made}))

    assert file() == FILE
    may[0] = False
    with pytest.raises(Refusal, match=r"permission\.nowhere"):
        file()
    may[0] = True
    company.write(lambda c: _moves(company, c))
    with pytest.raises(Refusal, match=r"jobs\.other_roles"):
        file()


async def test_a_role_that_moves_while_it_goes_on_voids_it(company: Company) -> None:
    made = kind(Step(1, 3), lambda: company.write(lambda c: _moves(company, c)), Deed(joins))
    number = asks(company, made)
    async with runs(company, made):
        found = await ended(company, number)
    assert (found.state, found.why, found.size) == (State.FAILED, "jobs.other_roles", 0)
    assert company.read(there) == 0
    again = asks(company, kind(Step(1, 3), FILE))
    assert again != number
    company.write(lambda c: c.execute(permission.grant.update().values(unit_id=company.roll.units["root"].id)))
    assert asks(company, made) != again, "what waits was asked for with other roles"


def test_nobody_fills_the_house_with_jobs(company: Company) -> None:
    for place in range(5):
        asks(company, kind(FILE), q=str(place))
    with pytest.raises(Refusal):
        asks(company, kind(FILE), q="more")
    asks(company, kind(FILE), "lin", q="more")
