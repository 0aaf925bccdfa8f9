"""审核公告: where a unit asks for a second pair of eyes nothing leaves before somebody else has looked, by no way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from domain.announcement import Circle, State
from domain.announcement_approval import sign
from domain.permission import Role
from domain.refusal import Refusal
from services import announcement, announcement_approval, announcement_review
from services.announcement_review import Outcome
from storage import announcement as table
from storage import announcement_approval as rules
from storage import permission
from tests.talk import Company

WORDS = "周五下午停电检修，请提前保存文件。"


def asks_for_eyes(company: Company, unit: str = "branch1", who: str = "chen") -> None:
    """Let somebody ask for a second pair of eyes at a unit."""
    place = company.roll.units[unit].id
    company.write(lambda c: announcement_approval.require(company.work(c), company.roll.people[who], place))
    for phone in (company.lin, company.chen):
        phone.sees()


def state_of(company: Company, number: int = 1) -> str:
    found = company.read(lambda c: table.get(c, number))
    assert found is not None
    return found.state.value


def submits(company: Company, words: str = WORDS) -> str:
    """Let 林雪 press send on an announcement to her branch."""
    company.lin.says("发公告")
    company.lin.says(words)
    return company.lin.presses("发送")


def ours(company: Company, label: str) -> str:
    """Return the call behind a button on 陈涛's last screen."""
    return next(button.call for button in company.chen.last.buttons if button.label == label)


def test_the_author_alone_sends_nothing_and_a_second_person_does(company: Company) -> None:
    asks_for_eyes(company)
    assert "已送审，还没有发出" in submits(company)
    company.travel(seconds=30)
    assert company.bo.sees() == ""
    asked = company.chen.sees()
    assert "请审核一条公告" in asked
    assert "林雪 想发给 第一党支部" in asked
    assert WORDS in asked
    assert "10 秒后开始发送" in company.chen.presses("同意发出")
    company.travel(seconds=11)
    assert WORDS in company.bo.sees()
    assert "陈涛 同意了公告" in company.lin.sees()
    assert "已经审核过" in company.chen.calls(ours_of(company, "yes"))


def ours_of(company: Company, way: str) -> str:
    """Return the call that decides on the first announcement as it is."""
    one = company.read(lambda c: table.get(c, 1))
    assert one is not None
    return f"announcement_approval.{way}:1:{sign(one)[:16]}"


def test_neither_the_author_nor_another_tree_approves(company: Company) -> None:
    asks_for_eyes(company)
    submits(company)
    yes, no = ours_of(company, "yes"), ours_of(company, "no")
    for call in (yes, no, "announcement_approval.show:1"):
        assert "由别人审核" in company.lin.calls(call)
        for other in (company.hu, company.zhou, company.tang, company.bo):
            assert "没有找到" in other.calls(call)
    assert "没有等你审核" in company.hu.says("审核公告")
    assert state_of(company) == "waiting"
    company.travel(hours=3)
    assert company.bo.sees() == ""


def test_no_service_goes_around_it(company: Company) -> None:
    asks_for_eyes(company)
    company.lin.says(f"/announce {WORDS}")
    lin = company.roll.people["lin"]
    soon = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)

    def tries(connection: Connection) -> None:
        work = company.work(connection)
        for way in (lambda: announcement.send(work, lin, 1), lambda: announcement.plan(work, lin, 1, soon)):
            with pytest.raises(Refusal, match=r"announcement_approval\.needed"):
                way()

    company.write(tries)
    assert state_of(company) == "draft"


def test_an_urgent_one_waits_too(company: Company) -> None:
    asks_for_eyes(company)
    company.lin.says(f"/announce {WORDS}")
    company.lin.presses("标为紧急")
    company.lin.says("台风红色预警，今晚停工")
    assert "已送审" in company.lin.presses("发送")
    company.travel(seconds=30)
    assert company.bo.sees() == ""
    assert "台风红色预警" in company.chen.sees()
    company.chen.presses("同意发出")
    company.travel(seconds=11)
    assert "紧急公告" in company.bo.sees()


def test_given_back_with_words_changed_and_asked_again(company: Company) -> None:
    asks_for_eyes(company)
    submits(company)
    company.chen.sees()
    assert "要改什么" in company.chen.presses("退回修改")
    assert "最多 300 个字" in company.chen.says("长" * 301)
    assert "已退回" in company.chen.says("请写清楚是几点")
    back = company.lin.sees()
    assert "陈涛 退回了公告" in back
    assert "请写清楚是几点" in back
    draft = company.lin.presses("去看看")
    assert "请写清楚是几点" in draft
    company.lin.presses("改内容")
    company.lin.says("周五 14:00 停电检修")
    assert "已送审" in company.lin.presses("发送")
    assert "14:00" in company.chen.sees()
    company.chen.presses("同意发出")
    company.travel(seconds=11)
    assert "14:00" in company.bo.sees()
    company.lin.says("/announce 另一条")
    company.lin.presses("发送")
    company.chen.sees()
    company.chen.presses("退回修改")
    company.chen.says("不用发了")
    company.lin.sees()
    company.lin.presses("去看看")
    assert "草稿已删掉" in company.lin.presses("删掉草稿")


def test_what_was_changed_after_it_was_seen_is_not_approved(company: Company) -> None:
    asks_for_eyes(company)
    submits(company)
    company.chen.sees()
    old = ours(company, "同意发出")
    company.lin.presses("撤回修改")
    company.lin.presses("改内容")
    company.lin.says("完全不同的话")
    assert "已经审核过或撤回" in company.chen.calls(old)
    company.lin.presses("发送")
    assert "改过了，没有通过" in company.chen.calls(old)
    assert state_of(company) == "waiting"


def test_editing_after_approval_voids_it(company: Company) -> None:
    asks_for_eyes(company)
    company.lin.says(f"/announce {WORDS}")
    company.lin.presses("定时发送")
    assert "等待审核；同意后将于" in company.lin.says("明天 10:00")
    company.chen.sees()
    assert "到时间会自动发出" in company.chen.presses("同意发出")
    assert state_of(company) == "scheduled"
    company.lin.calls("announcement.draft:1")
    company.lin.presses("改内容")
    company.lin.says("改成别的内容")
    assert "已送审" in company.lin.presses("发送")
    company.travel(days=2)
    assert "改成别的" not in company.bo.sees()


def test_approved_it_leaves_at_its_time(company: Company) -> None:
    asks_for_eyes(company)
    company.lin.says(f"/announce {WORDS}")
    company.lin.presses("定时发送")
    company.lin.says("明天 10:00")
    company.chen.sees()
    company.chen.presses("同意发出")
    assert company.bo.sees() == ""
    company.travel(days=1, hours=1)
    assert WORDS in company.bo.sees()


def test_another_time_than_the_approved_one_is_approved_again(company: Company) -> None:
    asks_for_eyes(company)
    company.lin.says(f"/announce {WORDS}")
    company.lin.presses("定时发送")
    company.lin.says("明天 10:00")
    company.chen.sees()
    company.chen.presses("同意发出")
    lin, at = company.roll.people["lin"], datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

    def tries(connection: Connection) -> None:
        work = company.work(connection)
        for other in (at - timedelta(hours=1), at + timedelta(minutes=1)):
            with pytest.raises(Refusal, match=r"announcement_approval\.needed"):
                announcement.plan(work, lin, 1, other)
        with pytest.raises(Refusal, match=r"announcement_approval\.needed"):
            announcement.send(work, lin, 1)

    company.write(tries)
    assert state_of(company) == "scheduled"
    company.write(lambda c: announcement.unplan(company.work(c), lin, 1))
    assert company.write(lambda c: announcement_review.plan(company.work(c), lin, 1, at)) is Outcome.PLANNED
    moved = company.write(lambda c: announcement_review.plan(company.work(c), lin, 1, at + timedelta(hours=5)))
    assert (moved, state_of(company)) == (Outcome.ASKED, "waiting")
    asked = company.chen.sees()
    assert "11月24日" in asked
    assert "15:00" in asked
    company.travel(days=1, hours=1)
    assert WORDS not in company.bo.sees(), "the old time was not approved any more"
    company.chen.presses("同意发出")
    company.travel(hours=5)
    assert WORDS in company.bo.sees()


def test_the_rule_of_ones_own_office_holds_beneath_it_too_and_binds_nobody_above(company: Company) -> None:
    branch, group = company.roll.units["branch1"].id, company.roll.units["group11"].id
    asks_for_eyes(company)
    company.write(lambda c: rules.put(c, group, required=False, off_by=None, set_by=1, now=company.now))

    def asks(who: str, unit: int) -> bool:
        def draft(connection: Connection) -> bool:
            work, person = company.work(connection), company.roll.people[who]
            one = announcement.draft(work, person, WORDS, None)
            one = announcement.address_to(work, person, one.id, unit, Circle.ALL)
            return announcement_approval.needed(work, one)

        return company.write(draft)

    assert asks("lin", branch)
    assert asks("lin", group), "what was released beneath is no way around the rule of one's own office"
    assert asks("chen", branch), "what is written to the branch keeps to its rule, whoever writes it"
    assert not asks("chen", company.roll.units["party"].id), "what is written to everybody keeps to the rule above"


def test_when_its_time_passed_meanwhile_the_author_is_asked_again(company: Company) -> None:
    asks_for_eyes(company)
    company.lin.says(f"/announce {WORDS}")
    company.lin.presses("定时发送")
    company.lin.says("明天 10:00")
    company.travel(days=1, hours=1)
    assert "还没有人审核，没有发出" in company.lin.sees()
    company.chen.sees()
    assert "原定的时间已经过了" in company.chen.presses("同意发出")
    assert state_of(company) == "late"
    assert "要现在发，还是另定时间" in company.lin.sees()
    company.lin.presses("去看看")
    assert "10 秒后开始发送" in company.lin.presses("发送")
    company.travel(seconds=11)
    assert WORDS in company.bo.sees()


def test_what_was_approved_for_a_time_long_past_is_approved_again(company: Company) -> None:
    asks_for_eyes(company)
    company.lin.says(f"/announce {WORDS}")
    company.lin.presses("定时发送")
    company.lin.says("明天 10:00")
    company.chen.sees()
    company.chen.presses("同意发出")
    lin = company.roll.people["lin"]
    company.write(lambda c: table.change(c, 1, (State.SCHEDULED,), state=State.LATE.value))
    due = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

    def tries(connection: Connection, later: timedelta) -> bool:
        work = replace(company.work(connection), now=due + later)
        one = announcement.own(work, lin, 1)
        return announcement_approval.approved(work, one, announcement_approval.leaving(work, one))

    assert company.read(lambda c: tries(c, timedelta(hours=2)))
    assert not company.read(lambda c: tries(c, timedelta(hours=2, seconds=1)))
    company.travel(days=45)
    sent = company.write(lambda c: announcement_review.send(company.work(c), lin, 1))
    assert (sent, state_of(company)) == (Outcome.ASKED, "waiting")
    assert "你同意后就发出" in company.chen.sees()


def test_what_is_approved_late_may_leave_for_two_hours(company: Company) -> None:
    asks_for_eyes(company)
    company.lin.says(f"/announce {WORDS}")
    company.lin.presses("定时发送")
    company.lin.says("明天 10:00")
    company.travel(days=3)
    company.lin.sees()
    company.chen.sees()
    company.chen.presses("同意发出")
    lin = company.roll.people["lin"]
    company.travel(hours=1)
    assert company.write(lambda c: announcement_review.send(company.work(c), lin, 1)) is Outcome.SENT


def test_what_was_released_beneath_before_is_no_way_around_what_is_asked_for_later(company: Company) -> None:
    party, branch = company.roll.units["party"].id, company.roll.units["branch1"].id
    company.write(lambda c: permission.give(c, company.roll.people["sun"], Role.COMMITTEE, party, company.now))

    def lifts(who: str) -> bool:
        return company.write(lambda c: announcement_approval.release(company.work(c), company.roll.people[who], branch))

    asks_for_eyes(company)
    assert (lifts("lin"), lifts("chen")) == (False, True)
    asks_for_eyes(company, "party")
    submits(company)
    assert state_of(company) == "waiting"


def test_it_is_inherited_and_only_somebody_of_above_lifts_it_and_not_alone(company: Company) -> None:
    party, branch = company.roll.units["party"].id, company.roll.units["branch1"].id
    company.write(lambda c: permission.give(c, company.roll.people["sun"], Role.COMMITTEE, party, company.now))
    asks_for_eyes(company, "party")
    lin, chen = company.roll.people["lin"], company.roll.people["chen"]
    submits(company)
    assert state_of(company) == "waiting"

    def lifts(who: int, unit: int) -> bool:
        return company.write(lambda c: announcement_approval.release(company.work(c), who, unit))

    with pytest.raises(Refusal, match=r"permission\.not_here"):
        lifts(lin, branch)
    # Setting it oneself first changes nothing about that.
    company.write(lambda c: announcement_approval.require(company.work(c), lin, branch))
    with pytest.raises(Refusal, match=r"permission\.not_here"):
        lifts(lin, branch)
    assert lifts(chen, party) is False
    assert lifts(chen, party) is False
    assert lifts(company.roll.people["sun"], party) is True
    assert lifts(chen, branch) is False
    assert lifts(lin, branch) is True
    held = company.read(lambda c: announcement_approval.holds(company.work(c), company.roll.units["group11"].path))
    assert held is not None
    assert not held.required


def test_where_nobody_else_is_it_can_not_be_asked_for(company: Company) -> None:
    union, zhou = company.roll.units["union"].id, company.roll.people["zhou"]
    with pytest.raises(Refusal, match=r"announcement_approval\.nobody"):
        company.write(lambda c: announcement_approval.require(company.work(c), zhou, union))
    asks_for_eyes(company)
    company.write(lambda c: permission.end(c, company.roll.people["chen"], company.now))
    assert "现在没有别的人能审核" in submits(company)
    assert state_of(company) == "draft"


def test_a_rule_that_comes_later_stops_what_was_planned(company: Company) -> None:
    company.lin.says(f"/announce {WORDS}")
    company.lin.presses("定时发送")
    company.lin.says("明天 10:00")
    asks_for_eyes(company)
    company.travel(days=1, hours=1)
    assert WORDS not in company.bo.sees()
    assert "先由另一个人审核" in company.lin.sees()
    company.lin.presses("去看看")
    assert "已送审" in company.lin.presses("发送")


def test_other_units_send_as_before_and_the_home_card_mentions_what_waits(company: Company) -> None:
    asks_for_eyes(company)
    company.hu.says("/announce 第二支部的通知")
    assert "10 秒后开始发送" in company.hu.presses("发送")
    submits(company)
    assert "1 条公告等你审核" in company.chen.says("/home")
    assert "停电" in company.chen.says("审核公告").labels[0]
    company.chen.calls("announcement_approval.show:1")
    assert "没有找到" in company.chen.last or "停电" in company.chen.last
    company.lin.says("/language en")
    assert "Waiting for approval" in company.lin.calls("announcements.show:2")


def test_who_may_not_speak_there_any_more_is_not_sent_for(company: Company) -> None:
    asks_for_eyes(company)
    submits(company)
    company.chen.sees()
    company.write(lambda c: permission.end(c, company.roll.people["lin"], company.now))
    assert "没有向“第一党支部”发公告的职责" in company.chen.presses("同意发出")
    assert state_of(company) == "waiting"
    company.travel(seconds=30)
    assert company.bo.sees() == ""
