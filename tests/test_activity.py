"""活动 as chats: planning and publishing, signing up by one tap, changes, the sign-in at it, and what is refused."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest
import vobject
from sqlalchemy import select

from bot.understand import match
from domain.member import Standing
from storage import activity as table
from storage import attachment, audit, inbox, member, permission
from tests.talk import Company, Phone, Screen

TONIGHT = "今天 18:30"
SATURDAY = "2026年11月28日 周六 09:00"


def plan(
    planner: Phone,
    unit: str = "第一党支部",
    title: str = "去江边走一走",
    when: str = "周六 9:00",
    places: str = "20 人",
) -> Screen:
    """Plan a study tour; returns the summary."""
    planner.says("办活动")
    if "新活动" in planner.last.labels:
        planner.presses("新活动")
    if unit in planner.last.labels:
        planner.presses(unit)
    planner.presses("参观学习")
    planner.says(title)
    planner.says(when)
    planner.says("江边广场")
    return planner.presses(places) if places in planner.last.labels else planner.says(places)


def publish(planner: Phone, whom: str = "", **facts: str) -> None:
    """Plan something and publish it, perhaps for others than the unit's usual people."""
    plan(planner, **facts)
    if whom:
        planner.presses("谁能来")
        planner.presses(whom)
    assert "已发布" in planner.presses("发布")


def calendar_of(company: Company, screen: Screen) -> vobject.base.Component:
    [document] = screen.documents
    kept = company.read(lambda c: attachment.load(c, document.attachment))
    assert kept
    assert kept[1] == "text/calendar"
    return vobject.readOne(kept[2].decode())


def test_from_the_first_tap_to_the_invitation(company: Company) -> None:
    summary = plan(company.lin)
    assert "草稿" in summary
    assert SATURDAY in summary
    assert "2026年11月27日 周五 18:00 截止报名" in summary
    assert "党员和入党申请人" in summary
    assert len(summary.buttons) == 8
    company.lin.presses("发布")
    invited = company.bo.sees()
    assert "已发布" in company.lin.calls("activity_draft.publish:1")
    assert not company.bo.sees(), "published twice, told once"
    noted = company.read(lambda c: c.execute(select(audit.audit.c.deed, audit.audit.c.facts)).all())
    [facts] = [json.loads(facts) for deed, facts in noted if deed == "activity_publish"]
    assert facts == {"id": 1, "unit": company.roll.units["branch1"].id}
    assert "去江边走一走" in invited
    assert "江边广场" in invited
    assert "不收费" in invited
    assert not company.hu.sees(), "of another branch"
    assert not company.ada.sees(), "not of the branch"


def test_one_tap_signs_up_and_one_withdraws_and_twice_is_once(company: Company) -> None:
    publish(company.lin)
    company.bo.sees()
    assert "报名成功" in company.bo.presses("报名")
    assert "已经报过名" in company.bo.calls("activities.join:1:0")
    assert "还剩 19 个" in company.bo.last
    assert "已报名" in company.bo.says("我的活动")
    assert "已退出" in company.bo.calls("activities.withdraw:1")
    assert "不用退出" in company.bo.calls("activities.withdraw:1")
    assert company.read(lambda c: table.get(c, 1)).taken == 0  # type: ignore[union-attr]


def test_a_theme_day_is_planned_from_the_library(company: Company) -> None:
    company.lin.says("/activity")
    company.lin.presses("第一党支部")
    first = company.lin.presses("主题党日")
    assert len(first.buttons) <= 8
    second = company.lin.presses("换一批")
    assert second.labels[0] != first.labels[0]
    company.lin.calls("activity_plan.ideas:0")
    shown = company.lin.presses("车间隐患随手查")
    assert "□ 请安全员带队" in shown
    company.lin.presses("就用这个")
    company.lin.presses("11月28日")
    company.lin.presses("另行通知")
    summary = company.lin.presses("不限")
    assert "约 90 分钟" in summary
    assert "□ 请安全员带队" in summary
    assert "另行通知" in summary
    assert "名额不限" in summary


def test_what_is_typed_is_kept_until_it_can_be_read(company: Company) -> None:
    company.lin.says("/activity 读书会")
    company.lin.presses("第一党支部")
    company.lin.presses("讲座")
    assert "没有看懂时间" in company.lin.says("不知道")
    assert "没有看懂时间" in company.lin.says("2020-1-1 9:00")
    company.lin.says("12-5 19:00")
    company.lin.says("三楼会议室")
    assert "没有看懂人数" in company.lin.says("很多")
    summary = company.lin.says("40 人")
    assert "读书会" in summary
    assert "名额 40 个" in summary
    assert "2026年12月5日 周六 19:00" in summary


def test_within_working_hours_a_reason_is_asked_for_and_shown(company: Company) -> None:
    company.zhou.says("/activity 合唱")
    company.zhou.presses("文体活动")
    asked = company.zhou.says("11-25 10:00")
    assert "第四十一条" in asked
    assert "什么时候开始" in company.zhou.presses("换个时间")
    company.zhou.says("11-25 10:00")
    assert "最多 200 个字" in company.zhou.says("长" * 201)
    company.zhou.presses("已与单位商定")
    company.zhou.presses("另行通知")
    summary = company.zhou.presses("30 人")
    assert "在工作时间内举行，说明：已与单位商定" in summary
    assert "工会会员" in summary
    evening = company.zhou.presses("改时间")
    assert "11月24日 周二 18:00" in evening.labels[1]
    assert "工作时间内举行" not in company.zhou.presses("18:00")
    company.zhou.presses("改时间")
    company.zhou.says("11-25 10:00")
    assert "说明：午休延长" in company.zhou.says("午休延长")


def test_a_draft_is_changed_in_everything(company: Company) -> None:
    plan(company.lin)
    company.lin.presses("改地点")
    assert "老码头" in company.lin.says("老码头")
    company.lin.presses("更多修改")
    company.lin.presses("健康安全提示")
    assert "带好饮水" in company.lin.says("带好饮水")
    company.lin.presses("更多修改")
    company.lin.presses("费用说明")
    assert "门票自理 20 元" in company.lin.says("门票自理 20 元")
    company.lin.presses("更多修改")
    company.lin.presses("改时长")
    assert "约 180 分钟" in company.lin.presses("180 分钟")
    company.lin.presses("更多修改")
    company.lin.presses("改截止")
    assert "报名截止要在" in company.lin.says("11-29 9:00")
    assert "周四 12:00 截止" in company.lin.says("11-26 12:00")
    company.lin.presses("更多修改")
    company.lin.presses("改名称")
    assert "1 到 80" in company.lin.says("长" * 81)
    assert "**" not in company.lin.says("江边")
    company.lin.presses("谁能来")
    assert "所有人" in company.lin.presses("所有人")
    company.lin.presses("谁能来")
    assert "第一党小组" in company.lin.says("第一党小组")
    assert "家属也占名额" in company.lin.presses("可以带家属")
    company.lin.presses("发布")
    assert "江边" in company.bo.sees()
    assert not company.lin.sees(), "she is not of the group"


def test_who_signed_up_is_told_of_changes_with_a_newer_calendar_file(company: Company) -> None:
    publish(company.lin)
    company.bo.sees()
    company.ma.sees()
    company.bo.presses("报名")
    first = calendar_of(company, company.bo.presses("加入日历")).vevent
    assert first.sequence.value == "0"
    company.lin.calls("activity.show:1")
    company.lin.presses("修改")
    company.lin.presses("改时间")
    company.lin.says("周日 9:00")
    told = company.bo.sees()
    assert "有变动" in told
    assert "周日 09:00" in told
    second = calendar_of(company, told).vevent
    assert second.uid.value == first.uid.value
    assert second.sequence.value == "1"
    assert second.dtstart.value - first.dtstart.value == timedelta(days=1)
    assert not company.ma.sees(), "she did not sign up"
    company.lin.presses("取消活动")
    company.lin.presses("确定取消")
    told = company.bo.sees()
    assert "取消了" in told
    gone = calendar_of(company, told)
    assert gone.method.value == "CANCEL"
    assert gone.vevent.sequence.value == "2"
    assert gone.vevent.uid.value == first.uid.value
    assert "已经取消，没有报名" in company.ma.calls("activities.join:1:0")
    assert "已取消" in company.lin.calls("activity.off:1")
    assert not company.bo.sees(), "once"


def test_the_calendar_file_holds_nothing_that_changes_without_a_newer_one(company: Company) -> None:
    publish(company.lin)
    assert "还剩 19 个" in company.bo.calls("activities.join:1:0")
    words = str(calendar_of(company, company.bo.presses("日历")).vevent.description.value)
    assert "江边广场" in words
    for passing in ("还剩", "名额", "截止报名"):
        assert passing not in words


def test_what_is_secret_becomes_no_activity(company: Company) -> None:
    company.lin.says("办活动")
    company.lin.presses("第一党支部")
    company.lin.presses("参观学习")
    assert "密级标志“绝密★”" in company.lin.says("绝密★ 参观某厂")
    company.lin.presses("取消")
    assert "密级标志" in company.lin.says("/activity 机密★参观")
    publish(company.lin)
    for field in ("title", "place", "notes", "cost"):
        company.lin.calls(f"activity_plan.change:1:{field}")
        assert "密级标志" in company.lin.says("秘密★5年 江边")
    assert "密" not in company.bo.calls("activities.show:1")
    bodies = company.read(lambda c: list(c.scalars(select(inbox.inbox.c.body))))
    assert not [body for body in bodies if "密" in body], "nor is what was typed kept"


def test_a_conflict_is_said_and_both_are_kept(company: Company) -> None:
    publish(company.lin)
    publish(company.lin, title="同一时候的另一个", when="周六 10:00")
    company.bo.sees()
    company.bo.calls("activities.join:1:0")
    assert "时间有重叠" in company.bo.calls("activities.show:2")
    screen = company.bo.calls("activities.join:2:0")
    assert "报名成功" in screen
    assert "去江边走一走”时间有重叠" in screen


def test_family_takes_places_where_it_may_come(company: Company) -> None:
    plan(company.lin, places="5")
    company.lin.presses("可以带家属")
    company.lin.presses("发布")
    company.bo.sees()
    company.bo.presses("看活动")
    assert "报名成功" in company.bo.presses("带 3 位家属")
    assert "还剩 1 个" in company.bo.last
    assert "最多带 3 位" in company.ma.calls("activities.join:1:4")
    assert "最多带 3 位" in company.ma.calls("activities.join:1:-1")
    assert "已进入候补" in company.ma.calls("activities.join:1:1")
    assert "报名成功" in company.tang.calls("activities.join:1:0")
    company.lin.calls("activity.show:1")
    assert "已报名 2 人，家属 3 位；候补 1 人" in company.lin.last
    names = company.lin.presses("名单")
    assert "赵强（带家属 3 位） · 已报名" in names
    assert "马琳（带家属 1 位） · 候补第 1 号" in names
    company.lin.presses("返回")
    company.lin.presses("修改")
    company.lin.presses("改名额")
    assert "已经有 5 个名额" in company.lin.says("4")


def test_family_stays_at_home_where_it_may_not_come(company: Company) -> None:
    publish(company.lin)
    assert "不带家属" in company.bo.calls("activities.join:1:1")
    assert "不带家属" in company.bo.calls("activities.join:1:2")


def test_the_day_of_it(company: Company) -> None:
    publish(company.lin)
    for phone in (company.bo, company.ma, company.tang):
        phone.sees()
        phone.presses("报名")
    company.lin.calls("activity.show:1")
    assert "开始前 2 小时" in company.lin.presses("开始签到")
    assert "还没有到开始" in company.lin.calls("activity.finish:1")
    company.travel_to(company.now.replace(day=27, hour=1, minute=45))
    assert "提醒" in company.bo.sees(), "on Friday morning, for Saturday"
    company.travel_to(company.now.replace(day=28, hour=0, minute=30))
    assert not company.bo.sees(), "once"
    company.lin.calls("activity.show:1")
    opened = company.lin.presses("开始签到")
    found = re.search(r"签到码 (\d{6})", opened)
    assert found
    assert "已到 0/3" in opened
    assert "积 5 分" in company.bo.says(f"签到 {found[1]}")
    company.lin.sees()
    assert "已到 1/3" in company.lin.last, "the card lives"
    assert "报名中" not in company.lin.last
    company.lin.presses("名单")
    names = company.lin.presses("代签 马琳")
    assert "马琳 · 已到 ✓" in names
    assert "唐杰 · 已报名" in names
    assert "没有找到" in company.hu.says(f"签到 {found[1]}")
    assert "已经开始签到" in company.tang.calls("activities.withdraw:1")
    company.travel(hours=2)
    company.lin.presses("返回")
    ended = company.lin.presses("结束活动")
    assert "实到 2/3" in ended
    assert "代签 1" in ended
    company.travel(days=2)
    assert "觉得怎么样" in company.bo.sees()
    assert "觉得怎么样" not in company.tang.sees(), "he was not there"
    one = company.read(lambda c: table.get(c, 1))
    assert one
    assert one.eligible == 4
    people = company.roll.people
    assert company.read(lambda c: table.participants(c, [1])) == {people["bo"], people["ma"]}
    first, last = company.now - timedelta(days=30), company.now
    path = company.roll.units["party"].path
    assert [held.id for held in company.read(lambda c: table.over_between(c, [path], first, last))] == [1]
    assert company.read(lambda c: table.over_between(c, [company.roll.units["branch2"].path], first, last)) == []
    assert len(company.read(lambda c: c.scalars(member.audience(one.audience_path, one.standings)).all())) == 4


def test_who_stands_at_the_door_may_still_come_while_there_is_room(company: Company) -> None:
    publish(company.lin, places="2", when=TONIGHT)
    company.bo.calls("activities.join:1:0")
    company.travel(hours=9, minutes=10)
    assert "已经截止" in company.ma.calls("activities.join:1:0")
    company.lin.calls("activity.open:1")
    found = re.search(r"签到码 (\d{6})", company.lin.last)
    assert found
    assert "报名成功" in company.ma.calls("activities.join:1:0")
    assert "签到成功" in company.ma.says(f"签到 {found[1]}")
    assert "名额已满、活动已经开始" in company.tang.calls("activities.join:1:0")


def test_nobody_ended_it_and_it_is_over(company: Company) -> None:
    publish(company.lin, when="今天 17:30")
    company.bo.calls("activities.join:1:0")
    company.travel(hours=11, minutes=59)
    assert company.read(lambda c: table.get(c, 1)).state == "published"  # type: ignore[union-attr]
    company.travel(minutes=2)
    assert company.read(lambda c: table.get(c, 1)).state == "over"  # type: ignore[union-attr]
    company.travel(hours=11)
    assert "觉得怎么样" in company.bo.sees()
    assert "去江边走一走" in company.lin.says("/activity"), "lately over, its feedback can be seen"


def test_the_home_card_has_the_week(company: Company) -> None:
    publish(company.lin)
    company.bo.sees()
    assert "可以报名：2026年11月28日" in company.bo.says("/home")
    company.bo.calls("activities.join:1:0")
    assert "活动：2026年11月28日" in company.bo.says("/home")
    assert len(company.bo.last.buttons) <= 8
    assert "江边" not in company.hu.says("/home")
    assert "没有你可以参加的活动" in company.hu.says("有什么活动")


def test_whoever_holds_it_today_finds_it_on_the_home_card(company: Company) -> None:
    publish(company.lin, when=TONIGHT)
    assert "今天 18:30 你组织的活动：去江边走一走" in company.lin.says("/home")
    assert "已报名 0 人" in company.lin.presses("管活动")


def test_what_is_called_off_within_a_day_is_told_in_quiet_hours_too(company: Company) -> None:
    publish(company.lin, when="明天 18:30")
    publish(company.lin, title="后来的", when="周六 9:00")
    for number in (1, 2):
        company.bo.calls(f"activities.join:{number}:0")
    company.travel(hours=13)
    company.bo.sees()
    company.lin.calls("activity.off:2")
    assert not company.bo.sees(), "it is half past ten in the evening, and Saturday is far"
    company.lin.calls("activity.off:1")
    assert "取消了" in company.bo.sees()


def test_the_library_is_there_for_other_kinds_too(company: Company) -> None:
    company.sun.says("办活动")
    company.sun.presses("讲座")
    assert "参考题目" in company.sun.presses("看参考题目")
    while "女职工关爱与健康课" not in company.sun.last.labels:
        company.sun.presses("换一批")
    company.sun.presses("女职工关爱与健康课")
    company.sun.presses("就用这个")
    assert "什么时候开始" in company.sun.last


def test_forged_calls_are_refused(company: Company) -> None:
    assert "职责" in company.ada.says("/activity")
    assert "职责" in company.ada.calls("activity_plan.start:")
    plan(company.lin)
    hu = company.hu
    for call in (
        "activity_draft.publish:1",
        "activity_draft.summary:1",
        "activity.show:1",
        "activity_plan.change:1:when",
    ):
        assert "不归你组织" in hu.calls(call)
    assert "没有这个活动" in company.bo.calls("activities.show:1"), "a draft is its author's"
    assert "没有这个活动" in company.bo.calls("activities.join:1:0")
    other = company.roll.units["branch2"].id
    assert "不归你安排" in company.lin.calls(f"activity_draft.to:1:{other}")
    company.lin.presses("发布")
    assert "不是面向你的" in hu.calls("activities.join:1:0")
    assert "不是面向你的" in hu.calls("activities.show:1")
    for call in ("activity.names:1:0", "activity.open:1", "activity.off:1", "activity.finish:1", "activity.feedback:1"):
        assert "不归你组织" in hu.calls(call)
        assert "不归你组织" in company.bo.calls(call)
    assert "不能这样改" in company.lin.calls("activity_draft.family:1")
    assert "没有代签" not in company.lin.calls(f"activity.enter:1:{company.roll.people['hu']}:0")
    for call in ("activity_plan.at:29000000", "activity_plan.use:red_site", "activity_plan.capacity:20"):
        assert "过期" in company.bo.calls(call)
    assert "过期" in company.lin.calls("activity_plan.change:1:state")


def test_whose_role_was_taken_away_holds_nothing_any_more(company: Company) -> None:
    plan(company.lin)
    company.write(lambda c: permission.end(c, company.roll.people["lin"], company.now))
    assert "不归你组织" in company.lin.presses("发布")


def test_standings_decide_who_may_come(company: Company) -> None:
    plan(company.zhou, unit="集团工会")
    company.zhou.presses("谁能来")
    company.zhou.presses("团员")
    company.zhou.presses("发布")
    assert "去江边走一走" in company.gao.sees()
    assert not company.ada.sees()
    company.write(lambda c: member.set_standings(c, company.roll.people["gao"], (Standing.UNION,)))
    assert "不是面向你的" in company.gao.presses("报名")


def test_nobody_may_come_and_nothing_is_published(company: Company) -> None:
    plan(company.sun, unit="集团妇联")
    company.sun.presses("谁能来")
    company.sun.presses("团员")
    assert "没有符合条件的人" in company.sun.presses("发布")


def test_in_english(company: Company) -> None:
    company.write(lambda c: member.change(c, company.roll.people["lin"], language="en"))
    company.write(lambda c: member.change(c, company.roll.people["bo"], language="en"))
    company.lin.says("language")
    company.lin.presses("English")
    company.bo.says("language")
    company.bo.presses("English")
    company.lin.says("plan an activity")
    company.lin.presses("第一党支部")
    company.lin.presses("Theme day")
    assert "Checklist" in company.lin.presses("A lesson at a red site")
    company.lin.presses("Take this one")
    company.lin.says("Sat 9:00")
    company.lin.presses("To be told")
    assert "A draft" in company.lin.presses("No limit")
    company.lin.presses("Publish")
    assert "A new activity" in company.bo.sees()
    assert "Signed up" in company.bo.presses("Sign up")
    assert "signed up ✓" in company.bo.says("what is on")


def test_cancelled_plans_nothing(company: Company) -> None:
    company.lin.says("办活动")
    assert "没有办新活动" in company.lin.presses("取消")
    plan(company.lin)
    assert "草稿不要了" in company.lin.presses("取消")
    assert company.read(lambda c: table.drafts_of(c, company.roll.people["lin"], 5)) == []


def test_the_moments_stand_in_the_organisations_zone(company: Company) -> None:
    plan(company.lin)
    one = company.read(lambda c: table.get(c, 1))
    assert one
    assert one.starts_at == datetime.fromisoformat("2026-11-28T01:00:00+00:00")


@pytest.mark.parametrize(
    ("words", "entry"),
    [
        ("办活动", "activity"),
        ("我要组织活动", "activity"),
        ("有什么活动", "activities"),
        ("最近有什么活动？", "activities"),
        ("我的活动", "activities"),
        ("what is on", "activities"),
        ("plan an activity", "activity"),
    ],
)
def test_what_people_type_reaches_it(words: str, entry: str) -> None:
    found = match(words)
    assert found
    assert found[0] == entry
