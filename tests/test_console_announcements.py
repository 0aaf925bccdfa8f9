"""The console's announcements: from the words to who confirmed; what is wrong stays in the form; nobody else's."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import aiohttp
import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from domain.permission import Role
from services import sheet
from storage import address, permission
from storage import announcement as table
from storage import attachment as files
from tests.surfing import Browser, Seen, company_now, signed_in
from tests.talk import Company

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)
WORDS = "周五下午停电检修，请提前保存文件。"


def sign_of(browser: Browser) -> str:
    found = re.search(r'name="sign" value="([0-9a-f]+)"', browser.page.words if browser.page else "")
    assert found
    return found[1]


def number_of(seen: Seen) -> str:
    found = re.search(r"/announcements/(\d+)", seen.path)
    assert found, seen.plain
    return found[1]


def count(browser: Browser) -> int:
    return browser.run.read(lambda c: c.scalar(select(func.count()).select_from(table.announcement)) or 0)


def state_of(browser: Browser, number: int = 1) -> str:
    found = browser.run.read(lambda c: table.get(c, number))
    assert found is not None
    return found.state.value


async def composes(browser: Browser, company: Company, text: str = WORDS, **more: str) -> Seen:
    await browser.gets("/console/announcements/new")
    form = {"text": text, "unit": str(company.roll.units["branch1"].id), "circle": "all", **more}
    return await browser.posts("/console/announcements/new", **form)


def sent(company: Company) -> None:
    """Let 林雪 have announced to her branch, and 赵强 have confirmed."""
    company.lin.says("发公告")
    company.lin.says(WORDS)
    company.lin.presses("发送")
    company.travel(seconds=11)
    company.bo.sees()
    company.bo.presses("收到")


async def test_from_the_words_to_the_grace_and_back(company: Company) -> None:
    company.write(lambda c: address.close(c, "web", "tang", "blocked"))
    async with signed_in(company, "lin") as browser:
        drawn = await composes(browser, company)
        assert "还没有发送" in drawn.plain
        assert WORDS in drawn.plain
        assert "公告 · 第一党支部" in drawn.plain
        assert re.search(
            r"应收 4 没有绑定账号 0 还没有同意隐私告知 0 停用或拉黑了助手 1 关闭了推送 0 能收到 3", drawn.plain
        )
        form = {"key": browser.form_key, "sign": sign_of(browser)}
        assert "现在还可以撤回" in (await browser.posts("/console/announcements/1/send", **form)).plain
        assert "没有重复发送" in (await browser.posts("/console/announcements/1/send", **form)).plain
        assert state_of(browser) == "sent"
        assert "已撤回" in (await browser.posts("/console/announcements/1/recall")).plain
        assert state_of(browser) == "recalled"
        assert WORDS[:10] in (await browser.gets("/console/announcements?state=recalled")).plain


async def test_what_is_too_late_is_refused(company: Company) -> None:
    sent(company)
    async with signed_in(company, "lin") as browser:
        await browser.gets("/console/announcements/1")
        assert "已暂停" in (await browser.posts("/console/announcements/1/pause")).plain
        assert "继续发送" in (await browser.posts("/console/announcements/1/resume")).plain
        assert "已撤回" in (await browser.posts("/console/announcements/1/recall")).plain
        assert "已撤回" in (await browser.posts("/console/announcements/1/recall", key=browser.form_key or "")).plain
        await browser.gets("/console/announcements/new")
        for way in ("pause", "resume", "unplan", "remind", "test", "edit"):
            key = browser.form_key
            assert (await browser.posts(f"/console/announcements/1/{way}", key=key)).status == 409, way
            await browser.gets("/console/announcements/new")
        assert state_of(browser) == "recalled"


async def test_the_same_form_twice_is_one_draft(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        await browser.gets("/console/announcements/new")
        form = {"text": WORDS, "unit": str(company.roll.units["branch1"].id), "circle": "party"}
        form["key"] = browser.form_key
        first = number_of(await browser.posts("/console/announcements/new", **form))
        assert number_of(await browser.posts("/console/announcements/new", **form)) == first
        assert count(browser) == 1
        await browser.posts("/console/announcements/new", **{**form, "text": "另外一条公告"})
        assert count(browser) == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"text": ""}, "还没有内容"),
        ({"text": "长" * 2001}, "最多 2000 个字"),
        ({"text": "请看附件【机密】"}, "密级标志"),
        ({"urgent": "急"}, "紧急原因请写"),
        ({"circle": "everyone"}, ""),
        ({"unit": "abc"}, ""),
        ({"unit": "999"}, ""),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    company: Company, wrong: dict[str, str], said: str
) -> None:
    async with signed_in(company, "lin") as browser:
        seen = await composes(browser, company, **{"text": WORDS, **wrong})
        assert seen.status == 409
        assert said in seen.plain
        assert (wrong.get("text", WORDS) or "<textarea") in seen.words
        assert count(browser) == 0


async def test_a_marked_file_is_never_kept(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        await browser.gets("/console/announcements/new")
        data = aiohttp.FormData(quote_fields=False)
        unit = str(company.roll.units["branch1"].id)
        for name, value in {"key": browser.form_key, "text": WORDS, "unit": unit, "circle": "all"}.items():
            data.add_field(name, value)
        data.add_field("file", b"secret", filename="【机密】名单.txt", content_type="text/plain")
        url, headers = browser.run.url + "/console/announcements/new", {"Origin": browser.run.url}
        async with browser.session.post(url, data=data, headers=headers) as answer:
            assert answer.status == 409
        assert browser.run.read(lambda c: c.scalar(select(func.count()).select_from(files.attachment))) == 0


async def test_a_draft_is_changed_and_what_was_not_seen_is_not_sent(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        await composes(browser, company)
        old = {"sign": sign_of(browser)}
        await browser.gets("/console/announcements/1/edit")
        assert WORDS in (browser.page.words if browser.page else "")
        unit = str(company.roll.units["group11"].id)
        changed = {"text": "改到周六停电检修", "unit": unit, "circle": "party", "urgent": "检修提前，请注意安全"}
        seen = await browser.posts("/console/announcements/1/edit", **changed)
        assert "改到周六" in seen.plain
        assert "紧急公告 · 第一党小组" in seen.plain
        assert "应收 3" in seen.plain
        assert "改过了" in (await browser.posts("/console/announcements/1/send", **old)).plain
        assert state_of(browser) == "draft"
        await browser.gets("/console/announcements/1")
        assert "已发给你自己" in (await browser.posts("/console/announcements/1/test")).plain


async def test_planned_changed_and_made_a_draft_again(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        await composes(browser, company)
        sign = sign_of(browser)
        tomorrow = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
        for day, clock in (("", ""), ("2020-01-01", "09:00"), ("9999-12-31", "09:00"), (tomorrow, "25:00")):
            wrong = await browser.posts("/console/announcements/1/plan", sign=sign, day=day, clock=clock)
            assert wrong.status == 409
            assert "没有改" in wrong.plain
        seen = await browser.posts("/console/announcements/1/plan", sign=sign, day=tomorrow, clock="09:05")
        assert "09:05 发送" in seen.plain
        assert "删掉草稿" not in seen.plain
        refused = await browser.posts("/console/announcements/1/discard", key=browser.form_key)
        assert "没有删掉" in refused.plain
        assert state_of(browser) == "scheduled"
        assert (await browser.gets("/console/announcements/1/edit")).status == 403
        await browser.gets("/console/announcements/1")
        assert "已改为草稿" in (await browser.posts("/console/announcements/1/unplan")).plain
        assert state_of(browser) == "draft"
        assert "草稿已删掉" in (await browser.posts("/console/announcements/1/discard")).plain
        assert count(browser) == 0


async def test_who_confirmed_by_unit_who_did_not_and_one_reminder(company: Company) -> None:
    company.write(lambda c: address.close(c, "web", "tang", "blocked"))
    sent(company)
    async with signed_in(company, "lin") as browser:
        seen = await browser.gets("/console/announcements/1")
        assert "应收 4 已送出 3 确认 1" in seen.plain
        units = await browser.gets("/console/announcements/1/units")
        assert "第一党支部 3 1 2" in units.plain
        assert "第一党小组 2 1 1" in units.plain
        silent = await browser.gets("/console/announcements/1/silent")
        assert "马琳" in silent.plain
        assert "赵强" not in silent.plain
        of_group = await browser.gets(f"/console/announcements/1/silent?unit={company.roll.units['group11'].id}")
        assert "马琳" in of_group.plain
        missed = await browser.gets("/console/announcements/1/missed")
        assert "唐杰" in missed.plain
        for what, name in (("silent", "马琳"), ("missed", "唐杰")):
            async with browser.session.get(f"{browser.run.url}/console/announcements/1/{what}.xlsx") as answer:
                [found] = sheet.read(f"{what}.xlsx", await answer.read())
                assert name in [row[0] for row in found.rows]
        async with browser.session.get(f"{browser.run.url}/console/announcements/1/units.xlsx") as answer:
            day = company.organisation.today(company_now())
            assert unquote(answer.headers["Content-Disposition"]).endswith(
                f"各组织确认数-周五下午停电检修，请提前保存文件。-{day}.xlsx"
            )
            book = load_workbook(io.BytesIO(await answer.read()))
            assert book.sheetnames == ["各组织确认数"]
            assert [cell.value for cell in book.worksheets[0][2]] == ["第一党支部", 3, 1]
        await browser.gets("/console/announcements/1")
        assert "已提醒还没有确认" in (await browser.posts("/console/announcements/1/remind")).plain
        assert "已经提醒过一次" in (await browser.posts("/console/announcements/1/remind")).plain


@pytest.mark.parametrize("nickname", ["hu", "zhou", "chen"])
async def test_another_author_reads_and_does_nothing(company: Company, nickname: str) -> None:
    sent(company)
    company.lin.says("发公告")
    company.lin.says("第一支部的另一条草稿")
    async with signed_in(company, nickname) as browser:
        listed = await browser.gets("/console/announcements?words=停电")
        assert "停电检修" not in listed.plain
        assert "第一支部的另一条" not in (await browser.gets("/console/announcements?state=draft")).plain
        key = browser.form_key
        for number in ("1", "2", "3"):
            ways = ("", "/edit", "/file", "/units", "/silent", "/missed", "/silent.xlsx", "/missed.xlsx")
            for way in ways:
                seen = await browser.gets(f"/console/announcements/{number}{way}")
                assert seen.status == 403, way
                assert "停电" not in seen.plain
            form = {"key": key, "sign": "0", "text": "替她写", "circle": "all", "day": "2027-01-01", "clock": "09:00"}
            for way in ("send", "plan", "unplan", "pause", "resume", "recall", "remind", "test", "edit", "discard"):
                seen = await browser.posts(f"/console/announcements/{number}/{way}", **form)
                assert seen.status == 409, way
        assert state_of(browser, 1) == "sent"
        assert state_of(browser, 2) == "draft"


async def test_another_units_people_can_not_be_addressed(company: Company) -> None:
    async with signed_in(company, "hu") as browser:
        for unit in ("branch1", "group11", "party", "root", "union"):
            seen = await composes(browser, company, unit=str(company.roll.units[unit].id))
            assert seen.status == 409
        assert count(browser) == 0


@pytest.mark.parametrize("nickname", ["root", "tang"])
async def test_without_the_right_there_are_no_pages(company: Company, nickname: str) -> None:
    sent(company)
    async with signed_in(company, nickname) as browser:
        assert "公告" not in (await browser.gets("/console/")).words.split("<main")[0]
        for way in ("", "/new", "/1", "/1/silent"):
            assert (await browser.gets(f"/console/announcements{way}")).status == 403


async def test_who_lost_the_unit_names_nobody_any_more(company: Company) -> None:
    sent(company)
    lin, branch = company.roll.people["lin"], company.roll.units["branch1"].id
    company.write(lambda c: permission.end_at(c, lin, Role.BRANCH_SECRETARY, branch, company.now))
    company.write(lambda c: permission.give(c, lin, Role.LEAGUE_OFFICER, company.roll.units["league"].id, company.now))
    async with signed_in(company, "lin") as browser:
        for way in ("units", "silent", "missed", "silent.xlsx", "missed.xlsx"):
            assert (await browser.gets(f"/console/announcements/1/{way}")).status == 403
        await browser.gets("/console/announcements/1")
        assert (await browser.posts("/console/announcements/1/remind")).status == 409


async def test_the_form_key_is_asked_for(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        await composes(browser, company)
        form = {"key": "0", "sign": sign_of(browser)}
        for way in ("send", "plan", "test", "recall", "edit"):
            assert (await browser.posts(f"/console/announcements/1/{way}", **form)).status == 403
        assert state_of(browser) == "draft"


async def test_it_speaks_english(company: Company) -> None:
    company.lin.says("/language en")
    async with signed_in(company, "lin") as browser:
        seen = await composes(browser, company, "The power is off on Friday.")
        assert "not sent yet" in seen.plain
        assert "addressed 4" in seen.plain
        assert "drafts 1" in (await browser.gets("/console/announcements")).plain
