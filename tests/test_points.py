"""积分: bars under caps, why each entry came, objections, manual entries with a reason, averages of groups."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from domain.points import bar, publishable, read_amount
from domain.reply import Personal
from services import points
from tests.talk import Company


def award_quiz(company: Company, member_id: int, place: int, connection: Connection) -> None:
    points.award(company.work(connection), member_id, "quiz", f"quiz:{place}")


def test_todays_bars_and_totals(company: Company) -> None:
    company.ada.says("签到")
    screen = company.ada.says("查一下我的积分")
    assert "签到 ▰▰▰▰▰▰▰▰▰▰ 1/1" in screen
    assert "答题 ▱▱▱▱▱▱▱▱▱▱ 0/10" in screen
    assert "本月 1 · 本季 1 · 今年 1" in screen


def test_why_did_i_get_this(company: Company) -> None:
    company.ada.says("签到")
    company.ada.says("积分")
    company.ada.presses("明细与原因")
    screen = company.ada.presses("签到 +1")
    assert "每次 1 分，每天最多计 1 分" in screen
    assert "11月23日" in screen
    company.ada.presses("返回")
    assert "点一条看原因" in company.ada.last


def test_the_cap_of_a_kind_holds_and_says_so(company: Company) -> None:
    ada = company.roll.people["ada"]
    for place in range(7):
        company.write(partial(award_quiz, company, ada, place))
    company.ada.says("积分")
    assert "答题 ▰▰▰▰▰▰▰▰▰▰ 10/10" in company.ada.last
    company.ada.presses("明细与原因")
    assert "已到上限" in company.ada.presses("答题 0")


def test_the_same_source_is_never_awarded_twice(company: Company) -> None:
    ada = company.roll.people["ada"]
    first = company.write(lambda c: points.award(company.work(c), ada, "quiz", "quiz:1"))
    again = company.write(lambda c: points.award(company.work(c), ada, "quiz", "quiz:1"))
    assert (first.points, again.points, again.repeated) == (2, 0, True)


def test_an_objection_goes_to_the_secretary_and_comes_back_answered(company: Company) -> None:
    company.bo.says("签到")
    company.bo.says("积分")
    company.bo.presses("明细与原因")
    company.bo.presses("签到 +1")
    assert "还没有提出" in company.bo.presses("我有异议")
    assert "2 到 500 个字" in company.bo.says("嗯")
    assert "密级标志" in company.bo.says("机密★ 上周五的")
    assert company.lin.sees() == "", "nothing is filed before the reason"
    screen = company.bo.says("上周五也签了到，没有记上")
    assert "等待答复" in screen
    assert "你写的理由：上周五也签了到，没有记上" in screen
    assert "赵强 对一条积分有异议" in company.lin.sees()
    assert "没有记上" not in company.lin.last, "a push carries no words"
    assert company.hu.sees() == ""
    screen = company.lin.presses("去看看")
    assert "本人写的理由：上周五也签了到，没有记上" in screen
    assert company.lin.messages[-1].reply.personal is Personal.REQUEST
    assert "没有看懂" in company.lin.says("嗯")
    assert "至少 4 个字" in company.lin.says("+2")
    assert "已答复" in company.lin.says("+2 补记上周五的签到")
    assert "已更正" in company.bo.sees()
    screen = company.bo.presses("查看")
    assert "补记上周五的签到" in screen
    company.bo.says("积分")
    assert "本月 3" in company.bo.last


def test_an_objection_is_answered_once_and_only_by_its_answerer(company: Company) -> None:
    company.bo.says("签到")
    assert "我有异议" in company.bo.calls("points.object:1").labels + company.bo.presses("不提了").labels
    company.bo.calls("points.object:1")
    company.bo.presses("不写理由")
    assert "等待答复" in company.bo.calls("points.object:1"), "once, whatever button is pressed again"
    assert "本人没有写理由" in company.lin.presses("去看看")
    assert "不归你处理" in company.hu.calls("points.answer:1")
    company.lin.calls("points.answer:1")
    assert "已答复" in company.lin.says("维持 规则就是这样")
    assert "已经答复" in company.lin.calls("points.answer:1")
    assert "不归你处理" in company.ada.calls("points.why:1")
    assert "不归你处理" in company.ada.calls("points.object:1")
    assert "不归你处理" in company.ada.calls("points.object_plain:1")


def test_points_by_hand_need_a_reason_that_the_person_sees(company: Company) -> None:
    company.lin.says("/award")
    company.lin.says("赵强")
    assert "至少 4 个字" in company.lin.says("5 好")
    assert "确认录入" in company.lin.says("5 组织技能竞赛")
    assert "已录入" in company.lin.presses("确认录入")
    assert "林雪 为你录入了积分 +5 分" in company.bo.sees()
    company.bo.presses("明细与原因")
    assert "组织技能竞赛" in company.bo.presses("人工 +5")


def test_pressed_twice_points_by_hand_count_once(company: Company) -> None:
    company.lin.says("/award A002 5 组织技能竞赛")
    press = company.lin.last.buttons[0].call
    company.lin.calls(press)
    company.lin.calls(press)
    company.bo.says("积分")
    assert "本月 5" in company.bo.last


@pytest.mark.parametrize("who", ["胡军", "A009", "林雪", "nobody", "' OR 1=1 --"])
def test_nobody_outside_the_scope_and_never_oneself(company: Company, who: str) -> None:
    company.lin.says("/award")
    assert "职责范围内没有找到" in company.lin.says(f"{who} 5 组织技能竞赛")


def test_amounts_out_of_range(company: Company) -> None:
    for amount in ("0", "101", "-500"):
        assert "没有录入" in company.lin.says(f"/award A002 {amount} 组织技能竞赛")


def test_a_role_is_needed(company: Company) -> None:
    assert "需要相应的职责" in company.ada.says("/award A002 5 组织技能竞赛")


def test_averages_of_groups_of_five_and_more_and_no_names(company: Company) -> None:
    company.ada.says("签到")
    screen = company.zhou.says("人均积分")
    assert "集团工会：人均 0.1（1 分 ÷ 10 人）" in screen
    assert "王芳" not in screen
    small = company.lin.says("人均积分")
    assert "第一党支部" not in small
    assert "不显示" in small


@given(st.dictionaries(st.integers(1, 9), st.integers(0, 30)), st.integers(0, 60))
def test_what_is_hidden_cannot_be_worked_out_as_the_rest(sizes: dict[int, int], whole: int) -> None:
    shown = publishable(sizes, whole, 5)
    assert all(sizes[part] >= 5 for part in shown)
    rest = whole - sum(sizes[part] for part in shown)
    assert not shown or rest <= 0 or rest >= 5


def test_bars_and_amounts() -> None:
    assert bar(0, 5) == "▱" * 10
    assert bar(99, 5) == "▰" * 10
    assert read_amount("-2 重复计分") == (-2, "重复计分")
    assert read_amount("＋3分，帮助新人") == (3, "帮助新人")
    assert read_amount("很多分") is None
