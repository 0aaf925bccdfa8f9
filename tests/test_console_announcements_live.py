"""Announcements that live in the console: progress while it is sent, previews while it is typed, a month to plan in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

import domain.announcement
from bot.browser import chromium
from bot.compare import opened
from content import voice
from messengers import NAMES
from services import announcement, announcements, sheet
from storage import address, halt, outbox
from storage import announcement as table
from tests.browsing import browsing, tab_to
from tests.running import running
from tests.surfing import Browser, company_now, link_of, signed_in, surfing
from tests.talk import Company
from tests.test_announcement_approval import asks_for_eyes
from tests.test_console_announcements import WORDS, sent, sign_of

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)
LIVE = "/console/announcements/1/live"


class Stream:
    """A stream of a part of a page, event by event."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        """Start with nothing read."""
        self._answer, self._left = answer, ""

    async def next(self) -> str:
        """Return the next event that says something, without tags."""
        while True:
            while "\n\n" not in self._left:
                chunk = await asyncio.wait_for(self._answer.content.readany(), 10)
                assert chunk, "the stream ended"
                self._left += chunk.decode()
            event, _, self._left = self._left.partition("\n\n")
            if not event.startswith(":"):
                return re.sub(r"\s+", " ", re.sub(r"<[^>]+>|data: ?", " ", event)).strip()


@asynccontextmanager
async def watching(browser: Browser, path: str = LIVE) -> AsyncIterator[Stream]:
    """Open a stream as the page does."""
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/event-stream"}
    async with browser.session.get(browser.run.url + path, headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield Stream(answer)


def paused(company: Company) -> None:
    """Let 林雪 have announced to her branch, and have stopped it before anything left."""
    company.lin.says("发公告")
    company.lin.says(WORDS)
    company.lin.presses("发送")
    company.lin.presses("暂停")


async def test_the_figures_live_and_the_stream_ends_when_all_is_sent(company: Company) -> None:
    paused(company)
    async with signed_in(company, "lin") as browser:
        assert "data-live" in (await browser.gets("/console/announcements/1")).words
        async with watching(browser) as stream:
            assert "应收 4 已送出 0 确认 0 等待发出 4" in await stream.next()
            root, database = company.roll.people["root"], browser.run.app.database
            database.write_now(lambda c: halt.begin(c, "web", root, "限流", company_now()))
            assert re.search("网页的推送和公告从 .* 起停发.*：限流.*等待发出 4", await stream.next())
            database.write_now(lambda c: halt.end(c, "web"))
            assert "停发" not in await stream.next()
            await browser.posts("/console/announcements/1/resume")
            while "已送出 4" not in (shown := await stream.next()):
                assert "等待发出" in shown
            assert "网页 4 0 0 0 0" in shown
            past = company_now() - timedelta(minutes=1)
            browser.run.app.database.write_now(
                lambda c: c.execute(outbox.campaign.update().values(active_at=past))  # a while after the last
            )
            assert await stream.next() == "event: over"
        async with browser.session.get(browser.run.url + LIVE) as answer:
            assert answer.status == 204
        assert "data-live" not in (await browser.gets("/console/announcements/1")).words


async def test_a_stream_is_over_with_its_session(company: Company) -> None:
    paused(company)
    async with signed_in(company, "lin") as browser:
        await browser.gets("/console/announcements/1")
        async with watching(browser) as stream:
            assert "等待发出 4" in await stream.next()
            await browser.posts("/console/out/everywhere")
            assert await stream.next() == "event: over"
        async with browser.session.get(browser.run.url + LIVE) as answer:
            assert answer.status == 204


async def test_nobody_else_watches_and_no_other_site(company: Company) -> None:
    paused(company)
    async with signed_in(company, "lin") as lin, surfing(lin.run) as hu:
        await hu.posts(link_of(lin.run, company, "hu"))
        async with hu.session.get(hu.run.url + LIVE) as answer:
            assert answer.status == 204
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            async with lin.session.get(lin.run.url + LIVE, headers=headers) as answer:
                assert answer.status == 403
                assert "应收" not in await answer.text()


async def test_each_messenger_shows_what_it_would_make_of_it(company: Company) -> None:
    strict = running(company, TELEGRAM__CEILING__PRIVATE='["own"]', WEB__BASE_URL="{url}")
    async with strict as run, surfing(run) as browser:
        await browser.posts(link_of(run, company, "lin"))
        await browser.gets("/console/announcements/new")
        form = {"key": browser.form_key, "unit": str(company.roll.units["branch1"].id), "circle": "all"}
        way = "/console/announcements/preview"
        drawn = await browser.posts(way, **form, text=WORDS + "<b>", file_name="通知.pdf")
        web = drawn.words[drawn.words.index("<h3>网页") :].partition("</article>")[0]
        telegram = drawn.words[drawn.words.index("<h3>Telegram") :].partition("</article>")[0]
        assert WORDS + "&lt;b&gt;" in web
        assert "通知.pdf" in web
        assert "收到" in web
        # What it may not carry is a link, which opens nothing.
        assert WORDS not in telegram
        assert "只发一个链接" in telegram
        assert "/chat/in/" not in drawn.words
        assert "<html" not in drawn.words
        assert "密级标志" in (await browser.posts(way, **form, text="请看附件【机密】")).plain
        assert "写下内容" in (await browser.posts(way, **form, text="")).plain
        other = str(company.roll.units["branch2"].id)
        assert "公告 · " not in (await browser.posts(way, **{**form, "unit": other}, text=WORDS)).plain
        assert (await browser.posts(way, **{**form, "key": "0"}, text=WORDS)).status == 403
        assert "没有公告" in (await browser.gets("/console/announcements?state=draft")).plain


def test_long_words_are_cut_where_the_messenger_cuts_them_and_buttons_are_what_readers_get(company: Company) -> None:
    company.lin.says(f"/announce {'字' * 1900}")
    one = company.read(lambda c: table.get(c, 1))
    assert one is not None
    drawn = {name: opened(name).preview(announcement.letter(voice("zh"), one)) for name in NAMES}
    counts = {name: len(bubbles) for name, bubbles in drawn.items()}
    assert counts == {"telegram": 1, "web": 1, "feishu": 1, "dingtalk": 1, "wecom": 4}
    assert [bubbles[-1].rows for bubbles in drawn.values() if bubbles[-1].rows] == [(("收到",),)] * 4
    assert drawn["dingtalk"][-1].words[0].text.endswith("\n1. 收到")


async def test_a_month_to_plan_in(company: Company) -> None:
    async with signed_in(company, "lin") as browser, surfing(browser.run) as hu:
        day = (datetime.now(UTC) + timedelta(days=3)).date()
        await browser.gets(f"/console/announcements/new?day={day}")
        form = {"text": WORDS, "unit": str(company.roll.units["branch1"].id), "circle": "all", "for_day": str(day)}
        kept = await browser.posts("/console/announcements/new", **form)
        assert f'value="{day}"' in kept.words
        await browser.posts("/console/announcements/1/plan", sign=sign_of(browser), day=str(day), clock="09:05")
        month = f"/console/announcements/calendar?month={day:%Y-%m}"
        seen = await browser.gets(month)
        assert "09:05 公告 · 定时 周五下午停电检修" in seen.plain
        assert "主题党日 第一党支部" in seen.plain
        assert f"new?day={day}" in seen.words
        assert "/console/announcements/1" in seen.words
        await hu.posts(link_of(browser.run, company, "hu"))
        assert "停电" not in (await hu.gets(month)).plain
        assert "主题党日 第二党支部" in (hu.page.plain if hu.page else "")
        for odd in ("", "2026-13", "x", "0001-01", "9999-12", "2026-11-26'"):
            assert (await browser.gets(f"/console/announcements/calendar?month={odd}")).status == 200
        assert (await browser.gets("/console/announcements/new?day=x")).status == 200


async def test_what_was_sent_received_and_waits_stands_on_its_day(company: Company) -> None:
    sent(company)
    asks_for_eyes(company)
    company.lin.says("/announce 周六义务植树")
    company.lin.presses("定时发送")
    company.lin.says("11-28 10:00")
    async with signed_in(company, "chen") as chen, surfing(chen.run) as lin:
        await lin.posts(link_of(chen.run, company, "lin"))
        month = "/console/announcements/calendar?month=2026-11"
        mine = (await lin.gets(month)).plain
        assert "公告 · 已发送 周五下午停电检修" in mine
        assert "公告 · 待审核 周六义务植树" in mine
        theirs = (await chen.gets(month)).plain
        assert "待我审核 周六义务植树" in theirs
        assert "停电" not in theirs


async def test_what_to_do_about_whom_it_missed_and_both_kinds_of_file(company: Company) -> None:
    company.write(lambda c: address.close(c, "web", "tang", "blocked"))
    sent(company)
    async with signed_in(company, "lin") as browser:
        seen = await browser.gets("/console/announcements/1/missed")
        assert "唐杰 A011 停用或拉黑了助手 请本人重新打开" in seen.plain
        found_in = {"1/silent": "马琳", "1/missed": "请本人重新打开", "1/units": "第一党支部", "list": WORDS}
        for what, words in found_in.items():
            for how in ("xlsx", "csv"):
                async with browser.session.get(f"{browser.run.url}/console/announcements/{what}.{how}") as answer:
                    [found] = sheet.read(f"table.{how}", await answer.read())
                    assert any(words in cell for row in found.rows for cell in row), (what, how)


@pytest.mark.skipif(chromium() is None, reason="there is no Chromium here")
async def test_previewed_while_typing_asked_for_and_approved_by_keyboard_alone(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks_for_eyes(company)
    monkeypatch.setattr(announcements, "LINGER", timedelta(seconds=-1))
    monkeypatch.setattr(domain.announcement, "GRACE", timedelta(seconds=2))
    async with browsing(company, "lin", scripts=True) as (page, run):
        await page.goto(page.url + "announcements/new")
        await tab_to(page, "#text")
        await page.keyboard.type("周五停电")
        await page.wait_for_selector("#previews .bubble:has-text('周五停电')")
        await tab_to(page, "main form .deeds button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#now")
        await tab_to(page, "form[action$='/send'] button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=已送审，还没有发出")
        async with surfing(run) as chen:
            await chen.posts(link_of(run, company, "chen"))
            await chen.gets("/console/announcements/approvals/1")
            await chen.posts("/console/announcements/approvals/1/approve", sign=sign_of(chen))
        await page.goto(run.url + "/console/announcements/1")
        await page.wait_for_selector("dd:has-text('4')")
        await page.wait_for_selector("table.cards th:has-text('网页')")
        # The figures by unit come with the end, without another look at the page.
        await page.wait_for_selector("#charts tbody th:has-text('第一党小组')")
