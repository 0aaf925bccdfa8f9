"""The people page: who sees whom, what may be done to whom, and a roster that is tried before it is imported."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import aiohttp
import pytest
from sqlalchemy import Connection, func, select

from content import LANGUAGES, voice
from domain.permission import Role
from services import sheet
from storage import attachment, member, permission
from storage.invite import invite
from tests.surfing import Browser, signed_in
from tests.talk import Company

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)

FILE = (
    "工号,姓名,部门,党支部,政治面貌\n"
    "A001,王芳,综合部,,群众\n"
    "B001,=新人,综合部,第三党支部,中共党员\n"
    ",无号,综合部,,群众\n"
)


async def sends(browser: Browser, body: bytes, name: str = "roster.csv") -> str:
    """Send a roster file; returns what the page says."""
    form = aiohttp.FormData()
    form.add_field("key", browser.form_key)
    form.add_field("file", body, filename=name, content_type="text/csv")
    headers = {"Origin": browser.run.url, "Sec-Fetch-Site": "same-origin"}
    url = browser.run.url + "/console/people/import"
    async with browser.session.post(url, data=form, headers=headers) as answer:
        browser.page = type(browser.page)(answer.status, await answer.text(), "", {})  # type: ignore[misc]
        return browser.page.plain


async def test_an_administrator_sees_everybody_and_finds_them(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        seen = await browser.gets("/console/people")
        assert "人员" in seen.plain
        assert "共 12 人" in seen.plain
        assert "林雪" in (await browser.gets("/console/people?q=雪")).plain
        assert "清除条件" in browser.page.plain  # type: ignore[union-attr]
        assert "共 1 人" in browser.page.plain  # type: ignore[union-attr]
        assert "共 1 人" in (await browser.gets("/console/people?q=ａ003")).plain
        assert "没有找到" in (await browser.gets("/console/people?q=%25")).plain
        branch = company.roll.units["branch1"].id
        assert "共 4 人" in (await browser.gets(f"/console/people?unit={branch}")).plain
        assert "共 1 人" in (await browser.gets(f"/console/people?unit={branch}&standing=party_probationary")).plain
        assert "没有找到" in (await browser.gets("/console/people?bound=no")).plain
        for wrong in ("page=99999999999999999999", "page=-1", "page=x", "standing=king", "unit=x", "bound=maybe"):
            assert "共 12 人" in (await browser.gets(f"/console/people?{wrong}")).plain, wrong


async def test_the_list_turns_page_by_page(company: Company) -> None:
    def many(connection: Connection) -> None:
        for place in range(120):
            person = member.add(connection, f"N{place:04}", f"众{place}", datetime.now(UTC))
            member.set_units(connection, person, [company.roll.units["office"].id])

    company.write(many)
    async with signed_in(company, "root") as browser:
        names: set[str] = set()
        for page in (1, 2, 3):
            seen = await browser.gets(f"/console/people?page={page}")
            assert f"第 {page} / 3 页" in seen.plain
            names.update(re.findall(r'<th scope="row"><a href="/console/people/\d+">(.*?)<', seen.words))
        assert len(names) == 132
        assert "下一页" not in seen.plain
        assert "第 3 / 3 页" in (await browser.gets("/console/people?page=99")).plain


async def test_an_officer_sees_her_own_people_and_tries_every_other_id(company: Company) -> None:
    async with signed_in(company, "hu") as browser:
        seen = await browser.gets("/console/people")
        assert "共 2 人" in seen.plain
        assert "林雪" not in seen.plain
        assert "导入花名册" not in seen.plain
        assert "第一党支部" not in seen.plain
        for nickname, number in company.roll.people.items():
            mine = nickname in {"hu", "xu"}
            for path in ("", "/invite"):
                assert ((await browser.gets(f"/console/people/{number}{path}")).status == 200) is mine, nickname
            for path in ("/give?role=group_leader", "/depart", "/end?role=group_leader&unit=7"):
                assert (await browser.gets(f"/console/people/{number}{path}")).status == 403
        for code, unit in company.roll.units.items():
            status = (await browser.gets(f"/console/people?unit={unit.id}")).status
            assert (status == 200) is (code == "branch2"), code
        for path in ("?left=yes", "/export", "/import", "/import/result", "/999999"):
            assert (await browser.gets(f"/console/people{path}")).status == 403, path


async def test_forged_forms_of_an_officer_change_nothing(company: Company) -> None:
    dump = lambda c: "\n".join(c.connection.dbapi_connection.iterdump())  # noqa: E731
    async with signed_in(company, "hu") as browser:
        await browser.gets("/console/people")
        key, before = browser.form_key, browser.run.read(dump)
        group = str(company.roll.units["group11"].id)
        for nickname in ("lin", "bo", "xu", "root"):
            number = company.roll.people[nickname]
            for deed in ("give", "end", "depart", *(["invite"] if nickname != "xu" else [])):
                form = {"key": key, "role": "group_leader", "unit": group}
                assert (await browser.posts(f"/console/people/{number}/{deed}", None, **form)).status == 409, deed
        for path in ("apply", "drop"):
            assert (await browser.posts(f"/console/people/import/{path}", key=key, number="1")).status == 409
        assert browser.run.read(dump) == before


@pytest.mark.parametrize("nickname", ["tang"])
async def test_nobody_else_sees_anybody(company: Company, nickname: str) -> None:
    async with signed_in(company, nickname) as browser:
        assert "/console/people" not in (await browser.gets("/console/")).words
        assert (await browser.gets("/console/people")).status == 403
        assert (await browser.gets(f"/console/people/{company.roll.people['tang']}")).status == 403


async def test_a_code_is_asked_about_shown_once_and_kept_as_a_digest(company: Company) -> None:
    number = company.roll.people["xu"]
    async with signed_in(company, "hu") as browser:
        assert "只显示这一次" in (await browser.gets(f"/console/people/{number}/invite")).plain
        assert browser.run.read(lambda c: c.scalar(select(func.count()).select_from(invite))) == 0
        seen = await browser.posts(f"/console/people/{number}/invite")
        [code] = re.findall(r'class="code">([^<]+)<', seen.words)
        assert "Cache-Control" in seen.headers
        assert code not in browser.run.read(lambda c: str(c.execute(select(invite)).all()))
        page = await browser.gets(f"/console/people/{number}")
        assert code not in page.words
        assert "未使用，有效" in page.plain
        assert "胡军" in page.plain
    assert "徐静" in company.phone("newcomer").says(code)


async def test_a_role_is_given_and_ended_after_a_question(company: Company) -> None:
    number, group = company.roll.people["bo"], company.roll.units["group11"].id
    async with signed_in(company, "root") as browser:
        page = await browser.gets(f"/console/people/{number}")
        assert "没有职责" in page.plain
        assert "网页" in page.plain
        assert "哪项职责" in (await browser.gets(f"/console/people/{number}/give")).plain
        assert "哪个组织" in (await browser.gets(f"/console/people/{number}/give?role=branch_secretary")).plain
        assert (await browser.gets(f"/console/people/{number}/give?role=king")).status == 403
        assert (await browser.gets(f"/console/people/{number}/give?role=group_leader&unit=1")).status == 403
        asked = await browser.gets(f"/console/people/{number}/give?role=group_leader")
        assert "立即生效" in asked.plain
        form = {"role": "group_leader", "unit": str(group)}
        assert "已任命" in (await browser.posts(f"/console/people/{number}/give", None, **form)).plain
        assert "没有重复任命" in (await browser.posts(f"/console/people/{number}/give", None, **form)).plain
        asked = await browser.gets(f"/console/people/{number}/end?role=group_leader&unit={group}")
        assert "确认免去" in asked.plain
        assert "已免去" in (await browser.posts(f"/console/people/{number}/end", None, **form)).plain
        assert "之前已经结束" in (await browser.posts(f"/console/people/{number}/end", None, **form)).plain
        page = await browser.gets(f"/console/people/{number}")
        assert page.plain.count("管理员") >= 3
        assert (await browser.posts(f"/console/people/{number}/give", role="king", unit="1")).status == 409


async def test_leaving_is_noted_after_a_question_and_stays_to_be_read(company: Company) -> None:
    number = company.roll.people["tang"]
    async with signed_in(company, "root") as browser:
        assert "账号立即解绑" in (await browser.gets(f"/console/people/{number}/depart")).plain
        assert "已登记离开" in (await browser.posts(f"/console/people/{number}/depart")).plain
        assert "没有找到" in (await browser.gets("/console/people?q=唐杰")).plain
        assert "唐杰" in (await browser.gets("/console/people?q=唐杰&left=yes")).plain
        page = await browser.gets(f"/console/people/{number}")
        assert "离开单位" in page.plain
        assert f"/console/people/{number}/give" not in page.words
        assert (await browser.gets(f"/console/people/{number}/depart")).status == 403
        me = company.roll.people["root"]
        assert f"/console/people/{me}/depart" not in (await browser.gets(f"/console/people/{me}")).words
        assert "另一位管理员" in (await browser.posts(f"/console/people/{me}/depart")).plain
    assert company.read(lambda c: permission.of(c, number, datetime.now(UTC))) == ()


async def test_a_roster_is_tried_then_imported_once(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        await browser.gets("/console/people/import")
        said = await sends(browser, FILE.encode())
        assert "试算：roster.csv" in said
        assert "缺少工号或姓名" in said
        assert "第三党支部" in said
        assert "=新人" in (await browser.gets("/console/people/import?fate=new")).plain
        assert browser.run.read(lambda c: member.by_employee_no(c, "B001")) is None
        [number] = re.findall(r'name="number" value="(\d+)"', browser.page.words)  # type: ignore[union-attr]
        async with browser.session.get(browser.run.url + "/console/people/import/result") as answer:
            [table] = sheet.read("result.xlsx", await answer.read())
        assert any("缺少工号或姓名" in row[2] for row in table.rows)
        assert (await browser.posts("/console/people/import/apply", number="999", skip="yes")).status == 409
        await browser.gets("/console/people/import")
        assert "有 1 行有问题，没有导入" in (await browser.posts("/console/people/import/apply", number=number)).plain
        await browser.gets("/console/people/import")
        done = await browser.posts("/console/people/import/apply", number=number, skip="yes")
        assert "新增 1 人" in done.plain
        await browser.gets("/console/people/import")
        assert (await browser.posts("/console/people/import/apply", number=number, skip="yes")).status == 409
        kept = browser.run.read(lambda c: attachment.load(c, int(number)))
        assert kept is not None
        assert kept[2] == b""
        assert "共 13 人" in (await browser.gets("/console/people")).plain


async def test_a_wrong_file_is_a_sentence_and_a_dropped_one_is_gone(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        await browser.gets("/console/people/import")
        assert "没有找到表头" in await sends(browser, "甲,乙\n1,2\n".encode())
        assert "读不出来" in await sends(browser, b"PK\x03\x04broken", "x.xlsx")
        assert "没有收到文件" in await sends(browser, b"", "")
        await browser.gets("/console/people/import")
        await sends(browser, FILE.encode())
        assert "没有导入，文件没有保留" in (await browser.posts("/console/people/import/drop")).plain
        assert "试算：" not in browser.page.plain  # type: ignore[union-attr]


async def test_a_file_waits_for_whom_it_belongs_to(company: Company) -> None:
    company.write(
        lambda c: permission.give(
            c, company.roll.people["ada"], Role.ADMINISTRATOR, company.roll.units["root"].id, datetime.now(UTC)
        )
    )
    async with signed_in(company, "root") as browser:
        await browser.gets("/console/people/import")
        await sends(browser, FILE.encode())
        [number] = re.findall(r'name="number" value="(\d+)"', browser.page.words)  # type: ignore[union-attr]
    async with signed_in(company, "ada") as other:
        assert "试算：" not in (await other.gets("/console/people/import")).plain
        assert (await other.posts("/console/people/import/apply", number=number, skip="yes")).status == 409


async def test_the_export_is_the_list_that_was_asked_for_and_reads_back(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        for form in ("xlsx", "csv"):
            url = f"{browser.run.url}/console/people/export?q=林&format={form}"
            async with browser.session.get(url) as answer:
                assert form in answer.headers["Content-Disposition"]
                [table] = sheet.read(f"people.{form}", await answer.read())
            assert [row[1] for row in table.rows] == ["姓名", "林雪"]
        async with browser.session.get(f"{browser.run.url}/console/people/export") as answer:
            everybody = await answer.read()
        await browser.gets("/console/people/import")
        assert "没有需要改动的内容" in await sends(browser, everybody, "people.xlsx")


async def test_a_form_without_its_key_is_not_ours(company: Company) -> None:
    number = company.roll.people["tang"]
    async with signed_in(company, "root") as browser:
        await browser.gets(f"/console/people/{number}/depart")
        assert (await browser.posts(f"/console/people/{number}/depart", key="0" * 64)).status == 403
        assert "唐杰" in (await browser.gets("/console/people?q=唐杰")).plain


async def test_it_speaks_english(company: Company) -> None:
    company.root.says("/language en")
    async with signed_in(company, "root") as browser:
        assert "12 people" in (await browser.gets("/console/people")).plain
        assert "Roles held" in (await browser.gets(f"/console/people/{company.roll.people['lin']}")).plain
        assert "nothing is imported yet" in (await browser.gets("/console/people/import")).plain


def test_both_languages_have_the_same_words(company: Company) -> None:
    del company
    zh, en = (voice(language).page["people"] for language in LANGUAGES)
    assert zh.keys() == en.keys()
    fields = re.compile(r"\{(\w+)\}")
    assert {key: set(fields.findall(zh[key])) for key in zh} == {key: set(fields.findall(en[key])) for key in en}
