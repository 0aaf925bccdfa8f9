"""Forms at the same moment, on either database: the same one is done once, and of two that differ one is told."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

from sqlalchemy import func, select

from services import retention
from storage.form import sent_form
from storage.gathering import gathering
from tests.surfing import Browser, company_now, signed_in
from tests.talk import Company


def once_on(browser: Browser) -> str:
    found = re.search(r'name="once" value="([0-9a-f]{16})"', browser.page.words if browser.page else "")
    assert found
    return found[1]


async def test_four_at_once_make_one_and_a_day_later_nobody_knows(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        await browser.gets("/console/gatherings/new")
        unit = str(company.roll.units["branch1"].id)
        form = {"key": browser.form_key, "once": once_on(browser), "unit": unit, "title": "同时"}
        found = await asyncio.gather(*(browser.posts("/console/gatherings/new", **form) for _ in range(4)))
        assert {one.status for one in found} == {200}
        assert len({one.path.partition("?")[0] for one in found}) == 1
        assert sum("没有再办第二次" in one.plain for one in found) == 3
        assert company.read(lambda c: c.scalar(select(func.count()).select_from(gathering))) == 1
        # What was refused was not done: the form may come again.
        await browser.gets("/console/gatherings/new")
        form = {"key": browser.form_key, "once": once_on(browser), "unit": unit, "opens": "不是时刻"}
        assert [(await browser.posts("/console/gatherings/new", **form)).status for _ in range(2)] == [409, 409]
    kept = select(func.count()).select_from(sent_form)
    assert company.read(lambda c: c.scalar(kept)) == 1
    for hours, left in ((23, 1), (25, 0)):
        company.now = company_now() + timedelta(hours=hours)
        company.write(lambda c: retention.bite(company.work(c), 10))
        assert company.read(lambda c: c.scalar(kept)) == left


async def test_of_two_who_save_at_once_one_is_told(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        await browser.gets("/console/requests/canned")
        unit = str(company.roll.units["branch1"].id)
        await browser.posts("/console/requests/canned", unit=unit, title="食堂", text="已经转给食堂")
        page = await browser.gets("/console/requests/canned/1")
        seen = re.search(r'name="seen" value="(\w+)"', page.words)
        assert seen
        form = {"key": browser.form_key, "seen": seen[1], "title": "食堂"}
        both = ("甲改的答复", "乙改的答复")
        found = await asyncio.gather(*(browser.posts("/console/requests/canned/1", text=one, **form) for one in both))
        assert sorted(one.status for one in found) == [200, 409]
        [told] = [one for one in found if one.status == 409]
        assert all(words in told.words for words in both)
