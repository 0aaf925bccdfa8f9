"""Times as people type them, read towards the future."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.moment import Wish, complete, read, read_when

NOW = datetime(2026, 11, 23, 9, 30)  # noqa: DTZ001 - on the organisation's clock, a Monday

SAID = {
    "明天下午3点": "2026-11-24 15:00",
    "明天3点": "2026-11-24 15:00",
    "明天 15:00": "2026-11-24 15:00",
    "后天上午十点": "2026-11-25 10:00",
    "大后天 9:05": "2026-11-26 09:05",
    "今天下午两点半": "2026-11-23 14:30",
    "今晚7点": "2026-11-23 19:00",
    "今晚 7:30": "2026-11-23 19:30",
    "明早八点一刻": "2026-11-24 08:15",
    "周三 15:00": "2026-11-25 15:00",
    "周一 15:00": "2026-11-23 15:00",
    "周一 9:00": "2026-11-30 09:00",
    "星期天 10点": "2026-11-29 10:00",
    "下周五上午9点半": "2026-12-04 09:30",
    "下下周二下午4点": "2026-12-08 16:00",
    "这周五下午三点": "2026-11-27 15:00",
    "12月10日 14:30": "2026-12-10 14:30",
    "12月10号下午2点30分": "2026-12-10 14:30",
    "十二月十日下午两点半": "2026-12-10 14:30",
    "12-10 14:30": "2026-12-10 14:30",
    "12/10 14:30": "2026-12-10 14:30",
    "2027-01-05 9:00": "2027-01-05 09:00",
    "2027年1月5日上午9点": "2027-01-05 09:00",
    "1月5日 9:00": "2027-01-05 09:00",
    "10日 14:30": "2026-12-10 14:30",
    "25号下午4点": "2026-11-25 16:00",
    "31日 14:00": "2026-12-31 14:00",
    "2月29日 14:00": "2028-02-29 14:00",
    "15:00": "2026-11-23 15:00",
    "8:00": "2026-11-24 08:00",
    "中午12点": "2026-11-23 12:00",
    "明天中午12:30": "2026-11-24 12:30",
    "1 2 月 1 0 日": None,
    "12月10日 １４：３０": "2026-12-10 14:30",
    "tomorrow 3pm": "2026-11-24 15:00",
    "Wed 15:00": "2026-11-25 15:00",
    "next Friday 9:30 am": "2026-12-04 09:30",
    "10 Dec 14:30": "2026-12-10 14:30",
    "Dec 10 2:30 pm": "2026-12-10 14:30",
    "Dec 10, 2027 14:30": "2027-12-10 14:30",
    "today 4 p.m.": "2026-11-23 16:00",
    "明天": None,
    "下周五": None,
    "2月30日 14:00": None,
    "25:00": None,
    "明天 9:75": None,
    "随便": None,
    "": None,
}


@pytest.mark.parametrize(("words", "meant"), SAID.items())
def test_words_and_what_they_mean(words: str, meant: str | None) -> None:
    found = complete(read(words, NOW), NOW)
    assert (f"{found:%Y-%m-%d %H:%M}" if found else None) == meant


def test_a_day_is_kept_until_its_time_is_said() -> None:
    wish = read("下周五", NOW)
    assert wish.at is None
    found = complete(read("下午三点", NOW), NOW, wish.day)
    assert f"{found:%Y-%m-%d %H:%M}" == "2026-12-04 15:00"


SHAPES = (
    lambda at: f"{at.month}月{at.day}日 {at:%H:%M}",
    lambda at: f"{at.month}月{at.day}号{'上午' if at.hour < 12 else '下午'}{at.hour % 12 or 12}点{at.minute}分",
    lambda at: f"{at:%m-%d %H:%M}",
    lambda at: f"{at:%Y-%m-%d %H:%M}",
    lambda at: f"{at.day} {at:%b} {at:%H:%M}",
)


@given(st.integers(60, 300 * 24 * 60), st.sampled_from(SHAPES))
def test_what_is_to_come_is_read_as_it_is_written(minutes: int, shape: object) -> None:
    at = NOW + timedelta(minutes=minutes)
    if "点" in shape(at) and at.hour in {0, 12}:  # type: ignore[operator]
        return
    assert complete(read(shape(at), NOW), NOW) == at  # type: ignore[operator]


@given(st.text(max_size=100))
def test_no_words_break_it(words: str) -> None:
    wish = read(words, NOW)
    found = complete(wish, NOW)
    assert isinstance(wish, Wish)
    assert found is None or found.time() == wish.at
    assert wish.at is None or isinstance(wish.at, time)


@given(st.text("周一下午明天点半0123456789:月日 号-", max_size=24))
def test_a_day_without_a_year_is_never_over(words: str) -> None:
    wish = read(words, NOW)
    if wish.day is not None and "20" not in words and "周" not in words:
        assert wish.day >= NOW.date()


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("昨天下午3点", date(2026, 11, 22)),
        ("前天 15:00", date(2026, 11, 21)),
        ("上周三 15:00", date(2026, 11, 18)),
        ("last Wed 3pm", date(2026, 11, 18)),
        ("yesterday 15:00", date(2026, 11, 22)),
    ],
)
def test_a_day_that_is_over_is_never_taken_for_one_to_come(words: str, day: date) -> None:
    now = datetime(2026, 11, 23, 9, 30)  # noqa: DTZ001 - the organisation's own clock
    assert read(words, now).day == day
    assert read_when(words, now) is None
