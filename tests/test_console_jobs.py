"""The jobs page: a long export is offered, made, saved and cancelled by whoever asked; a long roster is tried first."""

from __future__ import annotations

import asyncio
import io
import re
from datetime import UTC, datetime

import openpyxl
import pytest
from sqlalchemy import Connection, select

from bot import jobs as runner
from console import lists
from console.grammar import Pages
from console.people_export import KIND as PEOPLE
from domain import job as rules
from domain.permission import Action
from domain.refusal import Refusal
from services import announcement, announcement_list, announcements, gathering, job, roster_upload, sheet
from services.work import Work
from storage import address, member
from storage import job as table
from tests.meetings import hold
from tests.surfing import Browser, company_now, link_of, signed_in, surfing, until
from tests.talk import Company
from tests.test_console_people import FILE, sends
from tests.test_console_requests import WORDS, file_one

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a dozen people be many."""
    monkeypatch.setattr(rules, "SMALL", 5)
    monkeypatch.setattr(roster_upload, "LARGE_FILE", 20)
    monkeypatch.setattr(runner, "PULSE", 0.02)
    monkeypatch.setattr(runner, "LOOK", 0.1)


async def saves(browser: Browser, path: str) -> tuple[int, bytes]:
    """Save a file."""
    async with browser.session.get(browser.run.url + path) as answer:
        return answer.status, await answer.read()


def count(browser: Browser) -> int:
    return len(browser.run.read(lambda c: c.execute(table.job.select()).all()))


async def test_a_long_export_is_offered_made_and_saved_by_its_owner_alone(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        assert "还没有需要后台做的" in (await browser.gets("/console/jobs")).plain
        offered = await browser.gets("/console/people/export?format=csv&q=")
        assert "共 12 行" in offered.plain
        assert count(browser) == 0, "looking changes nothing"
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', offered.words))
        seen = await browser.posts("/console/jobs", None, **fields)
        assert "已经开始" in seen.plain
        done = await until(browser, "/console/jobs", "已完成")
        [number] = re.findall(r"/console/jobs/(\d+)/file", done.words)
        status, body = await saves(browser, f"/console/jobs/{number}/file")
        [one] = sheet.read("people.csv", body)
        assert (status, len(one.rows)) == (200, 13)
        assert [row[0] for row in one.rows if row[0] == "A001"] == ["A001"]
        assert "没有再改" in (await browser.posts(f"/console/jobs/{number}/cancel")).plain
        trail = (await browser.gets("/console/settings/audit?deed=export.save")).plain
        assert trail.count("记录 花名册；行数 12") == 1
        async with surfing(browser.run) as other:
            await other.posts(link_of(browser.run, company, "lin"))
            assert "还没有需要后台做的" in (await other.gets("/console/jobs")).plain
            assert (await saves(other, f"/console/jobs/{number}/file"))[0] == 403
            assert (await other.posts(f"/console/jobs/{number}/cancel")).status == 409
            refused = await other.posts("/console/jobs", None, kind="people", key=other.form_key)
            assert refused.status == 409
        for wrong in ("/console/jobs/999999/file", "/console/jobs/0/file"):
            assert (await browser.gets(wrong)).status in {403, 404}
        await browser.gets("/console/jobs/999999/file")


async def test_a_short_export_is_saved_at_once(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        status, body = await saves(browser, "/console/people/export?q=A003&format=xlsx")
        assert status == 200
        [one] = sheet.read("people.xlsx", body)
        assert [row[0] for row in one.rows] == ["工号", "A003"]
        assert count(browser) == 0
        for led in ("cross-site", "same-site"):
            seen = await browser.gets("/console/people/export?q=A003&format=csv", **{"Sec-Fetch-Site": led})
            assert (seen.status, "A003" in seen.words) == (403, False)
            assert "从别的网站点过来" in seen.plain
        for own in ("same-origin", "none"):
            seen = await browser.gets("/console/people/export?q=A004&format=csv", **{"Sec-Fetch-Site": own})
            assert (seen.status, "A004" in seen.words) == (200, True)
        assert (await browser.gets("/console/people", **{"Sec-Fetch-Site": "cross-site"})).status == 200, (
            "a page is one"
        )
        trail = (await browser.gets("/console/settings/audit?deed=export.save")).plain
        assert trail.count("记录 花名册；行数") == 3
        assert "记录 花名册；行数 1" in (await browser.gets("/console/settings/audit?deed=export.save")).plain


async def test_forms_that_are_not_ours_begin_nothing(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        offered = await browser.gets("/console/people/export")
        key = browser.form_key
        assert "12 行" in offered.plain
        assert (await browser.posts("/console/jobs", kind="people", key="0" * 64)).status == 403
        for kind in ("", "king", "roster", "trial", "people" * 40):
            assert (await browser.posts("/console/jobs", kind=kind, key=key)).status == 409, kind
        assert count(browser) == 0
        root = company.roll.people["root"]
        make = lambda c: table.add(c, root, "trial", {"number": "9"}, datetime.now(UTC), 0)  # noqa: E731
        number = browser.run.app.database.write_now(make)
        seen = await until(browser, "/console/jobs", "没有做成")
        assert "没有导入" in seen.plain
        assert (await browser.gets(f"/console/jobs/{number}/file")).status == 403


async def test_a_job_is_cancelled_on_the_page(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        root = company.roll.people["root"]

        def runs_elsewhere(c: Connection) -> int:
            number = table.add(c, root, "people", {}, datetime.now(UTC), 9000)
            table.take(c, "another")
            table.pulse(c, number, "another", 4000, 9000)
            return number

        number = browser.run.app.database.write_now(runs_elsewhere)
        seen = await browser.gets("/console/jobs")
        assert "4000 / 9000 行" in seen.plain
        assert 'value="44"' in seen.words
        assert "正在取消" in (await browser.posts(f"/console/jobs/{number}/cancel")).plain
        assert f"/console/jobs/{number}/cancel" not in (await browser.gets("/console/jobs")).words
        assert browser.run.app.database.write_now(lambda c: table.pulse(c, number, "another", 5000, 9000)) is True


async def test_it_is_sent_as_it_goes_on(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        address = browser.run.url + "/console/jobs/live"
        async with browser.session.get(address, headers={"Sec-Fetch-Site": "same-origin"}) as stream:
            first = (await stream.content.readuntil(b"\n\n")).decode()
            assert "还没有需要后台做的" in first
            root = company.roll.people["root"]
            browser.run.app.database.write_now(lambda c: job.ask(company.work(c), root, "people", PEOPLE, {}))
            browser.run.app.jobs.nudge()
            words = ""
            while "已完成" not in words:
                words += (await stream.content.readuntil(b"\n\n")).decode()


async def test_a_long_roster_is_tried_marked_and_imported_as_a_whole(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        await browser.gets("/console/people/import")
        await sends(browser, FILE.encode())
        seen = await until(browser, "/console/people/import", "标出问题")
        assert "有 1 行有问题" in seen.plain
        assert "等你决定导不导入" in (await browser.gets("/console/")).plain
        [link] = re.findall(r"/console/jobs/\d+/file", seen.words)
        [number] = re.findall(r'name="number" value="(\d+)"', seen.words)
        _, body = await saves(browser, link)
        rows = openpyxl.load_workbook(io.BytesIO(body)).worksheets[0]
        assert rows["F1"].value == "问题"
        assert (rows["F4"].value, rows["F2"].value) == ("缺少工号或姓名", "")
        assert rows["B4"].fill.start_color.rgb == "FFFFE3A3"
        assert rows["B2"].fill.fill_type is None
        assert rows["B3"].value == "=新人"
        assert rows["B3"].data_type == "s", "no formula"
        await browser.gets("/console/people/import")
        sent = {"number": number, "skip": "yes"}
        assert "全部成功才生效" in (await browser.posts("/console/people/import/apply", None, **sent)).plain
        done = await until(browser, "/console/jobs", "跳过")
        assert "导入花名册" in done.plain
        assert browser.run.read(lambda c: member.by_employee_no(c, "B001")) is not None
        assert (await browser.posts("/console/people/import/apply", None, **sent)).status == 409
        assert (await saves(browser, link))[0] == 403, "the file's rows went with the file"
        assert "等你决定导不导入" not in (await browser.gets("/console/")).plain


async def test_a_long_roster_is_not_imported_while_it_has_errors_and_is_let_go(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        await browser.gets("/console/people/import")
        await sends(browser, FILE.encode())
        seen = await until(browser, "/console/people/import", "标出问题")
        [number] = re.findall(r'name="number" value="(\d+)"', seen.words)
        await browser.posts("/console/people/import/apply", number=number, skip="")
        assert "有 1 行有问题，没有导入" in (await until(browser, "/console/jobs", "没有做成")).plain
        assert browser.run.read(lambda c: member.by_employee_no(c, "B001")) is None
        for path in ("/console/people/import/marked", "/console/people/import/result"):
            assert (await browser.gets(path)).status == 403
        await browser.gets("/console/people/import")
        await browser.posts("/console/people/import/drop")
        assert (await browser.gets("/console/people/import/live")).status == 204
        assert not [row for row in browser.run.read(lambda c: c.execute(table.job.select()).all()) if row.body]
        await browser.gets("/console/people/import")
        await sends(browser, "只有一列\n什么也不是\n".encode())
        assert "换一份文件" in (await until(browser, "/console/people/import", "没有找到表头")).plain


async def test_a_file_that_nobody_decided_about_is_let_go(company: Company) -> None:
    root = company.roll.people["root"]
    now = datetime.now(UTC)

    def at(connection: Connection, moment: datetime) -> Work:
        return Work(connection, company.organisation, moment)

    company.write(lambda c: roster_upload.keep(at(c, now), root, "r.csv", FILE.encode()))
    company.write(lambda c: roster_upload.forget(at(c, now)))
    kept = company.read(lambda c: roster_upload.waiting(at(c, now), root))
    assert kept is not None
    assert kept.name == "r.csv"
    assert not company.read(lambda c: roster_upload.waiting(at(c, now), company.roll.people["lin"]))
    later = now + roster_upload.WAITS
    company.write(lambda c: roster_upload.forget(at(c, later)))
    assert not company.read(lambda c: roster_upload.waiting(at(c, now), root))


async def makes(browser: Browser, path: str) -> list[list[str]]:
    """Have a list made as a job, save it, and return its rows."""
    offered = await browser.gets(path)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', offered.words))
    assert fields["of_format"] == "csv", offered.plain
    await browser.posts("/console/jobs", None, **fields)
    for _ in range(60):
        [(number, state)] = browser.run.read(
            lambda c: c.execute(select(table.job.c.id, table.job.c.state).order_by(table.job.c.id.desc()).limit(1))
        )
        if state == "done":
            break
        await asyncio.sleep(0.05)
    status, body = await saves(browser, f"/console/jobs/{number}/file")
    assert status == 200, path
    return sheet.read("x.csv", body)[0].rows


LISTS = (
    ("root", "people/list?q=&unit="),
    ("root", "settings/audit/export?deed=job.ask"),
    ("root", "sending/export?state=sent&kind=answer"),
    ("root", "sending/export?state=sent&messenger=web"),
    ("root", "questions/export?bank=safety&kind=single"),
    ("root", "learning/export?topic="),
    ("lin", "people/list?standing=party_full"),
    ("lin", "gatherings/export?state=open"),
    ("lin", "gatherings/{gathering}/export?list=missing"),
    ("lin", "announcements/list.csv?state=all"),
    ("lin", "announcements/{announcement}/silent.csv"),
    ("lin", "announcements/{announcement}/missed.csv"),
    ("lin", "announcements/{announcement}/units.csv"),
    ("lin", "announcements/{announcement}/messengers.csv"),
    ("lin", "points/manual/table"),
    ("lin", "life/meetings/table?list=coming"),
)


async def test_every_list_that_is_long_is_a_job_of_the_same_rows(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the same filters, in the same order; and of an audience of whatever size."""
    monkeypatch.setattr(announcement, "COUNTED", 2)
    monkeypatch.setattr(announcements, "COUNTED", 2)
    numbers = _given(company)
    for who in ("root", "lin"):
        async with signed_in(company, who) as browser:
            for path in (f"/console/{path}".format(**numbers) for one, path in LISTS if one == who):
                csv = path if ".csv" in path else f"{path}{'&' if '?' in path else '?'}format=csv"
                monkeypatch.setattr(rules, "SMALL", 10_000)
                monkeypatch.setattr(lists, "PART", 2)
                asked = csv.replace("messengers", "units") if "messengers" in csv else csv
                status, body = await saves(browser, asked)
                assert status == 200, asked
                direct = sheet.read("x.csv", body)[0].rows
                assert len(direct) > 1, asked
                monkeypatch.setattr(rules, "SMALL", 0)
                made = await makes(browser, csv)
                if "job.ask" in csv:
                    assert len(made) == len(direct) + 1, "having it made is the newest line"
                elif "messengers" in csv:
                    assert made[1][:2] == ["网页", "3"]
                elif "sent&" in csv:
                    assert made[-len(direct) + 1 :] == direct[1:], "more letters may have left meanwhile"
                else:
                    assert made == direct, csv
            for form in ("announcement_silent", "gathering", "meeting_people", "points_person", "relief", "below"):
                refused = await browser.posts("/console/jobs", None, kind=form, key=browser.form_key)
                assert refused.status in {403, 409}, form


def _given(company: Company) -> dict[str, int]:
    """Let lin open a sign-in, send an announcement to her branch, award points and draft a meeting."""
    company.now = company_now()
    lin, branch = company.roll.people["lin"], company.roll.units["branch1"].id
    gathered = company.write(lambda c: gathering.open_gathering(company.work(c), lin, branch, "学习会"))
    company.write(lambda c: address.close(c, "web", "tang", "blocked"))
    form = announcement_list.Form("周五停电检修", branch, "all")
    one = company.write(lambda c: announcement_list.compose(company.work(c), lin, None, form))
    company.lin.calls(f"announcement.send:{one.id}")
    company.travel(seconds=11)
    company.bo.sees()
    for reason in ("技能竞赛第二名", "劳动竞赛第一名"):
        company.lin.says(f"/award A002 5 {reason}")
        assert "已录入" in company.lin.presses("确认录入")
    hold(company)
    return {"gathering": gathered.id, "announcement": one.id}


async def test_it_speaks_english(company: Company) -> None:
    company.root.says("/language en")
    async with signed_in(company, "root") as browser:
        assert "12 rows take a while" in (await browser.gets("/console/people/export")).plain
        await browser.posts("/console/jobs", kind="people")
        assert "Export of people" in (await until(browser, "/console/jobs", "done")).plain


async def test_a_long_list_of_requests_is_a_job_of_its_officer(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "SMALL", 0)
    file_one(company)
    async with signed_in(company, "zhou") as browser:
        offered = await browser.gets("/console/requests/export.csv?state=open&words=")
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', offered.words))
        assert fields["kind"] == "requests"
        await browser.posts("/console/jobs", None, **fields)
        done = await until(browser, "/console/jobs", "已完成")
        [number] = re.findall(r"/console/jobs/(\d+)/file", done.words)
        [one] = sheet.read("requests.csv", (await saves(browser, f"/console/jobs/{number}/file"))[1])
        assert len(one.rows) == 2
        assert WORDS not in str(one.rows), "no text of a request leaves by a list"
    async with signed_in(company, "root") as browser:
        await browser.gets("/console/people/export")
        assert (await browser.posts("/console/jobs", kind="requests")).status == 409


def test_a_list_asks_for_the_right_again_whenever_its_job_is_looked_at(company: Company) -> None:
    pages = Pages("people")
    rows = lists.Rows(("a",), 1, [("b",)])
    lists.saves(pages, "x", "x", back="x", needs=Action.RUN_MACHINE)(lambda _look: rows)
    kind = pages.kinds["x"]

    def counts(nickname: str) -> int:
        return company.read(lambda c: kind.count(company.work(c), company.roll.people[nickname], {}))

    assert counts("root") == 1
    with pytest.raises(Refusal, match=r"permission\.nowhere"):
        counts("lin")
    with pytest.raises(Refusal, match=r"permission\.nowhere"):
        company.read(lambda c: next(kind.steps(company.work(c), company.roll.people["lin"], {})))
