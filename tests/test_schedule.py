"""When things are due: two years in six zones, through every change of the clock, each day exactly once."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from bot import clock
from bot.clock import Clock
from domain.schedule import Rule, moved, next_due, wall
from services.calendar import plain_workday
from storage import schedule
from storage.engine import StorageError
from tests.running import eventually, let_rest
from tests.talk import Company

ZONES = (
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Kathmandu",
)
TIMES = ("00:00", "00:30", "02:30", "09:00", "23:30")


def always(_day: date) -> bool:
    return True


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("at", TIMES)
def test_every_day_of_two_years_exactly_once(name: str, at: str) -> None:
    zone = ZoneInfo(name)
    rule = Rule("daily", at=at)
    first = date(2026, 1, 1)
    moment = wall(first, time(0), zone) - timedelta(minutes=1)
    seen: list[date] = []
    for _ in range(731):
        due = next_due(rule, moment, zone, always)
        assert due is not None
        assert due > moment
        seen.append(due.astimezone(zone).date())
        moment = due
    assert seen == [first + timedelta(days=n) for n in range(731)]


def test_a_time_that_a_zone_skips_is_the_next_minute_that_exists() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert wall(date(2027, 3, 28), time(2, 30), berlin) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
    assert wall(date(2027, 10, 31), time(2, 30), berlin) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    havana = ZoneInfo("America/Havana")
    due = next_due(Rule("daily", at="00:00"), datetime(2027, 3, 14, 4, 30, tzinfo=UTC), havana, always)
    assert due is not None
    assert due.astimezone(havana).date() == date(2027, 3, 14)


def test_weekly_monthly_and_once() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    start = datetime(2026, 11, 23, 1, tzinfo=UTC)
    weekly = next_due(Rule("weekly", at="08:40", weekday=0), start, shanghai, always)
    assert weekly == datetime(2026, 11, 30, 0, 40, tzinfo=UTC)
    monthly = next_due(Rule("monthly", at="15:00", day=5, workday_only=True), start, shanghai, plain_workday)
    assert monthly == datetime(2026, 12, 7, 7, 0, tzinfo=UTC)
    once = Rule("once", at="09:00", on="2026-11-24")
    assert next_due(once, start, shanghai, always) == datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
    assert next_due(once, datetime(2026, 11, 25, tzinfo=UTC), shanghai, always) is None
    every = next_due(Rule("every", minutes=15), start + timedelta(minutes=1), shanghai, always)
    assert every == start + timedelta(minutes=15)


def test_a_rule_is_kept_as_text_and_read_back() -> None:
    rule = Rule("monthly", at="15:00", day=31, before=1, workday_only=True)
    assert Rule.from_json(rule.to_json()) == rule


@given(st.integers(2024, 2030), st.integers(1, 12), st.integers(1, 31), st.sets(st.integers(0, 6), max_size=5))
def test_a_monthly_duty_stays_in_its_month(year: int, month: int, day: int, off: set[int]) -> None:
    found = moved(year, month, day, lambda one: one.weekday() not in off)
    assert (found.year, found.month) == (year, month)
    assert found.weekday() not in off


def test_a_year_without_a_notice_has_its_statutory_days_and_no_crash() -> None:
    assert not plain_workday(date(2031, 1, 1))
    assert plain_workday(date(2031, 1, 2)) in {True, False}


def plan(company: Company, subject: str, rule: str) -> None:
    """Let a reminder be due now; whatever else is due rests."""
    company.write(let_rest)
    company.write(lambda c: schedule.put(c, "quiz.reminder", subject, rule, datetime.now(UTC)))


def happened(company: Company) -> list[tuple[str, str, bool, str]]:
    """Return (subject, state, whether its schedule goes on, note) of each occurrence."""
    one, table = schedule.occurrence.c, schedule.schedule.c
    query = select(table.subject, one.state, table.active, one.note).join(
        schedule.schedule, table.id == one.schedule_id
    )

    def look(connection: Connection) -> list[tuple[str, str, bool, str]]:
        return [(row[0], row[1], row[2], row[3]) for row in connection.execute(query.order_by(one.id))]

    return company.read(look)


DAILY = Rule("daily", at="00:00").to_json()


@pytest.mark.parametrize("rule", ["daily", '{"kind": "hourly"}', '{"colour": 1}', '{"kind": "daily", "at": "25:99"}'])
async def test_a_rule_that_can_not_be_read_rests_and_holds_up_nobody(company: Company, rule: str) -> None:
    plan(company, "broken", rule)
    company.write(lambda c: schedule.put(c, "quiz.reminder", "behind it", DAILY, datetime.now(UTC)))
    await Clock(company.database, company.dispatch, lambda: None).sweep()
    broken, behind = happened(company)
    assert broken[:3] == ("broken", schedule.FAILED, False)
    assert "Error: " in broken[3]
    assert behind[:3] == ("behind it", schedule.DONE, True)
    [told] = company.read(lambda c: schedule.failed_since(c, datetime.now(UTC) - timedelta(days=1)))
    assert told[:2] == ("quiz.reminder", "broken")


async def test_a_tick_that_breaks_is_told_with_its_reason_and_comes_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("bot.dispatch.Dispatch.tick", broken)
    plan(company, "", DAILY)
    await Clock(company.database, company.dispatch, lambda: None).sweep()
    assert happened(company) == [("", schedule.FAILED, True, "RuntimeError: broken on purpose")]


@pytest.mark.parametrize("error", [ValueError("a surprise"), StorageError("away")])
async def test_the_clock_outlives_a_surprise(
    company: Company, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(clock, "SWEEP", timedelta(seconds=0.05))
    surprises, due = [error, error], schedule.due

    def surprised(connection: Connection, now: datetime, limit: int = 50) -> object:
        if surprises:
            raise surprises.pop()
        return due(connection, now, limit)

    monkeypatch.setattr(schedule, "due", surprised)
    plan(company, "", DAILY)
    running = Clock(company.database, company.dispatch, lambda: None)
    task = asyncio.create_task(running.run())
    await eventually(lambda: task.done() or happened(company))
    assert [state for _, state, *_ in happened(company)] == [schedule.DONE]
    running.stop()
    await task
