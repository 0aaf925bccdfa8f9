"""放假安排: the yearly notice pasted by an administrator goes over the calendar that came with the program."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.commands.doctor import _clock
from bot.config import Settings
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


@pytest.mark.parametrize("lost", ["_ChineseLunisolar", "_ChineseLunisolar.mid_autumn_date"])
def test_without_lunar_tables_the_calendar_goes_on_and_the_doctor_says_so(
    company: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, lost: str
) -> None:
    for cached in (calendar._lunar, calendar._festivals):
        cached.cache_clear()
    with monkeypatch.context() as patch:
        *way, name = f"holidays.calendars.chinese.{lost}".split(".")
        owner = importlib.import_module("holidays.calendars.chinese")
        for step in way[3:]:
            owner = getattr(owner, step)
        patch.delattr(owner, name)
        screen = company.ada.says("什么时候放假")
        assert "1月1日 周五 元旦 · 放假" in screen
        assert "冬至" not in screen
        assert "no lunar festivals" in caplog.text
        assert any("农历节日读不到" in check.what for check in _clock(Settings()))
    for cached in (calendar._lunar, calendar._festivals):
        cached.cache_clear()
    assert "冬至" in company.ada.says("什么时候放假")
    assert not any("农历" in check.what for check in _clock(Settings()))


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


OFF, WORKS = False, True
TODAY = date(2026, 11, 23)


def days(year: int, *spans: str) -> dict[date, bool]:
    """Return days from `1-1 1-3 off`."""
    found: dict[date, bool] = {}
    for span in spans:
        *ends, verb = span.split()
        first, last = (date(year, *map(int, end.split("-"))) for end in (ends[0], ends[-1]))
        count = (last - first).days + 1
        found |= {first + timedelta(days=n): verb == "work" for n in range(count)}
    return found


OF_2026 = """国务院办公厅关于2026年
部分节假日安排的通知
国办发明电〔2025〕7号

各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
经国务院批准，现将2026年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫等工作，遇有重大突发事件，要按规定及时报告并妥善处置，确保人民群众祥和平安度过节日假期。
国务院办公厅
2025年11月4日
"""
IN_2026 = days(
    2026, "1-1 1-3 off", "1-4 work", "2-15 2-23 off", "2-14 work", "2-28 work", "4-4 4-6 off", "5-1 5-5 off",
    "5-9 work", "6-19 6-21 off", "9-25 9-27 off", "10-1 10-7 off", "9-20 work", "10-10 work",
)  # fmt: skip
OF_2025 = """国务院办公厅关于2025年部分节假日安排的通知
一、元旦：1月1日（周三）放假1天，不调休。
二、春节：1月28日（农历除夕、周二）至2月4日（农历正月初七、周二）放假调休，共8天。1月26日（周日）、2月8日（周六）上班。
三、清明节：4月4日（周五）至6日（周日）放假，共3天。
四、国庆节、中秋节：10月1日（周三）至8日（周三）放假调休，共8天。9月28日（周日）、10月11日（周六）上班。
鼓励单位结合带薪年休假等制度落实，促进职工错峰休假。"""
IN_2025 = days(
    2025, "1-1 off", "1-28 2-4 off", "1-26 work", "2-8 work", "4-4 4-6 off", "10-1 10-8 off", "9-28 work", "10-11 work"
)
OF_2023 = """国务院办公厅关于2023年部分节假日安排的通知
一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。
二、春节：1月21日至27日放假调休，共7天。1月28日（星期六）、29日（星期日）上班。
三、清明节：4月5日放假，共1天。"""
IN_2023 = {date(2022, 12, 31): OFF} | days(2023, "1-1 1-2 off", "1-21 1-27 off", "1-28 1-29 work", "4-5 off")
OF_2020 = """2020年放假安排：
一、元旦：2020年1月1日放假，共1天。
三、清明节：4月4日（周六）放假，与周末连休。
四、劳动节：5月1日至5日放假调休，共5天。4月26日（星期日）、5月9日（星期六）上班。"""
IN_2020 = days(2020, "1-1 off", "4-4 off", "5-1 5-5 off", "4-26 work", "5-9 work")


def half_width(words: str) -> str:
    """Return a notice as some editors leave it."""
    return words.replace("（", "(").replace("）", ") ").replace("：", ": ").replace("，", ", ").replace("、周", ",周")


def without_brackets(words: str) -> str:
    """Return a notice whose brackets were taken away."""
    return words.replace("（", "").replace("）", "")


def full_width(words: str) -> str:
    """Return a notice with full-width digits."""
    return words.translate({ord("0") + n: ord("０") + n for n in range(10)})


def broken(words: str) -> str:
    """Return a notice with the page's edge in the midst of its clauses."""
    for place in ("至", "（农历", "放", "、周", "、2月", "共"):
        words = words.replace(place, f"{place}\n")
    return words


def spaced(words: str) -> str:
    """Return a notice with blanks around its numbers, as word processors set them."""
    return re.sub(r"(?<!\d)(?=\d)|(?<=\d)(?!\d)", " ", words)


@pytest.mark.parametrize("shape", [str, half_width, without_brackets, full_width, broken, spaced])
@pytest.mark.parametrize(
    ("words", "found"),
    [(OF_2026, IN_2026), (OF_2025, IN_2025), (OF_2023, IN_2023), (OF_2020, IN_2020)],
    ids=["2026", "2025", "2023", "2020"],
)
def test_whole_notices_in_every_shape(words: str, found: dict[date, bool], shape: Callable[[str], str]) -> None:
    notice = read_notice(shape(words), TODAY)
    assert (notice.days, notice.unread) == (found, [])


@pytest.mark.parametrize(
    ("words", "spans"),
    [
        ("1月1日至3日放假，1月4日上班", ["1-1 1-3 off", "1-4 work"]),
        ("1. 1月1日至3日放假\n2. 1月4日上班", ["1-1 1-3 off", "1-4 work"]),
        ("1月1日至3日放假（1月4日上班）", ["1-1 1-3 off", "1-4 work"]),
        ("放假时间：1月1日至3日，上班：1月4日", ["1-1 1-3 off", "1-4 work"]),
        ("10.1-10.7放假；9.20、10.10上班", ["10-1 10-7 off", "9-20 work", "10-10 work"]),
        ("春节假期2月15日到23号", ["2-15 2-23 off"]),
        ("五一节5月1日到5号休息 5月9号补班", ["5-1 5-5 off", "5-9 work"]),
        ("2026-1-1 (Thu) to 2026-1-3 off, 2026-1-4 work", ["1-1 1-3 off", "1-4 work"]),
        ("公司通知：5月4日不用上班。\n办公室\n2026年4月20日", ["5-4 off"]),
    ],
)
def test_notices_as_people_write_them(words: str, spans: list[str]) -> None:
    notice = read_notice(words, TODAY)
    assert (notice.days, notice.unread) == (days(2026, *spans), [])


@pytest.mark.parametrize(
    "clause",
    [
        "二、春节：2月15日（周日）至23日（周一）放假调休，共8天",
        "二、春节：2月15日（周六）至23日放假调休",
        "三、清明节：放假一天",
        "三、清明节：4月4日",
        "一月一日放假",
        "2月30日放假",
        "2月15/16日放假",
        "5月1日上班",
        "春节假日放假1月3日上班",
    ],
)
def test_a_clause_that_is_not_understood_is_named_and_left_out(clause: str) -> None:
    notice = read_notice(f"2026年放假安排\n劳动节：5月1日放假。\n{clause}。\n5月9日上班", TODAY)
    assert notice.days == days(2026, "5-1 off", "5-9 work")
    assert notice.unread == [clause.replace("（", "(").replace("）", ")").replace("：", ":").replace("，", ",")]


@pytest.mark.parametrize(
    ("words", "today", "found", "assumed"),
    [
        ("1月1日至3日放假", date(2026, 11, 30), days(2026, "1-1 1-3 off"), {2026}),
        ("1月1日至3日放假", date(2026, 12, 1), days(2027, "1-1 1-3 off"), {2027}),
        ("2026年放假安排：1月1日放假", date(2026, 12, 1), days(2026, "1-1 off"), set()),
        ("2027年1月1日至3日放假，1月4日上班", TODAY, days(2027, "1-1 1-3 off", "1-4 work"), set()),
        ("12月31日放假，1月2日上班", date(2026, 12, 1),
         days(2026, "12-31 off") | days(2027, "1-2 work"), {2026, 2027}),
        ("2027年放假安排\n元旦：12月31日至1月1日放假", TODAY,
         days(2026, "12-31 off") | days(2027, "1-1 off"), set()),
    ],
)  # fmt: skip
def test_the_year_is_the_heading_s_else_this_or_in_december_the_next(
    words: str, today: date, found: dict[date, bool], assumed: set[int]
) -> None:
    notice = read_notice(words, today)
    assert (notice.days, notice.assumed) == (found, assumed)


def test_a_whole_notice_is_shown_with_its_year_and_with_what_is_unclear_before_it_holds(company: Company) -> None:
    company.root.says("/holidays")
    screen = company.root.says(OF_2026.replace("共7天", "共6天"))
    assert "2026年2月15日 周日 至 2026年2月23日 周一（9 天） 放假" in screen
    assert "2026年2月28日 周六 上班" in screen
    assert re.search(r"按标题里的 \W*2026 年", screen)
    assert "没有看懂，不会录入" in screen
    assert "· 七、国庆节" in screen
    assert company.read(lambda c: calendar.known_overrides(company.work(c), date(2026, 1, 1), date(2026, 12, 31))) == {}
    company.root.presses("确认录入")
    known = company.read(lambda c: calendar.known_overrides(company.work(c), date(2026, 1, 1), date(2026, 12, 31)))
    assert known == {day: works for day, works in IN_2026.items() if not date(2026, 10, 1) <= day <= date(2026, 10, 7)}


def test_in_december_the_next_year_is_meant_and_said(company: Company) -> None:
    company.travel_to(datetime(2026, 12, 31, 15, 50, tzinfo=UTC))
    company.root.says("/holidays")
    screen = company.root.says("1月1日至3日放假，1月4日上班")
    assert "按明年（" in screen
    assert "2027年1月1日 周五" in screen
    company.travel(minutes=20)
    company.root.presses("确认录入")
    known = company.read(lambda c: calendar.known_overrides(company.work(c), date(2026, 1, 1), date(2028, 12, 31)))
    assert known == days(2027, "1-1 1-3 off", "1-4 work")
