"""Campaigns too large for a row a person: whom they reach, and what stops, delays or drops them on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select

from domain.reply import Reply
from services import post, roster
from services.work import Work
from storage import address, campaign, member, outbox, preference, stretch
from storage import audit as audits
from tests.company import MONDAY_MORNING, ORGANISATION
from tests.talk import Company

NIGHT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
"""22:00 in Shanghai."""
BRANCH = ("bo", "lin", "ma", "tang")


@pytest.fixture(params=["listed", "described"])
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make two people a crowd, and its audience a list or a description."""
    monkeypatch.setattr(post, "ROWS_AT_ONCE", 2)
    if request.param == "described":
        monkeypatch.setattr(post, "LISTED", 2)


def announce(company: Company, words: str = "周五停电检修") -> None:
    company.lin.says(f"/announce {words}")
    company.lin.presses("发送")


def letters(company: Company) -> int:
    def look(connection: Connection) -> int:
        return connection.scalar(select(func.count()).where(outbox.letter.c.campaign_id == 1)) or 0

    return company.read(look)


@pytest.mark.usefixtures("large")
def test_a_large_audience_is_a_row_a_messenger_until_it_leaves(company: Company) -> None:
    announce(company)
    assert letters(company) == 0
    assert company.read(lambda c: stretch.left(c, 1)) == 1
    assert "待发 4 人" in company.lin.presses("刷新")
    company.travel(seconds=11)
    assert [getattr(company, one).sees().count("停电检修") for one in BRANCH] == [1, 1, 1, 1]
    assert company.xu.sees() == ""
    assert company.read(lambda c: (stretch.left(c, 1), campaign.counts(c, 1))) == (0, {outbox.SENT: 4})
    company.bo.presses("收到")
    assert "确认 1/4" in company.lin.presses("刷新")
    company.lin.presses("提醒未确认的人")
    assert "还没有确认" in company.ma.sees()


@pytest.mark.usefixtures("large")
def test_the_audience_is_that_of_the_moment_of_sending(company: Company) -> None:
    announce(company)
    moved = (
        "工号,姓名,政治面貌,工会会员,部门,党支部\n"
        "A010,马琳,中共预备党员,是,生产部,第二党支部\n"
        "B100,新来的,中共党员,是,生产部,第一党支部\n"
    ).encode()
    company.write(lambda c: roster.apply(Work(c, ORGANISATION, company.now), "花名册.csv", moved))
    paths = company.read(lambda c: [unit.name for unit in member.units_of(c, company.roll.people["ma"])])
    assert "第二党支部" in paths
    company.travel(seconds=11)
    assert [getattr(company, one).sees().count("停电检修") for one in BRANCH] == [1, 1, 1, 1]
    assert letters(company) == 4


@pytest.mark.usefixtures("large")
def test_it_pauses_goes_on_and_is_recalled_before_any_letter_exists(company: Company) -> None:
    announce(company)
    assert "已暂停" in company.lin.presses("暂停")
    company.travel(minutes=5)
    assert company.bo.sees() == ""
    company.lin.presses("继续发送")
    company.travel(seconds=1)
    assert "停电检修" in company.bo.sees()
    company.lin.says("/announce 说错了")
    company.lin.presses("发送")
    assert "已撤回" in company.lin.presses("撤回")
    company.travel(minutes=5)
    assert "说错了" not in company.bo.sees()


@pytest.mark.usefixtures("large")
def test_who_has_two_messengers_gets_it_once_where_it_was_chosen(company: Company) -> None:
    bo = company.roll.people["bo"]

    def second(connection: Connection) -> None:
        address.meet(connection, "telegram", "77", "77", "zh", MONDAY_MORNING)
        caller = address.caller(connection, "telegram", "77")
        assert caller is not None
        address.bind(connection, caller.address_id, bo, MONDAY_MORNING + timedelta(seconds=1))

    company.write(second)
    phone = company.phone("77", "telegram")
    announce(company)
    company.travel(seconds=11)
    assert "停电检修" in phone.sees()
    assert company.bo.sees() == ""
    assert letters(company) == 4


@pytest.mark.usefixtures("large")
def test_at_night_it_waits_for_the_morning_and_urgent_does_not(company: Company) -> None:
    company.travel_to(NIGHT)
    announce(company)
    company.travel(minutes=30)
    assert company.bo.sees() == ""
    company.lin.says("/announce 台风停工")
    assert "本组织本月已发 0 条" in company.lin.presses("标为紧急")
    assert "4 到 100 个字" in company.lin.says("急")
    assert "免打扰时间也会送达" in company.lin.says("台风红色预警，今晚停工")
    assert "紧急：台风红色预警" in company.lin.presses("发送")
    company.travel(seconds=11)
    screen = company.bo.sees()
    assert "紧急公告" in screen
    assert "紧急原因：台风红色预警" in screen
    assert "停电检修" not in screen
    company.travel_to(datetime(2026, 11, 24, 0, 1, tzinfo=UTC))
    assert "停电检修" in company.bo.sees()
    deeds = company.read(lambda c: c.scalars(select(audits.audit.c.deed)).all())
    assert deeds.count("announcement.urgent") == 1
    company.lin.says("/announce 再来一条")
    assert "本组织本月已发 1 条" in company.lin.presses("标为紧急")


def test_what_became_ordinary_again_waits_like_all_others(company: Company) -> None:
    company.travel_to(NIGHT)
    company.lin.says("/announce 台风停工")
    company.lin.presses("标为紧急")
    company.lin.says("台风红色预警")
    assert "将从" in company.lin.presses("取消紧急")
    company.lin.presses("发送")
    company.travel(minutes=5)
    assert company.bo.sees() == ""


@pytest.mark.parametrize("crowd", [2, 1000])
def test_hours_late_it_stops_and_asks_its_author(company: Company, monkeypatch: pytest.MonkeyPatch, crowd: int) -> None:
    monkeypatch.setattr(post, "ROWS_AT_ONCE", crowd)
    monkeypatch.setattr(post, "LISTED", crowd)
    announce(company)
    company.now += timedelta(hours=3)
    company.deliver()
    assert company.bo.sees() == ""
    assert "还有 4 人没有发出" in company.lin.sees()
    assert "已暂停" in company.lin.presses("去看看")
    company.lin.presses("继续发送")
    company.travel(seconds=1)
    assert "停电检修" in company.bo.sees()


def remind(company: Company, nickname: str, times: int) -> None:
    """Push to somebody about the points, so many times."""

    def write(connection: Connection) -> None:
        work = Work(connection, ORGANISATION, company.now)
        for _ in range(times):
            post.push(
                work, [company.roll.people[nickname]], "points", lambda voice: Reply((voice.say("quiz.reminder"),))
            )

    company.write(write)


def test_a_push_written_by_day_does_not_disturb_by_night(company: Company) -> None:
    remind(company, "ada", 1)
    company.now = NIGHT
    company.deliver()
    assert company.ada.sees() == ""
    company.travel_to(datetime(2026, 11, 24, 0, 1, tzinfo=UTC))
    assert "练习" in company.ada.sees()


def test_what_was_muted_meanwhile_does_not_leave(company: Company) -> None:
    remind(company, "ada", 1)
    company.write(lambda c: preference.choose(c, company.roll.people["ada"], "points", wanted=False))
    company.deliver()
    assert company.ada.sees() == ""
    assert company.read(outbox.counts)["web", outbox.MUTED] == 1


def test_the_budget_holds_for_what_waited_too(company: Company) -> None:
    company.travel_to(NIGHT)
    remind(company, "bo", 3)
    company.travel_to(datetime(2026, 11, 23, 16, 30, tzinfo=UTC))
    company.lin.says("/announce 台风停工")
    company.lin.presses("标为紧急")
    company.lin.says("台风红色预警")
    company.lin.presses("发送")
    company.travel_to(datetime(2026, 11, 24, 0, 1, tzinfo=UTC))
    assert company.bo.sees().count("练习") == 2
    assert company.read(outbox.counts)["web", outbox.CAPPED] == 1


def test_the_author_sees_whom_it_missed_and_why_and_can_act(company: Company) -> None:
    ma, tang = company.roll.people["ma"], company.roll.people["tang"]

    def lose(connection: Connection) -> None:
        [(number, _, account, _)] = address.accounts_of(connection, tang)
        address.close(connection, "web", account, "blocked")
        [(number, *_)] = address.accounts_of(connection, ma)
        address.bind(connection, number, None, None)

    company.write(lose)
    announce(company)
    company.travel(seconds=11)
    company.lin.presses("刷新")
    screen = company.lin.presses("谁没收到")
    assert "马琳：没有绑定账号" in screen
    assert "唐杰：停用或拉黑了助手" in screen
    assert "赵强" not in screen
    assert "绑定码" in company.lin.presses("发码：马琳")
    assert "没有找到" in company.hu.calls("announcements.missed:1:0")
