"""Planning in the console: an activity by its whole form, changed in one go, and a unit's own Word templates."""

from __future__ import annotations

import re
from datetime import timedelta

import aiohttp
import pytest
from sqlalchemy import select

from domain.activity import Activity
from services import document_template
from storage import activity as table
from storage import outbox
from tests.surfing import Browser, Seen, company_now, signed_in
from tests.talk import Company
from tests.test_console_life_activity import published

on_sqlite = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


def form(company: Company, **other: str) -> dict[str, str]:
    """Return what 林雪 types: a quiz on the first coming Saturday, outside working hours."""
    day = company.organisation.today(company_now()) + timedelta(days=7)
    day += timedelta(days=(5 - day.weekday()) % 7)
    usual = {
        "unit": str(company.roll.units["branch1"].id), "kind": "skills", "title": "技能比武", "day": day.isoformat(),
        "at": "19:00", "minutes": "90", "place": "三号车间", "capacity": "2", "cost": "自理", "notes": "穿工作鞋",
        "audience": str(company.roll.units["branch1"].id), "circle": "party", "family": "1",
    }  # fmt: skip
    return {**usual, **other}


def kept(browser: Browser) -> list[Activity]:
    found = browser.run.read(lambda c: [table.get(c, row.id) for row in c.execute(select(table.activity.c.id))])
    return [one for one in found if one is not None]


@on_sqlite
async def test_a_draft_from_an_idea_to_published(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        at_once = await browser.gets("/console/life/activities/new")
        unit = company.roll.units["branch1"].id
        ideas = await browser.gets(f"/console/life/activities/ideas?unit={unit}")
        [ref, *_] = re.findall(r"theme=([^\"&]+)", ideas.words)
        chosen = await browser.gets(f"/console/life/activities/new?unit={unit}&theme={ref}")
        assert "这个点子要准备什么" in chosen.plain
        assert "第一党支部" in at_once.plain
        draft = await browser.posts("/console/life/activities/new", None, **form(company, theme=ref))
        assert "草稿已存" in draft.plain
        for words in ("技能比武", "三号车间", "自理", "穿工作鞋", "家属"):
            assert words in draft.plain
        number = int(re.findall(r"activity/(\d+)", draft.path)[0])
        [one] = kept(browser)
        assert (one.minutes, one.capacity, one.family, one.theme) == (90, 2, True, ref)
        edit = await browser.gets(f"/console/life/activity/{number}/edit")
        assert 'value="技能比武"' in edit.words
        changed = await browser.posts(
            f"/console/life/activity/{number}/edit", None, **form(company, title="岗位练兵", minutes="60", family="")
        )
        assert "已保存" in changed.plain
        [one] = kept(browser)
        assert (one.title, one.minutes, one.family) == ("岗位练兵", 60, False)
        assert "活动发布了" in (await browser.posts(f"/console/life/activity/{number}", None, deed="publish")).plain


@on_sqlite
async def test_what_is_published_changes_at_once_and_tells_once(company: Company) -> None:
    number = published(company)
    company.bo.calls(f"activities.join:{number}:0")
    before = company.read(lambda c: len(c.execute(select(outbox.letter.c.id)).all()))
    async with signed_in(company, "lin") as browser:
        await browser.gets(f"/console/life/activity/{number}/edit")
        fields = form(company, title="去湖边走一走", capacity="1", minutes="120", cost="", notes="带水")
        changed = await browser.posts(f"/console/life/activity/{number}/edit", None, **fields)
        assert "去湖边走一走" in changed.plain
        assert "三号车间" in changed.plain
        [one] = kept(browser)
        assert one.sequence == 1
        table_of = await browser.gets(f"/console/life/activity/{number}/export?as=csv")
        assert '"赵强","已报名","0",""' in table_of.words
        after = browser.run.read(lambda c: len(c.execute(select(outbox.letter.c.id)).all()))
        assert after == before + 1
        await browser.gets(f"/console/life/activity/{number}/edit")
        few = await browser.posts(f"/console/life/activity/{number}/edit", None, **{**fields, "capacity": "x"})
        assert few.status == 409
        assert "名额要写" in few.plain


@on_sqlite
async def test_what_cannot_be_kept_comes_back_and_leaves_nothing(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        unit = company.roll.units["branch1"].id
        await browser.gets(f"/console/life/activities/new?unit={unit}")
        workday = company.organisation.today(company_now()) + timedelta(days=7)
        workday += timedelta(days=(1 - workday.weekday()) % 7)
        for wrong, said in (
            ({"title": ""}, "名称要有"), ({"kind": "x"}, "请选活动的种类"), ({"day": "2020-01-01"}, "时间要在以后"),
            ({"day": "x"}, "没有看懂"), ({"at": ""}, "没有看懂"), ({"capacity": "9999999"}, "名额要写"),
            ({"day": workday.isoformat(), "at": "10:00"}, "工作时间"),
            ({"deadline_day": "2020-01-01", "deadline_at": "10:00"}, "报名截止"), ({"notes": "长" * 501}, "提示最多"),
        ):  # fmt: skip
            seen = await browser.posts("/console/life/activities/new", None, **form(company, **wrong))
            assert seen.status == 409, wrong
            assert said in seen.plain, wrong
            assert "三号车间" in seen.words
        assert (await browser.posts("/console/life/activities/new", None, **form(company, title="绝密★"))).status == 409
        await browser.gets(f"/console/life/activities/new?unit={unit}")
        for one in ({"minutes": "9" * 5000}, {"minutes": "7"}, {"audience": "999999"}):
            seen = await browser.posts("/console/life/activities/new", None, **form(company, **one))
            assert seen.status == 409, one
            await browser.gets(f"/console/life/activities/new?unit={unit}")
        assert (await browser.posts("/console/life/activities/new", None, **form(company, key=""))).status == 403
        assert kept(browser) == []


@on_sqlite
async def test_another_unit_plans_nothing_here(company: Company) -> None:
    number = published(company)
    async with signed_in(company, "hu") as browser:
        unit = company.roll.units["branch1"].id
        for path in (
            f"activities/new?unit={unit}", f"activities/ideas?unit={unit}", f"activity/{number}/edit",
            f"activity/{number}/export", f"{unit}/templates", f"{unit}/template?kind=minutes",
        ):  # fmt: skip
            assert (await browser.gets(f"/console/life/{path}")).status == 403, path
        await browser.gets("/console/life/activities/new")
        assert (await browser.posts("/console/life/activities/new", None, **form(company))).status == 409
        await browser.gets("/console/life/activities/new")
        edited = await browser.posts(f"/console/life/activity/{number}/edit", None, **form(company))
        assert edited.status == 409
        await browser.gets("/console/life/activities/new")
        given = await browser.posts(f"/console/life/{unit}/template", None, kind="minutes", deed="restore")
        assert given.status == 409
    [one] = company.read(lambda c: c.execute(select(table.activity)).all())
    assert one.title == "去江边走一走"


async def sends(browser: Browser, unit: int, kind: str, body: bytes, seen: str = "") -> Seen:
    data = aiohttp.FormData({"key": browser.form_key, "kind": kind, "seen": seen})
    data.add_field("file", body, filename="模板.docx")
    headers = {"Origin": browser.run.url, "Sec-Fetch-Site": "same-origin"}
    url = f"{browser.run.url}/console/life/{unit}/template"
    async with browser.session.post(url, data=data, headers=headers) as answer:
        return browser._took(answer, await answer.text())


@on_sqlite
async def test_a_unit_gives_itself_a_template_and_takes_it_back(company: Company) -> None:
    unit = company.roll.units["branch1"].id
    async with signed_in(company, "lin") as browser:
        page = await browser.gets(f"/console/life/{unit}/templates")
        assert page.plain.count("程序自带的模板") == 3
        url = f"{browser.run.url}/console/life/{unit}/template?kind=notice"
        async with browser.session.get(url) as answer:
            body = await answer.read()
        assert body == document_template.shipped("notice")
        given = await sends(browser, unit, "notice", body)
        assert "模板已换上" in given.plain
        assert "本组织自己的模板" in given.plain
        # Another window still shows that none of its own was in use.
        [stale, *_] = re.findall(r'name="seen" value="(\w+)"', page.words)
        assert "别人刚换过" in (await sends(browser, unit, "notice", body, stale)).plain
        await browser.gets(f"/console/life/{unit}/templates")
        for wrong in (b"", b"PK\x03\x04 no zip", b"x" * (2 << 20) + b"y"):
            refused = await sends(browser, unit, "notice", wrong)
            assert refused.status == 409
            await browser.gets(f"/console/life/{unit}/templates")
        assert (await sends(browser, unit, "x", body)).status == 409
        await browser.gets(f"/console/life/{unit}/templates")
        back = await browser.posts(f"/console/life/{unit}/template", None, kind="notice", deed="restore")
        assert "已改回" in back.plain
        assert back.plain.count("程序自带的模板") == 3


@on_sqlite
async def test_plans_and_templates_in_english(company: Company) -> None:
    company.lin.says("/language en")
    async with signed_in(company, "lin") as browser:
        unit = company.roll.units["branch1"].id
        assert "Why it lies in working hours" in (await browser.gets(f"/console/life/activities/new?unit={unit}")).plain
        assert "comes with the program" in (await browser.gets(f"/console/life/{unit}/templates")).plain
