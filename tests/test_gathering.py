"""开签到: codes, late marks, who is missing for the secretary alone, and the living count."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from domain.gathering import SCREEN
from services import gathering
from storage import demand
from tests.talk import Company, Screen


def open_theme_day(company: Company) -> str:
    """林雪 opens a sign-in for her branch; returns the code."""
    company.lin.says("开签到")
    company.lin.presses("第一党支部")
    screen = company.lin.presses("主题党日")
    return code_on(screen)


def code_on(screen: Screen) -> str:
    found = re.search(r"签到码 (\d{6})", screen)
    assert found, screen
    return found[1]


def test_a_branch_signs_in_and_the_count_lives_on_the_card(company: Company) -> None:
    code = open_theme_day(company)
    assert "已到 0/4" in company.lin.last
    signed = company.bo.says(f"签到 {code}")
    assert "签到成功" in signed
    assert "积 5 分" in signed
    company.lin.sees()
    assert "已到 1/4" in company.lin.last
    assert "已签到" in company.bo.says(f"/checkin {code}")
    company.lin.sees()
    assert "已到 1/4" in company.lin.last


def test_on_the_projector_the_code_of_the_chat_opens_nothing_until_the_card_is_opened_anew(company: Company) -> None:
    code = open_theme_day(company)

    def project(connection: Connection) -> str:
        work = company.work(connection)
        found = gathering.runs(work, company.roll.people["lin"], 1)
        assert found.in_chat
        gathering.to_screen(work, found, found.opened_by)
        return found.code(work.now, SCREEN)

    shown = company.write(project)
    for _ in range(6):
        assert "刚换过" in company.bo.says(f"签到 {code}"), "it was a true one: nobody has guessed"
    assert "签到成功" in company.bo.says(f"签到 {shown}")
    assert "刚换过" in company.ma.says(f"签到 {code}")
    company.lin.presses("刷新")
    assert "签到成功" in company.ma.says(f"签到 {code_on(company.lin.last)}")


def test_whoever_comes_after_the_grace_is_late(company: Company) -> None:
    code = open_theme_day(company)
    company.travel(minutes=11)
    stale = company.bo.says(f"签到{code}")
    assert "刚换过" in stale
    company.lin.sees()
    assert "迟到" in company.bo.says(f"签到{code_on(company.lin.last)}")
    company.lin.presses("刷新")
    assert "迟到 1" in company.lin.last


def test_the_secretary_decides_from_when_it_is_late(company: Company) -> None:
    code = open_theme_day(company)
    company.lin.presses("现在起算迟到")
    assert "迟到" in company.bo.says(f"签到 {code}")


def test_who_is_missing_is_for_the_secretary_alone(company: Company) -> None:
    open_theme_day(company)
    screen = company.lin.presses("还没到的")
    assert "赵强" in screen
    assert "胡军" not in screen
    assert "不归你管" in company.hu.calls("gathering.who:1:0")
    assert "不归你管" in company.bo.calls("gathering.show:1")


def test_entered_by_hand_is_marked(company: Company) -> None:
    open_theme_day(company)
    company.lin.presses("还没到的")
    company.lin.presses("代签 赵强")
    company.lin.presses("返回")
    assert "已到 1/4" in company.lin.last
    assert "代签 1" in company.lin.last
    assert "不归你管" in company.hu.calls(f"gathering.enter:1:{company.roll.people['xu']}")


def test_somebody_of_another_branch_cannot_sign_in_here(company: Company) -> None:
    code = open_theme_day(company)
    assert "没有找到" in company.hu.says(f"签到 {code}")


def test_codes_cannot_be_guessed(company: Company) -> None:
    code = open_theme_day(company)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert "没有找到" in company.bo.says(f"签到 {wrong}")
    assert "10 分钟后再试" in company.bo.says(f"签到 {code}")
    company.travel(minutes=11)
    assert "签到成功" in company.bo.says(f"签到 {code_on(company.lin.presses('刷新'))}")


def test_the_code_before_still_counts_and_an_older_one_brings_the_new_one_to_the_screen(company: Company) -> None:
    code = open_theme_day(company)
    company.travel(minutes=5)
    assert code_on(company.lin.presses("刷新")) != code
    assert "签到成功" in company.bo.says(f"签到 {code}")
    company.travel(minutes=10)
    assert "没有找到" in company.xu.says(f"签到 {code}")
    assert "刚换过" in company.ma.says(f"签到 {code}")
    company.lin.sees()
    assert "签到成功" in company.ma.says(f"签到 {code_on(company.lin.last)}")


def test_closed_is_closed(company: Company) -> None:
    code = open_theme_day(company)
    assert "已结束" in company.lin.presses("结束签到")
    assert "没有找到" in company.bo.says(f"签到 {code}")
    assert "已经结束" in company.lin.calls(f"gathering.enter:1:{company.roll.people['bo']}")


def test_only_those_with_the_role_open_one_and_only_in_their_scope(company: Company) -> None:
    assert "需要相应的职责" in company.ada.says("/gathering")
    other = company.roll.units["branch2"].id
    company.lin.says("/gathering 学习会")
    assert "第二党支部" in company.lin.calls(f"gathering.place:{other}")
    assert company.hu.says("/gathering").labels[0] == "第二党支部"


def test_a_typed_title_and_full_width_digits(company: Company) -> None:
    company.tang.says("/gathering 读书会")
    screen = company.tang.presses("第一党小组")
    assert "读书会" in screen
    code = code_on(screen)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code)
    assert "签到成功" in company.ma.says(f"签到 {wide}")


def test_a_code_leaves_what_is_being_written_and_six_digits_alone_are_enough(company: Company) -> None:
    assert "签到成功" not in company.bo.says("970133"), "no sign-in is open"
    code = open_theme_day(company)
    company.bo.says("提诉求")
    assert "签到成功" in company.bo.says(f"签到 {code}")
    assert company.read(lambda c: c.execute(demand.demand.select()).all()) == []
    assert "签到成功" in company.ma.says(f"{code[:3]} {code[3:]}")
    company.tang.says("提诉求")
    assert "签到成功" in company.tang.says(code)
    company.lin.calls("checkin.away")
    assert "没有看懂日期" in company.lin.says(code), "a question that waits for figures comes first"
    company.lin.says("取消")
    assert "没有找到" in company.lin.says("000000")
    assert "签到成功" in company.lin.says(f"签到：{code}")


def test_cancelled_opens_nothing(company: Company) -> None:
    company.lin.says("开签到")
    assert "没有开签到" in company.lin.presses("取消")
    assert "不归你管" in company.lin.calls("gathering.show:1")
