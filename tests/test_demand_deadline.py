"""Limits of demands: reminded before, counted upwards after, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import func, select

from domain.demand import Act
from domain.demand_draft import Draft
from domain.permission import Role
from services import demand, demand_deadline, desk
from storage import demand_deadline as stages
from storage import permission, schedule
from tests.talk import Company

FILED = "SQ-20261123-0001"
EVERYBODY = ("ada", "bo", "lin", "zhou", "sun", "chen", "gao", "root", "hu", "ma", "tang", "xu")


def _file(company: Company, who: str = "ada", category: str = "living", avoided: int = 0) -> None:
    person = company.roll.people[who]
    draft = Draft(token=f"{who}{category}{company.now}", text="食堂太贵了", category=category, avoided=avoided)
    company.write(lambda c: demand.file(company.work(c), person, draft))
    _hear(company)


def _hear(company: Company) -> dict[str, str]:
    """Return what everybody's phone shows that is new."""
    return {who: screen for who in EVERYBODY if (screen := str(company.phone(who).sees()))}


def _tick_at(company: Company, year: int, month: int, day: int, hour: int, minute: int) -> dict[str, str]:
    """Let the clock look at limits at this wall-clock time (twice: nothing may double); return what arrived."""
    company.now = datetime(year, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    for _ in range(2):
        company.write(lambda c: demand_deadline.tick(company.work(c)))
    return _hear(company)


def test_reminded_on_the_last_morning_then_counted_upwards(company: Company) -> None:
    _file(company)
    assert _tick_at(company, 2026, 11, 24, 10, 0) == {}
    heard = _tick_at(company, 2026, 11, 25, 9, 0)
    assert list(heard) == ["zhou"]
    assert f"1 件诉求快到首次答复期限：{FILED}" in heard["zhou"]
    assert _tick_at(company, 2026, 11, 25, 17, 0) == {}
    over = _tick_at(company, 2026, 11, 26, 9, 0)
    assert list(over) == ["chen"]
    assert "1 件诉求超过了首次答复期限" in over["chen"]
    assert not any(word in over["chen"] for word in ("食堂", "王芳", "周明", "SQ-"))
    assert _tick_at(company, 2026, 11, 27, 9, 0) == {}
    assert "超期 1 件" in company.chen.presses("督办概览")
    assert "已超期 2 天" in company.zhou.says("/desk").labels[0]
    company.zhou.presses(FILED)
    assert "已超期 2 天" in company.ada.calls("demands.show:1:0")


def test_an_answer_stops_the_first_limit_and_not_the_second(company: Company) -> None:
    _file(company)
    draft = Draft(token="a", text="正在了解", case=1, act=Act.ANSWER.value)
    company.write(lambda c: desk.send(company.work(c), company.roll.people["zhou"], draft))
    _hear(company)
    assert _tick_at(company, 2026, 11, 26, 9, 0) == {}
    assert "快到办结期限" in _tick_at(company, 2026, 12, 10, 9, 0)["zhou"]
    assert _tick_at(company, 2026, 12, 14, 9, 0) == {}
    assert "超过了办结期限" in _tick_at(company, 2026, 12, 15, 9, 0)["chen"]
    assert _tick_at(company, 2027, 1, 4, 9, 0) == {}


def test_closed_and_withdrawn_are_left_alone(company: Company) -> None:
    _file(company)
    _file(company, "bo")
    draft = Draft(token="c", text="已经处理", case=1, act=Act.CLOSE.value)
    company.write(lambda c: desk.send(company.work(c), company.roll.people["zhou"], draft))
    company.write(lambda c: demand.withdraw(company.work(c), company.roll.people["bo"], 2))
    _hear(company)
    assert _tick_at(company, 2027, 3, 1, 9, 0) == {}


def test_days_off_do_not_count(company: Company) -> None:
    company.now = datetime(2027, 2, 4, 2, 0, tzinfo=UTC)
    _file(company)
    [case] = company.read(lambda c: demand.mine(company.work(c), company.roll.people["ada"], 0)).cases
    first_day = company.organisation.local(case.limits.first_by - timedelta(seconds=1)).date()
    assert (first_day - company.organisation.today(company.now)).days >= 4
    assert case.limits.finish_by <= company.organisation.start_of(company.organisation.today(company.now)) + timedelta(
        61
    )


def test_one_message_names_all_that_come_due(company: Company) -> None:
    for who in ("ada", "bo", "xu"):
        _file(company, who)
    heard = _tick_at(company, 2026, 11, 25, 9, 0)
    assert list(heard) == ["zhou"]
    assert "3 件诉求快到" in heard["zhou"]
    assert "3 件诉求超过" in _tick_at(company, 2026, 11, 26, 9, 0)["chen"]


def test_the_next_level_is_above_when_there_is_one_and_never_the_one_avoided(company: Company) -> None:
    people, units = company.roll.people, company.roll.units
    company.write(lambda c: permission.give(c, people["xu"], Role.UNION_OFFICER, units["root"].id, company.now))
    _file(company)
    assert list(_tick_at(company, 2026, 11, 26, 9, 0)) == ["xu"]
    company.now = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    _file(company, "bo", avoided=people["xu"])
    assert list(_tick_at(company, 2026, 12, 4, 9, 0)) == ["chen"]


def test_quiet_hours_are_kept(company: Company) -> None:
    _file(company)
    assert _tick_at(company, 2026, 11, 25, 0, 15) == {}
    company.now = datetime(2026, 11, 25, 0, 1, tzinfo=UTC)
    assert "快到首次答复期限" in company.zhou.sees()


def test_a_reopened_case_has_its_stages_again(company: Company) -> None:
    _file(company)
    assert "zhou" in _tick_at(company, 2026, 11, 25, 9, 0)
    zhou, ada = company.roll.people["zhou"], company.roll.people["ada"]
    closing = Draft(token="c", text="已经处理", case=1, act=Act.CLOSE.value)
    reopening = Draft(token="r", text="没有处理好", case=1, act=Act.REOPEN.value)
    company.write(lambda c: desk.send(company.work(c), zhou, closing))
    company.write(lambda c: demand.write(company.work(c), ada, reopening))
    _hear(company)
    assert "快到首次答复期限" in _tick_at(company, 2026, 11, 27, 9, 0)["zhou"]
    query = select(func.count()).select_from(stages.notice).where(stages.notice.c.stage == stages.FIRST_SOON)
    assert company.read(lambda c: c.scalar(query)) == 2


def test_the_clock_ticks_each_quarter_of_an_hour_and_once_after_a_restart(company: Company) -> None:
    for _ in range(2):
        company.write(lambda c: demand_deadline.schedule(company.work(c)))
    first = company.read(lambda c: schedule.upcoming(c, demand_deadline.TICK, ""))
    assert first == datetime(2026, 11, 23, 1, 45, tzinfo=UTC)
    company.travel(minutes=31)
    assert company.read(lambda c: schedule.upcoming(c, demand_deadline.TICK, "")) == first + timedelta(minutes=30)


def test_nobody_at_all_to_tell_is_no_error(company: Company) -> None:
    for who in EVERYBODY:
        person = company.roll.people[who]
        company.write(partial(permission.end, member_id=person, now=company.now))
    _file(company)
    assert _tick_at(company, 2026, 12, 31, 9, 0) == {}
    assert "一有负责人就会转去" in company.ada.calls("demands.show:1:0")
    company.write(
        lambda c: permission.give(
            c, company.roll.people["sun"], Role.UNION_OFFICER, company.roll.units["union"].id, company.now
        )
    )
    heard = _tick_at(company, 2026, 12, 31, 10, 0)
    assert "新诉求" in heard["sun"]
    assert "食堂太贵了" in heard["sun"]
