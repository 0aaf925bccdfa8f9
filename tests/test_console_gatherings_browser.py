"""A real browser at the sign-ins: opened by keyboard alone, and a projector page whose count lives."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from bot.browser import chromium
from domain.gathering import SCREEN, payload_of
from storage import gathering as table
from tests.browsing import browsing, tab_to
from tests.surfing import company_now
from tests.talk import Company

pytestmark = [
    pytest.mark.parametrize("company", ["sqlite"], indirect=True),
    pytest.mark.skipif(chromium() is None, reason="there is no Chromium here"),
]


async def test_a_sign_in_is_opened_by_keyboard_and_its_count_lives_on_the_projector(company: Company) -> None:
    async with browsing(company, "lin", scripts=True) as (page, run):
        await page.goto(page.url + "gatherings")
        await tab_to(page, "main a.button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#title")
        await tab_to(page, "#title")
        await page.keyboard.type("读书会")
        await tab_to(page, "main form button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".notice")
        await tab_to(page, "main .deeds form:first-child button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".qr svg")
        found = run.read(lambda c: table.get(c, c.execute(select(table.gathering)).one().id))
        assert found is not None
        company.now = company_now()
        assert "签到成功" in company.bo.opens(payload_of(found.code(company.now, SCREEN)))
        await page.wait_for_selector("dd:text-is('1')")
        shown = (await page.inner_text(".code")).replace(" ", "")
        assert shown in {found.code(company_now() - back * SCREEN, SCREEN) for back in (0, 1)}
