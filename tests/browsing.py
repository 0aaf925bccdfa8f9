"""A real browser, signed in to the console of the running program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.browser import chromium
from tests.running import Running, running
from tests.surfing import link_of
from tests.talk import Company

if TYPE_CHECKING:
    from playwright.async_api import Page

PATIENCE = 15_000
"""Milliseconds."""


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
