"""Who has read: asked thrice, never for scarce calls, kept as counts of enough people, shown beside what arrived."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.app import App
from bot.reading import MOST, TOGETHER, Reading, _questions, tells
from messengers.base import Reads
from messengers.telegram.client import TelegramMessenger
from messengers.web.client import WebMessenger
from storage import lease, outbox, reads, spending
from tests.postal import FarSide, postal
from tests.running import eventually, running
from tests.talk import Company

UNION = ("ada", "bo", "gao", "hu", "lin", "ma", "sun", "tang", "xu", "zhou")


def announce(company: Company, who: str = "zhou") -> datetime:
    """Let somebody announce to everybody of their unit; returns when it had reached them."""
    phone = getattr(company, who)
    phone.says("发公告")
    phone.says("周五下午停电检修，请提前保存文件。")
    phone.presses("发送")
    company.travel(seconds=11)
    return company.now


@asynccontextmanager
async def asking(company: Company, **limits: Any) -> AsyncIterator[tuple[Reading, FarSide]]:  # noqa: ANN401 - Limits
    """Ask the far side of everybody's messenger."""
    async with postal(0.5, **limits) as (messenger, far):
        messenger.name = "web"
        made = Reading(company.database, company.organisation, messenger)  # type: ignore[arg-type]
        made.rest = 0.0
        yield made, far


async def look(company: Company, reading: Reading, **after: float) -> None:
    """Let time pass, and look what is due."""
    company.now += timedelta(**after)
    await reading.look(company.now)


async def test_it_is_asked_after_minutes_hours_and_a_day_and_no_more(company: Company) -> None:
    announce(company)
    async with asking(company) as (reading, far):
        await look(company, reading, minutes=9)
        assert far.questions == []
        for after, times in ((1, 1), (30, 1), (89, 2), (600, 2), (720, 3), (1440, 3), (4000, 3)):
            await look(company, reading, minutes=after)
            assert len(far.questions) == times, after
        assert sorted(far.questions[0]) == sorted(UNION)


async def test_the_count_stands_beside_what_arrived_and_was_confirmed(company: Company) -> None:
    announce(company)
    company.bo.sees()
    company.bo.presses("收到")
    company.xu.sees()
    company.xu.presses("收到")
    assert "已读" not in company.zhou.says("送达")
    async with asking(company) as (reading, far):
        far.readers = {"bo", "xu", "ada"}
        await look(company, reading, minutes=50)
    shown = company.zhou.says("送达")
    assert "的公告：送达 10 人，确认 2 人\n  已读 3/10（网页，10:20 查询）" in shown
    assert "停电" not in shown
    assert "已读 3/10（网页，10:20 查询）" in company.zhou.calls("announcements.show:1")
    company.now += timedelta(days=1)
    assert "（网页，11-24 10:20 查询）" not in company.zhou.says("送达")
    assert "（网页，11-23 10:20 查询）" in company.zhou.says("送达")


async def test_of_too_few_people_nothing_is_shown(company: Company) -> None:
    announce(company, "lin")
    async with asking(company) as (reading, far):
        far.readers = set(UNION)
        await look(company, reading, minutes=20)
        assert len(far.questions) == 1
    assert "已读" not in company.lin.says("送达")
    assert "的公告" not in company.lin.says("送达")
    assert "已读" not in company.lin.calls("announcements.show:1")


async def test_another_unit_s_announcement_is_not_shown(company: Company) -> None:
    announce(company)
    async with asking(company) as (reading, _):
        await look(company, reading, minutes=20)
    assert "已读" in company.zhou.says("送达")
    for phone in (company.hu, company.lin, company.sun):
        assert "已读" not in phone.says("送达")


async def test_no_name_and_nobody_s_reading_is_kept(company: Company) -> None:
    announce(company)
    async with asking(company) as (reading, far):
        far.readers = {"bo"}
        await look(company, reading, minutes=20)
    [row] = company.read(lambda c: list(c.execute(reads.reads.select())))
    assert (row.asked, row.read, row.messenger) == (10, 1, "web")
    assert set(reads.reads.c.keys()) == {"campaign_id", "messenger", "asked", "read", "at"}


async def test_what_was_recalled_is_not_asked_about(company: Company) -> None:
    announce(company)
    company.zhou.calls("announcements.recall_sure:1")
    async with asking(company) as (reading, far):
        await look(company, reading, minutes=20)
        assert far.questions == []


async def test_its_time_counts_from_the_first_letter_not_from_the_sending(company: Company) -> None:
    announce(company)
    left = company.now + timedelta(hours=9)
    company.write(lambda c: c.execute(update(outbox.letter).values(settled_at=left)))
    async with asking(company) as (reading, far):
        await look(company, reading, hours=9, minutes=9)
        assert far.questions == []
        await look(company, reading, minutes=2)
        assert len(far.questions) == 1


@pytest.mark.parametrize(("days", "times"), [(6, 1), (8, 0)])
async def test_after_a_week_nobody_is_asked_who_may_have_forgotten(company: Company, days: int, times: int) -> None:
    announce(company)
    async with asking(company) as (reading, far):
        await look(company, reading, days=days)
        assert len(far.questions) == times


async def test_a_far_side_that_fails_is_asked_again_later(company: Company) -> None:
    announce(company)
    async with asking(company) as (reading, far):
        far.down = True
        await look(company, reading, minutes=20)
        assert company.read(lambda c: reads.of(c, 1, 1)) == []
        far.down, far.floods = False, [1200.0]
        await look(company, reading, minutes=9)
        assert far.questions == []
        await look(company, reading, minutes=1)
        assert len(far.questions) == 1
        await look(company, reading, minutes=19)
        assert len(far.questions) == 1
        await look(company, reading, minutes=1)
        assert len(far.questions) == 2
        assert company.read(lambda c: reads.of(c, 1, 1))[0].asked == 10


async def test_an_older_count_stays_when_a_later_question_fails(company: Company) -> None:
    announce(company)
    async with asking(company) as (reading, far):
        far.readers = {"bo"}
        await look(company, reading, minutes=20)
        before = company.read(lambda c: reads.of(c, 1, 1))
        far.down = True
        await look(company, reading, hours=3)
        assert company.read(lambda c: reads.of(c, 1, 1)) == before


@pytest.mark.parametrize(("used", "asked"), [(60, True), (61, False), (95, False)])
async def test_calls_are_counted_and_never_go_above_seventy_percent(company: Company, used: int, asked: int) -> None:
    announce(company)
    company.write(lambda c: spending.add(c, "web", company.organisation.today(company.now), used))
    async with asking(company, per_month=100) as (reading, far):
        await look(company, reading, minutes=20)
        assert bool(far.questions) is asked
    first = company.organisation.today(company.now).replace(day=1)
    assert company.read(lambda c: spending.since(c, "web", first)) == used + (10 if asked else 0)


async def test_a_question_that_fails_is_counted_too(company: Company) -> None:
    announce(company)
    async with asking(company, per_month=100) as (reading, far):
        far.down = True
        await look(company, reading, minutes=20)
    first = company.organisation.today(company.now).replace(day=1)
    assert company.read(lambda c: spending.since(c, "web", first)) == 10


async def test_of_a_large_announcement_the_first_letters_are_asked_about(company: Company) -> None:
    announce(company)
    letters = company.read(lambda c: reads.letters(c, 1, "web", 3))
    assert len(letters) == 3
    assert MOST == 2000


def test_what_went_out_by_one_call_is_asked_by_one() -> None:
    letters = [(f"u{number}", f"m{number // 50:03}") for number in range(2000)]
    questions = list(_questions(letters))
    assert [cost for _, cost in questions] == [TOGETHER, TOGETHER]
    assert sorted(user for some, _ in questions for user, _ in some) == sorted(user for user, _ in letters)
    seen = [{message for _, message in some} for some, _ in questions]
    assert not seen[0] & seen[1]
    assert list(_questions([])) == []


async def test_one_process_asks_and_only_messengers_that_tell(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def count(_messenger: TelegramMessenger, letters: object) -> Reads:
        del letters
        return Reads(0, 0)

    def held(app: App) -> set[str]:
        return {name for name in app.database.read_now(lease.holders) if name.startswith("reads:")}

    assert not tells(WebMessenger.__new__(WebMessenger))
    monkeypatch.setattr(TelegramMessenger, "reads", count, raising=False)
    async with running(company) as run:
        assert await eventually(lambda: held(run.app)) == {"reads:telegram"}
