"""签到: once a day, a streak over working days, and days away that freeze it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.arrival import Arrival, Said
from domain.checkin import example_days, read_days, streak
from tests.talk import Company


def shanghai(day: int, hour: int = 9, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour - 8, 30, tzinfo=UTC)


def test_once_a_day_however_often_pressed(company: Company) -> None:
    first = company.ada.says("签到")
    assert "签到成功" in first
    assert "今天积 1 分" in first
    company.travel(hours=2)
    again = company.ada.says("/checkin")
    assert "已签到" in again
    assert "09:30" in again
    assert "已签到" in company.ada.says("打卡")
    assert "签到成功" in company.bo.says("我要签到")


def test_friday_and_monday_are_neighbours(company: Company) -> None:
    company.travel_to(shanghai(27))
    assert "连续签到 1 个" in company.ada.says("签到")
    company.travel_to(shanghai(30))
    assert "连续签到 2 个" in company.ada.says("签到")


def test_a_holiday_does_not_break_the_streak_and_a_make_up_saturday_counts(company: Company) -> None:
    company.travel_to(shanghai(31, month=12))
    company.ada.says("签到")
    company.travel_to(datetime(2027, 1, 4, 1, 30, tzinfo=UTC))
    assert "连续签到 2 个" in company.ada.says("签到")


def test_a_missed_day_begins_anew_without_a_word_of_blame(company: Company) -> None:
    company.ada.says("签到")
    company.travel_to(shanghai(25))
    screen = company.ada.says("签到")
    assert "连续签到 1 个" in screen
    for word in ("中断", "断签", "可惜", "清零"):
        assert word not in screen


def test_days_away_freeze_the_streak(company: Company) -> None:
    company.ada.says("签到")
    company.ada.presses("休假免签")
    assert "共 3 天" in company.ada.says("11-24 到 11-26")
    company.travel_to(shanghai(27))
    assert "连续签到 2 个" in company.ada.says("签到")


def test_days_away_noted_late_mend_the_streak(company: Company) -> None:
    company.ada.says("签到")
    company.travel_to(shanghai(25))
    assert "连续签到 1 个" in company.ada.says("签到")
    company.ada.presses("休假免签")
    company.ada.says("11月24日")
    company.travel_to(shanghai(26))
    assert "连续签到 3 个" in company.ada.says("签到")


@pytest.mark.parametrize("words", ["明天", "13-45", "11-28 到 11-25", "2024-01-01", "😀" * 500])
def test_dates_that_make_no_sense_change_nothing(company: Company, words: str) -> None:
    company.ada.says("签到")
    company.ada.presses("休假免签")
    assert "什么都没有改" in company.ada.says(words)


def test_the_examples_of_days_away_are_answers(company: Company) -> None:
    company.ada.says("签到")
    assert "11-23 到 11-26" in company.ada.presses("休假免签")
    refused = company.ada.says("后天起")
    assert "11-23 到 11-26" in refused
    assert "取消" in refused
    assert "共 4 天" in company.ada.says("11-23 到 11-26")


@given(today=st.dates(date(2026, 1, 1), date(2029, 1, 1)))
def test_example_days_are_always_read(today: date) -> None:
    first, last = example_days(today)
    assert read_days(f"{first} 到 {last}", today) == (today, date.fromordinal(today.toordinal() + 3))


def test_buttons_for_days_away(company: Company) -> None:
    company.ada.says("签到")
    company.ada.presses("休假免签")
    assert "共 7 天" in company.ada.presses("一周")
    company.ada.says("签到")
    company.ada.presses("休假免签")
    assert "照常" in company.ada.presses("从今天起照常")


def test_in_english(company: Company) -> None:
    assert "连续" in company.bo.says("签到")
    company.ada.says("/language en")
    assert "Checked in" in company.ada.says("check in")


@given(gap=st.integers(1, 40), before=st.integers(1, 400))
def test_only_days_off_in_between_keep_a_streak(gap: int, before: int) -> None:
    last = date(2026, 3, 2)
    today = date.fromordinal(last.toordinal() + gap)
    between = {date.fromordinal(n) for n in range(last.toordinal() + 1, today.toordinal())}
    assert streak(last, before, today, between) == before + 1
    if between:
        assert streak(last, before, today, between - {min(between)}) == 1


def test_days_are_read_as_people_write_them() -> None:
    today = date(2026, 12, 20)
    assert read_days("1-3", today) == (date(2027, 1, 3), date(2027, 1, 3))
    assert read_days("12月21日到12月23日", today) == (date(2026, 12, 21), date(2026, 12, 23))
    assert read_days("2026/12/21 - 2027.1.2", today) == (date(2026, 12, 21), date(2027, 1, 2))
    assert read_days("后天", today) is None


def test_said_before_midnight_and_served_after_it_counts_for_the_day_it_was_said(company: Company) -> None:
    company.travel_to(datetime(2026, 11, 23, 15, 58, tzinfo=UTC))
    said = company.now
    company.now = datetime(2026, 11, 23, 16, 5, tzinfo=UTC)
    company.hear(Arrival("web", "ada", "ada", private=True, at=said, content=Said("签到")))
    assert "签到成功" in company.ada.sees()
    company.travel_to(shanghai(24))
    assert "连续签到 2 个" in company.ada.says("签到")
