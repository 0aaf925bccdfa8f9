"""Two requests about the same, dealt with together: the same words for both askers, and neither learns of the other."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, func, select

from domain import demand_similar as likeness
from domain.demand import Act, Case, State
from domain.demand_draft import Draft
from domain.refusal import Refusal
from services import demand, demand_category, demand_merge, desk, desk_merge, words
from storage import audit
from storage import demand as table
from tests.talk import Company

ONE, TWO = "SQ-20261123-0001", "SQ-20261123-0002"
on_sqlite = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


def file_two(company: Company) -> None:
    """王芳 and 高洁 ask about the canteen."""
    for phone, said in ((company.ada, "我想反映食堂的菜太贵了"), (company.gao, "我想反映食堂又贵又难吃")):
        phone.says(said)
        phone.presses("提交")
        company.deliver()


def merged(company: Company, number: int = 2, lead: int = 1, officer: str = "zhou") -> Case:
    who = company.roll.people[officer]
    return company.write(lambda c: desk_merge.merge(company.work(c), who, number, lead))


def state_of(company: Company, number: int) -> State:
    found = company.read(lambda c: table.get(c, number))
    assert found is not None
    return found.state


def sends(company: Company, act: str, said: str, number: int = 1) -> str:
    company.zhou.calls(f"desk.write:{number}:{act}")
    company.zhou.says(said)
    return company.zhou.presses("发送")


@on_sqlite
def test_both_askers_get_the_answer_and_neither_learns_of_the_other(company: Company) -> None:
    file_two(company)
    merged(company)
    told = company.gao.sees()
    assert f"{TWO} 和另一件相同的诉求合并办理" in told
    assert company.ada.sees() == ""
    company.zhou.sees()
    assert f"与它合并办理的还有 1 件：{TWO}" in company.zhou.calls("desk.case:1:0")
    company.zhou.presses("答复")
    assert "不要写谁的姓名" in company.zhou.says("食堂下周起降价两成")
    assert "已答复" in company.zhou.presses("发送")
    for phone, number, other in ((company.ada, ONE, TWO), (company.gao, TWO, ONE)):
        seen = phone.sees()
        assert f"{number} 有答复了" in seen
        assert "降价两成" in seen
        whole = phone.presses("查看诉求")
        assert "降价两成" in whole
        for secret in (other, "王芳" if number == TWO else "高洁", "又贵又难吃" if number == ONE else "菜太贵"):
            assert secret not in seen + whole
    assert state_of(company, 2) is State.WORKING


@on_sqlite
@pytest.mark.parametrize("said", ["王 芳你好，食堂下周降价", "请 a001 来一趟"])
def test_an_asker_is_not_named_by_other_spacing_nor_by_number(company: Company, said: str) -> None:
    file_two(company)
    merged(company)
    assert "提出人的姓名或工号" in sends(company, "answer", said)


def test_closed_together_each_rates_and_opens_again_alone(company: Company) -> None:
    file_two(company)
    merged(company)
    sends(company, "ask", "说的是哪个食堂？")
    assert "需要你补充" in company.gao.sees()
    company.gao.presses("补充")
    company.gao.says("北区食堂")
    company.gao.presses("发送")
    assert "北区食堂" in company.zhou.sees()
    assert state_of(company, 1) is State.ASKED
    sends(company, "close", "北区食堂已经降价")
    assert "满意" in company.ada.sees().labels
    assert "满意" in company.gao.sees().labels
    company.ada.calls("demands.rate:1:satisfied")
    company.gao.calls("demands.rate:2:dissatisfied")
    company.gao.presses("重新打开")
    company.gao.says("又涨回去了")
    company.gao.presses("发送")
    assert (state_of(company, 1), state_of(company, 2)) == (State.CLOSED, State.FILED)
    company.zhou.sees()
    sends(company, "answer", "再去看一次", 2)
    assert "再去看一次" in company.gao.sees()
    assert company.ada.sees() == ""


@on_sqlite
def test_words_that_name_an_asker_and_files_alone_are_not_sent(company: Company) -> None:
    file_two(company)
    merged(company)
    company.gao.sees()
    company.zhou.calls("desk.write:1:answer")
    company.zhou.says("王芳你好，食堂下周降价")
    assert "提出人的姓名或工号" in company.zhou.presses("发送")
    company.zhou.calls("desk.stop:1")
    company.zhou.calls("desk.write:1:answer")
    company.zhou.sends("价目表.pdf", b"%PDF-1.4", "application/pdf")
    assert "请把要说的写成文字" in company.zhou.presses("发送")
    assert company.gao.sees() == company.ada.sees() == ""
    company.zhou.says("见价目表")
    company.zhou.presses("发送")
    assert "附件" in company.ada.sees()
    assert "附件" not in company.gao.sees()


@on_sqlite
def test_the_follower_is_closed_and_passed_on_with_its_lead_alone(company: Company) -> None:
    file_two(company)
    merged(company)
    assert f"已并入 {ONE}" in company.zhou.calls("desk.case:2:0")
    assert f"请在 {ONE} 里办结" in sends(company, "close", "单独办结这件", 2)
    company.zhou.calls("desk.stop:2")
    assert "已答复" in sends(company, "answer", "你说的窗口也会查", 2)
    company.ada.sees()
    assert company.ada.sees() == ""
    names = company.zhou.calls("desk.others:1:0").labels
    assert any("孙丽" in name for name in names)
    assert not any("高洁" in name or "王芳" in name for name in names)
    company.zhou.presses("孙丽")
    company.zhou.says("归妇联办理")
    company.zhou.presses("发送")
    told = company.sun.sees()
    assert ONE in told
    assert TWO in told
    assert "转给 孙丽" in company.gao.sees()
    company.sun.calls("desk.write:1:answer")
    company.sun.says("我来接着办")
    company.sun.presses("发送")
    assert "我来接着办" in company.gao.sees()


@on_sqlite
def test_undone_while_it_is_open(company: Company) -> None:
    file_two(company)
    merged(company)
    company.gao.sees()
    zhou = company.roll.people["zhou"]
    company.write(lambda c: desk_merge.undo(company.work(c), zhou, 2))
    assert "改为单独办理" in company.gao.sees()
    sends(company, "answer", "下周降价")
    assert company.gao.sees() == ""
    with pytest.raises(Refusal):
        company.write(lambda c: desk_merge.undo(company.work(c), zhou, 2))
    query = select(audit.audit.c.deed).where(audit.audit.c.deed.like("request.%")).order_by(audit.audit.c.id)
    assert company.read(lambda c: list(c.scalars(query))) == ["request.merge", "request.part", "request.answer"]


@on_sqlite
def test_a_lead_that_is_withdrawn_lets_the_others_go(company: Company) -> None:
    file_two(company)
    merged(company)
    company.gao.sees()
    company.ada.calls("demands.withdraw:1:1")
    assert "改为单独办理" in company.gao.sees()
    assert state_of(company, 2) is State.FILED
    assert "已办结" in sends(company, "close", "已经降价", 2)


def test_what_can_not_be_merged(company: Company) -> None:
    file_two(company)
    company.ada.says("我想反映家里人得了癌症，生活很困难")
    company.ada.presses("提交")
    merged(company)
    assert merged(company).number == ONE
    query = select(func.count()).where(table.event.c.act == Act.MERGE.value)
    assert company.read(lambda c: c.scalar(query)) == 1
    for number, lead, officer in (
        (1, 3, "zhou"),
        (3, 1, "zhou"),
        (1, 1, "zhou"),
        (1, 2, "zhou"),
        (2, 1, "hu"),
        (9, 1, "zhou"),
    ):
        with pytest.raises(Refusal):
            merged(company, number, lead, officer)


def test_followers_of_a_follower_follow_the_new_lead(company: Company) -> None:
    file_two(company)
    company.ma.says("我想反映食堂不好吃")
    company.ma.presses("提交")
    merged(company, 2, 1)
    merged(company, 1, 3)
    followers = company.read(
        lambda c: demand_merge.followers(company.work(c), desk.of(company.work(c), company.roll.people["zhou"], 3))
    )
    assert [one.number for one in followers] == [ONE, TWO]


def test_similar_ones_are_found_by_their_words(company: Company) -> None:
    words.load()
    file_two(company)
    zhou = company.roll.people["zhou"]

    def more(connection: Connection) -> None:
        work = company.work(connection)
        for at, (who, said) in enumerate(
            (("ada", "南门停车场的灯坏了"), ("ma", "南门停车场晚上太黑，灯不亮"), ("ada", "癌症病人的食堂补助"))
        ):
            demand.file(work, company.roll.people[who], Draft(token=f"t{at}", text=said, category="living"))

    company.write(more)

    def alike(number: int) -> list[int]:
        def look(connection: Connection) -> list[int]:
            work = company.work(connection)
            found = desk_merge.similar(work, zhou, desk.of(work, zhou, number))
            assert found is not None
            return [one.case.id for one in found]

        return company.read(look)

    assert (alike(1), alike(2)) == ([2], [1])
    assert alike(3) == [4]
    assert alike(5) == []
    merged(company, 2, 1)
    assert alike(1) == []


def test_a_topic_is_what_few_speak_of() -> None:
    others = {1: ("living", "食堂太贵"), 2: ("living", "宿舍漏水"), 3: ("pay", "食堂和宿舍都远")}
    topic = demand_category.topic("我们希望公司食堂便宜")
    assert topic == ["食堂", "便宜"]
    found = likeness.similar(["食堂"], "living", others)
    assert found == [(1, ("食堂",)), (3, ("食堂",))]
    assert likeness.similar([], "living", others) == []
    assert likeness.similar(["停车"], "living", others) == []
