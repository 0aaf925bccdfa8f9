"""会议: from planning to the end in few taps, the notice, changes, who may do what, and two branches apart."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import ics as second_parser
import pytest
import vobject
from sqlalchemy import Connection, select

from domain.meeting import covers
from domain.permission import Role
from services import attachment
from services import meeting as service
from services.meeting_attendance import adjust
from storage import member, permission
from storage.meeting import meeting
from storage.minutes import item
from tests.talk import Company, Phone, Screen

EXPIRED = "这个按钮"


def shanghai(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour - 8, minute, tzinfo=UTC)


class Taps:
    """A phone whose taps and messages are counted."""

    def __init__(self, phone: Phone) -> None:
        """Start at nothing."""
        self.phone = phone
        self.count = 0

    def says(self, words: str) -> Screen:
        self.count += 1
        return self.phone.says(words)

    def presses(self, label: str) -> Screen:
        self.count += 1
        return self.phone.presses(label)


def planned(
    company: Company, kind: str = "支部党员大会", when: str = "周三 15:00", where: str = "三楼会议室"
) -> Screen:
    """林雪 plans a meeting of her branch; returns the draft's card."""
    company.lin.says("安排会议")
    company.lin.presses("第一党支部")
    company.lin.presses(kind)
    company.lin.says(when)
    return company.lin.says(where)


def called(company: Company, kind: str = "支部党员大会") -> None:
    """The notice is out, and everybody looks at it."""
    planned(company, kind)
    company.lin.presses("发通知")
    company.deliver()


def code_on(screen: Screen) -> str:
    found = re.search(r"签到码 (\d{6})", screen)
    assert found, screen
    return found[1]


def event(company: Company, phone: Phone) -> vobject.base.Component:
    """Return the event of the newest calendar file on a phone."""
    document = [one for one in phone.everything.documents if one.name.endswith(".ics")][-1]
    kept = company.read(lambda c: attachment.load(company.work(c), document.attachment))
    assert kept is not None
    calendar = vobject.readOne(kept[2].decode())
    calendar.vevent.how = calendar.method.value
    return calendar.vevent


def test_from_planning_to_the_end_in_few_taps(company: Company) -> None:
    lin = Taps(company.lin)
    lin.says("会议")
    lin.presses("安排会议")
    lin.presses("第一党支部")
    lin.presses("支部党员大会")
    asked = lin.says("周三下午3点")
    assert "2026年11月25日 周三 15:00" in asked
    draft = lin.says("三楼会议室")
    assert "应到 4 人：正式党员 3、预备党员 1（没有表决权）" in draft
    assert "有表决权 3 人，至少到 2 人" in draft
    assert "1. 通报上次会议决定落实情况" in draft
    assert len(draft.buttons) <= 8
    assert "通知发出了" in lin.presses("发通知")
    bo = Taps(company.bo)
    notice = company.bo.sees()
    assert "会议通知" in notice
    assert "三楼会议室" in notice
    assert notice.labels == ["收到", "请假", "日历"]
    assert "已答复：收到" in bo.presses("收到")
    company.travel_to(shanghai(11, 25, 14, 50))
    lin.says("会议")
    lin.presses("支部党员大会")
    live = lin.presses("开始签到")
    assert "应到 4　实到 0" in live
    assert "还差 2 人" in live
    assert "签到成功" in bo.says(f"签到 {code_on(live)}")
    company.lin.sees()
    assert "还差 1 人" in company.lin.last
    company.tang.says(f"签到 {code_on(live)}")
    company.lin.sees()
    assert "达到法定人数 ✓" in company.lin.last
    lin.presses("未到")
    lin.presses("林雪")
    lin.presses("返回")
    company.travel_to(shanghai(11, 25, 15, 30))
    lin.presses("结束会议")
    over = lin.presses("确定结束")
    assert "已结束" in over
    assert "实到 3" in over
    assert "代签 0" in over
    assert lin.count <= 16
    assert bo.count <= 3


def test_a_member_sees_it_at_home_and_in_the_list(company: Company) -> None:
    called(company)
    assert "还没答复" in company.bo.says("/home")
    company.bo.presses("看会议")
    assert "我的答复：还没答复" in company.bo.last
    company.bo.presses("收到")
    assert "会议：2026年11月25日 周三 15:00 支部党员大会" in company.bo.says("/home")
    assert "（已收到）" in company.bo.says("我的会议")
    assert "没有要你参加" in company.ada.says("我的会议")


def test_a_draft_is_nobodys_but_the_planners(company: Company) -> None:
    planned(company)
    assert company.bo.sees() == ""
    assert "没有要你参加" in company.bo.says("会议")
    assert "不存在" in company.bo.calls("meeting.show:1")
    assert "还没发通知" in company.lin.says("会议")


@pytest.mark.parametrize(
    "call",
    [
        "meeting.show:1", "meeting.send:1", "meeting.start:1", "meeting.end:1", "meeting.end_sure:1",
        "meeting_change.menu:1", "meeting_change.time:1", "meeting_change.move:1:202612011500",
        "meeting_change.place:1", "meeting_change.title:1", "meeting_change.agenda:1", "meeting_change.cancel:1",
        "meeting_change.cancel_sure:1", "attendance.answers:1", "attendance.people:1", "attendance.nudge:1",
        "attendance.adjust:1", "attendance.missing:1:0", "attendance.enter:1:2", "attendance.decide:1:2:1",
        "attendance.received:1", "attendance.leave:1", "attendance.because:1:trip", "attendance.file:1",
        "meeting.show:99", "attendance.received:99",
    ],
)  # fmt: skip
def test_what_others_forge_finds_nothing(company: Company, call: str) -> None:
    called(company)
    for phone in (company.hu, company.ada, company.zhou):
        assert "不存在" in phone.calls(call)
    assert "（已通知）" in company.lin.says("会议")


@pytest.mark.parametrize(
    "call", ["meeting.send:1", "meeting.start:1", "meeting_change.cancel_sure:1", "attendance.answers:1",
             "attendance.people:1", "attendance.missing:1:0", "attendance.enter:1:2", "attendance.decide:1:2:1"],
)  # fmt: skip
def test_a_member_runs_nothing(company: Company, call: str) -> None:
    called(company)
    assert "不存在" in company.bo.calls(call)


def test_two_branches_are_apart(company: Company) -> None:
    called(company)
    for phone in (company.xu, company.hu, company.chen):
        assert phone.sees() == ""
        assert "支部党员大会" not in phone.says("会议")
    other = company.roll.units["branch2"].id
    assert "需要相应的职责" not in company.hu.says("安排会议")
    assert "第二党支部" in company.lin.calls(f"meeting.unit:{other}")
    assert "第二党支部" in company.lin.calls(f"meeting.plan:{other}:branch_meeting:")
    assert "需要相应的职责" in company.bo.says("安排会议")


def test_a_group_leader_plans_for_the_group_alone(company: Company) -> None:
    screen = company.tang.says("安排会议")
    assert "第一党小组 开什么会" in screen
    assert "支部党员大会" not in screen.labels
    company.tang.presses("党小组会")
    company.tang.says("明天 16:00")
    draft = company.tang.presses("跳过")
    assert "应到 3 人" in draft
    assert "法定" not in draft
    company.tang.presses("发通知")
    assert "党小组会" in company.ma.sees()
    assert company.lin.sees() == ""
    branch, group = company.roll.units["branch1"].id, company.roll.units["group11"].id
    assert "第一党支部" in company.tang.calls(f"meeting.plan:{branch}:branch_meeting:")
    assert "不开这种会" in company.tang.calls(f"meeting.plan:{group}:branch_meeting:")
    assert "党小组会" in company.lin.says("会议")


def test_the_committee_meeting_calls_the_committee(company: Company) -> None:
    def name(connection: Connection) -> None:
        permission.give(
            connection, company.roll.people["bo"], Role.COMMITTEE_MEMBER, company.roll.units["branch1"].id, company.now
        )

    company.write(name)
    draft = planned(company, "支委会")
    assert "应到 2 人：支部书记和委员 2" in draft
    assert "有表决权 2 人，至少到 1 人" in draft
    company.lin.presses("发通知")
    assert "支委会" in company.bo.sees()
    assert company.tang.sees() == ""


def test_whoever_leads_elsewhere_is_an_ordinary_member_of_her_branch(company: Company) -> None:
    def name(connection: Connection) -> None:
        permission.give(
            connection, company.roll.people["bo"], Role.COMMITTEE, company.roll.units["party"].id, company.now
        )

    company.write(name)
    assert "应到 4 人：正式党员 3" in planned(company)


def test_union_and_league_meet_by_standing(company: Company) -> None:
    company.zhou.says("安排会议")
    company.zhou.says("职工座谈会")
    company.zhou.says("周五 10:00")
    assert "工会会员" in company.zhou.presses("跳过")
    company.gao.says("安排会议")
    company.gao.says("团员大会")
    company.gao.says("周五 10:00")
    assert "应到 1 人：团员 1" in company.gao.presses("跳过")


def test_a_time_is_read_back_and_what_stands_against_it_is_said(company: Company) -> None:
    called(company)
    company.lin.says("安排会议")
    company.lin.presses("第一党支部")
    company.lin.presses("党课")
    assert "没有看懂" in company.lin.says("随便什么时候")
    assert "周六，几点开" in company.lin.says("周六")
    screen = company.lin.says("下午三点")
    assert "2026年11月28日 周六 15:00" in screen
    assert "休息日" in screen
    company.lin.presses("改时间")
    assert "“支部党员大会”（2026年11月25日 周三 15:00）" in company.lin.says("周三 16:00")
    company.lin.presses("改时间")
    assert "已经过了" in company.lin.says("今天 8:00")
    assert "太远" in company.lin.says("2029-01-01 8:00")
    screen = company.lin.presses("2026年11月24日 周二 15:00")
    assert "三楼会议室" in screen.labels
    assert "地点：三楼会议室" in company.lin.presses("三楼会议室")


def test_a_plan_for_what_is_due_counts_for_its_period_only_when_the_time_is_another(company: Company) -> None:
    branch = company.roll.units["branch1"].id
    screen = company.lin.calls(f"meeting.plan:{branch}:theme_day:2026-11")
    assert "按 2026-11 的应办来安排" in screen
    company.lin.says("11月30日 15:00")
    assert "计入" not in company.lin.presses("跳过")
    company.lin.calls(f"meeting.plan:{branch}:theme_day:2026-10")
    company.lin.says("11月27日 15:00")
    assert "计入 2026-10" in company.lin.presses("跳过")


def test_periods() -> None:
    day = datetime(2026, 11, 30, tzinfo=UTC).date()
    assert [covers(one, day) for one in ("2026-11", "2026Q4", "2026", "2026-Q4", "2026H2")] == [True] * 5
    assert [covers(one, day) for one in ("2026-10", "2026Q3", "2025", "2026H1")] == [False] * 4
    assert [covers(one, day) for one in ("", "2026-13", "x", "2026Q5")] == [None] * 4


def test_changes_are_told_and_the_calendar_follows(company: Company) -> None:
    called(company)
    company.bo.presses("收到")
    company.bo.presses("日历")
    first = event(company, company.bo)
    assert first.sequence.value == "0"
    assert first.dtstart.value == shanghai(11, 25, 15)
    company.lin.presses("修改")
    company.lin.presses("改时间")
    assert "需要重新答复" in company.lin.says("周四 9:30")
    company.lin.presses("就这样")
    told = company.bo.sees()
    assert "2026年11月25日 周三 15:00 → 2026年11月26日 周四 09:30" in told
    assert "还没答复 3" in company.lin.last
    company.bo.presses("日历")
    second = event(company, company.bo)
    assert (second.uid.value, second.sequence.value) == (first.uid.value, "1")
    assert second.dtstart.value == shanghai(11, 26, 9, 30)
    company.bo.presses("收到")
    company.lin.presses("修改")
    company.lin.presses("改地点")
    company.lin.says("一楼报告厅")
    assert "三楼会议室 → 一楼报告厅" in company.bo.sees()
    assert "还没答复 2" in company.lin.last
    company.lin.presses("修改")
    company.lin.presses("改名称")
    company.lin.says("党员大会（扩大）")
    assert "支部党员大会 → 党员大会（扩大）" in company.bo.sees()
    company.lin.presses("修改")
    company.lin.presses("取消会议")
    company.lin.presses("确定取消")
    assert "会议取消" in company.bo.sees()
    last = event(company, company.bo)
    assert (last.uid.value, last.sequence.value, last.how) == (first.uid.value, "4", "CANCEL")
    assert "已经取消" in company.bo.calls("attendance.received:1")
    assert "已经取消" in company.lin.calls("meeting.start:1")


def test_a_draft_changes_in_silence(company: Company) -> None:
    planned(company)
    company.lin.presses("改时间")
    assert "周四 10:00" in company.lin.says("周四 10:00")
    company.lin.presses("改地点")
    company.lin.says("线上 https://meet.example/1")
    company.lin.presses("议程")
    screen = company.lin.says("1. 学习文件\n2、接收预备党员：张三\n2026年度计划")
    assert "1. 学习文件\n2. 接收预备党员：张三\n3. 2026年度计划" in screen
    company.lin.presses("取消会议")
    assert "已取消" in company.lin.presses("确定取消")
    assert company.bo.sees() == ""


def test_a_day_off_is_confirmed_when_a_draft_moves_to_it(company: Company) -> None:
    planned(company)
    company.lin.presses("改时间")
    assert "休息日" in company.lin.says("周日 10:00")
    assert "周日 10:00" in company.lin.presses("就用这个时间")


def test_wrong_input_changes_nothing(company: Company) -> None:
    planned(company)
    company.lin.presses("改地点")
    assert "太长" in company.lin.says("很" * 200)
    company.lin.presses("‹ 返回")
    company.lin.presses("议程")
    assert "太长" in company.lin.says("\n".join(["一项"] * 21))
    assert "三楼会议室" in company.lin.calls("meeting.show:1")
    company.lin.says("别的话")
    old = (
        "meeting.at:202612011500",
        "meeting.skip",
        "meeting.same_place",
        "meeting.again",
        "meeting_change.move:1:abc",
    )
    for call in (*old, "attendance.duty:guest", "attendance.why:work"):
        assert EXPIRED in company.lin.calls(call), call
    screen = company.lin.calls("meeting.show:1")
    assert "周三 15:00" in screen
    assert "地点：三楼会议室" in screen
    assert "1. 通报上次会议" in screen


def test_the_workday_before_it_is_reminded_within_quiet_hours(company: Company) -> None:
    planned(company, when="11月30日 9:00")  # a Monday
    company.lin.presses("发通知")
    company.bo.sees()
    company.bo.presses("收到")
    company.travel_to(shanghai(11, 27, 15, 59))
    assert "会议提醒" not in company.bo.sees()
    company.travel_to(shanghai(11, 27, 16, 1))
    assert "会议提醒" in company.bo.sees()
    assert "会议提醒" not in company.ada.sees()
    company.travel_to(shanghai(11, 30, 8, 30))
    assert "会议提醒" not in company.bo.sees()


def test_nobody_is_reminded_on_the_day_of_the_notice(company: Company) -> None:
    planned(company, when="明天 9:00")
    company.lin.presses("发通知")
    company.bo.sees()
    company.travel_to(shanghai(11, 24, 8, 0))
    assert "会议提醒" not in company.bo.sees()


def test_who_has_not_answered_is_reminded_once_a_day(company: Company) -> None:
    called(company)
    company.bo.sees()
    company.bo.presses("收到")
    screen = company.lin.presses("谁答复了")
    assert "收到（2）：赵强、林雪" in screen
    assert "还没答复（2）：马琳、唐杰" in screen
    company.ma.sees()
    assert "已提醒 2 人" in company.lin.presses("提醒没答复的")
    assert "请答复" in company.ma.sees()
    assert company.bo.sees() == ""
    assert "今天已经提醒过" in company.lin.calls("attendance.nudge:1")
    company.travel(days=1)
    assert "已提醒" in company.lin.calls("attendance.nudge:1")


def test_somebody_who_has_not_agreed_yet_is_called_all_the_same(company: Company) -> None:
    company.write(lambda c: member.change(c, company.roll.people["bo"], consent=0))
    assert "应到 4 人" in planned(company)


def test_what_others_use(company: Company) -> None:
    called(company)
    company.travel_to(shanghai(11, 25, 15))
    live = company.lin.calls("meeting.start:1")
    company.bo.says(f"签到 {code_on(live)}")

    def look(connection: Connection) -> tuple[list[str], int, bool]:
        work = company.work(connection)
        found = service.runs(work, company.roll.people["lin"], 1)
        counts = service.counts(work, found)
        return [one.name for one in service.present(work, 1)], counts.needed, counts.reached

    assert company.read(look) == (["赵强"], 2, False)


def test_in_english(company: Company) -> None:
    for phone in (company.lin, company.bo):
        phone.says("/language")
        phone.presses("English")
    company.lin.says("plan a meeting")
    company.lin.presses("第一党支部")
    company.lin.presses("General meeting")
    company.lin.says("Wed 3pm")
    draft = company.lin.says("Room 3")
    assert "4 should come: full members 3, probationary members 1" in draft
    assert "3 of them have a vote; 2 must be there" in draft
    company.lin.presses("Send the notice")
    assert "You are called to a meeting" in company.bo.sees()
    assert "Answered: received" in company.bo.presses("Received")
    assert "会议通知" in company.ma.sees()
    company.travel(days=2, hours=5)
    company.lin.says("meetings")
    company.lin.presses("General meeting")
    live = company.lin.presses("Open the sign-in")
    found = re.search(r"Code (\d{6})", live)
    assert found
    company.bo.says(f"签到 {found[1]}")
    company.lin.sees()
    assert "1 are missing, no vote can be held now" in company.lin.last


def test_a_notice_at_night_waits_for_the_morning(company: Company) -> None:
    company.travel_to(shanghai(11, 23, 21, 30))
    planned(company)
    company.lin.presses("发通知")
    assert company.bo.sees() == ""
    company.travel(hours=11)
    assert "会议通知" in company.bo.sees()


def test_an_old_card_sends_no_second_notice(company: Company) -> None:
    called(company)
    company.bo.sees()
    assert "不能这样改" in company.lin.calls("meeting.send:1")
    assert company.bo.sees() == ""


def test_dropped_is_dropped(company: Company) -> None:
    company.lin.says("安排会议")
    assert "没有安排会议" in company.lin.presses("取消")
    company.lin.says("安排会议")
    assert "没有找到叫“第九”" in company.lin.says("第九")
    company.lin.says("第一党小组")
    company.lin.presses("其他会议")
    company.lin.presses("取消")
    assert "没有要你参加" in company.lin.says("会议")


def test_who_gets_no_notice_is_named_to_the_planner(company: Company) -> None:
    company.write(lambda c: member.change(c, company.roll.people["tang"], consent=0))
    planned(company)
    assert "收不到通知，请另行告知：唐杰" in company.lin.presses("发通知")
    assert "收不到通知、请另行告知（1）：唐杰" in company.lin.presses("谁答复了")


def test_a_notice_that_would_come_too_late_says_so(company: Company) -> None:
    company.travel_to(shanghai(11, 27, 21, 30))  # a Friday evening
    assert "2026年11月30日 周一 08:00 才送达，那时会议已经开始" in planned(company, when="周六 10:00")
    company.lin.presses("改时间")
    company.lin.says("11月30日 15:00")
    assert "通知会在 2026年11月30日 周一 08:00 送达" in company.lin.calls("meeting.show:1")


def test_the_length_is_changed_and_told(company: Company) -> None:
    called(company)
    company.bo.sees()
    company.lin.presses("修改")
    company.lin.presses("改时长")
    assert "约 120 分钟" in company.lin.presses("120 分钟")
    assert "时长：90 → 120 分钟" in company.bo.sees()
    assert EXPIRED in company.lin.calls("meeting_change.minutes:1:7")


@pytest.mark.parametrize("label", ["改地点", "议程"])
def test_marks_of_secrecy_do_not_travel(company: Company, label: str) -> None:
    planned(company)
    company.lin.presses(label)
    assert "密级标志" in company.lin.says("秘密★5年 三号楼")
    assert "秘密" not in company.lin.calls("meeting.show:1")


def test_the_file_is_read_by_another_parser_too(company: Company) -> None:
    called(company)
    company.bo.presses("日历")
    document = company.bo.last.documents[0]
    kept = company.read(lambda c: attachment.load(company.work(c), document.attachment))
    assert kept is not None
    [found] = second_parser.Calendar(kept[2].decode()).events
    assert found.name == "支部党员大会 · 第一党支部"
    assert found.location == "三楼会议室"
    assert found.begin.datetime == shanghai(11, 25, 15)
    assert found.duration.total_seconds() == 90 * 60


def test_the_item_at_hand_decides_which_quorum_is_shown(company: Company) -> None:
    planned(company)
    company.lin.presses("议程")
    company.lin.says("学习文件\n支部委员会换届选举")
    company.travel_to(shanghai(11, 25, 15))
    live = company.lin.calls("meeting.start:1")
    for phone in (company.bo, company.tang):
        phone.says(f"签到 {code_on(live)}")
    assert "已到 2：达到法定人数" in company.lin.presses("刷新")

    def at_the_election(connection: Connection) -> None:
        [number] = connection.scalars(select(item.c.id).where(item.c.title.contains("选举")))
        connection.execute(meeting.update().values(item_id=number))

    company.write(at_the_election)
    screen = company.lin.presses("刷新")
    assert "已到 2：还差 1 人，现在不能表决" in screen
    assert "选举工作条例》（2020）" in screen
    assert "需 3" in screen


def test_a_branch_without_a_committee_is_told_so(company: Company) -> None:
    assert "没有支部委员" in planned(company, "支委会")


@pytest.mark.parametrize("call", ["meeting.plan:{unit}::2026-11", "meeting.kind:{unit}:", "meeting.kind:{unit}:x"])
def test_a_forged_kind_is_refused(company: Company, call: str) -> None:
    assert "不开这种会" in company.lin.calls(call.format(unit=company.roll.units["branch1"].id))


@pytest.mark.parametrize("stamp", ["000101010000", "999912312359", "x", "2026"])
def test_a_forged_time_is_an_old_button(company: Company, stamp: str) -> None:
    called(company)
    expired = company.lin.calls("meeting_change.move:1:x")
    assert company.lin.calls(f"meeting_change.move:1:{stamp}") == expired


def test_another_agenda_is_told_once(company: Company) -> None:
    called(company)
    company.lin.presses("修改")
    company.lin.presses("议程")
    assert "议程改好了" in company.lin.says("通过预算\n讨论计划")
    assert "新的议程已发给 3 人" in company.lin.presses("通知大家")
    told = company.bo.sees()
    assert "议程有变" in told
    assert "1. 通过预算" in told
    assert "已经通知过" in company.lin.calls("meeting_change.tell_agenda:1")
    company.bo.presses("日历")
    assert event(company, company.bo).sequence.value == "1"
    company.lin.calls("minutes.items:1")
    company.lin.says("其他事项")
    assert "新的议程已发给 3 人" in company.lin.presses("议程有变，通知大家")
    assert "3. 其他事项" in company.bo.sees()
    assert "不归你管" in company.bo.calls("meeting_change.tell_agenda:1")


def test_a_sign_in_opened_early_can_be_called_off_and_not_ended(company: Company) -> None:
    called(company)
    company.travel_to(shanghai(11, 25, 14, 50))
    company.lin.calls("meeting.start:1")
    assert "还没到会议时间" in company.lin.calls("meeting.end_sure:1")
    company.lin.calls("meeting.show:1")
    company.lin.presses("取消会议")
    assert "已取消" in company.lin.presses("确定取消")
    assert "会议取消" in company.bo.sees()


def test_a_meeting_that_has_begun_is_not_called_off(company: Company) -> None:
    called(company)
    company.travel_to(shanghai(11, 25, 14, 50))
    company.lin.calls("meeting.start:1")
    company.travel_to(shanghai(11, 25, 15, 1))
    assert "取消会议" not in company.lin.calls("meeting.show:1").labels
    assert "不能这样改" in company.lin.calls("meeting_change.cancel_sure:1")


def test_whoever_is_taken_out_gets_the_file_that_takes_it_out_of_the_calendar(company: Company) -> None:
    called(company)
    tang = company.roll.people["tang"]
    company.lin.calls("attendance.people:1")
    company.write(lambda c: adjust(company.work(c), company.roll.people["lin"], 1, tang, None, "出差在外"))
    company.deliver()
    assert "你不用参加了" in company.tang.sees()
    last = event(company, company.tang)
    assert (last.sequence.value, last.how, last.status.value) == ("1", "CANCEL", "CANCELLED")
