"""The machine's clock set two hours forward and back: every occurrence once, no letter waits, leases still move."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, func, select

from domain.reply import Reply, text
from services import post
from services.work import Work
from storage import claim, lease, outbox, schedule
from tests.company import ORGANISATION
from tests.faults.figures import record
from tests.running import age
from tests.talk import Company

TWO_HOURS = timedelta(hours=2)


def occurrences(connection: Connection) -> list[tuple[int, int]]:
    """Return (schedule, how many different moments, how many rows) as (rows, moments) pairs."""
    table = schedule.occurrence
    rows = connection.execute(select(func.count(), func.count(table.c.due.distinct())).group_by(table.c.schedule_id))
    return [(row[0], row[1]) for row in rows]


def test_each_occurrence_once_however_the_clock_is_set(company: Company) -> None:
    company.lin.says("/announce 明早的通知")
    company.lin.presses("定时发送")
    company.lin.says("明天 9:05")
    for step in (TWO_HOURS, -TWO_HOURS, timedelta(hours=23), TWO_HOURS, -TWO_HOURS, timedelta(hours=3)):
        company.now += step
        company.travel(minutes=1)
    assert company.bo.sees().count("明早的通知") + company.lin.sees().count("错过了时间") == 1
    found = company.read(occurrences)
    assert found
    assert all(rows == moments for rows, moments in found)
    record("时钟拨快、拨慢两小时 · the clock set by two hours", "6 次 times", "每次到点各一回 each once", "1")


def test_an_answer_leaves_although_the_clock_was_set_back(company: Company) -> None:
    def write(connection: Connection) -> None:
        post.answer(Work(connection, ORGANISATION, company.now), "web", "x", "x", Reply((text("好的"),)))

    company.write(write)
    before = company.now - TWO_HOURS
    taken = company.write(lambda c: claim.take_answers(c, "web", before, timedelta(minutes=1), 10))
    assert [one.recipient for one in taken] == ["x"]
    assert company.read(outbox.counts)["web", outbox.SENDING] == 1


@pytest.mark.parametrize("step", [TWO_HOURS, -TWO_HOURS])
def test_a_dead_process_s_lease_moves_although_the_clock_was_set(company: Company, step: timedelta) -> None:
    lasts = timedelta(seconds=8)
    assert company.write(lambda c: lease.take(c, "clock", "a", lasts))
    company.write(lambda c: age(c, lasts / 2))
    assert not company.write(lambda c: lease.take(c, "clock", "b", lasts))
    company.write(lambda c: age(c, step + timedelta(seconds=6)))
    assert company.write(lambda c: lease.take(c, "clock", "b", lasts))
