"""The console's desk beside the conversation: canned replies, notes, merging, the overview and its chart."""

from __future__ import annotations

import re

import pytest

from bot.browser import chromium
from services import words
from storage import desk_note
from tests.browsing import browsing, tab_to
from tests.surfing import Browser, Seen, signed_in
from tests.talk import Company

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)
ONE, TWO = "SQ-20261123-0001", "SQ-20261123-0002"
HOSTILE = "<img src=x onerror=alert(1)>'\"&"


def file_two(company: Company) -> None:
    for phone, said in ((company.ada, "我想反映食堂的菜太贵了"), (company.gao, "我想反映食堂又贵又难吃")):
        phone.says(said)
        phone.presses("提交")
    words.load()


def once_of(browser: Browser) -> str:
    found = re.search(r'name="once" value="([0-9a-f]+)"', browser.page.words if browser.page else "")
    assert found
    return found[1]


async def notes(browser: Browser, said: str, number: int = 1) -> Seen:
    await browser.gets(f"/console/requests/{number}")
    return await browser.posts(f"/console/requests/{number}/notes", text=said, once=once_of(browser))


async def keeps(browser: Browser, company: Company, title: str, said: str, unit: str = "union") -> Seen:
    await browser.gets("/console/requests/canned")
    number = str(company.roll.units[unit].id)
    return await browser.posts("/console/requests/canned", unit=number, title=title, text=said)


async def test_a_canned_reply_is_kept_put_in_without_scripts_and_retired(company: Company) -> None:
    file_two(company)
    async with signed_in(company, "zhou") as browser:
        assert "已保存" in (await keeps(browser, company, HOSTILE, f"已收到，三天内答复。{HOSTILE}")).plain
        listed = await browser.gets("/console/requests/canned")
        assert HOSTILE in listed.plain
        assert "<img src=x" not in listed.words
        seen = await browser.gets("/console/requests/1")
        assert "<img src=x" not in seen.words
        put = await browser.posts("/console/requests/1", act="insert", text="你好：", canned="1", once=once_of(browser))
        assert put.status == 200
        assert "你好：\n已收到，三天内答复。" in put.plain.replace("你好： ", "你好：\n")
        none = await browser.posts("/console/requests/1", act="insert", text="原样", canned="99", once="0")
        assert "原样</textarea>" in none.words
        assert browser.run.read(lambda c: desk_note.count(c, 1)) == 0
        long = await keeps(browser, company, "长的", "长" * 2001)
        assert long.status == 409
        assert "长" * 2001 in long.words
        assert (await keeps(browser, company, "别处的", "两个字", "branch1")).status == 409
        await browser.gets("/console/requests/canned/1")
        assert "已保存" in (await browser.posts("/console/requests/canned/1", title="收到", text="已收到。")).plain
        assert "已停用" in (await browser.posts("/console/requests/canned/1/retire")).plain
        assert "已收到。" not in (await browser.gets("/console/requests/1")).plain
        assert "已恢复使用" in (await browser.posts("/console/requests/canned/1/revive")).plain
        assert "已收到。" in (await browser.gets("/console/requests/1")).words


async def test_a_note_is_kept_once_and_shown_here_alone(company: Company) -> None:
    file_two(company)
    async with signed_in(company, "zhou") as browser:
        kept = await notes(browser, f"先问过食堂{HOSTILE}")
        assert "只有办理的人看得到" in kept.plain
        assert f"周明 先问过食堂{HOSTILE}" in kept.plain
        assert "<img src=x" not in kept.words
        form = {"text": "第二条", "once": "ab" * 8}
        await browser.posts("/console/requests/1/notes", **form)
        await browser.posts("/console/requests/1/notes", **form)
        assert browser.run.read(lambda c: desk_note.count(c, 1)) == 2
        short = await browser.posts("/console/requests/1/notes", text="短", once="cd" * 8)
        assert short.status == 409
        exported = await browser.gets("/console/requests/export.csv")
        assert "先问过" not in exported.words + (await browser.gets("/console/requests?words=先问过")).plain
    assert "先问过" not in company.ada.calls("demands.show:1:0") + company.zhou.calls("desk.case:1:0")


async def test_two_are_merged_after_both_were_seen_and_parted_again(company: Company) -> None:
    file_two(company)
    async with signed_in(company, "zhou") as browser:
        seen = await browser.gets("/console/requests/2")
        assert f"与 {ONE} 并排看" in seen.plain
        assert "食堂" in seen.plain
        both = await browser.gets("/console/requests/2/merge/1")
        assert "菜太贵" in both.plain
        assert "又贵又难吃" in both.plain
        assert "王芳" not in both.plain
        assert "高洁" not in both.plain
        assert (await browser.gets(f"/console/requests/1/merge?with={TWO}")).path == "/console/requests/1/merge/2"
        for wrong, said in (("第三件", "没有读懂诉求编号"), ("SQ-20200101-0001", "没有这个编号")):
            seen = await browser.gets(f"/console/requests/1/merge?with={wrong}")
            assert said in seen.plain
            assert "没有合并" in seen.plain
        await browser.gets("/console/requests/2/merge/1")
        assert (await browser.posts("/console/requests/2/merge/1", lead="9")).status == 409
        merged = await browser.posts("/console/requests/2/merge/1", lead="1")
        assert merged.path.startswith("/console/requests/1?")
        assert "另有 1 件与它合并办理" in merged.plain
        follower = await browser.gets("/console/requests/2")
        assert f"办结和转办请在那里做： {ONE}" in follower.plain
        assert "已取消合并" in (await browser.posts("/console/requests/2/part")).plain
        assert "合并办理" not in (await browser.gets("/console/requests/1")).plain


@pytest.mark.parametrize("nickname", ["hu", "lin", "sun", "root"])
async def test_nobody_else_reads_or_does_any_of_it(company: Company, nickname: str) -> None:
    file_two(company)
    async with signed_in(company, "zhou") as browser:
        await keeps(browser, company, "收到", "已收到，三天内答复。")
        await notes(browser, "先问过食堂")
    async with signed_in(company, nickname) as browser:
        await browser.gets("/console/")
        key = browser.form_key
        ways = ("1/merge/2", f"1/merge?with={TWO}", "canned/1")
        seen = [await browser.gets(f"/console/requests/{way}") for way in ways]
        deeds = {
            "1/notes": {"text": "我也写", "once": "0"}, "1/merge/2": {"lead": "1"}, "2/part": {}, "canned/1/retire": {},
            "canned/1": {"title": "改", "text": "改了"}, "canned/1/revive": {}, "1": {"act": "insert", "canned": "1"},
        }  # fmt: skip
        seen += [await browser.posts(f"/console/requests/{way}", key=key, **form) for way, form in deeds.items()]
        assert {one.status for one in seen} <= {403, 409}
        listed = await browser.gets("/console/requests/canned")
        for secret in ("先问过食堂", "已收到", "菜太贵", "王芳"):
            assert all(secret not in one.plain for one in (*seen, listed))
        assert browser.run.read(lambda c: desk_note.count(c, 1)) == 1


async def test_without_the_form_key_nothing_is_done(company: Company) -> None:
    file_two(company)
    async with signed_in(company, "zhou") as browser:
        for way in ("1/notes", "1/merge/2", "1/part", "canned", "canned/1", "canned/1/retire", "canned/1/revive"):
            done = await browser.posts(
                f"/console/requests/{way}", key="0", text="写一条", lead="1", title="名", once="0"
            )
            assert done.status == 403
        assert browser.run.read(lambda c: desk_note.count(c, 1)) == 0


async def test_the_overview_has_its_chart_beside_its_figures(company: Company) -> None:
    file_two(company)
    async with signed_in(company, "chen") as browser:
        page = await browser.gets("/console/requests/overview")
        assert "首次答复用时" in page.plain
        assert "不足 5 人，不显示" in page.plain
        picture = await browser.gets("/console/requests/weeks.svg")
        assert picture.headers["Content-Type"].startswith("image/svg+xml")
        assert picture.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert "style" not in picture.words
        for label in re.findall(r'<th scope="row">(\d\d-\d\d)</th>', page.words):
            assert f">{label}<" in picture.words
        assert (await browser.gets("/console/requests/weeks.svg?dark=1")).words != picture.words
        table = await browser.gets("/console/requests/overview.csv")
        assert "周明" in table.words
        async with browser.session.get(f"{browser.run.url}/console/requests/overview.xlsx") as answer:
            assert (await answer.read())[:2] == b"PK"
    async with signed_in(company, "hu") as browser:
        for way in ("overview", "weeks.svg", "overview.csv", "overview.xlsx"):
            assert (await browser.gets(f"/console/requests/{way}")).status == 403


def test_the_same_chart_in_the_chat(company: Company) -> None:
    file_two(company)
    company.travel(days=7)
    company.chen.says("办理台")
    company.chen.presses("督办概览")
    drawn = company.chen.presses("图表")
    assert len(drawn.pictures) == 1
    assert "新提交 不足 5 人，不显示 · 已办结 0" in drawn
    assert "新提交 2" not in drawn
    assert drawn.labels == ["督办概览"]
    assert "图表" not in company.ada.calls("desk.picture").labels
    assert company.ada.last.pictures == ()


async def test_it_speaks_english(company: Company) -> None:
    company.chen.says("/language en")
    company.zhou.says("/language en")
    file_two(company)
    async with signed_in(company, "chen") as browser:
        assert "Time to first answer (median)" in (await browser.gets("/console/requests/overview")).plain
        assert "Requests of the last 12 weeks" in (await browser.gets("/console/requests/weeks.svg")).words
    async with signed_in(company, "zhou") as browser:
        assert "Internal notes" in (await browser.gets("/console/requests/1")).plain
        assert "Which one leads" in (await browser.gets("/console/requests/1/merge/2")).plain
        assert "A new canned reply" in (await browser.gets("/console/requests/canned")).plain


@pytest.mark.skipif(chromium() is None, reason="there is no Chromium here")
async def test_a_canned_reply_a_note_and_merging_by_keyboard_alone(company: Company) -> None:
    file_two(company)
    async with browsing(company, "zhou", scripts=True) as (page, _):
        home = page.url
        await page.goto(home + "requests/canned")
        await tab_to(page, "#title")
        await page.keyboard.type("收到")
        await page.keyboard.press("Tab")
        await page.keyboard.type("已收到，三天内答复。")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".notice")
        await page.goto(home + "requests/1")
        await tab_to(page, "#text")
        await page.keyboard.type("你好：")
        await tab_to(page, "button[value=insert]")
        await page.keyboard.press("Enter")
        assert await page.input_value("#text") == "你好：\n已收到，三天内答复。"
        assert page.url == home + "requests/1"
        await tab_to(page, "#note")
        await page.keyboard.type("先问过食堂")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=先问过食堂")
        await tab_to(page, "#similar ~ .table a")
        await page.keyboard.press("Enter")
        await tab_to(page, "input[name=lead]")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=另有 1 件与它合并办理")
