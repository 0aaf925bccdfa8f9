"""核对会议记录: a term for those present, wishes beside their points, closing with a hash, addenda chained to it."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.meeting import MeetingState
from domain.minutes import chained, digest_of, read_numbered
from services import minutes_closing
from storage import meeting_view, minutes
from storage.meeting import meeting
from storage.minutes import addendum
from tests.company import MONDAY_MORNING
from tests.meetings import end, hold
from tests.talk import Company
from tests.through import Through


def circulated(company: Company, present: tuple[str, ...] = ("lin", "bo", "ma")) -> int:
    """A meeting with two points whose draft is with those present."""
    number = hold(company, present=present)
    company.lin.calls(f"minutes.items:{number}")
    company.lin.says("周五前报名")
    company.lin.says("大家交流了体会")
    end(company, number)
    company.lin.presses("完成，看草稿")
    assert "核对" in company.lin.presses("发给到会人员核对")
    return number


def state_of(company: Company, number: int) -> MeetingState:
    found = company.read(lambda c: meeting_view.get(c, number))
    assert found
    return found.state


def test_those_present_get_the_draft_and_one_tap_is_enough(company: Company) -> None:
    circulated(company)
    notice = company.bo.sees()
    assert "（1）周五前报名" in notice
    assert "已记下你认为" in company.bo.presses("无误")
    assert "已记下" in company.bo.calls("correction.agree:1")
    assert company.tang.sees() == ""
    assert company.hu.sees() == ""


def test_nobody_who_was_away_reads_or_corrects(company: Company) -> None:
    number = circulated(company)
    for stranger in (company.tang, company.hu, company.ada, company.root):
        for name in ("show", "agree", "correct", "all", "close", "add"):
            assert "没有做任何改动" in stranger.calls(f"correction.{name}:{number}"), name
    assert "没有做任何改动" in company.bo.calls(f"correction.close:{number}")
    assert "只有到会的人" in company.chen.calls(f"correction.agree:{number}")


def test_a_wish_about_a_point_is_taken_with_one_tap(company: Company) -> None:
    number = circulated(company)
    company.bo.sees()
    company.bo.presses("提出更正")
    handed = company.bo.says("１：下周三前报名")
    assert "原：周五前报名" in handed
    seen = company.lin.sees()
    assert "赵强 对" in seen
    assert "改为：下周三前报名" in seen
    assert "没有待处理的更正" in company.lin.presses("采纳")
    assert "已采纳" in company.bo.sees()
    assert "（1）下周三前报名" in company.bo.calls(f"correction.show:{number}")
    assert "已经处理过" in company.lin.calls("correction.settle:2:0")


def test_a_wish_about_nothing_in_particular_and_one_declined(company: Company) -> None:
    number = circulated(company)
    company.ma.calls(f"correction.correct:{number}")
    company.ma.says("我发言的内容漏了：建议增加实操")
    company.ma.presses("再提一条")
    company.ma.says("第2条 大家没有交流")
    company.lin.sees()
    assert "之后还有 1 条" in company.lin.calls(f"correction.all:{number}")
    company.lin.presses("采纳")
    company.lin.presses("不采纳")
    assert "没有采纳" in company.ma.sees()
    words = company.lin.calls(f"correction.show:{number}")
    assert "更正：我发言的内容漏了：建议增加实操" in words
    assert "（2）大家交流了体会" in words
    assert "没有第 7 条" in company.ma.calls(f"correction.correct:{number}") or "没有第 7 条" in company.ma.says("7：x")


def test_it_closes_by_itself_when_the_term_is_over(company: Company) -> None:
    number = circulated(company)
    company.travel(days=2, hours=23)
    assert state_of(company, number) is MeetingState.CIRCULATING
    company.travel(hours=1, minutes=2)
    assert state_of(company, number) is MeetingState.CLOSED
    screen = company.bo.calls(f"correction.show:{number}")
    text = company.read(lambda c: meeting_view.closed_text(c, number))
    assert text in screen
    assert hashlib.sha256(text.encode()).hexdigest() in screen
    assert "已经定稿" in company.bo.calls(f"correction.agree:{number}")
    assert "已经定稿" in company.lin.calls(f"minutes.write:{number}")


def test_an_open_wish_holds_it_up_and_the_last_one_settled_closes_it(company: Company) -> None:
    number = circulated(company)
    company.bo.calls(f"correction.correct:{number}")
    company.bo.says("1：改一下")
    company.travel(days=4)
    assert state_of(company, number) is MeetingState.CIRCULATING
    assert "核对期已到" in company.lin.everything
    assert "核对期已过" in company.ma.calls(f"correction.correct:{number}")
    assert "已定稿" in company.lin.calls("correction.settle:2:1")
    assert state_of(company, number) is MeetingState.CLOSED


def test_the_secretary_closes_early_only_when_all_have_agreed(company: Company) -> None:
    number = circulated(company)
    assert "1/3 人回了“无误”" in company.lin.calls(f"correction.close:{number}")
    company.bo.calls(f"correction.agree:{number}")
    company.ma.calls(f"correction.correct:{number}")
    company.ma.says("2：改")
    assert "还有 1 条更正没有处理" in company.lin.calls(f"correction.close:{number}")
    company.lin.calls(f"correction.all:{number}")
    company.lin.presses("不采纳")
    company.ma.calls(f"correction.agree:{number}")
    assert "已定稿" in company.lin.calls(f"correction.close:{number}")
    company.travel(days=4)
    assert state_of(company, number) is MeetingState.CLOSED


def test_addenda_are_chained_and_a_changed_text_is_seen(company: Company) -> None:
    number = circulated(company)
    assert "还没有定稿" in _typed(company, number, "早了")
    company.travel(days=4)
    assert "补记" in _typed(company, number, "第一次补记")
    screen = _typed(company, number, "第二次补记")
    assert "第一次补记" in screen
    assert "核对无误" in screen
    first, second = company.read(lambda c: minutes.addenda(c, number))
    found = company.read(lambda c: meeting_view.get(c, number))
    assert found
    assert first.digest == chained(found.digest, first.at, first.by, "第一次补记")
    assert second.digest == chained(first.digest, second.at, second.by, "第二次补记")
    company.write(lambda c: c.execute(addendum.update().where(addendum.c.id == first.id).values(text="改过")))
    assert "不一致" in company.lin.calls(f"correction.show:{number}")
    company.write(lambda c: c.execute(meeting.update().where(meeting.c.id == number).values(closed_text="假的")))
    assert not company.read(lambda c: minutes_closing.intact(company.work(c), found))


def _typed(company: Company, number: int, words: str) -> str:
    company.lin.calls(f"correction.add:{number}")
    return company.lin.says(words)


def test_the_home_card_mentions_corrections(company: Company) -> None:
    number = circulated(company)
    company.bo.calls(f"correction.correct:{number}")
    company.bo.says("1：改")
    assert "1 条更正" in company.lin.says("首页")
    assert "更正" not in company.hu.says("首页")


def test_from_the_beginning_to_closed_minutes_in_few_taps(company: Company) -> None:
    number = hold(company, items=("通过三季度工作计划", "传达学习"))
    taps = [company.lin.calls(f"minutes.items:{number}")]
    taps += [company.lin.says(words) for words in ("林雪介绍了计划", "赞成 2 反对 0 弃权 0", "决定：按计划执行")]
    taps += [company.lin.presses("下一项"), company.lin.says("学习了有关文件")]
    end(company, number)
    taps += [company.lin.presses("完成，看草稿"), company.lin.presses("发给到会人员核对")]
    company.bo.sees()
    company.bo.presses("提出更正")
    company.bo.says("2：学习了两份文件")
    company.lin.sees()
    taps.append(company.lin.presses("采纳"))
    company.travel(days=3, hours=1)
    assert state_of(company, number) is MeetingState.CLOSED
    assert len(taps) <= 10


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("3：应为", (3, "应为")),
        ("第３条 应为", (3, "应为")),
        ("12、x", (12, "x")),
        ("应为三", (None, "应为三")),
        ("10.5万元应为12万元", (None, "10.5万元应为12万元")),
        ("12:30应为13:00", (None, "12:30应为13:00")),
        ("3,500元应为3,600元", (None, "3,500元应为3,600元")),
        ("3点应为4点", (None, "3点应为4点")),
        ("第3点 应为", (3, "应为")),
        ("第3条：应为", (3, "应为")),
        ("3. 应为", (3, "应为")),
        ("2026年应为2027年", (None, "2026年应为2027年")),
    ],
)
def test_a_number_that_leads_names_a_point(words: str, found: tuple[int | None, str]) -> None:
    assert read_numbered(words) == found


@given(st.text(max_size=40))
def test_any_words_can_be_a_wish(words: str) -> None:
    place, rest = read_numbered(words)
    assert place is None or re.search(r"\w", rest) or rest
    assert rest == rest.strip()


@given(st.text(st.characters(codec="utf-8"), max_size=50), st.integers(1, 9), st.integers(1, 9))
def test_a_hash_covers_all_of_it(words: str, one: int, other: int) -> None:
    closed = digest_of(words)
    first = chained(closed, MONDAY_MORNING, one, words)
    assert (first == chained(closed, MONDAY_MORNING, other, words)) is (one == other)
    assert first != chained(digest_of(words + "x"), MONDAY_MORNING, one, words)
    assert first != chained(closed, MONDAY_MORNING, one, words + "x")


def test_somebody_else_who_sends_it_out_has_agreed_and_the_secretary_is_asked(company: Company) -> None:
    number = hold(company, state=MeetingState.HELD, present=("lin", "bo"), chair="bo")
    company.bo.calls(f"minutes.write:{number}")
    company.bo.says("一条要点")
    assert "已发给 1 位" in company.bo.calls(f"minutes.circulate:{number}")
    company.lin.sees()
    assert "无误 1/2 人" in company.lin.calls(f"correction.show:{number}")
    company.lin.presses("无误")
    assert "已定稿" in company.bo.calls(f"correction.close:{number}")


def test_a_wish_taken_after_all_agreed_asks_them_again_for_the_new_text(company: Company) -> None:
    number = circulated(company)
    company.ma.calls(f"correction.correct:{number}")
    company.ma.says("1：下周三前报名")
    company.bo.sees()
    company.bo.presses("无误")
    company.ma.calls(f"correction.agree:{number}")
    company.lin.calls(f"correction.all:{number}")
    company.lin.presses("采纳")
    told = company.bo.sees()
    assert "按更正改了" in told
    assert "改为：下周三前报名" in told
    assert "1/3 人回了“无误”" in company.lin.calls(f"correction.close:{number}")
    assert "（1）下周三前报名" in company.bo.presses("看全文")
    company.bo.presses("无误")
    assert "已采纳" in company.ma.sees()
    company.ma.presses("无误")
    assert "已定稿" in company.lin.calls(f"correction.close:{number}")


def test_taken_back_a_line_is_changed_and_everybody_is_asked_again(company: Company) -> None:
    number = circulated(company)
    company.bo.sees()
    company.bo.presses("无误")
    assert "没有做任何改动" in company.bo.calls(f"correction.take_back:{number}")
    company.lin.calls(f"correction.show:{number}")
    assert "已收回修改" in company.lin.presses("收回修改")
    assert "收回修改了" in company.bo.sees()
    assert "不在核对中" in company.bo.calls(f"correction.agree:{number}")
    company.lin.presses("继续写")
    company.lin.says("改 1：下周三前报名")
    company.lin.says("删 2")
    company.lin.presses("完成，看草稿")
    company.lin.presses("发给到会人员核对")
    notice = company.bo.sees()
    assert "（1）下周三前报名" in notice
    assert "原：周五前报名\n改为：下周三前报名" in notice.replace("\n\n", "\n")
    assert "原：大家交流了体会\n改为：—" in notice.replace("\n\n", "\n")
    assert "1/3 人回了“无误”" in company.lin.calls(f"correction.close:{number}")
    company.bo.presses("无误")
    company.ma.calls(f"correction.agree:{number}")
    assert "已定稿" in company.lin.calls(f"correction.close:{number}")
    assert "已经定稿" in company.lin.calls(f"correction.take_back:{number}")


def test_a_wish_about_a_point_that_was_changed_meanwhile_says_so(company: Company) -> None:
    number = circulated(company)
    for phone, words in ((company.bo, "1：下周三前报名"), (company.ma, "1：下周五前报名")):
        phone.calls(f"correction.correct:{number}")
        phone.says(words)
    company.lin.calls(f"correction.all:{number}")
    assert "注意：这一条在这个更正提出以后已经改为：下周三前报名" in company.lin.presses("采纳")


@pytest.mark.parametrize("state", [MeetingState.DRAFT, MeetingState.CALLED, MeetingState.CANCELLED])
def test_before_it_is_held_there_is_neither_draft_nor_correction(company: Company, state: MeetingState) -> None:
    number = hold(company, state=state)
    said = "已经取消" if state is MeetingState.CANCELLED else "还没有开始"
    for name in ("correction.show", "minutes.draft"):
        assert said in company.lin.calls(f"{name}:{number}")


@pytest.mark.parametrize("messenger", ["web", "telegram", "wecom", "dingtalk", "feishu"])
def test_long_minutes_fit_through_every_messenger(company: Company, messenger: str) -> None:
    company.through = None if messenger == "web" else Through(messenger)
    number = hold(company)
    company.lin.calls(f"minutes.items:{number}")
    for place in range(12):
        company.lin.says(f"第{place}点：" + "要点" * 400)
    end(company, number)
    assert "（12）" in company.lin.presses("完成，看草稿")
    company.lin.presses("发给到会人员核对")
    assert "（12）" in company.bo.sees()
    assert "已记下" in company.bo.presses("无误")
