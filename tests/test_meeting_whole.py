"""From planning a meeting to its closed minutes by chat alone: at most 25 taps and messages, a member's part 3."""

from __future__ import annotations

import hashlib
from datetime import date

from sqlalchemy import select

from domain.meeting import MeetingState
from domain.obligation import State
from services import obligation
from storage.meeting import meeting
from tests.talk import Company
from tests.test_meeting import Taps, code_on, shanghai


def test_the_whole_meeting_costs_its_secretary_at_most_25_and_a_member_three(company: Company) -> None:  # noqa: PLR0915 - the whole of it
    lin, bo = Taps(company.lin), Taps(company.bo)
    lin.says("安排会议")
    lin.presses("第一党支部")
    lin.presses("支部党员大会")
    lin.says("周三下午3点")
    lin.says("三楼会议室")
    lin.presses("发通知")
    company.bo.sees()
    bo.presses("收到")
    company.tang.sees()
    company.tang.presses("请假")
    company.tang.presses("出差")
    company.lin.sees()
    lin.presses("准假")
    company.travel_to(shanghai(11, 25, 14, 55))
    lin.says("会议")
    lin.presses("支部党员大会")
    live = lin.presses("开始签到")
    bo.says(f"签到 {code_on(live)}")
    company.ma.says(f"签到 {code_on(live)}")
    lin.says(f"签到 {code_on(live)}")
    assert "应到 4　实到 3" in company.lin.everything
    lin.presses("议程")
    lin.says("通报了上次会议三项决定的落实情况，两项完成，一项延到年底")
    lin.presses("下一项")
    lin.says("学习了上级关于安全生产的通知")
    lin.presses("下一项")
    lin.says("决定：同意四季度工作安排")
    lin.says("赞成 2 反对 0 弃权 0")
    lin.presses("完成，看草稿")
    company.travel_to(shanghai(11, 25, 16))
    lin.presses("结束会议")
    lin.presses("确定结束")
    lin.presses("写会议记录")
    lin.presses("完成，看草稿")
    sent = lin.presses("发给到会人员核对")
    assert "核对" in sent
    company.bo.sees()
    bo.presses("无误")
    company.ma.sees()
    company.ma.presses("无误")
    company.travel(days=4)
    assert lin.count <= 25, lin.count
    assert bo.count <= 3
    [row] = company.read(lambda c: c.execute(select(meeting)).all())
    assert row.state == MeetingState.CLOSED.value
    assert hashlib.sha256(row.closed_text.encode()).hexdigest() == row.digest
    assert "赞成 2" in row.closed_text
    unit = company.roll.units["branch1"]
    found = company.read(
        lambda c: obligation.of_units(
            company.work(c), [unit], date(2026, 12, 1), date(2026, 12, 31), {"branch_meeting"}
        )
    )
    assert [one.state for one in found] == [State.MET]
