"""Activities and rules in the console: who comes and who waits, feedback from five on, sources and differences."""

from __future__ import annotations

from datetime import timedelta
from random import SystemRandom

import pytest
from sqlalchemy import Connection

from content import rule_pack as packs
from domain.activity import ActivityState
from storage import activity as table
from storage import feedback, rule
from tests.surfing import company_now, signed_in
from tests.talk import Company
from tests.test_activity import publish

on_sqlite = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


def published(company: Company) -> int:
    company.now = company_now()
    publish(company.lin, when="明天 18:30", places="1 人")
    return int(company.read(lambda c: c.execute(table.activity.select()).one()).id)


@on_sqlite
async def test_who_comes_who_waits_and_what_they_thought(company: Company) -> None:
    number = published(company)
    company.bo.calls(f"activities.join:{number}:0")
    company.tang.calls(f"activities.join:{number}:0")
    async with signed_in(company, "lin") as browser:
        assert "去江边走一走" in (await browser.gets("/console/life/activities")).plain
        page = await browser.gets(f"/console/life/activity/{number}")
        assert "已报名 家属 等确认 候补 1 0 0 1" in page.plain
        assert "赵强" in page.plain
        assert "候补第 1 号" in page.plain
        path = f"/console/life/activity/{number}"
        assert (await browser.posts(path, None, deed="finish")).status == 409
        await browser.gets(path)
        begun = company_now() - timedelta(hours=1)
        browser.run.app.database.write_now(
            lambda c: table.change(c, number, (ActivityState.PUBLISHED,), starts_at=begun)
        )
        opened = await browser.posts(path, None, deed="open")
        assert "投影页" in opened.plain
        on_screen = await browser.posts(path, None, deed="screen")
        assert on_screen.path == f"{path}/screen"
        assert "应到 1 已到 0" in on_screen.plain
        assert "赵强" not in on_screen.plain
        await browser.gets(path)
        by_hand = await browser.posts(path, None, deed="enter_for", member=str(company.roll.people["bo"]))
        assert "已代签" in by_hand.plain
        over = await browser.posts(path, None, deed="finish")
        assert "回答还不到 5 份" in over.plain

        def answer(connection: Connection) -> None:
            for nickname in ("ada", "bo", "lin", "zhou", "sun"):
                feedback.give(connection, number, company.roll.people[nickname])
                feedback.keep(connection, number, SystemRandom(), stars=4)
            feedback.show(connection, number, 5, 40, [])

        browser.run.app.database.write_now(answer)
        assert "平均 4.0 ★（5 份" in (await browser.gets(path)).plain


@on_sqlite
async def test_an_activity_of_another_unit_is_not_there(company: Company) -> None:
    number = published(company)
    async with signed_in(company, "hu") as browser:
        assert (await browser.gets(f"/console/life/activity/{number}")).status == 403
        assert "去江边走一走" not in (await browser.gets("/console/life/activities")).plain
        for deed in ("publish", "discard", "open", "enter_for", "finish", "call_off", "x"):
            refused = await browser.posts(f"/console/life/activity/{number}", None, deed=deed, member="1")
            assert refused.status == 409, deed
    async with signed_in(company, "lin") as browser:
        await browser.gets(f"/console/life/activity/{number}")
        off = await browser.posts(f"/console/life/activity/{number}", None, deed="call_off")
        assert "活动已取消" in off.plain
        assert "去江边走一走" in (await browser.gets("/console/life/activities?list=cancelled")).plain


@on_sqlite
async def test_rules_stand_with_their_sources_and_how_packs_differ(company: Company) -> None:
    async with signed_in(company, "tang") as browser:
        page = await browser.gets("/console/life/rules")
        assert "第十一条" in page.plain
        assert "读过原文" in page.plain or "引自他处" in page.plain
        assert "规则没有变过" in page.plain
        table_of = await browser.gets("/console/life/rules/table?as=csv")
        assert "事项" in table_of.words
        book = packs.book(())
        older = book.body.replace('"period":"month"', '"period":"quarter"', 1)
        assert older != book.body
        earlier = company_now() - timedelta(days=30)
        browser.run.app.database.write_now(lambda c: rule.keep(c, "1" * 64, "national 1", older, earlier))
        seen = await browser.gets("/console/life/rules")
        assert "全国规则 1 →" in seen.plain
        assert "改为" in seen.plain


@on_sqlite
async def test_activities_and_rules_in_english(company: Company) -> None:
    company.lin.says("/language en")
    async with signed_in(company, "lin") as browser:
        assert "There are no activities here" in (await browser.gets("/console/life/activities")).plain
        assert "How votes count" in (await browser.gets("/console/life/rules")).plain
