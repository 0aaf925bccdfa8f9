"""Figures, activities and rules in the console: what is divided by what, nobody ranked, nothing of another's unit."""

from __future__ import annotations

import re
import time
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from console.beside import BESIDE
from services import rate_kept
from services.rate_kept import Measured, measure
from storage import job
from tests.holding import found, only_ours
from tests.running import eventually
from tests.surfing import signed_in, until
from tests.talk import Company

on_sqlite = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


@on_sqlite
async def test_a_figure_shows_its_parts_and_what_is_left_out(company: Company) -> None:
    only_ours(company)
    branch = found(company, "第九党支部", 6)
    branch.hold("theme_day", date(2026, 10, 12), came=5)
    async with signed_in(company, "chen") as browser:
        page = await browser.gets(f"/console/life/figures?unit={branch.unit.id}&period=2026-10")
        assert "党员参与率" in page.plain
        assert "83.3% 5 6" in page.plain
        assert "口径" in page.plain
        top = await browser.gets("/console/life/figures?period=2026Q4")
        assert "第九党支部" in top.plain
        assert "不排名次" in top.plain
        listed = await browser.gets(
            f"/console/life/figures/list?unit={branch.unit.id}&period=2026-10&figure=participation"
        )
        assert "实到" in listed.plain
        assert (await browser.gets("/console/life/figures?period=soon")).status == 403
        table = await browser.gets(f"/console/life/figures/table?unit={branch.unit.id}&period=2026-10&as=csv")
        assert "83.3%" in table.words
        async with browser.session.get(f"{browser.run.url}/console/life/figures/table?period=2026") as answer:
            assert (await answer.read())[:2] == b"PK"


@on_sqlite
async def test_figures_of_many_units_are_written_as_a_job_of_the_same_table(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with signed_in(company, "chen") as browser:
        address = "/console/life/figures/table?period=2026Q4&as="
        direct = (await browser.gets(f"{address}csv")).words
        monkeypatch.setattr(rate_kept, "MANY_UNITS", 1)
        monkeypatch.setattr(rate_kept, "is_large", lambda _: False)
        made = {}
        newest = select(job.job.c.id, job.job.c.state).order_by(job.job.c.id.desc()).limit(1)
        for kind in ("csv", "xlsx"):
            offered = await browser.gets(address + kind)
            fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', offered.words))
            assert "4 个组织" in offered.plain
            await browser.posts("/console/jobs", None, **fields)
            await until(browser, "/console/jobs", "组织生活数字")
            await eventually(lambda: browser.run.read(lambda c: c.execute(newest).one()).state == "done")
            one = browser.run.read(lambda c: c.execute(newest).one())
            async with browser.session.get(f"{browser.run.url}/console/jobs/{one.id}/file") as answer:
                made[kind] = await answer.read()
        assert made["csv"].decode() == direct
        assert made["xlsx"][:2] == b"PK"


@on_sqlite
async def test_figures_of_other_units_are_refused(company: Company) -> None:
    unit = company.roll.units["branch1"].id
    async with signed_in(company, "hu") as browser:
        for path in ("figures", "figures/table", "figures/list"):
            seen = await browser.gets(f"/console/life/{path}?unit={unit}&period=2026&figure=participation")
            assert seen.status == 403, path
        own = company.roll.units["branch2"].id
        assert (await browser.gets(f"/console/life/figures/list?unit={own}&figure=secret")).status == 403
    async with signed_in(company, "tang") as browser:
        assert (await browser.gets("/console/life/figures")).status == 403
        assert "/console/life/figures" not in (await browser.gets("/console/life/meetings")).words


@on_sqlite
async def test_figures_in_english(company: Company) -> None:
    company.chen.says("/language en")
    async with signed_in(company, "chen") as browser:
        page = await browser.gets("/console/life/figures")
        assert "Numerator" in page.plain
        assert "Definitions" in page.plain


@on_sqlite
async def test_figures_of_a_large_organisation_are_worked_out_beside_a_few_at_a_time(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    now: list[int] = [0]
    seen: list[int] = []

    def slow(*given: Any, **named: Any) -> Measured:  # noqa: ANN401 - whatever it takes
        now[0] += 1
        seen.append(now[0])
        time.sleep(0.05)
        now[0] -= 1
        return measure(*given, **named)

    monkeypatch.setattr(rate_kept, "MANY_UNITS", 0)
    monkeypatch.setattr(rate_kept, "measure", slow)
    spans = [f"2026-{month:02}" for month in range(1, 6)]
    async with signed_in(company, "chen") as browser:
        for span in spans:
            page = await browser.gets(f"/console/life/figures?period={span}")
            assert "分子" not in page.plain, span
        for span in spans:
            await until(browser, f"/console/life/figures?period={span}", "分子")
    assert max(seen) == BESIDE
    assert len(seen) == len(spans), "each once, whoever looks meanwhile"
