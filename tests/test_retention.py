"""How long rows are kept: what is old goes at night, a bite at a time; what is not settled or still asked for stays."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select

from bot import clock
from domain.reply import Reply, text
from domain.retention import BITE, GAP, Retention, is_night
from services import post, retention
from storage import address, backup, campaign, inbox, outbox, stretch
from storage.schedule import occurrence, schedule
from tests.company import MONDAY_MORNING
from tests.talk import Company

NIGHT = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)
"""03:30 on Tuesday in Shanghai."""
DAYS = Retention()
HELLO = Reply((text("你好"),))
BRANCH = ("bo", "lin", "ma", "tang")
LOST = {"inbox", "letter", "campaign", "occurrence", "schedule"}
"""The tables from which rows may go, and the clock's own."""


def pass_by(company: Company, days: int) -> None:
    """Let days pass on which the program was switched off."""
    company.now += timedelta(days=days)


def night(company: Company, most: int = BITE) -> int:
    """Let go all that may go by now, a bite at a time; returns how much that was."""
    total = 0
    while gone := company.write(lambda c: retention.bite(company.work(c), most)):
        assert gone <= most
        total += gone
    return total


def keep(company: Company, **days: int) -> None:
    """Let the organisation keep rows for so long."""
    company.organisation = replace(company.organisation, retention=Retention(**days))


def updates(company: Company) -> dict[str, int]:
    return {state: count for (_, state), count in company.read(inbox.counts).items()}


def letters(company: Company, *states: str) -> int:
    return sum(count for (_, state), count in company.read(outbox.counts).items() if state in states)


def history(company: Company, nickname: str) -> int:
    """Count what a browser would show of somebody's chat: own words and answers."""
    said = company.read(lambda c: inbox.said_by(c, "web", nickname, None, 100))
    return len(said) + len(company.read(lambda c: outbox.sent_to(c, "web", nickname, 0, 100)))


def announce(company: Company, words: str = "周五停电检修") -> None:
    company.lin.says(f"/announce {words}")
    company.lin.presses("发送")


def test_days_are_counted_from_now_and_none_is_for_ever() -> None:
    limits = Retention(updates_days=30, letters_days=180, campaigns_days=730).limits(MONDAY_MORNING)
    assert limits.updates == MONDAY_MORNING - timedelta(days=30)
    assert limits.mistakes == limits.campaigns == MONDAY_MORNING - timedelta(days=730)
    assert Retention(updates_days=900).limits(MONDAY_MORNING).mistakes == MONDAY_MORNING - timedelta(days=900)
    for never in (Retention(updates_days=0), Retention(campaigns_days=0)):
        assert never.limits(MONDAY_MORNING).mistakes is None
    assert Retention(letters_days=0).limits(MONDAY_MORNING).letters is None
    assert [is_night(NIGHT + timedelta(hours=hours)) for hours in (-9, -8, 0)] == [False, False, False]
    shanghai = [NIGHT.replace(tzinfo=None) + timedelta(hours=8, minutes=minutes) for minutes in (-1, 0, 149, 150)]
    assert [is_night(moment) for moment in shanghai] == [False, True, True, False]


def test_an_old_conversation_is_gone_and_a_young_one_stays(company: Company) -> None:
    assert "签到" in company.ada.says("签到")
    pass_by(company, DAYS.updates_days - 1)
    company.bo.says("签到")
    assert night(company) == 0
    pass_by(company, 2)
    night(company)
    # What she said is gone, what she was answered is not: that is kept for half a year.
    assert history(company, "ada") == 1
    assert history(company, "bo") == 2
    pass_by(company, DAYS.letters_days - DAYS.updates_days)
    company.gao.says("签到")
    night(company)
    assert (history(company, "ada"), history(company, "bo"), history(company, "gao")) == (0, 1, 2)


def test_nothing_else_is_touched(company: Company) -> None:
    def look(connection: Connection) -> dict[str, str]:
        return {
            table.name: hashlib.sha256(b"".join(backup.lines(connection, table))).hexdigest()
            for table in backup.tables()
            if table.name not in LOST
        }

    company.ada.says("签到")
    company.ada.says("诉求 食堂太早关门了，晚班的人吃不上饭")
    announce(company)
    company.travel(seconds=11)
    company.bo.presses("收到")
    before = company.read(look)
    pass_by(company, 5000)
    assert night(company) > 4
    assert company.read(look) == before


def test_what_is_not_settled_stays_however_old_it_is(company: Company) -> None:
    def wait(connection: Connection) -> None:
        inbox.keep(connection, "telegram", [("1", "{}")], company.now)
        post.answer(company.work(connection), "telegram", "77", "77", HELLO)
        post.answer(company.work(connection), "telegram", "78", "78", HELLO)
        connection.execute(outbox.letter.update().where(outbox.letter.c.recipient == "78").values(state=outbox.SENDING))

    company.ada.says("签到")
    announce(company)
    company.lin.presses("暂停")
    company.write(wait)
    company.bo.says("签到")
    pass_by(company, 5000)
    night(company)
    assert updates(company) == {inbox.NEW: 1, inbox.DONE: 1}
    assert letters(company, outbox.READY, outbox.SENDING) == 2
    assert letters(company, outbox.HELD) == len(BRANCH)
    assert letters(company, outbox.SENT) == 1  # the newest of all


def test_what_came_of_a_campaign_is_the_same_after_its_letters_are_gone(company: Company) -> None:
    announce(company)
    company.travel(seconds=11)
    company.bo.presses("收到")
    company.write(lambda c: campaign.change(c, 1, people=6, unbound=1, closed=1))
    before = company.read(lambda c: campaign.counts(c, 1))
    card = company.lin.presses("刷新")
    assert "确认 1/4" in card
    assert "提醒未确认的人" in card.labels
    pass_by(company, DAYS.campaigns_days + 1)
    company.xu.says("签到")
    while company.write(lambda c: retention.bite(company.work(c), 1)):
        assert company.read(lambda c: campaign.counts(c, 1)) == before
    assert company.read(lambda c: sum(campaign.gone(c, 1).values())) == len(BRANCH)
    assert before == {outbox.SENT: len(BRANCH)}
    after = company.lin.presses("刷新")
    assert after == card
    assert "提醒未确认的人" not in after.labels


def test_whose_letters_they_were_is_not_known_any_more_and_that_is_said(company: Company) -> None:
    tang = company.roll.people["tang"]
    company.write(lambda c: address.close(c, "web", address.accounts_of(c, tang)[0][2], "blocked"))
    announce(company)
    company.travel(seconds=11)
    company.lin.presses("刷新")
    assert "唐杰：停用或拉黑了助手" in company.lin.presses("谁没收到")
    pass_by(company, DAYS.campaigns_days + 1)
    company.xu.says("签到")
    night(company)
    assert "1 人没有送达" in company.lin.calls("announcements.show:1")
    assert "只留下人数" in company.lin.presses("谁没收到")
    assert "只留下人数" in company.lin.calls("announcements.remind:1")
    assert "没有收到过公告" in company.bo.says("公告")
    assert "已撤回" in company.lin.calls("announcements.recall_sure:1")


def test_nobody_gets_twice_what_was_left_lying(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "ROWS_AT_ONCE", 2)
    company.write(lambda c: address.meet(c, "telegram", "77", "77", "zh", company.now))
    announce(company)
    company.travel(seconds=11)
    assert "停电检修" in company.bo.sees()
    assert company.read(lambda c: stretch.left(c, 1)) == 1  # nobody serves Telegram here
    pass_by(company, DAYS.campaigns_days + 1)
    company.xu.says("签到")
    night(company)
    assert company.read(lambda c: stretch.left(c, 1)) == 1
    company.phone("77", "telegram")
    company.deliver()
    company.lin.calls("announcements.pause:1")
    assert "请另发一条" in company.lin.calls("announcements.resume:1")
    assert company.bo.sees() == ""


def test_a_personal_push_goes_with_its_text_as_answers_do(company: Company) -> None:
    def pushed(connection: Connection) -> int:
        people = [company.roll.people["ada"]]
        return post.push(company.work(connection), people, "points", lambda _: HELLO).campaign or 0

    company.bo.says("签到")
    number = company.write(pushed)
    assert company.ada.sees()
    announce(company)
    company.travel(seconds=11)
    pass_by(company, DAYS.letters_days + 1)
    company.xu.says("签到")
    night(company)
    texts = company.read(lambda c: list(c.scalars(select(outbox.campaign.c.id))))
    assert number not in texts
    assert len(texts) == 1
    assert company.read(lambda c: campaign.counts(c, texts[0])) == {outbox.SENT: len(BRANCH)}
    assert letters(company, outbox.SENT) == len(BRANCH) + 1


def test_an_update_that_is_brought_again_is_known_as_long_as_it_is_kept(company: Company) -> None:
    def brought(connection: Connection) -> bool:
        return bool(inbox.keep(connection, "web", [("once", "{}")], company.now))

    [(row, _)] = company.write(lambda c: inbox.keep(c, "web", [("once", "{}")], company.now))
    company.write(lambda c: inbox.settle(c, row, inbox.DONE))
    pass_by(company, DAYS.updates_days - 1)
    company.ada.says("签到")
    night(company)
    assert not company.write(brought)
    pass_by(company, 2)
    night(company)
    assert company.write(brought)


def test_what_could_not_be_read_or_served_stays_as_long_as_campaigns(company: Company) -> None:
    for key, state in (("a", inbox.DEAD), ("b", inbox.FAILED), ("c", inbox.IGNORED)):
        [(row, _)] = company.write(lambda c, key=key: inbox.keep(c, "web", [(key, "{}")], company.now))  # type: ignore[misc]
        company.write(lambda c, row=row, state=state: inbox.settle(c, row, state))  # type: ignore[misc]
    company.ada.says("签到")
    pass_by(company, DAYS.campaigns_days - 1)
    night(company)
    assert updates(company) == {inbox.DEAD: 1, inbox.FAILED: 1, inbox.DONE: 1}
    pass_by(company, 2)
    night(company)
    assert updates(company) == {inbox.DONE: 1}


def test_nought_keeps_for_ever(company: Company) -> None:
    keep(company, updates_days=0, letters_days=0, campaigns_days=0)
    company.ada.says("签到")
    announce(company)
    company.travel(seconds=11)
    company.ada.says("积分")
    pass_by(company, 30_000)
    assert night(company) == 0
    keep(company, updates_days=0, letters_days=30, campaigns_days=0)
    assert night(company) > 0
    assert history(company, "ada") >= 2
    assert letters(company, outbox.SENT) >= len(BRANCH)


def test_ids_are_not_given_again(company: Company) -> None:
    company.ada.says("签到")
    newest = company.read(lambda c: c.scalar(select(func.max(outbox.letter.c.id)))) or 0
    pass_by(company, 5000)
    night(company)
    company.ada.says("签到")
    assert company.read(lambda c: c.scalar(select(func.max(outbox.letter.c.id)))) == newest + 1


def due(company: Company) -> datetime | None:
    """Return when rows go next."""
    query = select(schedule.c.next_due).where(schedule.c.tick == retention.TICK)
    return company.read(lambda c: c.scalar(query))


def ring(company: Company, moment: datetime) -> None:
    """Let the clock wake at this moment."""
    company.now = moment
    while company.write(lambda c: clock.run_next(c, company.dispatch, company.now)):
        pass


def test_a_bite_is_bounded_and_the_rest_goes_a_moment_later(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BITE", 3)
    for _ in range(4):
        company.ada.says("签到")
    company.travel_to(NIGHT)
    assert due(company) == NIGHT + timedelta(days=1)
    assert updates(company) == {inbox.DONE: 4}
    begins = NIGHT + timedelta(days=DAYS.letters_days)
    tick = schedule.c.tick == retention.TICK
    company.write(lambda c: c.execute(schedule.update().where(tick).values(next_due=begins)))
    ring(company, begins)
    assert updates(company) == {inbox.DONE: 1}
    assert due(company) == begins + GAP
    ring(company, begins + GAP)
    assert letters(company, outbox.SENT) == 1
    assert due(company) == begins + 2 * GAP
    while due(company) != begins + timedelta(days=1):
        ring(company, company.now + GAP)
    assert company.now < begins + timedelta(minutes=2)


def test_at_the_end_of_the_night_the_rest_waits_for_the_next(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BITE", 1)
    for _ in range(4):
        company.ada.says("签到")
    ends = NIGHT + timedelta(days=60, hours=2, minutes=30)
    for moment in (ends - GAP, ends):
        company.now = moment
        company.write(lambda c: retention.nightly(company.work(c)))
    assert due(company) == ends  # so said the first, and the second said nothing
    assert updates(company) == {inbox.DONE: 2}


def test_what_the_clock_did_goes_as_answers_do(company: Company) -> None:
    company.travel(days=2)
    count = select(func.count()).select_from(occurrence)
    assert (company.read(lambda c: c.scalar(count)) or 0) > 5
    pass_by(company, DAYS.letters_days + 1)
    night(company)
    assert company.read(lambda c: c.scalar(count)) == 1


@pytest.mark.parametrize("kind", ["announcement", "announcement_urgent"])
def test_who_got_an_announcement_is_kept_as_long_whether_it_was_urgent_or_not(company: Company, kind: str) -> None:
    people = [company.roll.people[one] for one in BRANCH]
    number = company.write(lambda c: post.push(company.work(c), people, kind, lambda _voice: HELLO)).campaign or 0
    company.deliver()
    pass_by(company, DAYS.letters_days + 20)
    company.gao.says("签到")
    night(company)
    assert len(company.read(lambda c: campaign.written(c, number, people))) == len(BRANCH)
    pass_by(company, DAYS.campaigns_days)
    company.gao.says("签到")
    night(company)
    assert company.read(lambda c: campaign.written(c, number, people)) == set()
