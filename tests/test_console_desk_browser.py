"""A real browser at the desk and at the announcements: by keyboard alone, and with scripts blocked."""

from __future__ import annotations

import pytest

from bot.browser import chromium
from storage import announcement as table
from tests.browsing import browsing, tab_to
from tests.talk import Company

pytestmark = [
    pytest.mark.parametrize("company", ["sqlite"], indirect=True),
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium here"),
]


async def test_a_request_is_answered_and_closed_by_keyboard_alone(company: Company) -> None:
    company.ada.says("我想反映食堂太贵了")
    company.ada.presses("提交")
    async with browsing(company, "zhou", scripts=True) as (page, _):
        await page.goto(page.url + "requests")
        await tab_to(page, "tbody a")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#text")
        await tab_to(page, "#text")
        await page.keyboard.type("已经联系食堂")
        await tab_to(page, "button[value=answer]")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".notice")
        assert "已答复" in await page.inner_text(".notice")
        await tab_to(page, "#close summary")
        await page.keyboard.press("Enter")
        await tab_to(page, "#resolution")
        await page.keyboard.type("三号窗口已降价两元")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=已办结，等提出人评价")


async def test_an_announcement_is_written_and_sent_with_scripts_blocked(company: Company) -> None:
    async with browsing(company, "lin", scripts=False) as (page, run):
        await page.goto(page.url + "announcements/new")
        await page.fill("#text", "周五下午停电检修")
        await page.check("input[value=party]")
        await page.press("main form button", "Enter")
        await page.wait_for_selector("#seen")
        assert "公告 · 第一党支部" in await page.inner_text(".screen")
        await page.press("form[action$='/send'] button", "Enter")
        await page.wait_for_selector("#standing")
        assert "还可以撤回" in await page.inner_text("main")
        found = run.read(lambda c: table.get(c, 1))
        assert found is not None
        assert found.state.value == "sent"
