"""A real browser plans an activity by keyboard alone, from the list to published."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.browser import chromium
from tests.browsing import browsing, tab_to
from tests.surfing import company_now
from tests.talk import Company

pytestmark = [
    pytest.mark.parametrize("company", ["sqlite"], indirect=True),
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium here"),
]


async def test_an_activity_is_planned_and_published_by_keyboard(company: Company) -> None:
    day = company.organisation.today(company_now()) + timedelta(days=7)
    async with browsing(company, "lin", scripts=True) as (page, _):
        await page.goto(page.url + "life/activities")
        await tab_to(page, "main a.button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("main li a")
        await tab_to(page, "main li a")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#title")
        await tab_to(page, "#title")
        await page.keyboard.type("岗位练兵")
        # How a date is typed is the browser's own affair; that it is reached is ours.
        await tab_to(page, "#day")
        await page.fill("#day", day.isoformat())
        await page.fill("#at", "19:00")
        await tab_to(page, "#place")
        await page.keyboard.type("三号车间")
        await tab_to(page, "main form button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".notice")
        assert "三号车间" in await page.inner_text("main")
        await tab_to(page, "main .actions button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=活动发布了")
