"""Numbers and days that nobody means, in the addresses of the console: a page, and no mistake of ours."""

from __future__ import annotations

import pytest

from tests.surfing import signed_in
from tests.talk import Company

HUGE = "9" * 18
LISTS = ("gatherings", "life", "life/activities", "life/meetings", "life/units")
DAYS = ("9999-12-31", "0001-01-01")


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_a_page_that_no_list_has(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        for path in LISTS:
            assert (await browser.gets(f"/console/{path}?page={HUGE}")).status < 500, path


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_days_at_the_ends_of_time(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        for day in DAYS:
            for path in (f"sending?day={day}", f"settings/audit?last={day}"):
                assert (await browser.gets(f"/console/{path}")).status < 500, path
