"""Binding codes on paper, names by their sound, a returned roster with its errors, and what a person alone may see."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime

import openpyxl
import pytest
from sqlalchemy import Connection, func, select

from bot.browser import chromium
from services import people_codes
from storage import address, audit, member
from storage.invite import invite
from tests.browsing import browsing, tab_to
from tests.surfing import signed_in
from tests.talk import Company
from tests.test_console_people import FILE, sends

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


def unbind(company: Company, *nicknames: str) -> None:
    """Let these have no account."""
    people = [company.roll.people[one] for one in nicknames]

    def untie(connection: Connection) -> None:
        table = address.address
        connection.execute(table.update().where(table.c.member_id.in_(people)).values(member_id=None))

    company.write(untie)


def codes(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(invite)) or 0


async def test_people_are_found_by_the_sound_of_their_names(company: Company) -> None:
    company.write(lambda c: member.add(c, "N001", "单雄信", datetime.now(UTC)))
    async with signed_in(company, "root") as browser:
        for words in ("linxue", "lx", "lin x", "LIN XUE", "linx", "ｌｉｎｘｕｅ", "xue"):
            assert "林雪" in (await browser.gets(f"/console/people?q={words}")).plain, words
        for words in ("shanxiongxin", "danxiongxin", "sxx"):
            assert "单雄信" in (await browser.gets(f"/console/people?q={words}")).plain, words
        assert "没有找到" in (await browser.gets("/console/people?q=inxue")).plain
        company.write(lambda c: member.change(c, company.roll.people["lin"], name="曾雪"))
        assert "曾雪" in (await browser.gets("/console/people?q=zengxue")).plain
        assert "没有找到" in (await browser.gets("/console/people?q=linxue")).plain
        await browser.gets("/console/people/import")
        await sends(browser, FILE.replace("=新人", "仇英").encode())
        [number] = re.findall(r'name="number" value="(\d+)"', browser.page.words)  # type: ignore[union-attr]
        await browser.posts("/console/people/import/apply", number=number, skip="yes")
        assert "仇英" in (await browser.gets("/console/people?q=qiuying")).plain


async def test_codes_are_asked_about_printed_once_and_kept_as_digests(company: Company) -> None:
    unbind(company, "xu", "tang")
    async with signed_in(company, "root") as browser:
        asked = await browser.gets("/console/people/codes")
        assert "有 2 人还没有绑定" in asked.plain
        assert "同时作废" in asked.plain
        assert browser.run.read(codes) == 0
        sheet = await browser.posts("/console/people/codes")
        assert browser.run.read(codes) == 2
        found = [one.replace(" ", "") for one in re.findall(r'class="code">([^<]+)<', sheet.words)]
        assert len(found) == 2
        assert sheet.words.count('<img src="data:image/svg+xml') == 2
        assert "工号尾号" in sheet.plain
        assert sheet.headers["Cache-Control"] == "no-store"
        kept = browser.run.read(
            lambda c: str(c.execute(select(invite)).all()) + str(c.execute(select(audit.audit)).all())
        )
        assert not [one for one in found if one in str(kept) or one in (await browser.gets("/console/people")).words]
        again = await browser.posts("/console/people/codes")
        assert browser.run.read(codes) == 4
        fresh = [one.replace(" ", "") for one in re.findall(r'class="code">([^<]+)<', again.words)]
    assert "徐静" not in company.phone("early").says(found[0]) + company.phone("early").says(found[1])
    said = company.phone("new1").says(fresh[0]) + company.phone("new2").says(fresh[1])
    assert "徐静" in said
    assert "唐杰" in said


async def test_a_card_says_what_its_picture_opens(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    unbind(company, "xu")
    drawn: list[str] = []

    def draw(words: str) -> str:
        drawn.append(words)
        return "data:,"

    monkeypatch.setattr("console.people_codes._drawn", draw)
    async with signed_in(company, "root") as browser:
        app = browser.run.app
        app.links["telegram"] = lambda payload: f"https://t.me/our_bot?start={payload}" if payload else "x"
        asked = await browser.gets("/console/people/codes")
        assert re.findall(r'option value="(\w+)"', asked.words) == ["web", "telegram"]
        await browser.posts("/console/people/codes", way="elsewhere")
        assert "/chat/?start=" in drawn.pop()
        del app.links["telegram"]
        assert "打开的是：网页" in (await browser.gets("/console/people/codes")).plain
        app.clock.dispatch.organisation = replace(app.organisation, page="")
        assert "填 base_url" in (await browser.gets("/console/people/codes")).plain
        sheet = await browser.posts("/console/people/codes", way="telegram")
        assert "填 base_url" in sheet.plain
        assert drawn.pop() in sheet.plain.replace(" ", "")
        app.links["telegram"] = lambda payload: f"https://t.me/our_bot?start={payload}" if payload else "x"
        await browser.gets("/console/people/codes")
        sheet = await browser.posts("/console/people/codes", way="telegram")
        assert "填 base_url" not in sheet.plain
        assert "点“开始”" in sheet.plain
        code = drawn.pop().removeprefix("https://t.me/our_bot?start=")
        assert code in sheet.plain.replace(" ", "")
        assert "徐静" in company.phone("new").says(f"/start {code}")


async def test_an_officer_makes_codes_for_her_own_people_alone(company: Company) -> None:
    unbind(company, "xu", "tang", "bo")
    async with signed_in(company, "hu") as browser:
        assert "有 1 人还没有绑定" in (await browser.gets("/console/people/codes")).plain
        key = browser.form_key
        for code, unit in company.roll.units.items():
            mine = code == "branch2"
            assert (await browser.gets(f"/console/people/codes?unit={unit.id}")).status == (200 if mine else 403), code
            if not mine:
                assert (await browser.posts("/console/people/codes", key=key, unit=str(unit.id))).status == 409
        assert browser.run.read(codes) == 0
        assert (await browser.posts("/console/people/codes", key="0" * 64)).status == 403
        sheet = await browser.posts("/console/people/codes", key=key, left="yes", bound="yes")
        assert "徐静" in sheet.plain
        assert "唐杰" not in sheet.plain
        assert browser.run.read(codes) == 1
    async with signed_in(company, "tang") as browser:
        assert (await browser.gets("/console/people/codes")).status == 403


async def test_more_than_can_be_printed_are_not_made(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_codes, "MOST", 1)
    unbind(company, "xu", "tang")
    async with signed_in(company, "root") as browser:
        assert "更小的" in (await browser.gets("/console/people/codes")).plain
        await browser.gets("/console/people")
        assert (await browser.posts("/console/people/codes")).status == 409
        await browser.gets("/console/people")
        assert (await browser.posts("/console/people/codes", q="没有这个人")).status == 409
        assert browser.run.read(codes) == 0


async def test_a_roster_comes_back_with_its_errors_marked(company: Company) -> None:
    file = f"江河集团花名册,,,,\n{FILE}A001,王芳,综合部,,中共党员\nB009,{'长' * 50},综合部,,群众\n"
    async with signed_in(company, "root") as browser:
        await browser.gets("/console/people/import")
        await sends(browser, file.encode())
        assert "/console/people/import/marked" in browser.page.words  # type: ignore[union-attr]
        assert "等你决定导不导入" in (await browser.gets("/console/")).plain
        async with browser.session.get(f"{browser.run.url}/console/people/import/marked") as answer:
            assert "roster-checked.xlsx" in answer.headers["Content-Disposition"]
            rows = openpyxl.load_workbook(io.BytesIO(await answer.read())).worksheets[0]
        words = [rows.cell(at, 6).value or "" for at in range(1, 8)]
        assert words[1] == "问题"
        assert [bool(one) for one in words] == [False, True, False, False, True, True, True]
        assert "重复" in str(words[5])
        marked = [at for at in range(1, 8) if rows.cell(at, 1).fill.fill_type == "solid"]
        assert marked == [5, 6, 7]
        await browser.gets("/console/people/import")
        await browser.posts("/console/people/import/drop")
        assert (await browser.gets("/console/people/import/marked")).status == 403


async def test_points_and_check_ins_are_shown_to_nobody_but_their_owner(company: Company) -> None:
    company.root.says("签到")
    company.xu.says("签到")
    async with signed_in(company, "root") as browser:
        mine = await browser.gets(f"/console/people/{company.roll.people['root']}")
        assert "我的记录" in mine.plain
        assert "签到" in mine.plain
        theirs = await browser.gets(f"/console/people/{company.roll.people['xu']}")
        assert "我的记录" not in theirs.plain
        assert "只有本人看得到" in theirs.plain


async def test_it_speaks_english(company: Company) -> None:
    company.root.says("/language en")
    unbind(company, "xu")
    async with signed_in(company, "root") as browser:
        assert "Not bound yet: 1" in (await browser.gets("/console/people/codes")).plain
        assert "Print now" in (await browser.posts("/console/people/codes")).plain


@pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine: apt-get install chromium")
async def test_a_sheet_of_codes_by_keyboard(company: Company) -> None:
    unbind(company, "xu", "tang")
    async with browsing(company, "root", scripts=True) as (page, run):
        await page.goto(f"{run.url}/console/people?bound=no")
        await tab_to(page, 'a[href^="/console/people/codes"]')
        await page.keyboard.press("Enter")
        await tab_to(page, "main form button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("ul.codes li")
        assert await page.locator("ul.codes li").count() == 2
        await tab_to(page, "[data-print]")
        sizes = await page.evaluate("[...document.querySelectorAll('ul.codes img')].map((one) => one.naturalWidth)")
        assert all(sizes)
        await page.emulate_media(media="print")
        assert not await page.locator("header").is_visible()
        assert not await page.locator(".unprinted").is_visible()
        assert await page.locator("ul.codes li").first.is_visible()
        await page.goto(f"{run.url}/console/people")
        for pressed in ("nav", ".saves", "[role=search]", "main button"):
            assert not await page.locator(pressed).first.is_visible(), pressed
        assert await page.locator("main table").is_visible()


@pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine: apt-get install chromium")
async def test_a_long_export_by_keyboard(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    from domain import job  # noqa: PLC0415 - beside its use

    monkeypatch.setattr(job, "SMALL", 5)
    async with browsing(company, "root", scripts=True) as (page, run):
        await page.goto(f"{run.url}/console/people")
        await tab_to(page, 'a[href*="format=csv"]')
        await page.keyboard.press("Enter")
        await tab_to(page, "main form button")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("a[data-keep]")
        async with page.expect_download() as saved:
            await tab_to(page, "a[data-keep]")
            await page.keyboard.press("Enter")
        assert (await saved.value).suggested_filename.endswith(".csv")
