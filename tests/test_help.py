"""Home card, help by role, cancel, and what typed sentences reach."""

from __future__ import annotations

import pytest

from bot.understand import guesses, match
from domain.arrival import Arrival, Opened, Said
from domain.reply import Personal
from handlers.grammar import Registry
from tests.talk import Company

ZH = {
    "签到": "checkin", "我要签到": "checkin", "打卡": "checkin", "帮我签个到": "checkin", "今日签到。": "checkin",
    "答题": "quiz", "我要答题": "quiz", "每日一练": "quiz", "考考我": "quiz", "刷题": "quiz", "今天的题": "quiz",
    "错题": "mistakes", "我的错题": "mistakes", "复习错题": "mistakes",
    "积分": "points", "我的积分": "points", "查一下我的积分": "points", "查积分！": "points",
    "今天得了多少分": "points",
    "学习": "learn", "今天学什么": "learn", "今日学习": "learn", "我要学习": "learn",
    "收藏": "favourites", "我的收藏": "favourites",
    "搜索": "search", "搜索产假": "search", "搜一下 加班费": "search", "查找安全帽": "search",
    "提诉求": "demand", "我要反映": "demand", "我想反映食堂太贵了": "demand", "反映问题": "demand",
    "我的诉求": "demands",
    "公告": "notices", "有什么通知": "notices", "收到的公告": "notices",
    "发公告": "announce", "群发": "announce", "发公告：明天停电": "announce",
    "会议": "meeting", "我的会议": "meeting", "什么时候开会": "meeting", "我要开会": "meeting",
    "安排会议": "plan_meeting", "发会议通知": "plan_meeting", "帮我安排会议": "plan_meeting",
    "主题党日": "theme_day", "什么时候主题党日": "theme_day",
    "每周摘要": "digest", "待办": "digest",
    "我的信息": "me", "我是谁": "me", "解绑": "unbind", "撤回同意": "leave", "绑定": "bind",
    "发绑定码": "invite", "邀请": "invite", "职责管理": "roles", "导入题库": "questions", "导入花名册": "roster",
    "设置": "settings", "免打扰": "settings", "关闭提醒": "settings", "语言": "language", "切换语言": "language",
    "帮助": "help", "怎么用": "help", "你能做什么": "help", "取消": "cancel", "算了": "cancel",
    "首页": "home", "你好": "home", "菜单": "home",
}  # fmt: skip
EN = {
    "check in": "checkin", "quiz": "quiz", "daily quiz": "quiz", "mistakes": "mistakes", "points": "points",
    "my points": "points", "today's reading": "learn", "learn": "learn", "search overtime": "search",
    "favourites": "favourites", "announcements": "notices", "announce": "announce", "theme day": "theme_day",
    "my meetings": "meeting", "plan a meeting": "plan_meeting",
    "settings": "settings", "who am i": "me", "help": "help", "cancel": "cancel", "home": "home", "hello": "home",
    "language": "language", "digest": "digest", "invite": "invite",
}  # fmt: skip


@pytest.mark.parametrize(("sentence", "entry"), [*ZH.items(), *EN.items()])
def test_known_sentences_reach_their_entry(sentence: str, entry: str) -> None:
    found = match(sentence)
    assert found is not None
    assert found[0] == entry


def test_the_table_is_long_enough() -> None:
    assert len(ZH) >= 60
    assert len(EN) >= 20


@pytest.mark.parametrize(
    ("sentence", "entry"),
    [
        ("麻烦帮忙签到一下", "checkin"),
        ("我想看看自己的积分有多少", "points"),
        ("今天有没有题可以答题", "quiz"),
        ("想学习一点东西", "learn"),
        ("我有个诉求想说", "demand"),
        ("这个月的主题党日在哪天", "theme_day"),
    ],
)
def test_other_words_are_guessed(registry: Registry, sentence: str, entry: str) -> None:
    assert entry in [guess.entry.name for guess in guesses(sentence, registry)[:3]]


def test_what_follows_a_phrase_is_kept_as_it_was_typed() -> None:
    assert match("发公告：明天 停电！") == ("announce", "明天 停电！")
    assert match("搜索 加班费") == ("search", "加班费")


def test_a_guess_that_writes_is_confirmed_first(company: Company) -> None:
    screen = company.ada.says("麻烦帮我签到好吗谢谢")
    assert "签到成功" not in screen
    if "我理解为" in screen:
        assert "签到成功" in company.ada.presses("是的")
    else:
        assert "签到成功" in company.ada.presses("签到")


def test_no_is_no(company: Company) -> None:
    company.ada.calls("help.confirm:checkin")
    assert "你是不是想找" in company.ada.presses("不是")
    assert "签到成功" in company.ada.says("签到")


@pytest.mark.parametrize("words", ["阿巴阿巴", "😀😀", "qwertyuiop", "？？？", "SELECT * FROM member; --", "a" * 5000])
def test_unknown_words_get_the_nearest_entries_and_a_person(company: Company, words: str) -> None:
    screen = company.ada.says(words)
    assert "没有听懂" in screen
    assert "找人帮忙" in screen.labels
    assert len(screen.buttons) >= 4


def test_a_person_to_ask(company: Company) -> None:
    company.bo.says("阿巴阿巴")
    screen = company.bo.presses("找人帮忙")
    assert "林雪，党支部书记（第一党支部）" in screen
    assert "周明，工会干部" in screen
    assert "胡军" not in screen


def test_the_home_card_by_role(company: Company) -> None:
    plain = company.ada.says("/home")
    assert "王芳，早上好" in plain
    assert "今天还没有签到" in plain
    assert "发公告" not in plain.labels
    assert "发公告" in company.lin.says("/home").labels
    assert "导入花名册" in company.root.says("/home").labels
    for nickname in ("ada", "bo", "lin", "chen", "root", "zhou"):
        assert len(company.phone(nickname).says("/home").buttons) <= 8


def test_help_lists_what_one_may_do(company: Company) -> None:
    plain = company.ada.says("/help")
    for command in ("/checkin", "/quiz", "/points", "/learn", "/demand", "/me", "/settings", "/language"):
        assert command in plain
    for command in ("/announce", "/roster", "/roles", "/desk"):
        assert command not in plain
    assert "/announce" in company.lin.says("/help")
    assert "/roles" in company.root.says("/help")
    assert "/announce" not in company.root.says("/help")


def test_a_forged_way_in_is_refused(company: Company) -> None:
    for name in ("announce", "roles", "roster", "desk"):
        assert "职责" in company.ada.calls(f"help.go:{name}")
    assert "过期" in company.ada.calls("help.go:nothing")
    assert "过期" in company.ada.calls("nothing.at_all:1:2")
    assert "过期" in company.ada.calls("quiz.choose:x")


def test_cancel_from_anywhere(company: Company) -> None:
    company.lin.says("发公告")
    assert "已取消" in company.lin.says("/cancel")
    assert "没有正在办的事" in company.lin.says("取消")
    assert "没有听懂" in company.lin.says("阿巴阿巴")


def test_an_open_question_is_forgotten_after_two_hours(company: Company) -> None:
    company.lin.says("发公告")
    company.travel(hours=2, seconds=1)
    assert "预览" not in company.lin.says("阿巴阿巴")


def test_a_file_that_nobody_waits_for(company: Company) -> None:
    assert "不清楚要用它做什么" in company.ada.sends("x.pdf", b"%PDF", "application/pdf")


def test_a_group_gets_one_line_and_a_way_to_the_private_chat(company: Company) -> None:
    for content in (Said("我的积分"), Opened("hello")):
        company.hear(Arrival("web", "ada", "group-1", private=False, at=company.now, content=content))
        screen = company.ada.sees()
        assert "私聊" in screen
        assert screen.buttons[0].url.startswith("https://chat.example/")
        assert "积分" not in screen


def test_in_english(company: Company) -> None:
    company.ada.says("/language en")
    assert "Good morning" in company.ada.says("home")
    assert "did not understand" in company.ada.says("blah blah")
    assert "What you can do" in company.ada.says("/help")


@pytest.mark.parametrize("sentence", ["我想签到", "请帮我签到", "I want to check in", "麻烦签到"])
def test_politeness_before_a_phrase_changes_nothing(sentence: str) -> None:
    assert match(sentence) == ("checkin", "")


def test_navigation_leaves_an_open_question(company: Company) -> None:
    company.ada.says("/demand")
    assert "早上好" in company.ada.says("首页")
    assert "签到成功" in company.ada.says("我要签到")
    company.ada.says("/demand")
    assert "我的积分" in company.ada.says("我的积分")
    company.ada.says("/demand")
    company.ada.presses("取消")
    company.lin.says("发公告")
    assert "早上好" in company.lin.says("首页")
    assert "没有听懂" in company.lin.says("阿巴阿巴")


def test_a_label_may_be_typed(company: Company) -> None:
    company.ada.says("阿巴阿巴")
    assert "可以找这些同事" in company.ada.says("找人帮忙")
    company.ada.says("签到")
    assert "哪几天" in company.ada.says("休假免签")


def test_a_question_about_the_weather_is_no_request(company: Company) -> None:
    assert "我的诉求" not in company.ada.says("今天天气怎么样")


def test_numbers_that_no_database_takes_are_expired(company: Company) -> None:
    for call in (
        "checkin.away_for:999999999999",
        "announcements.read:99999999999999999999",
        "demands.case:-9223372036854775809:0",
    ):
        assert "出了点问题" not in company.ada.calls(call)
    company.lin.says("发公告")
    assert "你好" in company.lin.says("你\0好\ud800世界")


OPEN = {
    "gathering": ("lin", ["/gathering"], "没有找到叫"),
    "announcement moment": ("lin", ["/announce 大扫除", "定时发送"], "没有看懂时间"),
    "announcement reason": ("lin", ["/announce 大扫除", "标为紧急"], "紧急原因请写"),
    "days away": ("ada", ["签到", "休假免签"], "没有看懂日期"),
    "roles": ("root", ["/roles"], "没有找到"),
    "invite": ("lin", ["/invite"], "没有找到"),
    "theme day": ("lin", ["/theme_day", "改 "], "没有看懂"),
    "quiet hours": ("ada", ["/settings", "免打扰"], "没有看懂"),
    "holidays": ("root", ["/holidays"], "没有全部看懂"),
    "roster": ("root", ["/roster"], "请直接发送文件"),
    "category": ("ada", ["/demand", "阿巴"], "请点一个类别"),
    "points": ("lin", ["/award"], "没有找到"),
    "obligation": ("lin", ["/due", "主题党日", "豁免"], "理由太短"),
    "relief": ("lin", ["/due", "全年", "减免", "增加减免"], "没有找到"),
}


@pytest.mark.parametrize("name", OPEN)
def test_a_question_that_can_not_take_the_answer_says_why_and_names_the_way_out(company: Company, name: str) -> None:
    who, way, reason = OPEN[name]
    phone = company.phone(who)
    for step in way:
        labels = [b.label for message in phone.messages[-1:] for b in message.reply.buttons]
        asked = phone.presses(step) if any(step in label for label in labels) else phone.says(step)
    refused = phone.says("咕")
    assert reason in refused
    assert "取消" in refused
    assert refused != asked
    assert "已取消" in phone.says("取消")


@pytest.mark.parametrize("words", ["有人欺负我，我想自杀", "不想活了", "I want to die", "我想找人聊聊"])
@pytest.mark.parametrize("name", OPEN)
def test_somebody_in_distress_reaches_people_from_any_question(company: Company, name: str, words: str) -> None:
    who, way, _ = OPEN[name]
    phone = company.phone(who)
    for step in way:
        labels = [b.label for message in phone.messages[-1:] for b in message.reply.buttons]
        _ = phone.presses(step) if any(step in label for label in labels) else phone.says(step)
    screen = phone.says(words)
    assert "可以在这里留言" in screen
    assert ("12356" in screen) == ("聊聊" not in words)
    assert "已取消" in phone.says("取消")


def test_distress_is_heard_before_binding_and_inside_a_request(company: Company) -> None:
    assert "12356" in company.stranger.says("我不想活了")
    screen = company.ada.says("我想反映班长欺负我")
    assert "12356" in screen
    assert "请确认你的诉求" in screen
    assert "SQ-" in company.ada.presses("提交")


def test_whom_to_call_in_distress_is_never_behind_a_link(company: Company) -> None:
    _ = company.ada.says("我想反映大病之后不想活了")
    called = [message.reply for message in company.ada.messages if "12356" in message.reply.plain]
    assert [one.personal for one in called] == [Personal.PUBLIC]


@pytest.mark.parametrize("words", ["预防自杀知识讲座，欢迎参加", "请大家保护好自己"])
def test_an_announcement_about_help_is_an_announcement(company: Company, words: str) -> None:
    company.lin.says("发公告")
    assert "预览" in company.lin.says(words)


def test_a_command_that_does_not_exist(company: Company) -> None:
    screen = company.ada.says("/nosuchcmd")
    assert "没有这个命令" in screen
    assert "全部功能" in screen.labels
    assert "签到" in company.ada.says("/chekin").labels
    assert "没有这个命令" in company.ada.says("/NoSuch 1")
    company.lin.says("/gathering")
    assert "没有这个命令" in company.lin.says("/nosuchcmd")


def test_a_stranger_who_says_hello_again_is_not_greeted_with_the_same_words(company: Company) -> None:
    first = company.stranger.opens("")
    again = company.stranger.says("你好")
    assert "绑定码" in again
    assert again != first
    assert len(again) < len(first)


def test_nobody_without_an_account_is_not_counted_as_nobody(company: Company) -> None:
    assert "0 人" not in company.lin.says("/announce 大扫除")
