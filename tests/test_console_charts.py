"""Charts on the pages of a sent announcement and of a unit's figures: small groups are hidden, others see nothing."""

from __future__ import annotations

import re
from datetime import date

import pytest

from content import voice
from services import announcement_chart
from services.chart import table
from tests.holding import found, only_ours
from tests.surfing import signed_in
from tests.talk import Company

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)
HOSTILE = "<script>alert(1)</script>"


def announced(company: Company) -> None:
    """陈涛 tells everybody beneath the committee; one confirms."""
    company.chen.says(f"发公告 {HOSTILE}周五停电")
    company.chen.presses("发送")
    company.travel(seconds=11)
    company.bo.sees()
    company.bo.presses("收到")


def cells(page: str, row: str) -> list[str]:
    shown = re.search(rf'<th scope="row">{row}</th>(.*?)</tr>', page, re.DOTALL)
    assert shown, row
    return re.findall(r"<td[^>]*>(.*?)</td>", shown[1])


async def test_confirmations_by_unit_without_small_groups(company: Company) -> None:
    announced(company)
    async with signed_in(company, "chen") as browser:
        page = await browser.gets("/console/announcements/1")
        assert "按组织的图" in page.plain
        assert HOSTILE not in page.words
        hidden = "不足 5 人（或会被推算出来），不显示"
        assert cells(page.words, "第一党小组") == [hidden, hidden]
        picture = await browser.gets("/console/announcements/1/confirmed.svg")
        assert picture.headers["Content-Type"].startswith("image/svg+xml")
        assert HOSTILE not in picture.words
        assert "&lt;script&gt;" in picture.words
        assert "第一党小组" in picture.words
    async with signed_in(company, "lin") as browser:
        assert (await browser.gets("/console/announcements/1/confirmed.svg")).status == 403


async def test_confirmations_over_the_hours_are_totals(company: Company) -> None:
    def drawn() -> list[list[str]] | None:
        chart = company.read(
            lambda c: announcement_chart.over_hours(company.work(c), voice("zh"), company.roll.people["chen"], 1)
        )
        return table(chart)[1] if chart else None

    announced(company)
    company.travel(hours=1, minutes=30)
    company.ma.sees()
    company.ma.presses("收到")
    assert drawn() is None
    company.travel(hours=3)
    assert drawn() == [["1 小时", "1"], ["2 小时", "2"], ["4 小时", "2"]]
    async with signed_in(company, "chen") as browser:
        page = await browser.gets("/console/announcements/1")
        assert "按时间的图" in page.plain
        assert cells(page.words, "2 小时") == ["2"]
        picture = await browser.gets("/console/announcements/1/hours.svg")
        assert picture.headers["Content-Type"].startswith("image/svg+xml")
        assert "马琳" not in picture.words
    async with signed_in(company, "lin") as browser:
        assert (await browser.gets("/console/announcements/1/hours.svg")).status == 403


async def test_participation_by_month(company: Company) -> None:
    only_ours(company)
    branch, small = found(company, "第九党支部", 6), found(company, "第八党支部", 3)
    for place, came in ((branch, 5), (small, 2)):
        place.hold("theme_day", date(2026, 10, 12), came=came)
    async with signed_in(company, "chen") as browser:
        page = await browser.gets(f"/console/life/figures?unit={branch.unit.id}&period=2026-10")
        assert cells(page.words, "10 月") == ["6", "5"]
        assert cells(page.words, "9 月") == ["0", "0"]
        [way] = re.findall(r'<img src="([^"]+)"', page.words)
        picture = await browser.gets(way.replace("&amp;", "&"))
        assert "第九党支部 2026 年各月参加会议的人次" in picture.words
        assert re.findall(r'font-weight="bold"[^>]*>(\d+)<', picture.words).count("6") == 1
        few = await browser.gets(f"/console/life/figures?unit={small.unit.id}&period=2026-10")
        assert cells(few.words, "10 月") == ["不足 5 人，不显示"] * 2
        drawn = await browser.gets(f"/console/life/figures/months.svg?unit={small.unit.id}&period=2026-10")
        assert "10 月　应到人次 不足 5 人，不显示 · 实到人次 不足 5 人，不显示" in drawn.words
    company.hu.says("/language en")
    async with signed_in(company, "hu") as browser:
        assert (await browser.gets(f"/console/life/figures/months.svg?unit={branch.unit.id}&period=2026")).status == 403
        own = await browser.gets("/console/life/figures/months.svg?period=2026")
        assert "attendance by month" in own.words
