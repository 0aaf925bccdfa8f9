"""学习: the day's reading, marking as read, favourites, and a search that loses no two characters."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content import banks
from domain.reading import holds, query_tokens, read_query, snippet, tokens
from tests.talk import Company


def test_the_days_reading_is_the_same_for_everybody_and_another_tomorrow(company: Company) -> None:
    ada = company.ada.says("今天学什么")
    assert "今日学习" in ada
    assert "出处：" in ada
    assert company.bo.says("学习") == ada
    company.travel(days=1)
    assert company.bo.says("学习") != ada


def test_marking_as_read_counts_once(company: Company) -> None:
    company.ada.says("学习")
    number = next(button.call for button in company.ada.last.buttons if button.label == "已读")
    assert "又积 1 分" in company.ada.presses("已读")
    assert "没有重复记" in company.ada.calls(number)
    assert "1/3" in company.ada.says("积分")


def test_points_stop_at_the_days_cap(company: Company) -> None:
    company.ada.says("学习")
    for _ in range(3):
        assert "又积 1 分" in company.ada.presses("已读")
        company.ada.presses("下一篇")
    assert "又积" not in company.ada.presses("已读")


def test_the_reading_is_pushed_on_working_days_to_who_wants_it(company: Company) -> None:
    company.bo.says("/settings")
    company.bo.presses("每日学习")
    company.travel_to(datetime(2026, 11, 24, 1, 11, tzinfo=UTC))
    assert "今天的学习来了" in company.ada.sees()
    assert "今天的学习来了" not in company.bo.sees()
    company.travel_to(datetime(2026, 11, 27, 9, 0, tzinfo=UTC))
    company.ada.sees()
    company.travel_to(datetime(2026, 11, 29, 9, 0, tzinfo=UTC))
    assert "今天的学习来了" not in company.ada.sees()


def test_whoever_has_read_it_is_not_told_again(company: Company) -> None:
    company.travel_to(datetime(2026, 11, 24, 0, 30, tzinfo=UTC))
    company.ada.says("学习")
    company.ada.presses("已读")
    company.travel_to(datetime(2026, 11, 24, 1, 11, tzinfo=UTC))
    assert "今天的学习来了" not in company.ada.sees()


def test_favourites(company: Company) -> None:
    assert "还没有收藏" in company.ada.says("收藏")
    company.ada.says("学习")
    assert "已收藏" in company.ada.presses("收藏")
    assert "我的收藏 · 1 篇" in company.ada.says("我的收藏")
    assert "还没有收藏" in company.bo.says("收藏")
    company.ada.presses(company.ada.last.labels[0])
    assert "已取消收藏" in company.ada.presses("取消收藏")
    assert "还没有收藏" in company.ada.says("收藏")


def test_topics_list_every_reading(company: Company) -> None:
    company.ada.says("学习")
    screen = company.ada.presses("专题")
    for topic, readings in banks.topics():
        assert any(topic.zh in label and str(len(readings)) in label for label in screen.labels)


def test_any_two_characters_of_any_reading_are_found(company: Company) -> None:
    for _, readings in banks.topics():
        one = readings[0]
        body = one.pages["zh"].body
        middle = next(body[at : at + 2] for at in range(40, 200) if body[at : at + 2].isalnum())
        assert f"“{middle}”" in company.ada.says(f"搜索{middle}")
    assert "没有找到" in company.ada.says("搜索 齉龘")


def test_a_search_shows_where_it_hit_and_opens_the_reading(company: Company) -> None:
    screen = company.ada.says("搜索 工会")
    assert "工会" in screen
    assert "出处：" in company.ada.presses("1. ")


@pytest.mark.parametrize("words", ["' OR 1=1 --", '"NEAR(a b)"', "a* AND", "%_", "):(", "u5b89", "；DROP", "😀😀"])
def test_no_query_means_anything_to_the_database(company: Company, words: str) -> None:
    screen = company.ada.says(f"/search {words}")
    assert "出了点问题" not in screen


def test_searching_asks_for_words(company: Company) -> None:
    assert "想找什么" in company.ada.says("/search")
    assert "工会" in company.ada.says("工会")


def test_readings_that_are_gone_are_said_to_be(company: Company) -> None:
    for forged in ("learning.show:99999", "learning.done:99999", "learning.keep:99999:1", "learning.topic:nothing:0"):
        assert "没有找到" in company.ada.calls(forged)


def test_in_english(company: Company) -> None:
    company.ada.says("/language en")
    assert "From: " in company.ada.says("today's reading")
    assert "Marked as read" in company.ada.presses("I have read it")
    assert "trade union" in company.ada.says("search trade union").lower()


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs"]), min_size=2, max_size=60))
def test_every_part_of_a_text_finds_it(words: str) -> None:
    every = set(tokens(words))
    for at in range(len(words) - 1):
        query = read_query(words[at : at + 2])
        assert set(query_tokens(query)) <= every
        if query:
            assert holds(words, query)
            before, hit, after = snippet(words, query)
            assert hit
            assert before.lstrip("…") + hit + after.rstrip("…") in words or "…" in words
