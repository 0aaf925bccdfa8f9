"""Numbers, days and bytes that nobody means, sent to the console: a page, and no mistake of ours."""

from __future__ import annotations

import asyncio

import pytest
from yarl import URL

from tests.surfing import Browser, signed_in
from tests.talk import Company

HUGE = "9" * 18
LISTS = ("gatherings", "life", "life/activities", "life/meetings", "life/units")
DAYS = ("9999-12-31", "0001-01-01")
MOMENTS = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
NUL = ("announcements", "announcements/list.csv", "requests", "gatherings", "life", "life/units", "people")


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


async def test_half_characters_and_nothing_characters_are_left_out(company: Company) -> None:
    """PostgreSQL holds neither."""
    async with signed_in(company, "lin") as browser:
        for path in NUL:
            for word in ("q", "words", "name"):
                assert (await browser.gets(f"/console/{path}?{word}=a%00b%ed%a0%80")).status < 500, path
        sent = await browser.posts("/console/people/codes", None, q="a\0b", unit="")
        assert sent.status < 500
        assert (await browser.gets("/console/people?q=%E6%9E%97%00")).plain.count("林雪") >= 1


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_periods_and_moments_at_the_ends_of_time(company: Company) -> None:
    branch = company.roll.units["branch1"].id
    async with signed_in(company, "lin") as browser:
        for period in ("9999", "9999-12", "9999Q4", "9999H2", "0001"):
            duty = f"/console/life/{branch}/duty?rule=branch_meeting&period={period}"
            assert (await browser.gets(duty)).status < 500, period
        await browser.gets("/console/life/meetings/new")
        for day, clock in (("0001-01-01", "00:00"), ("9999-12-31", "23:59"), ("2026-12-10", "10:00+08:00")):
            form = {"unit": str(branch), "kind": "branch_meeting", "title": "党员大会", "day": day, "at": clock}
            assert (await browser.posts("/console/life/meetings/new", None, **form)).status < 500, day
    async with signed_in(company, "root") as browser:
        await browser.gets("/console/sending")
        for moment in MOMENTS:
            sent = await browser.posts("/console/sending/again", None, messenger="web", until=moment)
            assert sent.status < 500, moment


@pytest.mark.parametrize("company", ["sqlite"], indirect=True)
async def test_bytes_that_are_no_words_in_what_a_browser_sends_along(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        strange = "\udcff\udcfe"
        for headers in ({"Cookie": f"console={strange}"}, {"Referer": f"{browser.run.url}/console/{strange}"}):
            assert await _status(browser, "GET", headers) < 500, headers
        packed = {"Content-Encoding": "gzip", "Origin": browser.run.url, "Cookie": _cookie(browser)}
        assert await _status(browser, "POST", packed) in {403, 413}


def _cookie(browser: Browser) -> str:
    return "; ".join(f"{one.key}={one.value}" for one in browser.session.cookie_jar)


async def _status(browser: Browser, method: str, headers: dict[str, str]) -> int:
    """Send bytes as they are, as no client library would; returns the status."""
    where = browser.session.cookie_jar.filter_cookies(URL(browser.run.url))
    said = {"Host": "127.0.0.1", "Connection": "close", "Cookie": _cookie(browser), **headers, "Content-Length": "7"}
    assert where
    lines = [f"{method} /console/announcements/new HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    reader, writer = await asyncio.open_connection(URL(browser.run.url).host, URL(browser.run.url).port)
    writer.write("\r\n".join([*lines, "", "no gzip"]).encode("utf-8", "surrogateescape"))
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1])
