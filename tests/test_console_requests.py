"""The console's desk: the list, the conversation, what an officer does to it, and that nobody else reads a word."""

from __future__ import annotations

import re

import aiohttp
import pytest
from sqlalchemy import func, select

from domain import demand as rules
from domain.demand import Act
from services import sheet
from storage import demand as table
from tests.surfing import Browser, Seen, signed_in
from tests.talk import Company

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)
NUMBER = "SQ-20261123-0001"
WORDS = "我想反映食堂太贵了"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def file_one(company: Company, words: str = WORDS) -> None:
    company.ada.says(words)
    company.ada.presses("提交")


def once_of(browser: Browser) -> str:
    found = re.search(r'name="once" value="([0-9a-f]+)"', browser.page.words if browser.page else "")
    assert found
    return found[1]


def events(browser: Browser, act: Act) -> int:
    query = select(func.count()).where(table.event.c.act == act.value)
    return browser.run.read(lambda c: c.scalar(query) or 0)


async def writes(browser: Browser, act: str, text: str, number: int = 1, **more: str) -> Seen:
    way = "/reassign" if act == "reassign" else ""
    await browser.gets(f"/console/requests/{number}{way}")
    return await browser.posts(f"/console/requests/{number}", act=act, text=text, once=once_of(browser), **more)


async def test_the_desk_from_the_list_to_the_closing(company: Company) -> None:
    file_one(company)
    async with signed_in(company, "zhou") as browser:
        listed = await browser.gets("/console/requests")
        assert NUMBER in listed.plain
        assert "王芳" not in listed.plain
        assert "太贵" not in listed.plain
        seen = await browser.gets("/console/requests/1")
        assert "食堂太贵了" in seen.plain
        assert "王芳" in seen.plain
        assert "已答复" in (await writes(browser, "answer", "已经联系食堂")).plain
        assert "办理中" in (await browser.gets("/console/requests/1")).plain
        assert "已追问" in (await writes(browser, "ask", "哪个窗口？")).plain
        assert "已办结" in (await writes(browser, "close", "三号窗口已降价两元")).plain
        done = await browser.gets("/console/requests/1")
        assert 'name="act"' not in done.words
        assert NUMBER not in (await browser.gets("/console/requests")).plain
        assert NUMBER in (await browser.gets("/console/requests?state=closed")).plain


async def test_a_form_sent_twice_has_one_effect(company: Company) -> None:
    file_one(company)
    async with signed_in(company, "zhou") as browser:
        await browser.gets("/console/requests/1")
        form = {"act": "answer", "text": "已经联系食堂", "once": once_of(browser)}
        await browser.posts("/console/requests/1", **form)
        assert "没有再办第二次" in (await browser.posts("/console/requests/1", **form)).plain
        assert events(browser, Act.ANSWER) == 1


async def test_what_was_typed_is_kept_when_it_can_not_be_sent(company: Company) -> None:
    file_one(company)
    async with signed_in(company, "zhou") as browser:
        kept = await writes(browser, "answer", "长" * 2001)
        assert kept.status == 409
        assert "长" * 2001 in kept.words
        empty = await writes(browser, "answer", "")
        assert empty.status == 409
        assert "至少写两个字。没有发出" in empty.plain
        assert (await writes(browser, "rate", "satisfied")).status == 409
        await writes(browser, "close", "已经处理好了")
        once = "ab" * 8
        late = await browser.posts("/console/requests/1", act="answer", text="还有一句话", once=once)
        assert late.status == 409
        assert "还有一句话" in late.plain
        assert events(browser, Act.ANSWER) == 0


async def test_reassigned_with_a_reason_it_is_gone_from_here(company: Company) -> None:
    file_one(company)
    async with signed_in(company, "zhou") as browser:
        offered = await browser.gets("/console/requests/1/reassign")
        assert "孙丽" in offered.plain
        assert "王芳" not in offered.plain
        sun = str(company.roll.people["sun"])
        assert (await writes(browser, "reassign", "归妇联办理", to=str(company.roll.people["ada"]))).status == 409
        assert (await writes(browser, "reassign", "", to=sun)).status == 409
        assert "已转出" in (await writes(browser, "reassign", "归妇联办理", to=sun)).plain
        assert (await browser.gets("/console/requests/1")).status == 403
        assert events(browser, Act.REASSIGN) == 1


async def test_files_come_under_their_own_type_and_only_the_officer_saves_them(company: Company) -> None:
    file_one(company)
    async with signed_in(company, "zhou") as browser:
        await browser.gets("/console/requests/1")
        data = aiohttp.FormData(quote_fields=False)
        fields = {"key": browser.form_key, "act": "answer", "text": "见照片", "once": once_of(browser)}
        for name, value in fields.items():
            data.add_field(name, value)
        data.add_field("file1", PNG, filename="../价目<表>.png", content_type="text/html")
        data.add_field("file2", b"", filename="", content_type="application/octet-stream")
        headers = {"Origin": browser.run.url}
        async with browser.session.post(browser.run.url + "/console/requests/1", data=data, headers=headers) as answer:
            assert answer.status == 200
        seen = await browser.gets("/console/requests/1")
        [file] = re.findall(r'href="/console/requests/1/files/(\d+)"', seen.words)
        assert browser.run.read(lambda c: table.files_of(c, 1))[0].picture
        saved = await browser.session.get(f"{browser.run.url}/console/requests/1/files/{file}")
        assert await saved.read() == PNG
        assert saved.headers["Content-Disposition"].startswith("attachment")
        assert saved.headers["Content-Type"] == "application/octet-stream"
        assert (await browser.gets("/console/requests/1/files/999")).status == 403


@pytest.mark.parametrize("nickname", ["hu", "lin", "chen", "root"])
async def test_nobody_else_reads_or_does_anything(company: Company, nickname: str) -> None:
    file_one(company)
    company.zhou.calls("desk.write:1:answer")
    company.zhou.says("已经联系食堂")
    company.zhou.presses("发送")
    async with signed_in(company, nickname) as browser:
        await browser.gets("/console/")
        key = browser.form_key
        ways = ("requests/1", "requests/1/reassign", "requests/1/files/1", "requests/2")
        seen = [await browser.gets(f"/console/{way}") for way in ways]
        states = ("open", "working", "closed", "nonsense")
        seen += [await browser.gets(f"/console/requests?state={state}&words=食堂") for state in states]
        form = {"key": key, "text": "替他答复", "once": "0", "to": "4"}
        seen += [await browser.posts("/console/requests/1", act=act, **form) for act in rules.OFFICER_ACTS]
        seen.append(await browser.gets("/console/requests/export.csv"))
        for one in seen:
            assert one.status in {200, 403, 409}
            for secret in (WORDS, "食堂太贵", "王芳", NUMBER):
                assert secret not in one.plain
        assert {one.status for one in seen[:4]} == {403}
        assert events(browser, Act.ANSWER) == 1
        assert events(browser, Act.CLOSE) == events(browser, Act.REASSIGN) == 0


async def test_who_oversees_sees_counts_alone(company: Company) -> None:
    file_one(company)
    async with signed_in(company, "chen") as browser:
        assert "督办概览" in (await browser.gets("/console/requests")).plain
        seen = (await browser.gets("/console/requests/overview")).plain
        assert "在办 1" in seen
        assert "周明 1" in seen
        for secret in ("王芳", "太贵", NUMBER):
            assert secret not in seen
    async with signed_in(company, "hu") as browser:
        assert "督办概览" not in (await browser.gets("/console/requests")).plain
        assert (await browser.gets("/console/requests/overview")).status == 403


async def test_hardship_is_not_named_in_lists_or_exports(company: Company) -> None:
    file_one(company, "我想反映家里人得了癌症，生活很困难")
    async with signed_in(company, "zhou") as browser:
        for page in ("/console/requests?state=filed", "/console/requests/export.csv"):
            seen = await browser.gets(page)
            assert NUMBER in seen.plain
            assert "受保护" in seen.plain
            assert "癌" not in seen.plain


async def test_search_pages_and_forged_numbers(company: Company) -> None:
    file_one(company)
    async with signed_in(company, "zhou") as browser:
        assert NUMBER in (await browser.gets("/console/requests?words=0001&page=9999")).plain
        assert NUMBER in (await browser.gets("/console/requests?words=太贵")).plain
        for words in ("%25", "_______________________", "没有的"):
            assert NUMBER not in (await browser.gets(f"/console/requests?words={words}")).plain
        for page in ("-1", "abc", "9" * 30, "²"):
            assert (await browser.gets(f"/console/requests?page={page}")).status == 200
            assert (await browser.gets(f"/console/requests/1?page={page}")).status == 200
        async with browser.session.get(f"{browser.run.url}/console/requests/export.xlsx") as answer:
            [found] = sheet.read("诉求.xlsx", await answer.read())
            assert found.rows[1][0] == NUMBER


async def test_the_form_key_is_asked_for(company: Company) -> None:
    file_one(company)
    async with signed_in(company, "zhou") as browser:
        await browser.gets("/console/requests/1")
        assert (
            await browser.posts("/console/requests/1", key="0", act="close", text="好了好了", once="1")
        ).status == 403
        assert events(browser, Act.CLOSE) == 0


async def test_it_speaks_english(company: Company) -> None:
    company.zhou.says("/language en")
    file_one(company)
    async with signed_in(company, "zhou") as browser:
        assert "waiting for an answer" in (await browser.gets("/console/requests")).plain
        assert "Answered" in (await writes(browser, "answer", "We asked the canteen.")).plain
