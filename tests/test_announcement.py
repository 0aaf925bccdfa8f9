"""发公告: the check for secrets, audience, preview, grace, time, pause, recall, confirming, one reminder."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from domain.announcement import example_hour, example_moment, names_day, read_moment, secrecy_mark
from domain.arrival import Arrival, Said
from domain.refusal import Refusal
from domain.reply import Text
from services import announcement, announcement_calendar, announcement_list, announcements
from storage import inbox, outbox
from storage.announcement import confirmation
from tests.talk import Company


def send(company: Company, words: str = "周五下午停电检修，请提前保存文件。") -> None:
    """Let 林雪 of the first branch announce to everybody of it, past the grace."""
    company.lin.says("发公告")
    company.lin.says(words)
    company.lin.presses("发送")
    company.travel(seconds=11)


def test_from_words_to_confirmations(company: Company) -> None:
    company.lin.says("发公告")
    preview = company.lin.says("周五下午停电检修，请提前保存文件。")
    assert "预览" in preview
    assert "公告 · 第一党支部" in preview
    assert "周五下午停电检修" in preview
    assert "共 4 人" in preview
    assert "10 秒后开始发送" in company.lin.presses("发送")
    assert company.bo.sees() == ""
    company.travel(seconds=11)
    assert "周五下午停电检修" in company.bo.sees()
    assert company.xu.sees() == ""
    assert company.ada.sees() == ""
    assert "你已于 11-23" in company.bo.presses("收到")
    assert "确认 1/4" in company.lin.everything
    company.tang.sees()
    company.tang.presses("收到")
    assert "确认 2/4" in company.lin.presses("刷新")


def test_confirming_twice_counts_once(company: Company) -> None:
    send(company)
    company.bo.sees()
    call = next(button.call for button in company.bo.last.buttons if button.label == "收到")
    company.bo.calls(call)
    company.travel(minutes=5)
    assert "09:30" in company.bo.calls(call)
    assert company.read(lambda c: c.scalar(select(func.count()).select_from(confirmation))) == 1


def test_whoever_was_not_addressed_can_neither_read_nor_confirm(company: Company) -> None:
    send(company)
    for forged in ("announcements.confirm:1", "announcements.read:1", "announcements.show:1", "announcements.recall:1"):
        assert "没有找到" in company.xu.calls(forged)
    for forged in ("announcement.send:1", "announcement.draft:1", "announcements.remind:1", "announcements.pause:1"):
        assert "没有找到" in company.hu.calls(forged)


def test_the_home_card_mentions_what_waits(company: Company) -> None:
    send(company)
    company.bo.sees()
    assert "1 条公告待确认：周五下午停电检修" in company.bo.says("/home")
    assert "停电检修" in company.bo.presses("看公告")
    company.bo.presses("收到")
    assert "待确认" not in company.bo.says("/home")
    assert "周五下午停电检修" in company.bo.says("/notices").labels[0]


def test_the_rest_is_reminded_once(company: Company) -> None:
    send(company)
    company.bo.sees()
    company.bo.presses("收到")
    assert "已提醒 3 人" in company.lin.presses("提醒未确认的人")
    assert "还没有确认这条公告" in company.tang.sees()
    assert company.bo.sees() == ""
    assert "已经提醒过一次" in company.lin.calls("announcements.remind:1")
    assert "已于" in company.tang.presses("收到")


def test_only_ones_own_scope_can_be_addressed(company: Company) -> None:
    company.lin.says("/announce 会议改期")
    assert [label for label in company.lin.presses("换组织").labels if "支部" in label or "小组" in label] == [
        "第一党支部",
        "第一党小组",
    ]
    other = company.roll.units["branch2"].id
    assert "没有做任何改动" in company.lin.calls(f"announcement.to:1:{other}:all")
    assert "职责" in company.ada.says("/announce 大家好")
    assert "职责" in company.tang.says("发公告")


def test_a_kind_of_person(company: Company) -> None:
    company.lin.says("/announce 预备党员请来谈话")
    company.lin.presses("换人员")
    screen = company.lin.presses("正式党员")
    assert "正式党员，共 3 人" in screen
    company.lin.presses("换组织")
    assert "共 1 人" in company.lin.presses("第一党小组") or "人" in company.lin.last
    company.lin.presses("发送")
    company.travel(seconds=11)
    assert "谈话" in company.bo.sees()
    assert company.ma.sees() == ""


def test_to_oneself_first(company: Company) -> None:
    company.lin.says("/announce 先看看样子")
    screen = company.lin.presses("先发给我")
    assert "先看看样子" in screen
    assert "已发给你自己" in screen
    assert "不计入确认" in company.lin.presses("收到")
    assert company.bo.sees() == ""


def test_taken_back_within_the_grace_nobody_gets_it(company: Company) -> None:
    company.lin.says("/announce 说错了")
    company.lin.presses("发送")
    assert "已撤回" in company.lin.presses("撤回")
    company.travel(minutes=5)
    assert company.bo.sees() == ""


def test_recalled_after_arriving_it_shows_as_recalled(company: Company) -> None:
    send(company)
    assert "停电" in company.bo.sees()
    company.lin.presses("刷新")
    assert "确定撤回吗" in company.lin.presses("撤回")
    company.lin.presses("确定撤回")
    assert "已撤回" in company.bo.sees()
    assert "停电" not in company.bo.last
    assert "撤回" in company.bo.calls("announcements.confirm:1")
    assert "还没有收到过公告" in company.bo.says("/notices")


def test_pausing_and_going_on(company: Company) -> None:
    company.travel_to(datetime(2026, 11, 23, 14, 0, tzinfo=UTC))
    company.lin.says("/announce 夜里写的通知")
    assert "免打扰时间" in company.lin.last
    company.lin.presses("发送")
    assert "已暂停" in company.lin.presses("暂停")
    company.travel_to(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))
    assert "夜里写的" not in company.bo.sees()
    company.lin.presses("继续发送")
    assert "夜里写的" in company.bo.sees()


def test_at_a_time(company: Company) -> None:
    company.lin.says("/announce 明早的通知")
    company.lin.presses("定时发送")
    assert "没有看懂时间" in company.lin.says("过一会儿")
    assert "要在现在之后" in company.lin.says("今天 8:00")
    assert "周二 09:05" in company.lin.says("明天 9:05")
    company.travel_to(datetime(2026, 11, 24, 1, 4, 50, tzinfo=UTC))
    assert "明早的通知" not in company.bo.sees()
    company.travel_to(datetime(2026, 11, 24, 1, 5, 30, tzinfo=UTC))
    assert "明早的通知" in company.bo.sees()


def bold(screen: str, company: Company) -> list[str]:
    """The examples that the newest message shows."""
    assert screen
    spans = [span for block in company.lin.messages[-1].reply.blocks if isinstance(block, Text) for span in block.spans]
    return [span.text for span in spans if span.style == "bold"]


@pytest.mark.parametrize("now", ["2026-11-23 09:30", "2026-12-30 23:58", "2028-02-27 00:01"])
@pytest.mark.parametrize("place", [0, 1])
def test_the_examples_are_answers(company: Company, now: str, place: int) -> None:
    local = datetime.fromisoformat(now)
    company.now = company.organisation.at(local.date(), local.time())
    company.lin.says("/announce 按例子说")
    examples = bold(company.lin.presses("定时发送"), company)
    assert examples[place] in company.lin.says("等一下")
    assert "改一改" in company.lin.says(examples[place]).labels


def test_a_day_without_an_hour_is_asked_for_the_hour(company: Company) -> None:
    company.lin.says("/announce 下午的通知")
    company.lin.presses("定时发送")
    asked = company.lin.says("明天下午")
    assert "明天下午几点" in asked
    assert "‹ 返回" in asked.labels
    assert "周二 15:00" in company.lin.says("三点")
    company.lin.says("/announce 又一条")
    company.lin.presses("定时发送")
    company.lin.says("明天")
    assert "几点" in company.lin.says("下午")
    assert "没有看懂" in company.lin.says("阿巴阿巴")
    assert "周二 16:00" in company.lin.says("4")


def test_a_moment_that_is_past_leads_back_to_the_draft(company: Company) -> None:
    company.travel(hours=4)
    company.lin.says("/announce 昨天的通知")
    company.lin.presses("定时发送")
    assert company.lin.says("今天 8:00").labels == ["‹ 返回"]
    assert "要在现在之后" in company.lin.says("今天早上")
    assert "预览" in company.lin.presses("‹ 返回")


def test_what_is_planned_can_be_changed_back(company: Company) -> None:
    company.lin.says("/announce 明早的通知")
    company.lin.presses("定时发送")
    company.lin.says("明天 9:05")
    assert "没有删掉" in company.lin.calls("announcement.discard:1")
    assert "没有找到" in company.hu.calls("announcement.discard:1")
    assert "预览" in company.lin.presses("改一改")
    assert "草稿还在" in company.lin.presses("取消")
    assert "预览" in company.lin.calls("announcement.draft:1")
    assert "草稿已删掉" in company.lin.presses("删掉草稿")
    assert "没有找到" in company.lin.calls("announcement.draft:1")
    company.travel(days=2)
    assert "明早的通知" not in company.bo.sees()


def test_too_late_it_asks_its_author(company: Company) -> None:
    company.lin.says("/announce 错过的通知")
    company.lin.presses("定时发送")
    company.lin.says("明天 9:05")
    company.now = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    company.travel(seconds=1)
    assert "错过的通知" not in company.bo.sees()
    assert "错过了时间" in company.lin.sees()
    company.lin.presses("去看看")
    company.lin.presses("发送")
    company.travel(seconds=11)
    assert "错过的通知" in company.bo.sees()


def test_a_role_that_ended_meanwhile_sends_nothing(company: Company) -> None:
    company.lin.says("/announce 不该发出")
    company.lin.presses("定时发送")
    company.lin.says("明天 9:05")
    lin, branch = company.roll.people["lin"], company.roll.units["branch1"].id
    company.root.calls(f"roles.end:{lin}:branch_secretary:{branch}")
    company.travel_to(datetime(2026, 11, 24, 2, 0, tzinfo=UTC))
    assert "不该发出" not in company.bo.sees()
    assert "没有发出" in company.lin.sees()


def test_sending_twice_sends_once(company: Company) -> None:
    company.lin.says("/announce 只发一次")
    call = next(button.call for button in company.lin.last.buttons if button.label == "发送")
    company.lin.calls(call)
    company.lin.calls(call)
    company.travel(seconds=11)
    assert company.bo.sees().count("只发一次") == 1
    letters = select(func.count()).where(
        outbox.letter.c.campaign_id.is_not(None), outbox.letter.c.kind == "announcement"
    )
    assert company.read(lambda c: c.scalar(letters)) == 4


def test_lists_call_it_by_what_comes_after_the_greeting(company: Company) -> None:
    company.lin.says("发公告")
    company.lin.says("各位同志：\n周五停电检修\n请提前关机")
    company.lin.presses("发送")
    assert "周五停电检修" in company.lin.calls("announcements.mine").labels


def test_with_a_picture_and_with_a_file(company: Company) -> None:
    company.lin.says("发公告")
    screen = company.lin.sends("海报.png", b"\x89PNG....", "image/png", caption="来看展览")
    assert screen.pictures
    assert "来看展览" in screen
    company.lin.presses("改内容")
    screen = company.lin.sends("通知.pdf", b"%PDF-1.7", "application/pdf")
    assert "来看展览" in screen
    assert screen.documents[0].name == "通知.pdf"
    company.lin.presses("发送")
    company.travel(seconds=11)
    assert company.bo.sees().documents


@pytest.mark.parametrize(
    "words",
    ["机密★ 关于…", "绝密★★一年", "【秘密】内部", "密级：机密\n正文", "秘 密 ★", "（机密）", "机密文件，请传阅",
     "机密★启用前", "TOP SECRET", "绝密\n内容",
     "机\u200b密★", "秘密・★", "本文件为秘密级", "机密！请勿外传", "工作秘密"],
)  # fmt: skip
def test_secrets_are_refused_at_the_door(company: Company, words: str) -> None:
    company.lin.says("发公告")
    screen = company.lin.says(words)
    assert "密级标志" in screen
    assert "第二十九条" in screen
    assert "预览" not in screen


def test_a_secret_file_name_is_refused_too(company: Company) -> None:
    company.lin.says("发公告")
    assert "密级标志" in company.lin.sends("机密★方案.pdf", b"%PDF", "application/pdf", caption="见附件")


@pytest.mark.parametrize(
    "words",
    [
        "保守国家秘密，人人有责",
        "保密教育周三举行",
        "机密性是三要素之一",
        "秘密花园读书会",
        "这是商业秘密文件，请保管好",
        "个人秘密资料",
    ],
)
def test_talking_about_secrecy_is_no_secret(words: str) -> None:
    assert secrecy_mark(words) is None


def test_too_long_or_empty_keeps_nothing(company: Company) -> None:
    company.lin.says("发公告")
    assert "最多 2000 个字" in company.lin.says("长" * 2001)
    assert "预览" in company.lin.says("长" * 2000)


def test_what_people_wrote_is_shown_as_written(company: Company) -> None:
    send(company, "{x} **不是粗体** <b>&amp;</b> %s {0}")
    assert "{x} **不是粗体** <b>&amp;</b> %s {0}" in company.bo.sees()


def test_in_english(company: Company) -> None:
    company.lin.says("/language en")
    company.lin.says("announce")
    assert "Preview" in company.lin.says("The lift is out of order today.")
    assert "Leaves in 10 seconds" in company.lin.presses("Send")
    company.travel(seconds=11)
    assert "The lift" in company.bo.sees()
    assert "你已于" in company.bo.presses("收到")
    assert "Confirmed 1/4" in company.lin.everything


def test_moments_as_people_write_them() -> None:
    today = date(2026, 11, 23)
    assert read_moment("明天 9:00", today) == (date(2026, 11, 24), time(9, 0))
    assert read_moment("11-25 14:30", today) == (date(2026, 11, 25), time(14, 30))
    assert read_moment("今天下午3点半", today) == (today, time(15, 30))
    assert read_moment("12月1日 8点", today) == (date(2026, 12, 1), time(8, 0))
    assert read_moment("1-5 10：00", today) == (date(2027, 1, 5), time(10, 0))
    assert read_moment("2-30 10:00", today) is None
    assert read_moment("25:99", today) is None
    assert read_moment("明天下午", today) is None
    assert read_moment("tomorrow 3pm", today) == (date(2026, 11, 24), time(15, 0))
    assert read_moment("tomorrow afternoon 3:30", today) == (date(2026, 11, 24), time(15, 30))
    assert read_moment("明天中午12点", today) == (date(2026, 11, 24), time(12, 0))
    assert read_moment("明天中午1点", today) == (date(2026, 11, 24), time(13, 0))


@given(
    now=st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2029-01-01")),
    words=st.sampled_from(["今天", "明天下午", "12-31"]),
)
def test_examples_are_always_acceptable(now: datetime, words: str) -> None:
    found = read_moment(example_moment(now.date()), now.date())
    assert found is not None
    assert now < datetime.combine(*found) < now + timedelta(days=3)
    hour = example_hour(words, now)
    if not hour:
        assert words != "明天下午"
        return
    moment = read_moment(f"{words} {hour}", now.date())
    assert moment is not None
    assert now < datetime.combine(*moment)
    assert names_day(words, now.date())


def test_whoever_left_or_unbound_meanwhile_gets_nothing(company: Company) -> None:
    company.travel_to(datetime(2026, 11, 23, 13, 30, tzinfo=UTC))
    company.lin.says("/announce 夜里写的通知")
    company.lin.presses("发送")
    company.bo.says("撤回同意")
    company.bo.presses("确定撤回")
    company.ma.says("/unbind")
    company.ma.presses("解绑")
    company.root.says("/roles A011")
    company.root.presses("登记离职")
    company.root.presses("确认离职")
    company.travel_to(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))
    for phone in (company.bo, company.ma, company.tang):
        assert "夜里写的" not in phone.everything
    assert "夜里写的" in company.lin.everything


def test_a_recall_takes_the_reminder_back_too(company: Company) -> None:
    send(company)
    for phone in (company.bo, company.ma, company.tang):
        phone.sees()
    company.travel_to(datetime(2026, 11, 23, 13, 30, tzinfo=UTC))
    company.lin.presses("刷新")
    company.lin.presses("提醒未确认的人")
    company.lin.presses("撤回")
    company.lin.presses("确定撤回")
    company.travel_to(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))
    assert "还没有确认这条公告" not in company.bo.everything
    assert "停电" not in company.bo.everything


def test_without_the_role_one_recalls_and_nothing_else(company: Company) -> None:
    send(company)
    company.lin.presses("刷新")
    lin, branch = company.roll.people["lin"], company.roll.units["branch1"].id
    company.root.calls(f"roles.end:{lin}:branch_secretary:{branch}")
    assert "职责范围不包括" in company.lin.calls("announcements.remind:1")
    assert "职责范围不包括" in company.lin.calls("announcements.pause:1")
    assert "已撤回" in company.lin.calls("announcements.recall_sure:1")


def test_a_planned_one_that_reaches_nobody_tells_its_author(company: Company) -> None:
    company.lin.says("/announce 没有人收得到")
    company.lin.presses("换组织")
    company.lin.presses("第一党小组")
    company.lin.presses("定时发送")
    company.lin.says("明天 9:05")
    for phone in (company.bo, company.ma, company.tang):
        phone.says("/unbind")
        phone.presses("解绑")
    company.travel_to(datetime(2026, 11, 24, 2, 0, tzinfo=UTC))
    assert "没有发出" in company.lin.sees()


def test_resumed_at_night_it_waits_for_morning(company: Company) -> None:
    company.lin.says("/announce 晚间继续")
    company.lin.presses("发送")
    company.lin.presses("暂停")
    company.travel_to(datetime(2026, 11, 23, 15, 30, tzinfo=UTC))
    company.lin.calls("announcements.resume:1")
    assert "晚间继续" not in company.bo.sees()
    company.travel_to(datetime(2026, 11, 24, 0, 5, tzinfo=UTC))
    assert "晚间继续" in company.bo.sees()


def test_a_refused_secret_is_kept_nowhere(company: Company) -> None:
    company.lin.says("发公告")
    arrival = Arrival("web", "lin", "lin", private=True, at=company.now, content=Said("机密★ 关于某事"))
    [(row, _)] = company.write(lambda c: inbox.keep(c, "web", [("secret", "机密★ 关于某事")], company.now))
    with pytest.raises(Refusal) as refused:
        company.write(lambda c: company.dispatch.hear(c, row, arrival, company.now))
    company.write(lambda c: company.dispatch.refuse(c, row, arrival, refused.value, company.now))
    assert company.read(lambda c: c.scalar(select(inbox.inbox.c.body).where(inbox.inbox.c.id == row))) == "{}"


def test_a_reminder_leaves_those_alone_who_had_their_pushes(company: Company) -> None:
    send(company)
    for number in range(2):
        company.lin.says(f"/announce 第 {number} 条")
        company.lin.presses("发送")
        company.travel(seconds=11)
    company.bo.sees()
    assert "今天的推送都满了" in company.lin.calls("announcements.remind:1")
    company.travel(days=1)
    assert "已提醒 4 人" in company.lin.calls("announcements.remind:1")


def test_how_it_stands_by_messenger_and_on_which_day(company: Company) -> None:
    send(company)
    company.bo.sees()
    company.bo.presses("收到")
    lin, bo = company.roll.people["lin"], company.roll.people["bo"]

    def looks(connection: Connection) -> None:
        work = company.work(connection)
        one = announcement.own(work, lin, 1)
        [made] = announcements.by_messenger(work, one)
        assert (made.name, made.sent, made.waiting, made.confirmed) == ("web", 4, 0, 1)
        assert announcement_list.excluded(work, one).on == {"web": 4}
        assert not announcements.finished(work, one, announcements.progress(work, one))
        days = {
            who: {entry.kind for entry in announcement_calendar.month(work, who, date(2026, 11, 1))[22].entries}
            for who in (lin, bo, company.roll.people["hu"])
        }
        assert list(days.values()) == [{"mine"}, {"received"}, set()]

    company.read(looks)
    company.travel(minutes=1)

    def is_over(connection: Connection) -> bool:
        work = company.work(connection)
        one = announcement.own(work, lin, 1)
        return announcements.finished(work, one, announcements.progress(work, one))

    assert company.read(is_over)
