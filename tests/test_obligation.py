"""应办 in the chat: what branches of 5, 12, 60 and a joint one owe, decisions with reasons, reminders, the year."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable
from datetime import date, datetime
from threading import Barrier, Thread

import pytest
from sqlalchemy import Connection, func, select

from bot import clock
from content.rule_pack import book
from domain.meeting import MeetingState
from domain.member import Standing
from domain.obligation import Obligation, State, standardisation
from domain.refusal import Refusal
from domain.reply import CALL_BYTES
from domain.rule_reading import read_pack
from services import obligation
from services.work import Work
from storage import attachment, audit, basis, member, permission
from storage import obligation as entries
from storage.rule import rule_pack
from tests.holding import Branch, found, only_ours
from tests.talk import Company


def owed(branch: Branch, first: date, last: date) -> list[Obligation]:
    company = branch.company
    return company.read(lambda c: obligation.of_units(company.work(c), [branch.unit], first, last))


def names(branch: Branch, first: date = date(2026, 11, 1), last: date = date(2026, 12, 31)) -> set[str]:
    return {one.rule.id for one in owed(branch, first, last)}


def at(company: Company, month: int, day: int, hour: int = 12, year: int = 2026) -> None:
    only_ours(company)
    company.travel_to(datetime(year, month, day, hour, tzinfo=company.organisation.zone))


def states(branch: Branch, rule: str, year: int) -> list[State]:
    found = owed(branch, date(year, 1, 1), date(year, 12, 31))
    return [one.state for one in found if one.rule.id == rule]


def test_what_is_due_in_one_card(company: Company) -> None:
    screen = company.lin.says("应办")
    assert "支部党员大会" in screen or "主题党日" in screen
    assert "第十一条" in screen or "第十六条" in screen
    assert "还没有安排" in screen
    assert len(screen.buttons) <= 8
    assert all(len(button.call.encode()) <= CALL_BYTES for button in screen.buttons)
    assert "需要相应的职责" in company.ada.says("/due")
    assert "没有党支部" in company.zhou.says("/due")


def test_a_detail_names_article_and_trust(company: Company) -> None:
    company.lin.says("应办")
    screen = company.lin.presses("党课") if "党课" in str(company.lin.last.labels) else company.lin.presses("主题党日")
    assert "依据：" in screen
    assert "读过原文" in screen or "说法不一" in screen
    assert "2026年1月1日" in screen
    lecture = company.lin.calls(f"obligation.show:{company.roll.units['branch1'].id}:lecture:2026Q4")
    assert "各处说法不一，可由单位设定" in lecture
    assert "没有写次数" in lecture


def test_a_branch_of_two_belongs_in_a_joint_one(company: Company) -> None:
    screen = company.hu.says("应办")
    assert "不足三名" in screen
    assert "联合党支部" in screen
    assert "第二党支部" in screen
    assert "安排好" not in screen


def test_which_duties_a_branch_has(company: Company) -> None:
    five = found(company, "五人党支部", 5, probationary=3)
    twelve = found(company, "十二人党支部", 12, groups=2)
    sixty = found(company, "六十人党支部", 60)
    joint = found(company, "东片联合党支部", 4)
    always = {"branch_meeting", "lecture", "theme_day", "life_meeting", "assessment", "talk", "study_hours",
              "study_hours_committee", "term"}  # fmt: skip
    assert names(five) == always
    assert names(joint) == always
    assert names(twelve) == always | {"committee_meeting", "group_meeting"}
    assert names(sixty) == always | {"committee_meeting"}


def lives(branch: Branch, month: int) -> None:
    """Hold what is due in a month of 2027, on its 10th."""
    day = date(2027, month, 10)
    branch.hold("theme_day", day)
    if len(branch.people) >= 7:
        branch.hold("committee_meeting", day, should=branch.people[:3])
    for group in branch.groups:
        branch.hold("group_meeting", day, place=group)
    if month % 3 == 2:
        branch.hold("branch_meeting", day)
        branch.hold("lecture", day)
    if month == 11:
        branch.hold("life_meeting", day)
        branch.hold("assessment", day)


def test_a_branch_of_five_one_of_twelve_one_of_sixty_and_a_joint_one_live_through_a_year(company: Company) -> None:
    five, twelve = found(company, "五人党支部", 5), found(company, "十二人党支部", 12, groups=2)
    sixty, joint = found(company, "六十人党支部", 60), found(company, "东片联合党支部", 4)
    for month in range(1, 13):
        at(company, month, 10, year=2027)
        for branch in (five, twelve, sixty):
            lives(branch, month)
    at(company, 1, 20, year=2028)
    years = [owed(branch, date(2027, 1, 1), date(2027, 12, 31)) for branch in (five, twelve, sixty, joint)]
    for year in years[:3]:
        assert {one.state for one in year if one.rule.met} == {State.MET}
    # Study hours were not entered: two a branch. Each month has a theme day, a committee and a group meeting.
    assert [(one.met, one.due, one.advice) for one in map(standardisation, years)] == [
        (22, 24, 1), (46, 48, 1), (34, 36, 1), (0, 24, 1),
    ]  # fmt: skip
    assert {(one.needed, one.times) for one in years[1] if one.rule.id == "group_meeting"} == {(2, 2)}
    assert {one.state for one in years[3] if one.rule.hard and one.rule.id != "term"} == {State.OVERDUE}
    known = company.read(lambda c: basis.known(c, [joint.unit.id, sixty.unit.id]))
    assert known[joint.unit.id]["2027-03"].joint
    assert known[sixty.unit.id]["2027-03"].formal == 60
    assert not known[sixty.unit.id]["2027-03"].joint
    screen = five.phone.calls(f"obligation.year:{five.unit.id}:2027")
    assert "规范率 22/24（91.7%）" in screen
    assert screen.pictures
    assert "主题党日（2027年5月）时间已过" not in five.phone.everything
    assert "主题党日（2027年5月）时间已过" in joint.phone.everything


def test_what_is_missing_is_named(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    day = date(2026, 11, 20)
    five.hold("branch_meeting", day, came=2)
    five.hold("theme_day", day, state=MeetingState.CIRCULATING)
    five.hold("lecture", day, came=0, state=MeetingState.HELD)

    def show(rule: str, key: str) -> str:
        return five.phone.calls(f"obligation.show:{five.unit.id}:{rule}:{key}")

    assert "部分完成，缺：法定人数" in show("branch_meeting", "2026Q4")
    assert "会议记录还在核对" in show("theme_day", "2026-11")
    assert "缺：会议记录、签到" in show("lecture", "2026Q4")
    five.hold("branch_meeting", day, came=3)
    assert "已完成" in show("branch_meeting", "2026Q4")


def test_a_later_meeting_makes_up_for_a_month_but_not_in_time(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    at(company, 12, 5)
    assert states(five, "theme_day", 2026)[-2:] == [State.OVERDUE, State.OPEN]
    five.hold("theme_day", date(2026, 12, 4), counts_for="2026-11")
    assert states(five, "theme_day", 2026)[-2:] == [State.PARTLY, State.OPEN]
    assert "缺：按时" in five.phone.calls(f"obligation.show:{five.unit.id}:theme_day:2026-11")


def test_of_months_before_anything_was_recorded_nothing_is_said(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    assert set(states(five, "theme_day", 2026)) == {State.OPEN}
    early = [one for one in owed(five, date(2026, 1, 1), date(2026, 10, 31)) if one.rule.met]
    assert not any(one.due or one.recorded for one in early)
    five.hold("theme_day", date(2026, 8, 5))
    assert states(five, "theme_day", 2026)[6:11] == [
        State.OPEN, State.MET, State.OVERDUE, State.OVERDUE, State.OPEN,
    ]  # fmt: skip


def test_an_exemption_needs_a_reason_and_is_kept(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    phone, where = five.phone, f"{five.unit.id}:branch_meeting:2026Q4"
    assert "请写理由" in phone.calls(f"obligation.ask:exempt:{where}")
    assert "理由太短" in phone.says("好")
    screen = phone.says("全体封闭执行任务，上级党委同意")
    assert "已登记" in screen
    assert "豁免（全体封闭执行任务，上级党委同意）" in screen
    assert "党员" in screen
    note = company.read(lambda c: c.execute(select(audit.audit.c.deed, audit.audit.c.facts)).all())
    assert "obligation.exempt" in {row[0] for row in note}
    assert "封闭" not in str(note), "why stands with the entry alone"
    phone.presses("撤回登记")
    assert "还没有安排" in phone.says("任务取消了")
    newest = select(audit.audit.c.facts).order_by(audit.audit.c.id.desc()).limit(1)
    assert "任务取消了" in company.read(lambda c: str(c.scalar(newest))), "it stands nowhere else"
    assert "没有可以撤回的" in str(phone.calls(f"obligation.ask:withdraw:{where}")) + str(phone.says("再撤一次"))


def test_a_declaration_says_that_it_was_held_and_a_correction_that_all_is_there(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    phone, where = five.phone, f"{five.unit.id}:branch_meeting:2026Q4"
    phone.calls(f"obligation.ask:declare:{where}")
    assert "没有看懂日期" in phone.says("上周开的")
    assert "还没有到" in phone.says("2026年12月20日 纸质记录")
    assert "缺：法定人数、会议记录、签到" in phone.says("11月20日 纸质记录在支部档案盒")
    phone.presses("更正为已完成")
    assert "已完成" in phone.says("纸质记录、签到表齐全，已核对")
    assert "更正为已完成" in phone.last


def test_a_declared_day_lies_in_the_period(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    five.phone.calls(f"obligation.ask:declare:{five.unit.id}:theme_day:2026-11")
    said = five.phone.says("10月31日 纸质记录")
    assert "不在这个时期里" in said
    assert "2026-11-01 至 2026-11-30" in said
    assert "部分完成" in five.phone.says("11月1日 纸质记录")
    five.phone.calls(f"obligation.ask:declare:{five.unit.id}:theme_day:2026-11")
    assert "没有重复登记" in five.phone.says("11月2日 又一份纸质记录")


def test_nothing_is_decided_twice_even_behind_another_decision(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    secretary, facts = five.people[0], (five.unit.id, "theme_day", "2026-11", "上级党委同意")

    def decide(deed: Callable[..., Obligation]) -> None:
        company.write(lambda c: deed(company.work(c), secretary, *facts))

    decide(obligation.correct)
    decide(obligation.exempt)
    for deed in (obligation.correct, obligation.exempt):
        with pytest.raises(Refusal, match="entered_before"):
            decide(deed)


def test_two_exemptions_at_once_are_one(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    ready, refused = Barrier(2), list[str]()

    def exempt(connection: Connection) -> None:
        facts = (five.people[0], five.unit.id, "theme_day", "2026-11", "上级党委同意")
        obligation.exempt(company.work(connection), *facts)

    def at_once() -> None:
        ready.wait()
        try:
            company.write(exempt)
        except Refusal as refusal:
            refused.append(str(refusal))

    both = [Thread(target=at_once) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(30)
    kept = company.read(lambda c: entries.entries(c, [five.unit.id]))
    assert (len(kept), len(refused)) == (1, 1)


def test_study_hours_are_declared_and_talks_are_advice(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    phone = five.phone
    talk = phone.calls(f"obligation.show:{five.unit.id}:talk:2026")
    assert "只作提醒" in talk
    phone.calls(f"obligation.ask:declare:{five.unit.id}:study_hours:2026")
    assert "已完成" in phone.says("11月20日 人人 32 学时以上，台账已核对")


def test_a_term_runs_from_the_election_that_was_entered(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    phone = five.phone
    assert "还没有登记上次换届" in phone.calls(f"obligation.show:{five.unit.id}:term:term")
    phone.presses("登记换届日期")
    assert "2026年12月7日" in phone.says("2023年12月8日 换届大会选举结果")
    at(company, 12, 4)
    assert "按期换届（本届）" in five.phone.sees()
    at(company, 12, 9)
    assert "没有开展的记录" in phone.calls(f"obligation.show:{five.unit.id}:term:term")
    phone.presses("豁免")
    assert "豁免（上级党委同意延期半年）" in phone.says("上级党委同意延期半年")
    phone.presses("登记换届日期")
    assert "2029年12月7日" in phone.says("2026年12月8日 换届大会选举结果")


def test_nobody_else_decides(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    where = f"{five.unit.id}:branch_meeting:2026Q4"
    for phone in (company.lin, company.bo, company.tang, company.zhou):
        for deed in ("show", "ask:exempt", "ask:correct", "ask:declare", "ask:withdraw"):
            assert "没有做任何改动" in phone.calls(f"obligation.{deed}:{where}")
        assert "没有做任何改动" in phone.calls(f"obligation.year:{five.unit.id}:2026")
        assert "没有做任何改动" in phone.calls(f"relief.list:{five.unit.id}:0")
    assert "豁免" in company.chen.calls(f"obligation.show:{where}").labels
    for wrong in ("99999:branch_meeting:2026Q4", f"{five.unit.id}:nothing:2026Q4", f"{five.unit.id}:theme_day:2026Q4",
                  f"{five.unit.id}:theme_day:2026-13"):  # fmt: skip
        assert "没有这一项应办" in five.phone.calls(f"obligation.show:{wrong}")
    assert "没有这一项应办" in five.phone.calls(f"obligation.ask:delete:{where}")


def test_a_group_leader_sees_the_meetings_of_groups_alone(company: Company) -> None:
    screen = company.tang.says("应办")
    assert "党小组会" in screen
    assert "主题党日" not in screen
    number = company.roll.units["branch1"].id
    assert "没有这一项应办" in company.tang.calls(f"obligation.show:{number}:theme_day:2026-11")
    assert company.tang.calls(f"obligation.show:{number}:group_meeting:2026-11").labels[-1] == "‹ 返回"


def test_planning_starts_from_the_card(company: Company) -> None:
    twelve = found(company, "十二人党支部", 12, groups=2)
    screen = twelve.phone.says("应办")
    plans = [button.call for button in screen.buttons if button.label == "安排"]
    assert plans == [f"meeting.plan:{twelve.unit.id}:committee_meeting:2026-11"]
    assert len(screen.buttons) <= 8
    screen = twelve.phone.calls(f"obligation.show:{twelve.unit.id}:group_meeting:2026-11")
    assert f"meeting.plan:{twelve.groups[1].id}:group_meeting:2026-11" in [button.call for button in screen.buttons]
    assert len(screen.buttons) <= 8
    tang = company.tang.says("应办")
    group = company.roll.units["group11"].id
    assert f"meeting.plan:{group}:group_meeting:2026-11" in [button.call for button in tang.buttons]
    assert "什么时候开" in company.tang.presses("安排")


def test_reminders_two_weeks_and_three_days_before_and_the_day_after(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    phone = five.phone
    five.hold("theme_day", date(2026, 12, 5), should=five.people, state=MeetingState.CLOSED)
    at(company, 12, 17, 8)
    phone.sees()
    at(company, 12, 17, 10)
    pushed = phone.sees()
    assert pushed.count("应办提醒") == 1
    assert "支部党员大会（2026年第4季度）" in pushed
    assert "组织生活会（2026年）" in pushed
    assert "主题党日" not in pushed
    assert "谈心谈话" not in pushed
    five.hold("branch_meeting", date(2026, 12, 30), state=MeetingState.CALLED)
    at(company, 12, 28, 10)
    again = phone.sees()
    assert "组织生活会（2026年）" in again
    assert "支部党员大会" not in again
    at(company, 12, 31, 23)
    assert "应办提醒" not in phone.sees()
    at(company, 1, 5, year=2027)
    after = phone.sees()
    assert "支部党员大会（2026年第4季度）时间已过" in after
    assert "应办提醒" not in company.bo.sees()


def test_a_committee_sees_counts_first_and_names_once_the_term_has_passed(company: Company) -> None:
    found(company, "五人党支部", 5).hold("theme_day", date(2026, 11, 10))
    found(company, "六人党支部", 6)
    screen = company.chen.says("应办")
    assert "主题党日 2026年11月：完成 1，已安排 0，还没有 2" in screen
    assert "六人党支部" not in screen
    assert "1 个支部正式党员不足三名" in screen
    at(company, 12, 2)
    screen = company.chen.says("应办")
    assert "主题党日 2026年11月：完成 1/3；没有完成：" in screen
    assert "六人党支部" in screen
    assert "第一党支部" in screen
    assert "五人党支部" not in screen
    assert "没有这一项应办" in company.lin.calls(f"obligation.below:{company.roll.units['party'].id}")


def test_the_home_card_mentions_what_is_due(company: Company) -> None:
    assert "应办" in company.lin.says("/home")
    assert "应办" not in company.bo.says("/home")
    assert len(company.lin.last.buttons) <= 8


def test_the_year_is_a_picture_with_the_same_in_words(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    five.hold("theme_day", date(2026, 9, 5))
    five.hold("branch_meeting", date(2026, 11, 5), came=1)
    five.phone.says("应办")
    screen = five.phone.presses("全年一览")
    assert "主题党日：□待办 11 ✓完成 09 ×没有记录 10" in screen
    assert "支部党员大会：△部分完成 Q4" in screen
    assert "规范率 1/" in screen
    [picture] = screen.pictures
    assert "文字相同" in picture.alt
    kept = company.read(lambda c: attachment.load(c, picture.attachment))
    assert kept is not None
    assert kept[2].startswith(b"\x89PNG")
    assert "‹ 2025" in screen.labels
    assert "没有应办的事项" in five.phone.presses("‹ 2025")


def test_relief_keeps_from_when_and_never_why(company: Company) -> None:
    five = found(company, "五人党支部", 5)
    phone = five.phone
    phone.calls(f"obligation.year:{five.unit.id}:2026")
    assert "没有人" in phone.presses("减免名单")
    phone.presses("增加减免")
    assert "没有找到" in phone.says("王芳")
    name = company.read(lambda c: member.names_of(c, [five.people[3]]))[five.people[3]]
    phone.says(name)
    assert f"已减免 {name}" in phone.presses(f"减免 {name}")
    found_now = company.read(lambda c: basis.compute(c, [five.unit], date(2026, 11, 23), company.now))
    assert found_now[five.unit.id].relieved == 1
    assert "照常计入" in phone.presses("结束")
    assert "没有人" in phone.last
    assert "没有找到这个人" in phone.calls(f"relief.give:{five.unit.id}:{company.roll.people['bo']}")


def test_the_month_is_written_once_and_stays(company: Company) -> None:
    five = found(company, "五人党支部", 5, probationary=1)
    at(company, 11, 25)
    first = company.read(lambda c: basis.known(c, [five.unit.id]))[five.unit.id]
    assert (first["2026-11"].formal, first["2026-11"].probationary, first["2026-11"].committee) == (5, 1, 1)
    for person in five.people[:3]:
        company.write(lambda c, person=person: member.set_standings(c, person, [Standing.UNION]))  # type: ignore[misc]
    at(company, 12, 2)
    later = company.read(lambda c: basis.known(c, [five.unit.id]))[five.unit.id]
    assert later["2026-11"].formal == 5
    assert later["2026-12"].formal == 2
    assert [
        one.period.key for one in owed(five, date(2026, 11, 1), date(2026, 12, 31)) if one.rule.id == "theme_day"
    ] == ["2026-11"]


def test_a_new_pack_is_told_to_each_secretary_it_concerns(company: Company) -> None:
    five = found(company, "五人党支部", 5)

    def packs() -> int:
        return company.read(lambda c: c.scalar(select(func.count()).select_from(rule_pack))) or 0

    assert packs() == 1
    words = (
        'id = "ours"\nversion = "1"\ndecided_by = "集团党委"\n[[rule]]\nid = "branch_meeting"\nperiod = "month"\n'
        'applies_from = 2027-01-01\n[[rule]]\nid = "committee_meeting"\ncount = 2\napplies_from = 2027-01-01\n'
        '[[vote]]\nid = "election"\nquorum_kind = "more_than"\nmajority_of = "should"\napplies_from = 2027-01-01'
    )
    pack = read_pack(tomllib.loads(words), book())
    company.organisation = dataclasses.replace(company.organisation, rules=(pack,))
    company.dispatch = dataclasses.replace(company.dispatch, organisation=company.organisation)
    for _ in range(2):
        company.write(lambda c: clock.prepare(c, company.dispatch, company.now))
    company.travel(minutes=1)
    assert packs() == 2
    pushed = five.phone.sees()
    assert "支部党员大会从 2027年1月1日 周五 起由每季度 1 次改为每月 1 次" in pushed
    assert "集团党委决定" in pushed
    assert "支部选举从 2027年1月1日 周五 起这样计票：到会超过应到会有表决权的人的 4/5" in pushed
    assert "赞成超过应到会有表决权的人的 1/2、无记名投票" in pushed
    assert "支部委员会会议" not in pushed
    assert "规则有变化" in company.lin.sees()
    assert "规则有变化" not in company.hu.sees()
    assert "规则有变化" not in company.bo.sees()
    at(company, 2, 2, year=2027)
    periods = [
        one.period.key for one in owed(five, date(2026, 10, 1), date(2027, 2, 28)) if one.rule.id == "branch_meeting"
    ]
    assert periods == ["2026Q4", "2027-01", "2027-02"]


def test_twenty_branches_take_as_many_statements_as_two(company: Company) -> None:
    from sqlalchemy import event  # noqa: PLC0415 - beside its use

    branches = [found(company, f"第{number}号支部", 4) for number in range(20)]
    said: list[str] = []

    def count(some: int) -> int:
        said.clear()
        units = [branch.unit for branch in branches[:some]]

        def look(connection: object) -> None:
            work = Work(connection, company.organisation, company.now)  # type: ignore[arg-type]
            event.listen(connection, "before_cursor_execute", lambda *a: said.append(a[2]))
            obligation.of_units(work, units, date(2026, 1, 1), date(2026, 12, 31))

        company.read(look)
        return len(said)

    assert count(2) == count(20) <= 14


def test_reminders_go_through_all_branches_in_bites(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    from services import obligation_reminder  # noqa: PLC0415 - beside its use

    monkeypatch.setattr(obligation_reminder, "BITE", 2)
    monkeypatch.setattr(obligation_reminder, "PUSHES", 2)
    branches = [found(company, f"第{number}号支部", 4) for number in range(5)]
    at(company, 12, 17, 8)
    for branch in branches:
        _ = branch.phone.sees()
    at(company, 12, 17, 10)
    for branch in branches:
        assert branch.phone.sees().count("应办提醒") == 1
    known = company.read(lambda c: basis.known(c, [branch.unit.id for branch in branches]))
    assert all("2026-12" in known[branch.unit.id] for branch in branches)


def test_a_secretary_of_two_branches_gets_one_reminder(company: Company) -> None:
    one, two = found(company, "甲支部", 4), found(company, "乙支部", 4)
    from domain.permission import Role  # noqa: PLC0415 - beside its use

    company.write(lambda c: permission.give(c, one.people[0], Role.BRANCH_SECRETARY, two.unit.id, company.now))
    at(company, 12, 17, 8)
    _ = one.phone.sees()
    at(company, 12, 17, 10)
    pushed = one.phone.sees()
    assert pushed.count("应办提醒") == 1
    assert "甲支部" in pushed
    assert "乙支部" in pushed
    assert "乙支部" in one.phone.says("应办")
    one.phone.presses("全年一览")
    assert one.phone.presses("全年：乙支部").pictures


def test_in_english(company: Company) -> None:
    company.lin.says("/language en")
    screen = company.lin.says("obligations")
    assert "What is due" in screen
    assert "nothing planned yet" in screen
    company.lin.presses("The year")
    assert "Rate" in company.lin.last
