"""会议记录: agenda, votes by hand and on paper, points, the draft; who may write it down."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from domain.meeting import Duty, MeetingKind, MeetingState
from storage import attendee, member
from storage import minutes as table
from storage.gathering import presence
from tests.meetings import end, hold
from tests.talk import Company


def test_the_agenda_is_worked_through_with_typed_words(company: Company) -> None:
    number = hold(company, items=("通过三季度工作计划", "传达学习"))
    screen = company.lin.calls(f"minutes.items:{number}")
    assert "▶ 1. 通过三季度工作计划" in screen
    assert "已记第 1 条" in company.lin.says("林雪介绍了计划的三项重点")
    assert "已记“通过三季度工作计划”的决定" in company.lin.says("决定：按计划执行")
    assert "通过：赞成 2，需要 2（依据：《中国共产党支部工作条例（试行）》第十一条）" in company.lin.says(
        "赞成 ２ 反对 0 弃权 0"
    )
    assert "▶ 2. 传达学习" in company.lin.presses("下一项")
    company.lin.says("学习了有关文件")
    draft = company.lin.presses("完成，看草稿")
    assert draft.index("一、通过三季度工作计划") < draft.index("决定：按计划执行") < draft.index("二、传达学习")
    assert "应到 4 人，实到 3 人，请假 0 人，缺席 1 人" in draft
    assert "有表决权的应到会 3 人，实到 2 人" in draft
    assert "出席：林雪、马琳、赵强" in draft
    assert "唐杰" not in draft
    assert "发给到会人员核对" not in draft.labels


def test_a_vote_without_quorum_is_refused_with_its_rule_and_nothing_is_written(company: Company) -> None:
    number = hold(company, present=("lin", "ma"))
    company.lin.calls(f"minutes.vote:{number}")
    refused = company.lin.says("赞成 1 反对 0")
    assert "不能表决" in refused
    assert "应到会 3 人，实到 1 人，要到 2 人" in refused
    assert "支部工作条例（试行）》第十一条" in refused
    [item] = company.read(lambda c: table.items(c, number))
    assert item.tally is None


def test_the_rule_of_a_vote_is_shown_where_and_while_it_may_be_taken(company: Company) -> None:
    items = ("讨论接收王芳同志为预备党员",)
    theme, branch = hold(company, kind=MeetingKind.THEME_DAY, quorum="", items=items), hold(company, items=items)

    def take_up(connection: Connection) -> None:
        for number in (theme, branch):
            [item] = table.items(connection, number)
            table.change_item(connection, item.id, basis="admission")
            table.take_up(connection, number, item.id)

    company.write(take_up)
    assert "法定人数" not in company.lin.calls(f"meeting.show:{theme}")
    assert "发展党员工作细则" in company.lin.calls(f"meeting.show:{branch}")
    end(company, branch)
    over = company.lin.calls(f"meeting.show:{branch}")
    assert "发展党员工作细则" not in over, "nothing is at hand any more"
    assert "支部工作条例" in over


def test_more_votes_than_voters_and_words_that_are_no_votes(company: Company) -> None:
    number = hold(company)
    company.lin.calls(f"minutes.vote:{number}")
    assert "多于实到会有表决权的人数（2）" in company.lin.says("赞成 3")
    assert "没有看懂票数" in company.lin.says("都同意")
    assert "未通过：赞成 1，需要 2" in company.lin.says("赞成 1 反对 1 弃权 0")


def test_a_secret_ballot_is_recorded_from_paper_alone(company: Company) -> None:
    number = hold(company, items=("讨论接收王芳同志为预备党员",))
    card = company.lin.calls(f"minutes.vote:{number}")
    assert "不代办无记名投票" in card
    assert "不能举手表决" in company.lin.says("赞成 2 反对 0 弃权 0")
    assert "合计 1 张" in company.lin.says("发出 2 收回 2 赞成 1")
    kept = company.lin.says("发出 2 收回 2 赞成 2 反对 0 弃权 0 无效 0")
    assert "无记名投票（纸质票，助手只作记录）" in kept
    assert "第十九条、第二十条" in kept
    company.lin.calls(f"minutes.vote:{number}")
    assert "应重新投票" in company.lin.says("发出 1 收回 2 赞成 2")


def test_another_kind_of_vote_by_one_tap(company: Company) -> None:
    number = hold(company, items=("推选支部委员",))
    company.lin.calls(f"minutes.vote:{number}")
    assert "各来源说法不一" in company.lin.presses("选举（票决）")
    refused = company.lin.says("发出 2 收回 2 赞成 2")
    assert "要到 3 人才够" in refused
    assert company.read(lambda c: table.items(c, number))[0].outcome == ""


def test_a_group_meeting_counts_by_no_regulation(company: Company) -> None:
    number = hold(company, unit="group11", quorum="", by="tang", chair="tang", present=("bo", "tang"))
    company.tang.calls(f"minutes.items:{number}")
    assert "没有条例规定多少票算通过" in company.tang.says("赞成 2")
    assert "✓ 通过" not in company.tang.calls(f"minutes.items:{number}")


def test_a_vote_of_another_meeting_is_refused_with_its_rule(company: Company) -> None:
    number = hold(company, unit="group11", quorum="", kind=MeetingKind.GROUP_MEETING, by="tang", chair="tang",
                  present=("bo", "tang"), items=("预算", "讨论马琳同志预备党员转正"))  # fmt: skip
    card = company.tang.calls(f"minutes.vote:{number}")
    assert "票决" not in str(card.labels)
    for name, rule in (
        ("branch", "第十一条"),
        ("committee", "第十二条"),
        ("admission", "第十九条"),
        ("election", "选举工作条例"),
    ):
        refused = company.tang.calls(f"minutes.basis:{number}:{name}")
        assert "没有记，也没有改动" in refused, name
        assert rule in refused
    company.tang.calls(f"minutes.next:{number}")
    assert "只在支部党员大会上进行" in company.tang.calls(f"minutes.vote:{number}")
    refused = company.tang.says("发出 2 收回 2 赞成 2 反对 0 弃权 0 无效 0")
    assert "只在支部党员大会上进行" in refused
    assert [one.outcome for one in company.read(lambda c: table.items(c, number))] == ["", ""]


def test_a_committee_votes_as_a_committee_and_its_result_is_not_ours_to_say(company: Company) -> None:
    people = {"lin": True, "bo": True, "tang": True}
    number = hold(company, quorum="committee", kind=MeetingKind.COMMITTEE_MEETING, people=people, present=("lin", "bo"))
    company.lin.calls(f"minutes.vote:{number}")
    kept = company.lin.says("赞成 2 反对 0")
    assert "来源没有规定多少票算通过" in kept
    assert "通过：" not in kept
    assert "只在支部党员大会上进行" in company.lin.calls(f"minutes.basis:{number}:branch")
    assert "只在支部党员大会上进行" in company.lin.calls(f"minutes.basis:{number}:election")
    branch = hold(company, title="另一次")
    assert "只在支委会上进行" in company.lin.calls(f"minutes.basis:{branch}:committee")
    assert "按“党员大会表决”记" in company.lin.calls(f"minutes.basis:{branch}:other")


def test_points_are_reworded_and_taken_away(company: Company) -> None:
    number = hold(company)
    company.lin.calls(f"minutes.write:{number}")
    company.lin.says("第一条要点")
    company.lin.says("第二条要点")
    assert "已记第 2 条：改过的要点" in company.lin.says("改 ２ 改过的要点")
    assert "没有第 9 条" in company.lin.says("删 9")
    assert "已去掉第 1 条" in company.lin.says("删第1条")
    assert "（1）改过的要点" in company.lin.presses("完成，看草稿")


def test_a_point_is_taken_away_once_however_often_it_is_pressed(company: Company) -> None:
    number = hold(company)
    company.lin.calls(f"minutes.write:{number}")
    company.lin.says("第一条要点")
    company.lin.says("第二条要点")
    company.lin.presses("撤掉这条")
    assert "已经去掉了" in company.lin.calls(f"minutes.erase:{number}:2")
    assert "（1）第一条要点" in company.lin.calls(f"minutes.draft:{number}")


def test_the_head_counts_everybody_with_a_vote(company: Company) -> None:
    number = hold(company)

    def relieve(connection: Connection) -> None:
        attendee.change(connection, number, company.roll.people["bo"], duty=Duty.NOT_REQUIRED.value)

    company.write(relieve)
    assert "有表决权的应到会 3 人，实到 2 人" in company.lin.calls(f"minutes.draft:{number}")


def test_a_chair_who_left_the_unit_writes_no_more(company: Company) -> None:
    number = hold(company, chair="bo")
    assert "▶ 1." in company.bo.calls(f"minutes.items:{number}")
    company.write(lambda c: member.set_units(c, company.roll.people["bo"], [company.roll.units["branch2"].id]))
    assert "没有做任何改动" in company.bo.calls(f"minutes.items:{number}")
    assert "支部党员大会" not in str(company.bo.says("会议记录").labels)


def test_items_are_planned_before_and_added_during_the_meeting(company: Company) -> None:
    number = hold(company, state=MeetingState.CALLED, items=())
    company.lin.calls(f"minutes.items:{number}")
    screen = company.lin.says("通过预算\n讨论马琳同志预备党员转正")
    assert "2. 讨论马琳同志预备党员转正" in screen
    assert "1. 通过年度预算" in company.lin.says("议程 １ 改为 通过年度预算")
    assert "没有这一项议程" in company.lin.says("议程 9 改为 x")
    assert "还没有开始" in company.lin.calls(f"minutes.vote:{number}")


def test_an_item_is_needed_for_a_vote(company: Company) -> None:
    number = hold(company, items=())
    assert "没有这一项议程" in company.lin.calls(f"minutes.vote:{number}")
    company.lin.calls(f"minutes.add:{number}")
    assert "▶ 1. 补充议题" in company.lin.says("补充议题")
    assert "最多 2000 字" in company.lin.says("很长" * 1500)


@pytest.mark.parametrize("call", ["items", "write", "vote", "decide", "next", "add", "draft", "circulate", "open"])
def test_nobody_else_writes_or_sees_it(company: Company, call: str) -> None:
    number = hold(company)
    for stranger in (company.hu, company.ada, company.bo, company.root):
        assert "没有做任何改动" in stranger.calls(f"minutes.{call}:{number}")
    assert "没有做任何改动" in company.hu.calls(f"minutes.basis:{number}:branch")
    assert "没有做任何改动" in company.hu.calls(f"minutes.erase:{number}:1")
    assert "没有做任何改动" in company.lin.calls("minutes.items:99999")


def test_the_chair_and_the_committee_above_write_too(company: Company) -> None:
    number = hold(company, chair="bo")
    assert "▶ 1." in company.bo.calls(f"minutes.items:{number}")
    assert "▶ 1." in company.chen.calls(f"minutes.items:{number}")
    assert "支部党员大会" in str(company.bo.says("会议记录").labels)


def test_before_the_end_nothing_is_sent(company: Company) -> None:
    number = hold(company)
    assert "会议还没有结束" in company.lin.calls(f"minutes.circulate:{number}")
    end(company, number)
    assert "还没有记下任何要点" in company.lin.calls(f"minutes.circulate:{number}")


def test_a_guest_and_leave_in_the_draft(company: Company) -> None:
    number = hold(company, leave=("tang",), guests=("ada",))
    draft = company.lin.calls(f"minutes.draft:{number}")
    assert "请假 1 人，缺席 0 人" in draft
    assert "列席：王芳" in draft
    assert "唐杰" not in draft


def test_what_is_written_is_never_read_as_markup(company: Company) -> None:
    number = hold(company, title="{title} **x** <b>", items=("{{7*7}} & <w:p/>",))
    company.lin.calls(f"minutes.items:{number}")
    company.lin.says("{0} {facts} **粗**")
    draft = company.lin.presses("完成，看草稿")
    assert "{{7*7}} & <w:p/>" in draft
    assert "{0} {facts} **粗**" in draft
    assert "{title} **x** <b>" in draft


def test_who_was_signed_in_by_hand_stands_in_the_minutes(company: Company) -> None:
    number = hold(company, present=("lin", "bo"))
    assert "代签" not in company.lin.calls(f"minutes.draft:{number}")
    people = company.roll.people
    by_hand = presence.update().where(presence.c.member_id == people["bo"]).values(by_member_id=people["lin"])
    company.write(lambda c: c.execute(by_hand))
    draft = company.lin.calls(f"minutes.draft:{number}")
    assert "出席：林雪、赵强" in draft
    assert "其中代签：赵强" in draft
