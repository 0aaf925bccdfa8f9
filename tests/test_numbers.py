"""Where buttons are numbered words: a typed number is a press of the newest message, unless it is an answer."""

from __future__ import annotations

import pytest

from domain.reply import Personal
from tests.talk import Company


@pytest.fixture
def numbered(company: Company) -> Company:
    """The enterprise, with numbers beside the buttons of the embedded chat."""
    company.numbered.add("web")
    return company


def _number_of(company: Company, nickname: str, label: str) -> int:
    return next(n for n, one in enumerate(company.phone(nickname).last.labels, 1) if label in one)


@pytest.mark.parametrize("written", ["{}", "{}.", "{}、", "（{}）", " {} ", "{}。"])
def test_a_number_presses_the_button_in_reading_order(numbered: Company, written: str) -> None:
    numbered.ada.says("首页")
    number = _number_of(numbered, "ada", "我的积分")
    assert "明细与原因" in numbered.ada.says(written.format(number)).labels


@pytest.mark.parametrize("wide", ["１", "①", "⒈", "1."])
def test_however_the_digit_is_written(numbered: Company, wide: str) -> None:
    numbered.ada.says("/help")
    assert "可以在这里留言" in numbered.ada.says(wide)


def test_of_the_newest_message_only_and_no_further_than_it_has_buttons(numbered: Company) -> None:
    numbered.ada.says("首页")
    many = len(numbered.ada.last.buttons)
    numbered.ada.says("/help")
    for nothing in ("0", str(many), "99", "1 2", "1点"):
        assert "没有听懂" in numbered.ada.says(nothing) or "是不是" in numbered.ada.last
        numbered.ada.says("/help")


def test_where_buttons_have_no_numbers_a_number_is_words(company: Company) -> None:
    company.ada.says("/help")
    assert "可以在这里留言" not in company.ada.says("1")


def test_a_stranger_agrees_by_a_number(numbered: Company) -> None:
    from services import invite  # noqa: PLC0415

    code = numbered.write(lambda c: invite.issue(numbered.work(c), "A001")).code
    numbered.stranger.says("你好")
    numbered.stranger.says(code)
    assert "签到" in "".join(numbered.stranger.says("1").labels) or "早上好" in numbered.stranger.last


def test_an_open_question_for_a_number_gets_it(numbered: Company) -> None:
    numbered.lin.says("/award A002")
    assert numbered.lin.last.labels == ["取消"]
    assert "取消" not in numbered.lin.says("1 帮助同事")
    numbered.lin.says("/award A002")
    assert "请写明理由" in numbered.lin.says("1")


def test_an_open_question_for_words_lets_a_number_press(numbered: Company) -> None:
    numbered.ada.says("我想反映食堂太贵了")
    assert "SQ-" in numbered.ada.says("1")
    assert "食堂太贵" in numbered.zhou.sees()


def test_what_stands_behind_a_link_is_not_pressed_unseen(numbered: Company) -> None:
    numbered.veiled.add(("web", Personal.REQUEST))
    card = numbered.ada.says("我想反映食堂太贵了")
    assert "提交" in card.labels[0]
    assert "请确认你的诉求" in numbered.ada.says("1")
    assert "请确认你的诉求" in numbered.ada.says("重新取链接")
    assert numbered.zhou.sees() == ""
