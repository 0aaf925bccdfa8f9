"""办理台: a demand from the officer's side, and what comes back to the employee."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Connection, func, select

from content import voice
from domain.arrival import Arrival, Said
from domain.demand import Act
from domain.demand_draft import Draft
from domain.permission import Role
from domain.refusal import Refusal
from handlers.grammar import Matter, Turn
from services import demand as service
from services import desk
from storage import address, audit, permission
from storage import demand as table
from tests.talk import Company

FILED = "SQ-20261123-0001"


def _file(company: Company, who: str = "ada", words: str = "我想反映食堂太贵了") -> None:
    """File a demand, and let the officer's phone receive it."""
    phone = company.phone(who)
    phone.says(words)
    phone.presses("提交")
    company.deliver()


def _events(company: Company, act: Act) -> int:
    query = select(func.count()).where(table.event.c.act == act.value)
    return company.read(lambda c: c.scalar(query) or 0)


def test_answer_ask_back_and_close(company: Company) -> None:
    _file(company)
    company.zhou.sees()
    assert "给提出人的答复" in company.zhou.presses("答复")
    preview = company.zhou.says("已经联系食堂，本周五前答复")
    assert "将发给 王芳" in preview
    assert company.ada.sees() == ""
    assert "已答复" in company.zhou.presses("发送")
    answered = company.ada.sees()
    assert f"{FILED} 有答复了 · 周明（集团工会 工会干部）" in answered
    assert "本周五前答复" in answered

    company.zhou.says("/desk")
    company.zhou.presses(FILED)
    company.zhou.presses("追问")
    company.zhou.says("哪个窗口的菜贵？")
    company.zhou.presses("发送")
    asked = company.ada.sees()
    assert "需要你补充" in asked
    company.ada.presses("补充")
    company.ada.says("二楼三号窗口")
    company.ada.presses("发送")
    assert "二楼三号窗口" in company.zhou.sees()

    company.zhou.presses("打开")
    company.zhou.presses("办结")
    assert "王芳 会看到结果并评价" in company.zhou.says("三号窗口已降价两元")
    assert "已办结" in company.zhou.presses("发送")
    closed = company.ada.sees()
    assert closed.labels == ["满意", "基本满意", "不满意", "查看诉求"]
    assert "三号窗口已降价两元" in closed
    assert "没有待办" in company.zhou.says("办理台")
    card = company.ada.presses("查看诉求")
    assert "状态：已办结" in card
    for said in ("食堂太贵了", "周明 答复", "周明 追问", "你 补充", "周明 办结"):
        assert said in card
    for account in ("zhou", "web", "A001"):
        assert account not in card
    lines = company.read(lambda c: c.execute(select(audit.audit.c.deed, audit.audit.c.subject_id, audit.audit.c.facts)))
    assert [(deed, subject, json.loads(facts)) for deed, subject, facts in lines if deed.startswith("request.")] == [
        (f"request.{act}", None, {"number": FILED, "state": state})
        for act, state in (("answer", "working"), ("ask", "asked"), ("close", "closed"))
    ]


def test_rating_is_once_changeable_for_a_day_and_low_offers_reopening(company: Company) -> None:
    _file(company)
    _close(company)
    company.ada.sees()
    assert "2026年12月23日" in company.ada.presses("查看诉求")
    low = company.ada.presses("不满意")
    assert "对不起" in low
    assert "重新打开" in low.labels
    assert "满意。一天之内可以修改" in company.ada.calls("demands.rate:1:satisfied")
    company.ada.calls("demands.rate:1:satisfied")
    assert _events(company, Act.RATE) == 2
    company.now += timedelta(hours=25)
    assert "超过一天" in company.ada.calls("demands.rate:1:dissatisfied")
    _, rows = company.read(lambda c: service.export_rows(company.work(c)))
    assert rows[0][8] == "满意"
    card = company.ada.calls("demands.show:1:0")
    assert "你的评价：满意" in card
    assert "不满意" not in card.labels


def _close(company: Company) -> None:
    company.zhou.calls("desk.write:1:close")
    company.zhou.says("已经处理")
    company.zhou.presses("发送")


def test_unrated_is_no_opinion(company: Company) -> None:
    _file(company)
    _close(company)
    _, rows = company.read(lambda c: service.export_rows(company.work(c)))
    assert rows[0][2] == "已办结"
    assert rows[0][8] == ""


def test_reopening_within_thirty_days(company: Company) -> None:
    _file(company)
    assert "还在办理中" in company.ada.calls("demands.write:1:reopen")
    assert "还在办理中" in company.ada.calls("demands.rate:1:satisfied")
    _close(company)
    company.ada.calls("demands.rate:1:dissatisfied")
    company.now += timedelta(days=7)
    assert "为什么要重新打开" in company.ada.presses("重新打开")
    company.ada.says("又涨回去了")
    assert "已重新打开，办理人会在 2026年12月2日" in company.ada.presses("发送")
    assert "王芳 重新打开" in company.zhou.sees()
    assert "还有 2 天" in company.zhou.says("/desk").labels[0]
    _close(company)
    company.now += timedelta(days=31)
    assert "超过 30 天" in company.ada.calls("demands.write:1:reopen")
    card = company.ada.calls("demands.show:1:0")
    assert "重新打开" not in card.labels
    assert "不满意" not in card.labels
    _, rows = company.read(lambda c: service.export_rows(company.work(c)))
    assert rows[0][8:] == ["", "1"]


def test_reassigned_with_a_reason(company: Company) -> None:
    _file(company)
    company.zhou.sees()
    company.zhou.presses("打开")
    offered = company.zhou.presses("转办")
    assert any("孙丽" in label for label in offered.labels)
    assert not any("王芳" in label or "周明" in label for label in offered.labels)
    assert "请写明原因" in company.zhou.presses("孙丽")
    assert "转给 孙丽" in company.zhou.says("属于妇联的工作")
    assert "已转出" in company.zhou.presses("发送")
    assert "食堂太贵了" in company.sun.sees()
    told = company.ada.sees()
    assert "转给 孙丽（集团妇联 妇联干部） 办理" in told
    assert "属于妇联的工作" in told
    assert "不在你的办理台上" in company.zhou.calls("desk.case:1:0")
    assert "没有待办" in company.zhou.says("/desk")
    card = company.sun.presses("打开")
    assert "周明 转给 孙丽 办理" in card
    assert "2026年11月25日" in card


def test_only_the_officer_of_the_case_reads_it(company: Company) -> None:
    _file(company)
    forged = ("desk.case:1:0", "desk.files:1", "desk.write:1:answer", "desk.write:1:close", "desk.others:1:0")
    for who in ("lin", "chen", "root", "ada"):
        for call in (*forged, f"desk.to:1:{company.roll.people['sun']}", "desk.stop:1"):
            said = company.phone(who).calls(call)
            assert "不在你的办理台上" in said
            assert "食堂" not in said
    assert "不在你的办理台上" in company.lin.says(f"/desk {FILED}")
    assert "相应的职责" in company.bo.says("/desk")
    assert "相应的职责" in company.root.says("办理台")
    assert "过期" in company.zhou.calls("desk.write:1:rate")
    assert "不能办理" in company.zhou.calls(f"desk.to:1:{company.roll.people['bo']}")


def test_a_role_that_ended_opens_nothing_and_the_case_finds_its_next_officer(company: Company) -> None:
    _file(company)
    company.zhou.calls("desk.write:1:answer")
    company.zhou.says("正在了解情况")
    company.write(lambda c: permission.end(c, company.roll.people["zhou"], company.now))
    assert "不在你的办理台上" in company.zhou.presses("发送")
    assert _events(company, Act.ANSWER) == 0
    company.travel(minutes=16)
    assert "食堂太贵了" in company.chen.sees()
    assert "系统 转给 陈涛" in company.ada.calls("demands.show:1:0")
    company.travel(minutes=30)
    assert _events(company, Act.ROUTE) == 1


def test_overseers_see_numbers_alone(company: Company) -> None:
    _file(company)
    _file(company, "bo", "反映我的党费交错了")
    shown = company.chen.says("/desk")
    assert "没有待办" in shown
    counts = company.chen.presses("督办概览")
    assert "在办 2 件" in counts
    assert "最近的期限：2026年11月25日" in counts
    assert not any(word in counts for word in ("食堂", "党费", "王芳", "赵强", "SQ-"))
    assert "相应的职责" in company.lin.calls("desk.overview")
    assert "督办概览" not in company.lin.says("/desk").labels


def test_words_can_be_typed_with_the_number(company: Company) -> None:
    _file(company)
    assert "已经联系食堂" in company.zhou.says("答复：已经联系食堂")
    assert "已答复" in company.zhou.says("发送")
    _file(company, "bo", "反映停车位太少")
    which = company.zhou.says("办结 已经解决")
    assert "不止一件" in which
    assert FILED in " ".join(which.labels)
    assert "将办结 SQ-20261123-0002" in company.zhou.says("办结 sq-20261123-0002 已经增加车位")
    company.zhou.presses("发送")
    assert "已经增加车位" in company.bo.sees()
    assert "转给谁办理" in company.zhou.says("转办")


def test_the_desk_is_ordered_by_time_left(company: Company) -> None:
    _file(company, "bo", "反映停车位太少")
    _file(company, "xu", "反映车间粉尘太大，口罩不够")
    _file(company, "ada", "反映宿舍没有热水")
    shown = company.zhou.says("/desk")
    assert [label[:16] for label in shown.labels[:3]] == ["SQ-20261123-0002", "SQ-20261123-0001", "SQ-20261123-0003"]
    assert "还有 1 天" in shown.labels[0]


def test_an_answer_pressed_again_and_again_is_one(company: Company) -> None:
    _file(company)
    company.zhou.calls("desk.write:1:answer")
    company.zhou.says("正在了解情况")
    send = company.zhou.messages[-1].reply.buttons[0].call
    company.zhou.presses("发送")
    for _ in range(8):
        assert "没有重复发送" in company.zhou.calls(send)
    assert _events(company, Act.ANSWER) == 1
    assert company.ada.sees().count("正在了解情况") == 1


def test_the_same_draft_from_many_threads_is_one_answer(company: Company) -> None:
    _file(company)
    zhou = company.roll.people["zhou"]
    draft = Draft(token="one", text="正在了解情况", case=1, act=Act.ANSWER.value)

    def press(_: int) -> bool:
        return company.write(lambda c: desk.send(company.work(c), zhou, draft)).repeated

    with ThreadPoolExecutor(8) as pool:
        repeated = list(pool.map(press, range(40)))
    assert repeated.count(False) == 1
    assert _events(company, Act.ANSWER) == 1


def test_two_reassign_at_once_and_one_wins(company: Company) -> None:
    _file(company)
    people = company.roll.people

    def move(to: str) -> str:
        draft = Draft(token=to, text="请你办理", case=1, act=Act.REASSIGN.value, to=people[to])
        try:
            company.write(lambda c: desk.send(company.work(c), people["zhou"], draft))
        except Refusal as refusal:
            return refusal.code
        return "moved"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(move, ("sun", "gao"))) == ["desk.none", "moved"]
    assert _events(company, Act.REASSIGN) == 1


def test_numbers_are_unique_under_load(company: Company) -> None:
    ada = company.roll.people["ada"]

    def press(number: int) -> str:
        draft = Draft(token=f"t{number % 20}", text="食堂太贵", category="living")
        return company.write(lambda c: service.file(company.work(c), ada, draft)).number

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(press, range(60)))
    assert len(set(numbers)) == 20
    assert len(company.read(table.everything)) == 20
    assert company.zhou.sees().count("新诉求") == 20


def test_an_employee_without_an_open_chat_is_told_about_later(company: Company) -> None:
    _file(company)
    company.write(lambda c: address.close(c, "web", "ada", "blocked"))
    company.zhou.calls("desk.write:1:answer")
    company.zhou.says("正在了解情况")
    assert "下次打开时会看到" in company.zhou.presses("发送")
    assert "正在了解情况" in company.ada.calls("demands.show:1:0")


def test_too_long_answers_are_kept(company: Company) -> None:
    _file(company)
    company.zhou.calls("desk.write:1:answer")
    assert "2300 字" in company.zhou.says("答" * 2300)
    assert "答" * 2000 in company.zhou.presses("只用前 2000 字")
    company.zhou.presses("取消")
    assert "过期" in company.zhou.calls("desk.clip")
    assert _events(company, Act.ANSWER) == 0


def test_an_expired_preview_is_shown_again(company: Company) -> None:
    _file(company)
    company.zhou.calls("desk.write:1:answer")
    company.zhou.says("正在了解情况")
    company.now += timedelta(hours=3)
    assert "请再看一遍" in company.zhou.presses("发送")
    assert "已答复" in company.zhou.presses("发送")


def test_a_long_conversation_has_pages(company: Company) -> None:
    _file(company)
    for number in range(8):
        company.ada.calls("demands.write:1:add")
        company.ada.says(f"补充第{number}点")
        company.ada.presses("发送")
    newest = company.ada.calls("demands.show:1:0")
    assert "补充第7点" in newest
    assert "食堂太贵了" not in newest
    older = company.ada.presses("较早")
    assert "食堂太贵了" in older
    assert "补充第7点" not in older
    assert "补充第7点" in company.ada.presses("较新")


def test_the_home_card_names_what_waits(company: Company) -> None:
    _file(company)
    assert [m.words for m in _matters(company, "zhou")] == ["1 件诉求等待首次答复"]
    assert _matters(company, "ada") == []
    company.zhou.calls("desk.write:1:ask")
    company.zhou.says("哪个窗口？")
    company.zhou.presses("发送")
    assert [m.words for m in _matters(company, "ada")] == [f"{FILED} 等你补充说明"]
    company.zhou.calls("desk.write:1:answer")
    company.zhou.says("已经查到")
    company.zhou.presses("发送")
    assert [m.words for m in _matters(company, "ada")] == [f"{FILED} 有新的进展"]
    company.ada.calls("demands.show:1:0")
    assert _matters(company, "ada") == []
    company.now += timedelta(days=30)
    assert [m.words for m in _matters(company, "zhou")] == ["1 件诉求临近期限或已超期"]
    _close(company)
    company.ada.calls("demands.show:1:0")
    assert [m.words for m in _matters(company, "ada")] == [f"{FILED} 已办结，请评价"]
    assert _matters(company, "root") == []


def _matters(company: Company, who: str) -> list[Matter]:
    def look(connection: Connection) -> list[Matter]:
        caller = address.caller(connection, "web", who)
        assert caller is not None
        turn = Turn(
            work=company.work(connection),
            arrival=Arrival("web", who, who, private=True, at=company.now, content=Said("")),
            caller=caller,
            voice=voice("zh"),
            registry=company.dispatch.registry,
            link=str,
        )
        routes = [one for one in company.dispatch.registry.routes if one.noun in {"demand", "demands", "desk"}]
        return [matter for one in routes for find in one.matters for matter in find(turn)]

    return company.read(look)


def test_an_officer_never_handles_her_own_demand(company: Company) -> None:
    company.write(
        lambda c: permission.give(
            c, company.roll.people["xu"], Role.UNION_OFFICER, company.roll.units["union"].id, company.now
        )
    )
    _file(company, "zhou", "反映食堂太贵了")
    assert "周明 提出" in company.xu.sees()
