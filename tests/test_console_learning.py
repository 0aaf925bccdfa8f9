"""The learning page: every reading as the day's card, and the organisation's own written, planned and retired."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import aiohttp
import pytest
from sqlalchemy import Connection

from domain.reading import Reading
from services import learning, learning_list, sheet
from storage import calendar, reading_list
from tests.question_layouts import docx
from tests.surfing import Browser, Seen, signed_in
from tests.talk import Company

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)

OWN = {
    "topic_new": "车间规矩", "title_zh": "下班前四件事", "body_zh": "断电、关窗、清场、锁门。\n\n少一件都不算下班。",
    "source_zh": "车间管理办法第三条",
}  # fmt: skip


async def sends(browser: Browser, name: str, body: bytes) -> Seen:
    """Send an article; returns the form that it filled in."""
    await browser.gets("/console/learning/import")
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("key", browser.form_key)
    form.add_field("file", body, filename=name, content_type="application/octet-stream")
    headers = {"Origin": browser.run.url, "Sec-Fetch-Site": "same-origin"}
    async with browser.session.post(browser.run.url + "/console/learning/import", data=form, headers=headers) as answer:
        return browser._took(answer, await answer.text())


def number(browser: Browser) -> int:
    """The reading of the page that is open."""
    found = re.search(r"/console/learning/(\d+)", browser.page.path if browser.page else "")
    assert found
    return int(found[1])


async def test_readings_are_listed_and_shown_as_the_days_card(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        seen = await browser.gets("/console/learning")
        assert "觉得危险，可以先停下来" in seen.plain
        assert "中文 · 英文" in seen.plain
        seen = await browser.gets("/console/learning?q=直接危及&topic=safety")
        assert "共 1 篇" in seen.plain
        for wrong in ("q=%25", "q=%00", "page=99999999999999", "state=king", "topic=nothing"):
            assert (await browser.gets(f"/console/learning?{wrong}")).status == 200, wrong
        [one] = re.findall(r'href="/console/learning/(\d+)"', seen.words)
        card = await browser.gets(f"/console/learning/{one}")
        assert "今天的学习来了" in card.plain
        assert "Today's reading" in card.plain
        assert "只能看，不能改" in card.plain
        assert (await browser.gets(f"/console/learning/{one}/edit")).status == 403
        assert "已停用" in (await browser.posts(f"/console/learning/{one}/retire", retired="yes")).plain
        assert "共 1 篇" in (await browser.gets("/console/learning?state=retired")).plain
        shown = company.read(lambda c: learning.of_topic(company.work(c), "safety", "zh"))
        assert int(one) not in {place for place, _ in shown}
        company.write(lambda c: learning.prepare(company.work(c)))
        assert "共 1 篇" in (await browser.gets("/console/learning?state=retired")).plain
        await browser.gets(f"/console/learning/{one}")
        assert "已重新启用" in (await browser.posts(f"/console/learning/{one}/retire", retired="")).plain


async def test_an_own_reading_is_written_changed_and_planned(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        await browser.gets("/console/learning/new")
        wrong = await browser.posts("/console/learning/new", None, **{**OWN, "body_zh": "长" * 2001, "source_zh": ""})
        assert wrong.status == 409
        assert "中文正文：最多 2000 个字" in wrong.plain
        assert "中文出处：没有填写" in wrong.plain
        nameless = {**OWN, "topic_new": ""}
        wrong = await browser.posts("/console/learning/new", None, **nameless)
        assert "还没有说归在哪个专题" in wrong.plain
        assert OWN["body_zh"] in wrong.words
        made = await browser.posts("/console/learning/new", None, **OWN)
        assert "已新增" in made.plain
        assert "只有中文" in made.plain
        one = number(browser)
        assert "同名的文章" in (await browser.posts("/console/learning/new", None, **OWN)).plain
        await browser.gets(f"/console/learning/{one}/edit")
        both = {
            **OWN,
            "title_en": "Four things before going home",
            "body_en": "Power off.",
            "source_en": "Rules, art. 3",
        }
        changed = await browser.posts(f"/console/learning/{one}/edit", None, **both)
        assert "Four things before going home" in changed.plain
        await browser.gets(f"/console/learning/{one}/edit")
        assert "Four things" not in (await browser.posts(f"/console/learning/{one}/edit", None, **OWN)).plain
        for day in ("2020-01-01", "x", "9999-12-31"):
            assert "明天起" in (await browser.posts(f"/console/learning/{one}/plan", day=day)).plain
            await browser.gets(f"/console/learning/{one}")
        sunday = _later(6)
        assert "不是工作日" in (await browser.posts(f"/console/learning/{one}/plan", day=sunday)).plain
        await browser.gets(f"/console/learning/{one}")
        works = date.fromisoformat(_later(2))
        browser.run.app.database.write_now(lambda c: calendar.declare(c, works, works=True, source="test"))
        planned = await browser.posts(f"/console/learning/{one}/plan", day=_later(2))
        assert "已排定" in planned.plain
        assert _later(2) in planned.plain
        assert "没有排日期" in (await browser.posts(f"/console/learning/{one}/unplan")).plain


def _later(weekday: int) -> str:
    """A weekday some weeks on: the program has the real clock."""
    day = datetime.now(UTC).date() + timedelta(days=28)
    return (day + timedelta(days=weekday - day.weekday())).isoformat()


def test_an_own_reading_is_pushed_on_its_day_and_found(company: Company) -> None:
    company.ada.says("/language en")

    def write(connection: Connection) -> None:
        work, root = company.work(connection), company.roll.people["root"]
        topic = learning_list.topic_of(work, "", OWN["topic_new"])
        made = learning_list.typed(OWN, "", topic.name)
        assert isinstance(made, Reading)
        one = learning_list.put(work, root, made, topic)
        learning_list.plan(work, root, one, date(2026, 11, 25))

    company.write(write)
    company.travel_to(datetime(2026, 11, 24, 1, 11, tzinfo=UTC))
    assert "下班前四件事" not in company.bo.sees()
    company.travel_to(datetime(2026, 11, 25, 1, 11, tzinfo=UTC))
    assert "下班前四件事" in company.bo.sees()
    assert "下班前四件事" in company.ada.sees()
    assert "下班前四件事" in company.bo.says("搜索 少一件")
    company.write(lambda c: learning.prepare(company.work(c)))
    assert "下班前四件事" in company.bo.says("学习")


async def test_an_article_comes_from_a_file(company: Company) -> None:
    words = ["车间用电三条规矩", "来源：设备部 2026 年第 3 期", "插头不过夜。", "", "裸线不带电。"]
    for name, body in (("a.docx", docx(words)), ("b.txt", "\n".join(words).encode("gb18030"))):
        async with signed_in(company, "root") as browser:
            seen = await sends(browser, name, body)
            assert f"从“{name}”读出的文章" in seen.plain
            assert 'value="车间用电三条规矩"' in seen.words
            assert 'value="设备部 2026 年第 3 期"' in seen.words
            assert ">插头不过夜。\n\n裸线不带电。<" in seen.words
    async with signed_in(company, "root") as browser:
        seen = await sends(browser, "c.md", ("# A heading\n\n" + "Long. " * 500).encode())
        assert "最多 2000 字，请先删短" in seen.plain
        assert "读不出文字" in (await sends(browser, "d.pdf", b"%PDF-1.4")).plain
        assert "没有文字" in (await sends(browser, "e.txt", b"\n \n")).plain
        assert "没有收到文件" in (await sends(browser, "", b"")).plain
        for form in ("xlsx", "csv"):
            async with browser.session.get(
                f"{browser.run.url}/console/learning/export?q=直接危及&format={form}"
            ) as got:
                [table] = sheet.read(f"x.{form}", await got.read())
            assert [row[1] for row in table.rows] == ["标题", "觉得危险，可以先停下来"]


async def test_nobody_else_keeps_readings(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        assert "/console/learning" not in (await browser.gets("/console/")).words
        key = browser.form_key
        for path in ("", "/1", "/1/edit", "/new", "/import", "/export"):
            assert (await browser.gets(f"/console/learning{path}")).status == 403, path
        for path in ("/new", "/1/edit", "/1/retire", "/1/plan", "/1/unplan", "/import"):
            form = {"key": key, **OWN, "retired": "yes", "day": _later(2)}
            assert (await browser.posts(f"/console/learning{path}", None, **form)).status == 409, path
    assert company.read(lambda c: reading_list.count(c, in_use=False)) == 0
    company.root.says("/language en")
    async with signed_in(company, "root") as browser:
        assert "When it is dangerous, you may stop" in (await browser.gets("/console/learning")).plain
        one = (await browser.gets("/console/learning/1")).plain
        assert "When it goes out" in one
        assert (await browser.posts("/console/learning/1/retire", key="0" * 64)).status == 403
        assert (await browser.gets("/console/learning/99999")).status == 403
