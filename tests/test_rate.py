"""组织生活数据: what a secretary sees, where numbers come from, who sees names, and what is folded."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from openpyxl import load_workbook
from sqlalchemy import Connection

from content import voice
from domain.activity import ActivityState
from domain.meeting import MeetingKind, MeetingState
from domain.member import UnitKind
from domain.permission import Role
from domain.rate import read_span
from services import attachment, obligation, rate, rate_report
from services.rate_ground import PARTICIPATION
from services.rate_kept import measure
from storage import member, permission, unit
from storage.activity import activity
from tests.held_meetings import hold, join, take_part
from tests.talk import Company, Screen

MORE = [f"党员{one}" for one in "甲乙丙丁戊己庚辛"]
MOST_BUTTONS = 8


def branch(company: Company) -> tuple[list[int], list[int]]:
    """第一党支部 with eight more people: (the four of the company, the eight)."""
    people = company.roll.people
    return [people[one] for one in ("lin", "bo", "ma", "tang")], join(company, "branch1", MORE)


def quarter(company: Company) -> None:
    """Three meetings of the last quarter, counted by hand: 10 of 11, 9 of 11, 1 of 3 - 20 of 25."""
    old, new = branch(company)
    hold(company, "branch1", "2026-10-15", [*old, *new], [*old, *new[:6]], leave=[new[7]])
    kind = MeetingKind.THEME_DAY
    hold(company, "branch1", "2026-11-05", [*old, *new[1:]], [*old, *new[1:6]], relieved=[new[0]], kind=kind)
    hold(company, "group11", "2026-10-20", old[1:], old[1:2], kind=MeetingKind.GROUP_MEETING)


def body_of(company: Company, number: int) -> bytes:
    found = company.read(lambda c: attachment.load(company.work(c), number))
    assert found is not None
    return found[2]


def few_buttons(screen: Screen) -> Screen:
    assert 0 < len(screen.labels) <= MOST_BUTTONS, screen.labels
    assert any(label.startswith("‹") for label in screen.labels), screen.labels
    return screen


def test_a_secretary_sees_what_anybody_can_recompute(company: Company) -> None:
    quarter(company)
    shown = few_buttons(company.lin.says("参与率"))
    assert "第一党支部" in shown
    assert "2026 年第 4 季度（2026-10-01 至 2026-12-31）" in shown
    assert "党员参与率 80.0%　20 ÷ 25 人次" in shown
    assert "不计入：准假（人次）：1；第二十三条不作要求（人次）：1" in shown
    assert "计算口径与规则版本：2026-11 + 全国规则" in shown
    assert "活动参与率　这段时间没有可计算的" in shown
    assert "党员参与率 81.8%　9 ÷ 11 人次" in few_buttons(company.lin.presses("本月"))
    before = few_buttons(company.lin.presses("上一期"))
    assert "2026 年 10 月" in before
    assert "党员参与率 78.6%　11 ÷ 14 人次" in before
    assert "2026 年 9 月" in company.lin.presses("上一期")
    assert "20 ÷ 25 人次" in company.lin.presses("本年")
    assert "20 ÷ 25 人次" in company.lin.says("/figures 2026H2")
    assert "没有可计算的" in company.lin.says("/figures 2025")


def test_a_meeting_that_is_not_over_or_not_required_counts_nowhere(company: Company) -> None:
    old, new = branch(company)
    hold(company, "branch1", "2026-11-03", [*old, *new], old, state=MeetingState.CANCELLED.value)
    hold(company, "branch1", "2026-11-04", [*old, *new], old, state=MeetingState.OPEN.value)
    hold(company, "branch1", "2026-11-05", [*old, *new], old, kind=MeetingKind.OTHER)
    hold(company, "branch1", "2026-11-06", [*old, *new], [])
    shown = company.lin.says("/figures")
    assert "党员参与率　这段时间没有可计算的" in shown
    assert "没有签到的会（次）：1；制度不要求的会（次）：1" in shown
    hold(company, "branch1", "2026-11-07", [*old, *new], [*old, *new], state=MeetingState.HELD.value)
    assert "党员参与率 100.0%　12 ÷ 12 人次" in company.lin.says("/figures")


def test_guests_count_nowhere_and_who_came_on_leave_counts_above_and_below(company: Company) -> None:
    old, new = branch(company)
    guest = company.roll.people["chen"]
    hold(company, "branch1", "2026-11-03", [*old, *new], [*old, guest], leave=[old[0], new[0]], guests=[guest])
    shown = company.lin.says("/figures")
    assert "党员参与率 36.4%　4 ÷ 11 人次" in shown
    assert "准假（人次）：1" in shown


def test_a_meeting_that_makes_up_counts_in_the_period_it_makes_up_for(company: Company) -> None:
    old, new = branch(company)
    hold(company, "branch1", "2026-11-03", [*old, *new], old, counts_for="2026-10", kind=MeetingKind.THEME_DAY)
    assert "党员参与率 33.3%　4 ÷ 12 人次" in company.lin.says("/figures 2026-10")
    assert "党员参与率　这段时间没有可计算的" in company.lin.says("/figures 2026-11")
    assert "4 ÷ 12 人次" in company.lin.says("/figures 2026Q4")


def test_the_last_minute_of_a_period_is_of_the_organisations_clock(company: Company) -> None:
    old, new = branch(company)
    # 15:00 in Shanghai on the last day and on the first: both sides of midnight UTC lie within their own day.
    hold(company, "branch1", "2026-09-30", [*old, *new], old)
    hold(company, "branch1", "2026-10-01", [*old, *new], [*old, *new])
    assert "4 ÷ 12 人次" in company.lin.says("/figures 2026Q3")
    assert "12 ÷ 12 人次" in company.lin.says("/figures 2026Q4")


def test_a_group_under_five_is_folded_into_its_branch(company: Company) -> None:
    quarter(company)
    company.lin.says("/figures")
    below = few_buttons(company.lin.presses("下级组织"))
    assert "第一党小组　党员参与率 已并入上级" in below
    group = few_buttons(company.lin.presses("第一党小组"))
    assert "不足 5 人" in group
    assert "已并入“第一党支部”" in group
    assert "1 ÷ 3" not in group
    assert "第一党支部 的下级组织" in company.lin.presses("返回")
    assert "20 ÷ 25" in company.lin.presses("返回")
    assert "没有下级组织" in company.lin.calls(f"rate.below:{company.roll.units['group11'].id}:2026Q4:0")


def test_the_list_behind_a_figure_is_by_name_and_ranks_nobody(company: Company) -> None:
    quarter(company)
    company.lin.says("/figures")
    listed = few_buttons(company.lin.presses("名单"))
    lines = [line for line in listed.splitlines() if "/" in line and "：" in line and "每人" not in line]
    assert lines == [
        "党员丙：2/2", "党员丁：2/2", "党员庚：0/2", "党员己：2/2", "党员甲：1/1", "党员戊：2/2", "党员辛：0/1",
        "党员乙：2/2", "林雪：2/2", "马琳：2/3", "唐杰：2/3", "赵强：3/3",
    ]  # fmt: skip
    counts = [tuple(map(int, line.split("：")[1].split("/"))) for line in lines]
    # The list adds up to the figure.
    assert (sum(came for came, _ in counts), sum(asked for _, asked in counts)) == (20, 25)
    assert "到期未完全达标" in few_buttons(company.lin.presses("组织生活规范化率"))


def test_a_long_list_is_turned_page_by_page(company: Company) -> None:
    old, new = branch(company)
    more = join(company, "branch1", [f"同志{number:02}" for number in range(20)])
    hold(company, "branch1", "2026-11-05", [*old, *new, *more], [])
    hold(company, "branch1", "2026-11-06", [*old, *new, *more], more)
    company.lin.says("/figures")
    first = few_buttons(company.lin.presses("名单"))
    second = few_buttons(company.lin.presses("下一页"))
    third = few_buttons(company.lin.presses("下一页"))
    shown = [line for page in (first, second, third) for line in page.splitlines() if line.endswith(("/1", "/2"))]
    assert len(shown) == len(set(shown)) == 32
    assert "下一页 ›" not in third.labels
    assert company.lin.presses("上一页") == second


def test_only_ones_own_units_are_shown_and_nothing_forged_opens_another(company: Company) -> None:
    quarter(company)
    other, own = company.roll.units["branch2"].id, company.roll.units["branch1"].id
    for call in (f"rate.show:{other}:2026Q4", f"rate.below:{other}:2026Q4:0", f"rate.picture:{other}:2026Q4"):
        assert "你看不到" in company.lin.calls(call)
    for call in (f"rate.export:{other}:2026Q4", f"rate.list:{other}:2026Q4:participation:0", "rate.show:99999:2026"):
        assert "你看不到" in company.lin.calls(call)
    for nickname in ("ada", "bo", "tang", "root"):
        assert "20 ÷ 25" not in company.phone(nickname).says("/figures")
        assert "你看不到" in company.phone(nickname).calls(f"rate.show:{own}:2026Q4")
        assert "你看不到" in company.phone(nickname).calls(f"rate.list:{own}:2026Q4:participation:0")
    assert "名单你看不到" in company.lin.calls(f"rate.list:{own}:2026Q4:everything:0")
    assert "20 ÷ 25" in company.chen.calls(f"rate.show:{own}:2026Q4")


@pytest.mark.parametrize("period", ["2026Q9", "2026-13", "20", "2026-1-1"])
def test_a_period_that_is_none_is_told_with_those_that_are(company: Company, period: str) -> None:
    said = company.lin.says(f"/figures {period}")
    assert f"没有看懂时段“{period}”" in said
    assert "2026Q4（季）" in said
    assert "没有看懂时段" in company.lin.calls(f"rate.show:{company.roll.units['branch1'].id}:{period}")


def test_units_beneath_are_paged_in_the_order_of_the_tree(company: Company) -> None:
    party = company.roll.units["party"]
    names = [f"第{one}党支部" for one in "三四五六七"]

    def add(connection: Connection) -> None:
        for number, name in enumerate(names):
            unit.add(connection, f"more{number}", name, UnitKind.PARTY_BRANCH, party)

    company.write(add)
    company.chen.says("/figures")
    first = few_buttons(company.chen.presses("下级组织"))
    second = few_buttons(company.chen.presses("下一页"))
    assert [label for label in (*first.labels, *second.labels) if "支部" in label] == [
        "第一党支部", "第二党支部", *names,
    ]  # fmt: skip
    assert "第六党支部" in company.chen.presses("第六党支部")


def test_whoever_has_several_units_finds_the_others(company: Company) -> None:
    people, units = company.roll.people, company.roll.units
    company.write(lambda c: permission.give(c, people["hu"], Role.LEAGUE_OFFICER, units["league"].id, company.now))
    company.hu.says("/figures")
    company.hu.presses("下级组织")
    others = {"第二党支部", "集团团支部"} & set(company.hu.last.labels)
    assert len(others) == 1
    [other] = others
    assert f"组织生活数据 · {other}" in company.hu.presses(other)


def test_activity_participation_counts_each_person_once(company: Company) -> None:
    people = company.roll.people
    take_part(company, "union", "2026-10-10", [people["ada"], people["zhou"], people["chen"]])
    take_part(company, "union", "2026-11-01", [people["ada"], people["bo"]])
    # Ten are in the union; 王芳 came twice and counts once; 陈涛 is not in the union's audience at all.
    assert "活动参与率 30.0%　3 ÷ 10 人" in company.zhou.says("/figures")
    assert "活动参与率 20.0%　2 ÷ 10 人" in company.zhou.says("/figures 2026-11")
    listed = company.zhou.calls(f"rate.list:{company.roll.units['union'].id}:2026Q4:activity:0")
    assert [name for name in ("王芳", "赵强", "周明", "陈涛") if name in listed] == ["王芳", "赵强", "周明"]
    company.write(lambda c: member.change(c, people["bo"], left_at=company.now))
    # Who has left could not come any more, and is out of both.
    assert "活动参与率 22.2%　2 ÷ 9 人" in company.zhou.says("/figures")


def test_who_came_from_elsewhere_is_left_out_and_said(company: Company) -> None:
    people = company.roll.people
    company.write(
        lambda c: permission.give(c, people["chen"], Role.COMMITTEE, company.roll.units["root"].id, company.now)
    )
    take_part(company, "union", "2026-10-10", [people["ada"], people["chen"], people["root"]])
    shown = company.chen.says("/figures")
    assert "江河集团" in shown
    assert "活动参与率 10.0%　1 ÷ 10 人" in shown
    assert "不在可参加范围（人）：2" in shown


def test_activities_that_were_called_off_count_nowhere(company: Company) -> None:
    number = take_part(company, "union", "2026-10-10", [company.roll.people["ada"]])
    cancelled = activity.update().where(activity.c.id == number).values(state=ActivityState.CANCELLED.value)
    company.write(lambda c: c.execute(cancelled))
    assert "活动参与率　这段时间没有可计算的" in company.zhou.says("/figures")


def test_the_picture_says_the_same_in_words(company: Company) -> None:
    quarter(company)
    company.lin.says("/figures")
    shown = few_buttons(company.lin.presses("图片"))
    [picture] = shown.pictures
    assert body_of(company, picture.attachment).startswith(b"\x89PNG")
    assert "20 ÷ 25 人次" in picture.alt
    assert picture.alt in shown


def test_the_year_by_month_is_drawn_for_who_may_see_the_list(company: Company) -> None:
    quarter(company)
    company.lin.says("/figures")
    company.lin.presses("图片")
    shown = few_buttons(company.lin.presses("按月的图"))
    [picture] = shown.pictures
    assert body_of(company, picture.attachment).startswith(b"\x89PNG")
    assert "各月参加会议的人次" in picture.alt
    assert picture.alt in shown
    branch = company.roll.units["branch1"].id
    assert "没有按月的图" in company.phone("hu").calls(f"rate.months:{branch}:2026Q4") or "看不到" in company.hu.last


def test_the_table_has_numbers_and_no_names(company: Company) -> None:
    quarter(company)
    company.write(lambda c: unit.add(c, "evil", "=1+1", UnitKind.PARTY_BRANCH, company.roll.units["branch1"]))
    evil = company.read(lambda c: unit.by_code(c, "evil"))
    assert evil is not None
    company.roll.units["evil"] = evil
    try:
        six = join(company, "evil", [f"坏{n}" for n in range(6)])
        hold(company, "evil", "2026-11-05", six, six[:3])
    finally:
        del company.roll.units["evil"]
    company.lin.says("/figures")
    company.lin.presses("图片")
    shown = few_buttons(company.lin.presses("导出表格"))
    [document] = shown.documents
    assert document.name == "组织生活数据_第一党支部_2026Q4.xlsx"
    book = load_workbook(io.BytesIO(body_of(company, document.attachment)))
    assert book.sheetnames == ["党员参与率", "组织生活规范化率", "活动参与率", "口径 · Definitions"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    rows = {str(row[0]): row for row in book["党员参与率"].iter_rows(min_row=2, values_only=True)}
    assert rows["第一党支部"][2:6] == ("2026Q4", 23, 31, 0.742)
    assert rows["=1+1"][3:6] == (3, 6, 0.5)
    assert rows["第一党小组"][3] in {None, ""}
    assert "已并入 第一党支部" in str(rows["第一党小组"][-1])
    words = "\n".join(str(cell.value) for cell in cells)
    for name in (*MORE, "林雪", "赵强", "坏0"):
        assert name not in words


def test_standardisation_is_what_was_met_of_what_was_due(company: Company) -> None:
    old, new = branch(company)
    everybody = [*old, *new]
    kind = MeetingKind.COMMITTEE_MEETING
    hold(company, "branch1", "2026-10-12", [old[0]], [old[0]], quorum="committee", kind=kind)
    hold(company, "branch1", "2026-10-15", everybody, everybody, kind=MeetingKind.THEME_DAY)
    hold(company, "group11", "2026-10-20", old[1:], old[1:2], kind=MeetingKind.GROUP_MEETING, state="held")
    # October: committee and theme day in full, the group's minutes are missing; the quarter's and the year's run on.
    shown = company.lin.says("/figures 2026-10")
    assert "组织生活规范化率 66.7%　2 ÷ 3 项" in shown
    assert "分项：支部委员会会议 1/1；党小组会 0/1；主题党日 1/1" in shown
    assert "未达标：记录没有完成：1" in shown
    listed = company.lin.calls(f"rate.list:{company.roll.units['branch1'].id}:2026-10:standardisation:0")
    assert "第一党支部 · 党小组会 · 2026-10：记录没有完成" in listed
    assert "主题党日" not in listed
    # The committee adds its branches up; nothing was recorded of the second before this month.
    assert "2 ÷ 3 项" in company.chen.says("/figures 2026-10")
    # Nothing of November is due while it runs, met or not.
    assert "组织生活规范化率　这段时间没有可计算的" in company.lin.says("/figures 2026-11")
    company.travel(days=8)
    assert "组织生活规范化率 0.0%　0 ÷ 3 项" in company.lin.says("/figures 2026-11")


def test_an_exemption_leaves_the_denominator_with_its_reason_kept(company: Company) -> None:
    branch(company)
    number = company.roll.units["branch1"].id
    hold(company, "branch1", "2026-10-15", [company.roll.people["lin"]], [], kind=MeetingKind.OTHER)
    assert "0 ÷ 3 项" in company.lin.says("/figures 2026-10")
    lin = company.roll.people["lin"]
    company.write(lambda c: obligation.exempt(company.work(c), lin, number, "theme_day", "2026-10", "全员抗洪抢险"))
    shown = company.lin.says("/figures 2026-10")
    assert "0 ÷ 2 项" in shown
    assert "豁免（项）：1" in shown


def committee(company: Company) -> Callable[[str], list[rate.Figures]]:
    """Two branches, of twelve and of two, both with a meeting; returns who asks for figures of all units."""
    old, new = branch(company)
    people = company.roll.people
    hold(company, "branch1", "2026-11-05", [*old, *new], old)
    hold(company, "branch2", "2026-11-05", [people["hu"], people["xu"]], [people["hu"]])

    def figures(period: str) -> list[rate.Figures]:
        span = read_span(period)
        assert span is not None

        def look(connection: Connection) -> list[rate.Figures]:
            found = measure(company.work(connection), span)
            return [rate.shown(found, one) for one in found.units.values()]

        return company.read(look)

    return figures


def test_in_a_table_no_small_branch_can_be_worked_out_by_subtraction(company: Company) -> None:
    figures = committee(company)("2026Q4")
    rates = {one.unit.name: one.rates[PARTICIPATION] for one in figures}
    party = rates["集团党委"].rate
    assert party is not None
    assert (party.numerator, party.denominator) == (5, 14)
    for name in ("第一党支部", "第二党支部"):
        assert rates[name].rate is None
        into = rates[name].into
        assert into is not None
        assert into.name == "集团党委"


def test_a_large_unit_is_left_to_the_command_line(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    quarter(company)
    monkeypatch.setattr(rate, "MOST", 2)
    assert "dangqun report organisational-life --period 2026Q4" in few_buttons(company.chen.says("/figures"))
    below = few_buttons(company.chen.presses("下级组织"))
    assert "第一党支部" in below
    assert "÷" not in below
    party = company.roll.units["party"].id
    for call in (f"rate.export:{party}:2026Q4", f"rate.picture:{party}:2026Q4"):
        assert "dangqun report" in company.chen.calls(call)
    assert "20 ÷ 25" in company.lin.says("/figures")


def test_a_quarter_hides_what_one_of_its_months_hides(company: Company) -> None:
    old, new = branch(company)
    hold(company, "branch1", "2026-10-05", [*old, *new], old)
    look = committee_figures(company)
    assert look("2026Q4")["第一党支部"].rate is not None
    hold(company, "branch1", "2026-11-05", old[:3], old[:1])
    assert look("2026-11")["第一党支部"].rate is None
    assert look("2026-10")["第一党支部"].rate is not None
    assert look("2026Q4")["第一党支部"].rate is None


def committee_figures(company: Company) -> Callable[[str], dict[str, rate.Shown]]:
    def look(period: str) -> dict[str, rate.Shown]:
        span = read_span(period)
        assert span is not None
        found = company.read(lambda c: measure(company.work(c), span))
        return {one.name: rate.shown(found, one).rates[PARTICIPATION] for one in found.units.values()}

    return look


def test_a_secretary_sees_her_own_branch_though_the_branch_beside_it_is_small(company: Company) -> None:
    committee(company)
    assert "党员参与率 33.3%　4 ÷ 12 人次" in company.lin.says("/figures")
    shown = company.hu.says("/figures")
    assert "1 ÷ 2" not in shown
    assert "已并入“集团党委”" in shown
    # She has the list of her two: there is nothing in it that she does not know.
    assert "胡军：1/1" in company.hu.presses("名单")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_report_speaks_both_languages(company: Company, language: str) -> None:
    quarter(company)
    span = read_span("2026")
    assert span is not None
    speaks = voice(language)
    pages = company.read(lambda c: rate_report.pages(company.work(c), speaks, span))
    assert [len(page.header) for page in pages] == [10, 10, 10, 4]
    definitions = "\n".join(str(cell) for row in pages[-1].rows for cell in row)
    assert "第二十三条" in definitions
    assert "art. 23" in definitions
    body, said = company.read(lambda c: _drawn(company, c, language))
    assert body.startswith(b"\x89PNG")
    assert "20 ÷ 25" in said


def _drawn(company: Company, connection: Connection, language: str) -> tuple[bytes, str]:
    work = company.work(connection)
    found = rate.figures(work, company.roll.people["lin"], 0, "2026")
    return rate_report.drawn(work, voice(language), found)
