"""Coming to a meeting: leave, who should otherwise than by the rule, sign-in by code and by hand, late, the end."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection, select

from domain.permission import Role
from storage import audit, member, permission, relief
from storage.attendee import attendee
from storage.inbox import inbox
from tests.talk import Company, Screen
from tests.test_meeting import called, code_on, planned, shanghai


def opened(company: Company) -> Screen:
    """The meeting's sign-in is open, at its very time."""
    called(company)
    company.travel_to(shanghai(11, 25, 15))
    company.lin.sees()
    company.lin.says("会议")
    company.lin.presses("支部党员大会")
    return company.lin.presses("开始签到")


def set_otherwise(company: Company, name: str, duty: str, why: str) -> Screen:
    company.lin.calls("attendance.people:1")
    company.lin.presses("调整")
    company.lin.says(name)
    company.lin.presses(duty)
    return company.lin.presses(why) if why in company.lin.last.labels else company.lin.says(why)


def test_leave_is_asked_for_by_a_word_and_seen_by_the_chair_alone(company: Company) -> None:
    called(company)
    company.bo.sees()
    company.bo.presses("请假")
    asked = company.bo.presses("出差")
    assert "请假已经送给召集人" in asked
    assert "请假待批" in asked
    told = company.lin.sees()
    assert "赵强 请假（出差）" in told
    assert "1 人请假等你答复" in company.lin.says("/home")
    company.lin.presses("准假 赵强")
    assert "已准假" in company.bo.sees()
    assert "已经处理过" in company.lin.calls(f"attendance.decide:1:{company.roll.people['bo']}:0")
    company.lin.calls("meeting.show:1")
    assert "赵强（出差，已准）" in company.lin.presses("谁答复了")
    assert "出差" not in company.tang.says("会议") + company.tang.calls("meeting.show:1")


def test_the_officer_above_may_run_it_and_sees_no_reason(company: Company) -> None:
    called(company)
    company.bo.sees()
    company.bo.presses("请假")
    company.bo.presses("个人事由")
    screen = company.chen.calls("attendance.answers:1")
    assert "收到 1 人，其他 3 人" in screen
    for name in ("赵强", "马琳", "唐杰", "林雪", "个人事由"):
        assert name not in screen
    assert "准假 赵强" not in screen.labels
    assert "不存在" in company.chen.calls(f"attendance.decide:1:{company.roll.people['bo']}:1")
    company.lin.sees()
    company.lin.presses("准假 赵强")
    company.travel_to(shanghai(11, 25, 15))
    company.chen.calls("meeting.start:1")
    assert "赵强" in company.chen.calls("attendance.missing:1:0").labels
    assert "赵强（已准假）" in company.lin.calls("attendance.missing:1:0").labels
    assert "支部党员大会" not in company.chen.says("会议")


def test_leave_that_was_not_granted_counts_as_missing(company: Company) -> None:
    called(company)
    company.bo.sees()
    company.bo.presses("请假")
    company.bo.presses("出差")
    company.lin.sees()
    company.lin.presses("不准 赵强")
    assert "没有准假" in company.bo.sees()
    company.ma.sees()
    company.ma.presses("请假")
    company.ma.presses("值班")
    company.lin.sees()
    company.lin.presses("准假 马琳")
    company.travel_to(shanghai(11, 25, 15))
    live = company.lin.calls("meeting.start:1")
    assert "应到 4　实到 0　请假 1" in live
    assert "有表决权 3 人" in live


def test_leave_never_leaves_the_base_of_the_vote(company: Company) -> None:
    called(company)
    company.bo.sees()
    company.bo.presses("请假")
    company.bo.presses("出差")
    company.lin.sees()
    company.lin.presses("准假 赵强")
    company.travel_to(shanghai(11, 25, 15))
    assert "有表决权 3 人，已到 0：还差 2 人" in company.lin.calls("meeting.start:1")


def test_coming_after_all_takes_the_leave_back(company: Company) -> None:
    called(company)
    company.bo.sees()
    company.bo.presses("请假")
    company.bo.presses("出差")
    assert "我的答复：已收到" in company.bo.presses("收到")
    assert "撤回" in company.lin.calls(f"attendance.decide:1:{company.roll.people['bo']}:1")


def test_asking_twice_tells_the_chair_once_and_the_chair_asks_nobody(company: Company) -> None:
    called(company)
    company.lin.sees()
    company.bo.calls("attendance.because:1:trip")
    company.bo.calls("attendance.because:1:duty")
    assert company.lin.sees().count("请假（") == 1
    assert "不能向自己请假" in company.lin.calls("attendance.because:1:trip")
    assert "不存在" in company.bo.calls("attendance.because:1:flu")


def test_whoever_is_there_needs_no_leave(company: Company) -> None:
    code = code_on(opened(company))
    company.bo.says(f"签到 {code}")
    assert "已经签到了" in company.bo.calls("attendance.because:1:trip")


def test_a_guest_is_added_with_a_reason_and_counts_nowhere(company: Company) -> None:
    called(company)
    screen = set_otherwise(company, "陈涛", "列席", "上级派人列席")
    assert "列席（1）：陈涛" in screen
    assert "· 陈涛：上级派人列席" in screen
    assert "会议通知" in company.chen.sees()
    assert "请你列席" in company.chen.presses("收到")
    company.travel_to(shanghai(11, 25, 15))
    live = company.lin.calls("meeting.start:1")
    company.chen.says(f"签到 {code_on(live)}")
    company.lin.sees()
    assert "应到 4　实到 0" in company.lin.last
    assert "另有 1 位" in company.lin.last
    assert "有表决权 3 人，已到 0" in company.lin.last
    noted = company.read(lambda c: audit.about(c, company.roll.people["chen"]))
    assert [one.deed for one in noted] == ["attendance.adjust"]
    assert noted[0].facts == {"meeting": 1, "duty": "guest", "reason": ""}, "why is not for the administrators' trail"


def test_why_somebody_is_taken_out_is_in_the_trail_for_no_row_is_left(company: Company) -> None:
    called(company)
    set_otherwise(company, "赵强", "移出名单", "借调出去了")
    [noted] = company.read(lambda c: audit.about(c, company.roll.people["bo"]))
    assert noted.facts == {"meeting": 1, "duty": "", "reason": "借调出去了"}


def test_whoever_is_no_party_member_is_a_guest_alone(company: Company) -> None:
    called(company)
    assert "王芳 不是党员，不计应到" in set_otherwise(company, "王芳", "应到", "一起学习")
    assert "列席（1）：王芳" in set_otherwise(company, "王芳", "列席", "一起学习")


def test_a_story_about_leave_is_not_kept_and_the_words_stay_to_be_tapped(company: Company) -> None:
    called(company)
    company.bo.sees()
    company.bo.presses("请假")
    screen = company.bo.says("我肚子疼要去医院")
    assert "请点一个原因" in screen
    kept = company.read(lambda c: str(c.execute(select(inbox)).all()))
    assert "肚子疼" not in kept
    assert "已请假" in company.bo.presses("出差") or "待批" in company.bo.last


def test_not_required_leaves_the_count_and_keeps_the_vote(company: Company) -> None:
    called(company)
    screen = set_otherwise(company, "A002", "不作硬性要求", "长期驻外")
    assert "应到（3）" in screen
    assert "不作硬性要求（1）：赵强" in screen
    card = company.lin.presses("返回")
    assert "应到 3 人" in card
    assert "有表决权 3 人，至少到 2 人" in card


def test_who_is_relieved_by_article_23_is_not_required_and_has_her_vote(company: Company) -> None:
    who, by = company.roll.people["bo"], company.roll.people["lin"]
    company.write(lambda c: relief.give(c, who, date(2026, 11, 1), by, company.now))
    card = planned(company)
    assert "应到 3 人" in card
    assert "不作硬性要求 1 人" in card
    assert "有表决权 3 人，至少到 2 人" in card
    company.lin.presses("发通知")
    company.bo.sees()
    assert "不作硬性要求，能来欢迎" in company.bo.presses("收到")


def test_taken_out_is_told_and_only_before_the_sign_in(company: Company) -> None:
    called(company)
    company.ma.sees()
    assert "马琳" not in set_otherwise(company, "马琳", "移出名单", "组织关系在办理")
    assert "不用参加了" in company.ma.sees()
    assert "不存在" in company.ma.calls("meeting.show:1")
    company.travel_to(shanghai(11, 25, 15))
    live = company.lin.calls("meeting.start:1")
    assert "没有找到" in company.ma.says(f"签到 {code_on(live)}")
    assert "不能移出名单" in set_otherwise(company, "赵强", "移出名单", "工作需要")


def test_somebody_added_at_the_door_signs_in(company: Company) -> None:
    code = code_on(opened(company))
    assert "没有找到" in company.hu.says(f"签到 {code}")
    set_otherwise(company, "胡军", "列席", "工作需要")
    assert "签到成功" in company.hu.says(f"签到 {code}")


@pytest.mark.parametrize("why", ["x", "很" * 101, "   "])
def test_an_adjustment_needs_a_reason(company: Company, why: str) -> None:
    called(company)
    assert "原因" in set_otherwise(company, "陈涛", "列席", why)
    assert "陈涛" not in company.lin.calls("attendance.people:1")


def test_names_that_are_nobodys_or_several(company: Company) -> None:
    called(company)
    company.lin.calls("attendance.adjust:1")
    assert "没有找到“张三丰”" in company.lin.says("张三丰")
    company.write(lambda c: _namesake(c, company))
    assert "赵强 A002、赵强 A099" in company.lin.says("赵强")
    assert "没有找到" in company.lin.says("hujun")
    assert "赵强 现在是：应到" in company.lin.says("zhaoq")


def _namesake(connection: Connection, company: Company) -> None:
    member.add(connection, "A099", "赵强", company.now)


def test_late_from_ten_minutes_after_the_beginning(company: Company) -> None:
    called(company)
    company.travel_to(shanghai(11, 25, 14))
    live = company.lin.calls("meeting.start:1")
    assert "15:10 起算迟到" in live
    company.travel_to(shanghai(11, 25, 15, 9))
    company.bo.says(f"签到 {code_on(company.lin.calls('meeting.show:1'))}")
    company.travel_to(shanghai(11, 25, 15, 10))
    code = code_on(company.lin.calls("meeting.show:1"))
    assert "迟到" in company.tang.says(f"签到 {code}")
    company.lin.sees()
    assert "实到 2" in company.lin.last
    assert "迟到 1" in company.lin.last


def test_a_sign_in_that_opens_late_has_its_own_ten_minutes(company: Company) -> None:
    called(company)
    company.travel_to(shanghai(11, 25, 15, 30))
    assert "15:40 起算迟到" in company.lin.calls("meeting.start:1")


def test_it_opens_neither_too_early_nor_too_late(company: Company) -> None:
    called(company)
    assert "11-25 13:00 起可以开" in company.lin.calls("meeting.start:1")
    assert "还没到会议时间" in company.lin.calls("meeting.end_sure:1")
    company.travel_to(shanghai(11, 26, 9))
    assert "不能再开签到" in company.lin.calls("meeting.start:1")
    company.lin.says("会议")
    company.lin.presses("支部党员大会")
    company.lin.presses("记为已开")
    screen = company.lin.presses("确定结束")
    assert "没有开签到" in screen


def test_entered_by_hand_is_marked(company: Company) -> None:
    opened(company)
    company.lin.presses("未到")
    company.lin.presses("赵强")
    assert "赵强" not in company.lin.last.labels
    card = company.lin.presses("返回")
    assert "实到 1" in card
    assert "代签 1" in card
    assert "不存在" in company.lin.calls(f"attendance.enter:1:{company.roll.people['ada']}")


def test_after_the_end_nobody_signs_in(company: Company) -> None:
    code = code_on(opened(company))
    company.bo.says(f"签到 {code}")
    company.lin.presses("结束会议")
    over = company.lin.presses("确定结束")
    assert "已结束" in over
    assert "没有找到" in company.tang.says(f"签到 {code}")
    assert "不能这样改" in company.lin.calls(f"attendance.enter:1:{company.roll.people['tang']}")
    assert "不能这样改" in company.lin.calls("meeting.end_sure:1")
    company.lin.calls("meeting.show:1")
    company.lin.presses("记请假")
    assert "赵强" not in company.lin.last.labels, "whoever was there needs no leave"
    assert "因为什么请假" in company.lin.presses("唐杰")
    assert "已给 唐杰 记下请假" in company.lin.presses("出差")
    assert "唐杰" not in company.lin.last.labels
    assert "记下请假（出差）" in company.tang.sees()
    assert "请假 1" in company.lin.calls("meeting.show:1")
    bo, tang = company.roll.people["bo"], company.roll.people["tang"]
    assert "已经签到" in company.lin.calls(f"attendance.excused:1:{bo}:trip")
    assert "不存在" in company.lin.calls(f"attendance.excused:1:{tang}:flu")
    for press in ("absent:1:0", f"excuse:1:{tang}", f"excused:1:{tang}:duty"):
        assert "不存在" in company.chen.calls(f"attendance.{press}"), "an officer above has no part in leaves"
    assert "不能这样改" in company.tang.calls("attendance.because:1:trip")
    assert "已开，待记录" in company.lin.says("会议")
    deeds = company.read(lambda c: list(c.scalars(select(audit.audit.c.deed).order_by(audit.audit.c.id))))
    assert [one for one in deeds if one.startswith("meeting.")] == ["meeting.start", "meeting.end"], "each once"


def test_a_meeting_nobody_was_told_of_can_be_held(company: Company) -> None:
    planned(company, "党课", "今天 10:00")
    live = company.lin.presses("开始签到")
    assert "党课" in live
    assert "法定" not in live
    assert "有表决权" not in live
    assert "签到成功" in company.bo.says(f"签到 {code_on(live)}")


def test_opened_twice_is_opened_once(company: Company) -> None:
    first = code_on(opened(company))
    assert code_on(company.lin.calls("meeting.start:1")) == first


def test_a_meeting_leaves_the_hands_of_who_is_no_secretary_any_more(company: Company) -> None:
    opened(company)
    company.write(lambda c: permission.end(c, company.roll.people["lin"], company.now, Role.BRANCH_SECRETARY))
    assert "不存在" in company.lin.calls("meeting.end_sure:1")
    assert "不存在" in company.lin.calls("attendance.answers:1")
    assert "我的答复" in company.lin.calls("meeting.show:1")


def test_answers_stand_in_rows_once(company: Company) -> None:
    called(company)
    for _ in range(3):
        company.bo.calls("attendance.received:1")

    def rows(connection: Connection) -> int:
        return len(connection.execute(select(attendee).where(attendee.c.meeting_id == 1)).all())

    assert company.read(rows) == 4


def test_the_rule_is_applied_to_todays_roster_again(company: Company) -> None:
    called(company)
    set_otherwise(company, "陈涛", "列席", "上级派人列席")
    company.ma.sees()

    def change(connection: Connection) -> None:
        member.set_units(connection, company.roll.people["ma"], [company.roll.units["plant"].id])
        member.set_units(connection, company.roll.people["xu"], [company.roll.units["branch1"].id])

    company.write(change)
    screen = company.lin.presses("按花名册重算")
    assert "徐静" in screen
    assert "马琳" not in screen
    assert "列席（1）：陈涛" in screen
    assert "会议通知" in company.xu.sees()
    assert "不用参加" in company.ma.sees()
    assert "不存在" in company.hu.calls("attendance.recount:1")


def test_the_sign_in_of_a_meeting_has_one_card(company: Company) -> None:
    opened(company)
    assert not [label for label in company.lin.says("开签到").labels if "进行中" in label]


def test_a_crowd_is_no_meeting(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.meeting.MOST_CALLED", 3)
    company.lin.says("安排会议")
    company.lin.presses("第一党支部")
    assert "超过 3 人" in company.lin.presses("支部党员大会")
    assert "没有要你参加" in company.lin.says("会议")


def test_a_known_phrase_leaves_the_planning(company: Company) -> None:
    company.lin.says("安排会议")
    company.lin.presses("第一党支部")
    company.lin.presses("党课")
    company.lin.says("周三 15:00")
    assert "没有要你参加" in company.lin.says("会议")
    assert "过期" in company.lin.calls("meeting.skip")
