"""主题党日: the branch's day, moved off days off by one rule, reminded the workday before and on the day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from domain.theme_day import Choice, coming, on, read_choice
from services import calendar
from services.calendar import plain_workday
from tests.talk import Company


def shanghai(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour - 8, minute, tzinfo=UTC)


def test_members_see_when_it_is(company: Company) -> None:
    screen = company.bo.says("主题党日")
    assert "第一党支部 主题党日：2026年12月7日 周一 15:00" in screen  # the 5th is a Saturday
    assert "顺延到下一个工作日" in screen
    assert "不在党支部" in company.ada.says("主题党日")


def test_a_day_of_a_year_without_its_notice_may_move(company: Company) -> None:
    company.travel_to(shanghai(12, 20, 10))
    screen = company.bo.says("主题党日")
    assert "2027年1月5日" in screen
    assert "2027 年的节假日安排还没有公布，日子可能调整" in screen
    root = company.roll.people["root"]
    company.write(lambda c: calendar.declare(company.work(c), {date(2027, 1, 1): False}, "放假通知", root))
    assert "还没有公布" not in company.bo.says("主题党日")


def test_it_is_reminded_on_the_workday_before_and_on_the_day(company: Company) -> None:
    company.travel_to(shanghai(12, 4, 9, 0))
    company.bo.sees()
    company.travel_to(shanghai(12, 4, 9, 21))
    assert "主题党日在 2026年12月7日 周一 15:00" in company.bo.sees()
    company.travel_to(shanghai(12, 6, 12, 0))
    assert "的主题党日" not in company.bo.sees()
    company.travel_to(shanghai(12, 7, 9, 21))
    assert "今天 15:00 是" in company.bo.sees()
    company.travel_to(shanghai(12, 8, 9, 30))
    assert "的主题党日" not in company.bo.sees()


def test_only_members_of_the_branch_are_reminded(company: Company) -> None:
    company.travel_to(shanghai(12, 4, 9, 21))
    assert "的主题党日" in company.ma.sees()
    for phone in (company.ada, company.zhou):
        assert "的主题党日" not in phone.sees()


def test_a_secretary_sets_her_own_branch_alone(company: Company) -> None:
    company.lin.says("主题党日")
    company.lin.presses("改 第一党支部")
    assert "12月10日 周四 15:00" in company.lin.presses("10 日")
    assert "12月10日" in company.bo.says("主题党日")
    assert "12月7日" in company.xu.says("主题党日")
    other = company.roll.units["branch2"].id
    assert "没有做任何改动" in company.lin.calls(f"theme_day.choose:{other}:10")
    assert "没有做任何改动" in company.ada.calls(f"theme_day.set:{other}")


def test_a_typed_day_and_time(company: Company) -> None:
    company.lin.says("主题党日")
    company.lin.presses("改 第一党支部")
    assert "什么都没有改" in company.lin.says("31 日")
    assert "12月15日 周二 14:30" in company.lin.says("15 日 14:30")


def test_a_switch_silences_it(company: Company) -> None:
    company.bo.says("/settings")
    company.bo.presses("主题党日")
    company.travel_to(shanghai(12, 7, 9, 21))
    assert "的主题党日" not in company.bo.sees()
    assert "的主题党日" in company.ma.sees()


def test_the_home_card_mentions_it_in_its_week(company: Company) -> None:
    assert "主题党日：" not in company.bo.says("/home")
    company.travel_to(shanghai(12, 2, 9))
    assert "主题党日：2026年12月7日" in company.bo.says("/home")


def test_every_month_of_two_years_has_exactly_one_on_a_workday() -> None:
    for year in (2025, 2026):
        for month in range(1, 13):
            for day in (1, 5, 20, 28):
                found = on(Choice(day, time(15)), year, month, plain_workday)
                assert found.month == month
                assert plain_workday(found)


def test_the_next_one_includes_today() -> None:
    choice = Choice(10, time(15))
    assert coming(choice, date(2026, 12, 10), plain_workday) == date(2026, 12, 10)
    assert coming(choice, date(2026, 12, 11), plain_workday) == date(2027, 1, 11)


@pytest.mark.parametrize(
    ("words", "choice"),
    [
        ("15", Choice(15, time(15))), ("15日", Choice(15, time(15))), ("每月 10 日 14:30", Choice(10, time(14, 30))),
        ("20号下午3点半", Choice(20, time(15, 30))), ("28 9：00", Choice(28, time(9))),
        ("29", None), ("0", None), ("月底", None), ("5日 25:00", None),
    ],
)  # fmt: skip
def test_days_as_people_write_them(words: str, choice: Choice | None) -> None:
    assert read_choice(words, time(15)) == choice


def test_in_english(company: Company) -> None:
    company.bo.says("/language en")
    assert "Theme day of 第一党支部: Mon 7 Dec 2026 15:00" in company.bo.says("theme day")
