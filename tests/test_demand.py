"""提诉求 and 我的诉求, as the employee sees them."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from bot.understand import match
from domain.reply import Personal
from services import demand as service
from storage import demand as table
from storage import member, permission
from tests.talk import Company, Phone

FILED = "SQ-20261123-0001"


def _filed(phone: Phone, words: str = "我想反映食堂太贵了") -> str:
    """File a demand in one message; returns its number."""
    phone.says(words)
    screen = phone.presses("提交")
    found = re.search(r"SQ-\d{8}-\d{4}", screen)
    assert found, screen
    return found[0]


def _count(company: Company) -> int:
    return company.read(lambda c: c.scalar(select(func.count()).select_from(table.demand)) or 0)


def test_in_one_message_nothing_is_filed_before_the_confirm(company: Company) -> None:
    card = company.ada.says("我想反映：食堂太贵了")
    assert "请确认你的诉求" in card
    assert "：食堂太贵了" not in card
    assert "食堂与生活" in card
    assert "食堂太贵了" in card
    assert "周明（集团工会 工会干部）" in card
    assert "管理员和上级看不到" in card
    assert "本单位自定" in card
    assert "信访工作条例" in card
    assert "2026年11月25日" in card
    assert card.labels == ["提交", "修改类别", "补充文件", "不希望由该负责人办理", "取消"]
    assert _count(company) == 0
    assert company.zhou.sees() == ""
    filed = company.ada.presses("提交")
    assert f"编号 {FILED}" in filed
    assert _count(company) == 1
    pushed = company.zhou.sees()
    assert FILED in pushed
    assert "王芳" in pushed
    assert "食堂太贵了" in pushed
    for other in ("lin", "sun", "chen", "gao", "root", "hu"):
        assert getattr(company, other).sees() == ""


def _cancel(phone: Phone, message: int) -> str:
    """Press the Cancel of an older message."""
    [button] = [one for one in phone.messages[message].reply.buttons if one.label == "取消"]
    return phone.calls(button.call, phone.messages[message].id)


def test_an_old_cancel_tells_what_became_of_its_draft(company: Company) -> None:
    company.ada.says("/demand")
    prompt = len(company.ada.messages) - 1
    company.ada.says("食堂太贵了")
    company.ada.presses("食堂与生活")
    company.ada.presses("下一步")
    company.ada.presses("提交")
    assert _count(company) == 1
    said = _cancel(company.ada, prompt)
    assert FILED in said
    assert "什么都没有提交" not in said
    company.ada.says("/demand")
    first = len(company.ada.messages) - 1
    company.ada.says("取消")
    company.ada.says("我想反映停车位太少了")
    assert "已经过去" in _cancel(company.ada, first)
    company.ada.presses("提交")
    assert _count(company) == 2


@pytest.mark.parametrize(("who", "way"), [("lin", "/announce"), ("lin", "/gathering"), ("root", "/roster")])
def test_an_old_cancel_of_a_closed_question_stops_nothing(company: Company, who: str, way: str) -> None:
    phone = company.phone(who)
    phone.says(way)
    prompt = len(phone.messages) - 1
    phone.says("取消")
    assert "已经过去" in _cancel(phone, prompt)


def test_the_guided_way_with_photos(company: Company) -> None:
    assert "想反映什么" in company.ada.says("/demand")
    offered = company.ada.says("车间的灭火器过期了")
    assert "属于哪一类" in offered
    assert offered.labels[0] == "安全与健康"
    everything = company.ada.presses("其他类别")
    more = company.ada.presses("其他类别")
    assert len({*everything.labels, *more.labels} - {"其他类别", "取消"}) == 9
    asked = company.ada.calls("demand.kind:safety")
    assert "要附照片或文件吗" in asked
    company.ada.sends("灭火器.jpg", b"\xff\xd8", "image/jpeg")
    assert "2 个附件" in company.ada.sends("../清单.pdf", b"%PDF", "application/pdf")
    card = company.ada.presses("下一步")
    assert "附件 2 个：灭火器.jpg、清单.pdf" in card
    assert "2026年11月24日 周二 前首次答复" in card
    assert FILED in company.ada.presses("提交")
    assert "附件 2 个" in company.zhou.sees()
    company.ada.presses("查看诉求")
    mine = company.ada.presses("附件（2）")
    assert [picture.alt for picture in mine.pictures] == ["灭火器.jpg"]
    assert [document.name for document in mine.documents] == ["清单.pdf"]
    company.zhou.presses("打开")
    theirs = company.zhou.presses("附件（2）")
    assert theirs.pictures == mine.pictures
    assert company.lin.calls("desk.files:1").pictures == ()
    assert company.bo.calls("demands.files:1").pictures == ()


def test_everything_can_be_typed(company: Company) -> None:
    company.ada.says("提诉求")
    company.ada.says("上个月的加班费没有发")
    assert "要附照片" in company.ada.says("工资与工时")
    assert "请确认" in company.ada.says("没有")
    card = company.ada.says("一共十二个小时")
    assert "上个月的加班费没有发\n一共十二个小时" in card
    assert FILED in company.ada.says("提交")


def test_it_goes_to_the_officer_responsible(company: Company) -> None:
    for who, words, officer in (
        ("ada", "投诉有人性骚扰", "孙丽（集团妇联 妇联干部）"),
        ("gao", "反映团员的培训太少", "周明"),
        ("bo", "反映团员的培训太少", "高洁（集团团支部 团干部）"),
        ("bo", "反映我的党费交错了", "林雪（第一党支部 党支部书记）"),
        ("xu", "反映我的党费交错了", "胡军（第二党支部 党支部书记）"),
        ("ada", "反映入党的事没人管", "陈涛（集团党委 党委委员）"),
        ("root", "反映电脑太旧", "周明"),
        ("zhou", "反映电脑太旧", "陈涛"),
    ):
        assert officer in company.phone(who).says(words)
        company.phone(who).presses("取消")


def test_the_category_and_the_officer_can_be_changed(company: Company) -> None:
    company.ada.says("我要投诉周明不发劳保手套")
    company.ada.presses("修改类别")
    assert "女职工权益" in company.ada.presses("女职工权益")
    assert "孙丽" in company.ada.last
    company.ada.presses("修改类别")
    company.ada.presses("安全与健康")
    assert "周明（" in company.ada.last
    avoided = company.ada.presses("不希望由该负责人办理")
    assert "陈涛" in avoided
    assert "周明（" not in avoided
    assert "周明（" in company.ada.presses("改回由原负责人办理")
    company.ada.presses("不希望由该负责人办理")
    company.ada.presses("提交")
    assert company.zhou.sees() == ""
    assert FILED in company.chen.sees()
    opened = company.chen.presses("打开")
    assert "请不要转告" in opened
    offered = company.chen.presses("转办")
    assert not any("周明" in label or "王芳" in label for label in offered.labels)
    assert "不能办理" in company.chen.calls(f"desk.to:1:{company.roll.people['zhou']}")


def test_nobody_responsible_is_said_honestly_and_mended_later(company: Company) -> None:
    for who in ("zhou", "chen", "lin", "hu", "sun", "gao"):
        person = company.roll.people[who]
        company.write(partial(permission.end, member_id=person, now=company.now))
    card = company.ada.says("反映食堂太贵了")
    assert "目前没有可以办理这件事的负责人" in card
    assert "不希望由该负责人办理" not in card.labels
    assert "还没有对应的负责人" in company.ada.presses("提交")
    company.travel(minutes=16)
    told = company.root.sees()
    assert "1 件诉求目前没有可以办理的负责人" in told
    assert "食堂" not in told
    assert "王芳" not in told
    assert "一有负责人就会转去" in company.ada.presses("查看诉求")


def test_pressed_again_and_again_it_is_filed_once(company: Company) -> None:
    company.ada.says("反映食堂太贵了")
    submit = company.ada.messages[-1].reply.buttons[0].call
    for _ in range(8):
        assert FILED in company.ada.calls(submit)
    assert "没有重复提交" in company.ada.calls(submit)
    assert _count(company) == 1
    assert company.zhou.sees().count(FILED) == 1


def test_numbers_count_up_each_day(company: Company) -> None:
    assert _filed(company.ada) == "SQ-20261123-0001"
    assert _filed(company.bo, "反映停车位太少") == "SQ-20261123-0002"
    company.now += timedelta(hours=15)
    assert _filed(company.ada) == "SQ-20261124-0001"


def test_an_old_card_is_shown_anew_and_files_nothing(company: Company) -> None:
    company.ada.says("反映食堂太贵了")
    old = company.ada.messages[-1].reply.buttons[0].call
    company.ada.says("而且不好吃")
    again = company.ada.calls(old)
    assert "请再看一遍" in again
    assert "而且不好吃" in again
    assert _count(company) == 0
    company.now += timedelta(hours=3)
    assert "请再看一遍" in company.ada.presses("提交")
    assert "已提交" in company.ada.presses("提交")
    assert "过期" in company.bo.calls(old)


def test_the_officer_who_was_shown_is_the_one_who_gets_it(company: Company) -> None:
    company.ada.says("反映食堂太贵了")
    company.write(lambda c: permission.end(c, company.roll.people["zhou"], company.now))
    again = company.ada.presses("提交")
    assert "请再看一遍" in again
    assert "陈涛" in again
    assert _count(company) == 0


def test_too_short_and_too_long_lose_nothing(company: Company) -> None:
    assert "至少两个字" in company.ada.says("/demand 贵")
    assert "属于哪一类" in company.ada.says("食堂的菜")
    company.ada.presses("食堂与生活")
    assert "贵\n食堂的菜" in company.ada.presses("下一步")
    company.ada.presses("取消")
    refused = company.ada.says("/demand " + "食" * 2100)
    assert "2100 字" in refused
    assert "只用前 2000 字" in refused.labels
    card = company.ada.presses("只用前 2000 字")
    assert "食" * 2000 in card
    assert "食" * 2001 not in card
    longer = company.ada.says("堂" * 50)
    assert "2051 字" in longer
    assert "请确认" in company.ada.says("食堂太贵了，说短一点")
    assert _count(company) == 0


def test_odd_words_do_no_harm(company: Company) -> None:
    odd = "{number} **粗** 😀\x00 \ud800 %s SQ-1 </b>"
    card = company.ada.says(f"/demand {odd}")
    assert "{number} **粗** 😀  %s SQ-1 </b>" in card
    company.ada.presses("提交")
    assert "{number} **粗**" in company.zhou.sees()


def test_cancelled_is_gone(company: Company) -> None:
    company.ada.says("反映食堂太贵了")
    assert "什么都没有提交" in company.ada.presses("取消")
    assert "过期" in company.ada.calls("demand.review")
    assert _count(company) == 0


def test_state_history_adding_and_withdrawing(company: Company) -> None:
    _filed(company.ada)
    company.zhou.sees()
    listed = company.ada.says("诉求到哪了")
    assert listed.labels[0] == f"{FILED} 食堂与生活 · 等待答复"
    card = company.ada.presses(FILED)
    assert "状态：等待答复" in card
    assert "2026年11月25日 周三（还有 2 天）" in card
    assert "11-23 09:30 你 提交：\n食堂太贵了" in card
    company.ada.presses("补充")
    company.ada.says("尤其是晚餐")
    preview = company.ada.sends("菜价.jpg", b"\xff\xd8", "image/jpeg")
    assert "尤其是晚餐" in preview
    assert company.zhou.sees() == ""
    send = company.ada.messages[-1].reply.buttons[0].call
    assert "已发出" in company.ada.presses("发送")
    for _ in range(5):
        assert "没有重复发送" in company.ada.calls(send)
    pushed = company.zhou.sees()
    assert pushed.count("王芳 补充") == 1
    assert "附件 1 个" in pushed
    company.ada.says(f"查诉求 {FILED}")
    assert "确定撤回" in company.ada.presses("撤回")
    assert "已撤回" in company.ada.presses("确定撤回")
    assert "已由提出人撤回" in company.zhou.sees()
    assert "之前已经撤回" in company.ada.calls("demands.withdraw:1:1")
    assert "已经由提出人撤回" in company.ada.calls("demands.write:1:add")
    assert company.zhou.sees() == ""


def test_the_list_has_pages(company: Company) -> None:
    assert "还没有提过诉求" in company.ada.says("我的诉求")
    assert "想反映什么" in company.ada.presses("提诉求")
    company.ada.says("/cancel")
    for number in range(7):
        _filed(company.ada, f"反映第{number}件事")
    first = company.ada.says("/demands")
    assert "第 1/2 页" in first
    assert first.labels[0].startswith("SQ-20261123-0007")
    assert len(first.buttons) <= 8
    second = company.ada.presses("较早")
    assert second.labels[:2] == ["SQ-20261123-0002 其他 · 等待答复", "SQ-20261123-0001 其他 · 等待答复"]
    assert "第 2/2 页" in company.ada.calls("demands.page:99999")


def test_forged_ids_reach_nothing(company: Company) -> None:
    _filed(company.ada)
    for who in ("bo", "root", "zhou"):
        phone = company.phone(who)
        for forged in (
            "demands.show:1:0",
            "demands.files:1",
            "demands.write:1:add",
            "demands.withdraw:1:1",
            "demands.rate:1:satisfied",
            "demands.stop:1",
        ):
            said = phone.calls(forged)
            assert "没有找到这件诉求" in said
            assert "食堂" not in said
        assert "没有找到" in phone.says(f"/demands {FILED}")
    missing = company.bo.calls("demands.show:999:0")
    assert missing == company.bo.calls("demands.show:1:0")
    assert "没有找到" in company.ada.calls("demands.rate:1:wonderful")
    assert "过期" in company.ada.calls("demands.write:1:close")
    assert "过期" in company.ada.calls("demand.kind:nothing")


def test_every_card_is_marked_as_personal(company: Company) -> None:
    _filed(company.ada)
    company.ada.presses("查看诉求")
    company.zhou.sees()
    company.zhou.presses("打开")
    for phone in (company.ada, company.zhou):
        assert {message.reply.personal for message in phone.messages} == {Personal.REQUEST}


@pytest.mark.parametrize("words", ["我想反映家里困难想申请补助", "我想反映上班时受伤了，工伤认定拖了很久"])
def test_what_is_about_health_or_hardship_is_marked_higher(company: Company, words: str) -> None:
    _ = company.ada.says(words)
    assert [message.reply.personal for message in company.ada.messages] == [Personal.HARDSHIP]
    company.ada.presses("提交")
    assert [message.reply.personal for message in company.ada.messages] == [Personal.REQUEST]
    assert company.zhou.sees()
    assert company.zhou.messages[-1].reply.personal is Personal.HARDSHIP
    company.zhou.presses("打开")
    assert company.zhou.messages[-1].reply.personal is Personal.HARDSHIP
    company.zhou.presses("答复")
    assert company.zhou.messages[-1].reply.personal is Personal.HARDSHIP
    assert "受保护" in company.zhou.says("/desk").labels[0]
    assert "受保护" in company.ada.says("/demands").labels[0]
    assert company.ada.messages[-1].reply.personal is Personal.REQUEST


def test_in_english(company: Company) -> None:
    person = company.roll.people["ada"]
    company.write(lambda c: member.change(c, person, language="en"))
    card = company.ada.says("I want to complain about the canteen food")
    assert "Canteen and living" in card
    assert "周明 (union officer, 集团工会)" in card
    assert "set by this organisation itself" in card
    assert f"number {FILED}" in company.ada.presses("Submit")
    assert "waiting for an answer" in company.ada.presses("Open it")
    assert "新诉求" in company.zhou.sees()


def test_the_export_has_neither_words_nor_names(company: Company) -> None:
    _filed(company.ada)
    headers, rows = company.read(lambda c: service.export_rows(company.work(c)))
    assert headers[:3] == ["编号", "类别", "状态"]
    assert rows == [[FILED, "食堂与生活", "等待答复", "2026-11-23 09:30", "2026-11-25", "", "2026-12-14", "", "", "0"]]
    assert len(headers) == len(rows[0])


@pytest.mark.parametrize(
    ("sentence", "entry", "rest"),
    [
        ("提诉求", "demand", ""),
        ("我想反映食堂太贵了", "demand", "食堂太贵了"),
        ("投诉食堂", "demand", "食堂"),
        ("建议增加班车", "demand", "增加班车"),
        ("提意见", "demand", ""),
        ("诉求进度", "demands", ""),
        ("我的诉求到哪了？", "demands", ""),
        ("办理台", "desk", ""),
        ("答复 SQ-20261123-0001 已联系", "desk_answer", "SQ-20261123-0001 已联系"),
        ("I want to complain about the food", "demand", "the food"),
        ("where is my demand", "demands", ""),
    ],
)
def test_typed_sentences_reach_the_right_place(sentence: str, entry: str, rest: str) -> None:
    assert match(sentence) == (entry, rest)
