"""Today in the console: what needs whoever looks, one click from acting on it, what is going out, and what is wrong."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from bot import app, gate, machine
from domain.machine import Disk
from storage import halt, schedule
from tests.browsing import browsing, tab_to
from tests.running import running
from tests.surfing import link_of, signed_in, surfing
from tests.talk import Company
from tests.test_console_sending import letter

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program look around more often than it does."""
    monkeypatch.setattr(gate, "LOOK", 0.2)
    monkeypatch.setattr(app, "RESCUE", 0.2)


async def test_each_line_leads_to_the_page_where_one_acts(company: Company) -> None:
    company.ada.says("我想反映食堂太贵了，菜量也少")
    company.ada.presses("提交")
    company.lin.says("/announce 周三打扫卫生")
    company.lin.presses("发送")
    company.travel(seconds=11)
    async with running(company, telegram=False) as run, surfing(run) as zhou, surfing(run) as lin:
        await zhou.posts(link_of(run, company, "zhou"))
        seen = await zhou.gets("/console/")
        assert "在办 1 件" in seen.plain
        assert "王芳" not in seen.plain
        assert "食堂" not in seen.plain
        for address in matters(seen.words):
            assert (await zhou.gets(address)).status == 200, address
        await lin.posts(link_of(run, company, "lin"))
        seen = await lin.gets("/console/")
        assert "公告“周三打扫卫生”：确认 0/4" in seen.plain
        addresses = matters(seen.words)
        assert any(one.startswith("/console/announcements/") for one in addresses)
        for address in addresses:
            assert (await lin.gets(address)).status == 200, address


def matters(words: str) -> list[str]:
    """Return where the lines of the list lead."""
    listed = words.partition('<ul class="matters">')[2].partition("</ul>")[0]
    return [one.replace("&amp;", "&") for one in re.findall(r'href="([^"]+)"', listed)]


async def test_a_roster_that_was_tried_waits_on_todays_page(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        await browser.gets("/console/people/import")
        form = aiohttp.FormData()
        form.add_field("key", browser.form_key)
        form.add_field("file", "工号,姓名\nB9,新人\n".encode(), filename="august.csv", content_type="text/csv")
        url = browser.run.url + "/console/people/import"
        await browser.session.post(url, data=form, headers={"Origin": browser.run.url})
        seen = await browser.gets("/console/")
        assert "花名册“august.csv”" in seen.plain
        assert "/console/people/import" in matters(seen.words)


async def test_what_is_wrong_stands_on_top_for_who_can_mend_it(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    company.write(lambda c: halt.begin(c, "web", company.roll.people["root"], "限流", now))
    monkeypatch.setattr(machine.Machine, "disk", lambda _: Disk(200 << 20, 100 << 30))
    monkeypatch.setattr(machine, "SETTLES", timedelta(days=-1))
    monkeypatch.setattr(app, "FIRST_COPY", 3600.0)
    async with running(company, telegram=False) as run, surfing(run) as root, surfing(run) as lin:
        face = run.app.deliveries["web"].outcomes
        for _ in range(5):
            face._breaker.failed()
        await root.posts(link_of(run, company, "root"))
        seen = await root.gets("/console/")
        for said in ("限流", "磁盘快满了", "网页连不上", "还没有任何备份"):
            assert said in seen.plain, said
        assert "连不上" in (await root.gets("/console/settings/health")).plain
        await lin.posts(link_of(run, company, "lin"))
        seen = await lin.gets("/console/")
        assert "限流" in seen.plain
        for said in ("磁盘", "备份", "/console/sending"):
            assert said not in seen.words.partition("<main")[2], said


async def test_what_is_going_out_is_sent_again_as_it_changes(company: Company) -> None:
    letter(company, "announcement", "failed")
    async with signed_in(company, "root") as browser:
        seen = await browser.gets("/console/")
        assert 'data-live="/console/today/live"' in seen.words
        async with browser.session.get(f"{browser.run.url}/console/today/live") as answer:
            assert answer.content_type == "text/event-stream"
            part = (await answer.content.readuntil(b"\n\n")).decode()
        assert "state=trouble&amp;messenger=telegram" in part
    async with signed_in(company, "tang") as browser:
        assert 'data-live="/console/today/live"' not in (await browser.gets("/console/")).words


async def test_by_keyboard_alone_sending_is_stopped_and_resumed(company: Company) -> None:
    async with browsing(company, "root", scripts=False) as (page, run):
        await tab_to(page, 'nav a[href="/console/sending"]')
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console/sending")
        await tab_to(page, 'a[href="/console/sending/stop?messenger=*"]')
        await page.keyboard.press("Enter")
        await tab_to(page, "#reason")
        await page.keyboard.type("公告写错了")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".stopped")
        await tab_to(page, ".stopped button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".notice")
        assert run.read(halt.messengers) == frozenset()


def test_what_is_due_next_is_listed_in_order(company: Company) -> None:
    found = company.read(lambda c: schedule.alarms(c, 3))
    assert [one[2] for one in found] == sorted(one[2] for one in found)
    assert len(found) == 3
