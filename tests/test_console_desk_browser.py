"""A real browser at the desk and at the announcements: by keyboard alone, and with scripts blocked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bot.browser import chromium
from storage import announcement as table
from tests.running import Running, running
from tests.surfing import link_of
from tests.talk import Company

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [
    pytest.mark.parametrize("company", ["sqlite"], indirect=True),
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium here"),
]
PATIENCE = 15_000


@asynccontextmanager
async def browsing(company: Company, nickname: str, *, scripts: bool) -> AsyncIterator[tuple[Page, Running]]:
    """Run the program, and sign somebody in with a real browser."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - a test requirement

    async with running(company, telegram=False) as run, async_playwright() as play:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = await play.chromium.launch(executable_path=chromium(), args=arguments)
        page = await (await browser.new_context(java_script_enabled=scripts)).new_page()
        page.set_default_timeout(PATIENCE)
        await page.goto(run.url + link_of(run, company, nickname))
        await page.focus("main button")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console/")
        yield page, run
        await browser.close()


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"the keyboard never came to {selector}")


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
        assert "公告 · 第一党支部" in await page.inner_text(".letter")
        await page.press("form[action$='/send'] button", "Enter")
        await page.wait_for_selector("#standing")
        assert "还可以撤回" in await page.inner_text("main")
        found = run.read(lambda c: table.get(c, 1))
        assert found is not None
        assert found.state.value == "sent"
