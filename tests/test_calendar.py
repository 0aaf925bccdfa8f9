"""放假安排: the yearly notice pasted by an administrator goes over the calendar that came with the program."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from domain.calendar import read_notice
from services import calendar
from tests.talk import Company


def test_a_pasted_notice_holds_after_one_tap(company: Company) -> None:
    assert "2027 年：调休安排还没有收录" in company.root.says("/holidays")
    screen = company.root.says("2026年11月24日至25日放假，2026年11月28日上班")
    assert "看到 3 天" in screen
    assert company.read(lambda c: calendar.is_workday(company.work(c), date(2026, 11, 24)))
    assert "已录入 3 天" in company.root.presses("确认录入")
    company.ada.says("签到")
    company.travel_to(datetime(2026, 11, 26, 1, 30, tzinfo=UTC))
    assert "连续签到 2 个" in company.ada.says("签到")
    company.travel_to(datetime(2026, 11, 28, 1, 30, tzinfo=UTC))
    company.ada.sees()
    assert company.read(lambda c: calendar.is_workday(company.work(c), date(2026, 11, 28)))


def test_what_can_not_be_read_changes_nothing(company: Company) -> None:
    company.root.says("录入放假通知")
    for words in ("明天放假", "2月30日放假", "1月1日", "1月1日至12月31日放假"):
        assert "什么都没有改" in company.root.says(words)


def test_it_needs_the_role(company: Company) -> None:
    assert "职责" in company.lin.says("/holidays")
    assert "职责" in company.ada.calls("calendar.declare:1")


def test_everybody_sees_what_is_to_come(company: Company) -> None:
    screen = company.ada.says("什么时候放假")
    assert "12月22日 周二 冬至" in screen
    assert "1月1日 周五 元旦 · 放假" in screen
    assert "录入放假安排" not in screen.labels
    assert "录入放假安排" in company.root.says("/calendar").labels
    company.root.says("/holidays 2026年12月5日上班")
    company.root.presses("确认录入")
    assert "12月5日 周六 上班" in company.ada.says("日历")


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 2, 17), "spring"),
        (date(2026, 3, 3), "lantern"),
        (date(2026, 6, 19), "dragon_boat"),
        (date(2026, 9, 25), "mid_autumn"),
        (date(2026, 10, 18), "double_ninth"),
        (date(2027, 2, 6), "spring"),
    ],
)
def test_lunar_festivals(day: date, name: str) -> None:
    assert calendar._festivals(day.year)[day] == name


def test_december_without_a_notice_asks_the_administrators(company: Company) -> None:
    company.travel_to(datetime(2026, 11, 30, 2, 0, tzinfo=UTC))
    assert "还没有录入" not in company.root.sees()
    company.travel_to(datetime(2026, 12, 7, 2, 0, tzinfo=UTC))
    assert "2027 年的放假安排还没有录入" in company.root.sees()
    assert "还没有录入" not in company.lin.sees()
    company.root.presses("录入放假安排")
    company.root.says("2027年1月1日至3日放假")
    company.root.presses("确认录入")
    company.travel_to(datetime(2026, 12, 14, 2, 0, tzinfo=UTC))
    assert "还没有录入" not in company.root.sees()


def test_a_year_that_the_package_does_not_know_is_no_accident() -> None:
    assert not calendar.has_notice(2099)
    assert calendar.plain_workday(date(2099, 6, 1))


def test_in_english(company: Company) -> None:
    company.root.says("/language en")
    company.root.says("/holidays")
    assert "4 days" in company.root.says("2027-1-1 to 2027-1-3 off, 2027-1-4 work")


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("1月1日至3日放假，1月4日上班", {(1, 1): False, (1, 2): False, (1, 3): False, (1, 4): True}),
        ("2027年2月5日（周五）至2月7日放假调休，共3天。2月20日（周六）上班",
         {(2, 5): False, (2, 6): False, (2, 7): False, (2, 20): True}),
    ],
)  # fmt: skip
def test_notices_as_they_are_written(words: str, days: dict[tuple[int, int], bool]) -> None:
    assert read_notice(words, 2027) == {date(2027, *day): works for day, works in days.items()}
