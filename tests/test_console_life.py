"""Organisational life in the console: the year of a branch, decisions with their reasons, and nobody else's branch."""

from __future__ import annotations

import pytest

from tests.surfing import company_now, signed_in
from tests.talk import Company

on_sqlite = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


def branch(company: Company, code: str = "branch1") -> str:
    return f"/console/life/{company.roll.units[code].id}"


@on_sqlite
async def test_the_year_is_a_table_with_sources_and_a_secretary_lands_on_it(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        seen = await browser.gets("/console/life")
        assert seen.path == branch(company)
        assert "第一党支部" in seen.plain
        assert "主题党日" in seen.plain
        assert "《中国共产党支部工作条例（试行）》" in seen.plain
        assert "规范率" in seen.plain
        assert "启用之前" in seen.plain
        assert 'scope="row"' in seen.words
        assert 'aria-current="page">组织生活' in seen.words
        other = await browser.gets(branch(company) + "?year=2025")
        assert "2025" in other.plain


@on_sqlite
async def test_a_decision_needs_a_reason_and_can_be_withdrawn(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        month = f"{browser.run.app.organisation.today(company_now()):%Y-%m}"
        path = f"{branch(company)}/duty"
        where = {"rule": "theme_day", "period": month}
        page = await browser.gets(f"{path}?rule=theme_day&period={month}")
        assert "第十六条" in page.plain
        assert "豁免" in page.plain
        short = await browser.posts(path, None, **where, deed="exempt", reason="x")
        assert short.status == 409
        assert "理由太短" in short.plain
        assert ">x</textarea>" in short.words
        kept = await browser.posts(path, None, **where, deed="exempt", reason="全员外派抢险，已报党委")
        assert "已登记，理由已留存" in kept.plain
        assert "全员外派抢险" in kept.plain
        again = await browser.posts(path, None, **where, deed="exempt", reason="全员外派抢险，已报党委")
        assert again.status == 409
        back = await browser.posts(path, None, **where, deed="withdraw", reason="登记错了月份")
        assert "没有人工登记" in back.plain
        wrong = await browser.posts(path, None, **where, deed="declare", reason="纸质记录", day="不知道")
        assert "没有看懂日期" in wrong.plain
        future = await browser.posts(path, None, **where, deed="declare", reason="纸质记录", day="2999-01-01")
        assert "还没有到" in future.plain
        assert (await browser.posts(path, None, **where, deed="delete", reason="理由理由")).status == 409
        assert (await browser.posts(path, None, key="", **where, deed="exempt", reason="理由理由")).status == 403


@on_sqlite
async def test_another_branch_and_made_up_ids_are_refused(company: Company) -> None:
    async with signed_in(company, "hu") as browser:
        assert (await browser.gets("/console/life")).path == branch(company, "branch2")
        for path in (
            branch(company), f"{branch(company)}/table", f"{branch(company)}/duty?rule=theme_day&period=2026-11",
            f"{branch(company, 'party')}/below", f"{branch(company, 'party')}", "/console/life/999999",
            f"{branch(company, 'branch2')}/duty?rule=nothing&period=2026-11",
            f"{branch(company, 'branch2')}/duty?rule=theme_day&period=20x6",
        ):  # fmt: skip
            assert (await browser.gets(path)).status == 403, path
        await browser.gets("/console/life")
        posted = await browser.posts(
            f"{branch(company)}/duty", rule="theme_day", period="2026-11", deed="exempt", reason="越权"
        )
        assert posted.status == 409


@on_sqlite
async def test_a_group_leader_sees_the_group_meetings_alone_and_decides_nothing(company: Company) -> None:
    async with signed_in(company, "tang") as browser:
        page = await browser.gets("/console/life")
        assert "党小组会" in page.plain
        assert "主题党日" not in page.plain
        assert (await browser.gets(f"{branch(company)}/duty?rule=theme_day&period=2026-11")).status == 403
        own = await browser.gets(f"{branch(company)}/duty?rule=group_meeting&period=2026-11")
        assert own.status == 200
        assert "人工处理" not in own.plain
        refused = await browser.posts(
            f"{branch(company)}/duty", rule="group_meeting", period="2026-11", deed="exempt", reason="越权越权"
        )
        assert refused.status == 409


@on_sqlite
async def test_a_committee_sees_counts_and_each_branch(company: Company) -> None:
    async with signed_in(company, "chen") as browser:
        page = await browser.gets("/console/life")
        assert "第一党支部" in page.plain
        assert "第二党支部" in page.plain
        assert "第二" in (await browser.gets("/console/life?q=第二")).plain
        below = await browser.gets(f"{branch(company, 'party')}/below")
        assert "直接管辖的支部 2 个" in below.plain
        assert (await browser.gets(branch(company, "branch2"))).status == 200


@on_sqlite
async def test_whoever_has_no_branch_is_shown_what_is_hers(company: Company) -> None:
    async with signed_in(company, "zhou") as browser:
        page = await browser.gets("/console/life")
        assert page.path == "/console/life/activities"
        for there in ("life/activities", "life/meetings", "life/figures"):
            assert f'href="/console/{there}"' in page.words
        for absent in ('href="/console/life"', 'href="/console/life/rules"'):
            assert absent not in page.words.partition("<main")[2]
    async with signed_in(company, "lin") as browser:
        assert 'href="/console/life/rules"' in (await browser.gets("/console/life")).words


@on_sqlite
async def test_the_year_as_files_and_in_english(company: Company) -> None:
    company.lin.says("/language en")
    async with signed_in(company, "lin") as browser:
        page = await browser.gets("/console/life")
        assert "What is due" in page.plain
        assert "read in the original" in page.plain or "quoted elsewhere" in page.plain
        table = await browser.gets(f"{branch(company)}/table?as=csv")
        assert table.headers["Content-Disposition"].endswith(".csv")
        assert '"Unit","Duty"' in table.words
        async with browser.session.get(f"{browser.run.url}{branch(company)}/table") as answer:
            assert (await answer.read())[:2] == b"PK"


@on_sqlite
async def test_relief_keeps_who_and_never_why(company: Company) -> None:
    path = f"{branch(company)}/relief"
    async with signed_in(company, "lin") as browser:
        assert "现在没有减免" in (await browser.gets(path)).plain
        assert "没有找到" in (await browser.posts(path, None, who="胡军")).plain
        await browser.gets(path)
        assert "已减免" in (await browser.posts(path, None, who="赵强")).plain
        member = str(company.roll.people["bo"])
        assert "减免已结束" in (await browser.posts(path, None, deed="end", member=member)).plain
        other = str(company.roll.people["xu"])
        assert (await browser.posts(path, None, deed="end", member=other)).status == 409
    async with signed_in(company, "hu") as browser:
        assert (await browser.gets(path)).status == 403
        await browser.gets("/console/life")
        assert (await browser.posts(path, None, who="赵强")).status == 409
