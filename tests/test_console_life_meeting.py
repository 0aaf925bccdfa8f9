"""Meetings in the console: planned, called, shown on a projector, written down, closed; leave is not for everybody."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest

from console import life_ledger
from domain.meeting import Answer, LeaveReason, MeetingState
from storage.attendee import attendee
from storage.meeting import meeting
from tests.meetings import hold
from tests.surfing import Browser, Seen, company_now, signed_in
from tests.talk import Company

on_sqlite = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


def plan(company: Company, **other: str) -> dict[str, str]:
    day = company.organisation.today(company_now()) + timedelta(days=3)
    usual = {
        "unit": str(company.roll.units["branch1"].id), "kind": "branch_meeting", "title": "支部党员大会",
        "day": day.isoformat(), "at": "15:00", "minutes": "90", "where": "三楼会议室", "agenda": "通报情况\n讨论表决",
    }  # fmt: skip
    return {**usual, **other}


async def does(browser: Browser, number: int, deed: str, **fields: str) -> Seen:
    return await browser.posts(f"/console/life/meeting/{number}", None, deed=deed, **fields)


@on_sqlite
async def test_a_meeting_is_planned_looked_at_and_called(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        unit = company.roll.units["branch1"].id
        kinds = await browser.gets(f"/console/life/meetings/new?unit={unit}")
        assert "组织生活会" in kinds.plain
        form = await browser.gets(f"/console/life/meetings/new?unit={unit}&kind=branch_meeting&period=2026-12")
        assert "计入 2026-12" in form.plain
        assert "通报上次会议决定落实情况" in form.plain
        draft = await browser.posts("/console/life/meetings/new", None, **plan(company))
        assert "草稿已存" in draft.plain
        assert "讨论表决" in draft.plain
        assert "林雪" in draft.plain
        number = int(draft.path.partition("meeting/")[2].partition("?")[0])
        assert "支部党员大会" in (await browser.gets("/console/life/meetings")).plain
        await browser.gets(f"/console/life/meeting/{number}")
        sent = await does(browser, number, "send")
        assert "通知发出了" in sent.plain
        assert "已通知" in sent.plain
        changed = await does(
            browser, number, "change",
            title="支部党员大会", day=plan(company)["day"], at="16:30", minutes="60", where="四楼",
        )  # fmt: skip
        assert "16:30" in changed.plain
        unread = await does(browser, number, "change", title="换个名称", day="明天", at="16:40", where="五楼")
        assert unread.status == 409
        assert 'value="换个名称"' in unread.words
        assert 'value="五楼"' in unread.words
        assert "四楼" in (await browser.gets(f"/console/life/meeting/{number}")).plain
        assert "四楼" in changed.plain
        assert "议程已保存" in (await does(browser, number, "agenda", agenda="1. 学习\n2. 讨论")).plain
        guest = await does(browser, number, "adjust", who="胡军", duty="guest", reason="上级派人列席")
        assert "列席 1 人" in guest.plain
        assert "上级派人列席" in guest.plain
        assert (await does(browser, number, "adjust", who="没有这人", duty="guest", reason="工作需要")).status == 409
        await browser.gets(f"/console/life/meeting/{number}")
        assert (await does(browser, number, "adjust", who="胡军", duty="boss", reason="工作需要")).status == 409
        await browser.gets(f"/console/life/meeting/{number}")
        assert (await does(browser, number, "start")).status == 409
        assert "会议已取消" in (await does(browser, number, "cancel")).plain
        assert "支部党员大会" in (await browser.gets("/console/life/meetings?list=cancelled")).plain


@on_sqlite
async def test_wrong_input_comes_back_in_the_form_and_writes_nothing(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        unit = company.roll.units["branch1"].id
        await browser.gets(f"/console/life/meetings/new?unit={unit}&kind=lecture")
        for wrong, said in (
            ({"day": "2020-01-01"}, "已经过了"), ({"day": "x"}, "没有看懂"), ({"title": ""}, "什么都没有写"),
            ({"where": "很" * 101}, "地点太长"), ({"agenda": "长" * 101}, "议程太长"), ({"title": "绝密★会议"}, "密"),
        ):  # fmt: skip
            seen = await browser.posts("/console/life/meetings/new", None, **plan(company, **wrong))
            assert seen.status == 409, wrong
            assert said in seen.plain
            assert "三楼会议室" in seen.words or "where" in wrong
        assert (await browser.posts("/console/life/meetings/new", None, **plan(company, kind="x"))).status == 409
        assert (await browser.posts("/console/life/meetings/new", None, **plan(company, key=""))).status == 403
        assert browser.run.read(lambda c: c.execute(meeting.select()).all()) == []
        await browser.gets("/console/life/meetings/new?unit=" + str(unit) + "&kind=lecture")
        sent = await browser.posts("/console/life/meetings/new", None, **plan(company, send="1"))
        assert "通知发出了" in sent.plain


def ask_leave(company: Company, number: int, nickname: str) -> None:
    values = {"answer": Answer.LEAVE_ASKED.value, "leave": LeaveReason.TRIP.value}
    person = company.roll.people[nickname]
    company.write(
        lambda c: c.execute(
            attendee.update().where(attendee.c.meeting_id == number, attendee.c.member_id == person).values(values)
        )
    )


async def a_leave_is_noted(browser: Browser, number: int, tang: str) -> None:
    page = await browser.gets(f"/console/life/meeting/{number}")
    assert "给 唐杰 记请假：个人事由" in page.words
    assert "给 马琳 记请假" not in page.words, "she is there"
    assert (await does(browser, number, "excuse", member=tang, reason="flu")).status == 409
    await browser.gets(f"/console/life/meeting/{number}")
    noted = await does(browser, number, "excuse", member=tang, reason="personal")
    assert "已记请假" in noted.plain
    assert "已准假（个人事由）" in noted.plain


async def it_ends_and_its_minutes_go_round(browser: Browser, number: int) -> None:
    assert "▶ 正在进行" in browser.page.plain  # type: ignore[union-attr]
    ended = (await does(browser, number, "end")).plain
    assert "会议已结束" in ended
    assert "▶ 正在记录" in ended
    circulating = await does(browser, number, "circulate")
    assert "▶" not in circulating.plain
    assert "已收回修改" in (await does(browser, number, "take_back")).plain
    await does(browser, number, "circulate")
    assert "核对中" in circulating.plain


@on_sqlite
async def test_a_meeting_from_sign_in_to_closed_minutes(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.now = company_now()
    number = hold(company, items=("通过三季度工作计划", "传达学习"))
    tang = str(company.roll.people["tang"])
    async with signed_in(company, "lin") as browser:
        await a_leave_is_noted(browser, number, tang)
        ask_leave(company, number, "tang")
        page = await browser.gets(f"/console/life/meeting/{number}")
        assert "出差" in page.plain
        assert "达到法定人数" in page.plain
        granted = await does(browser, number, "leave", member=tang, grant="1")
        assert "已准假" in granted.plain
        assert "已记下" in (await does(browser, number, "write", what="note", words="林雪介绍了计划")).plain
        await does(browser, number, "write", what="decision", words="按计划执行")
        voted = await does(browser, number, "write", what="vote", words="赞成 2 反对 0 弃权 0")
        assert "通过：赞成 2" in voted.plain
        unread = await does(browser, number, "write", what="vote", words="都同意")
        assert unread.status == 409
        assert ">都同意</textarea>" in unread.words
        assert 'value="vote" selected' in unread.words
        await browser.gets(f"/console/life/meeting/{number}")
        assert "已转到下一项" in (await does(browser, number, "next")).plain
        await does(browser, number, "rewrite", place="1", words="林雪介绍了三项重点")
        await it_ends_and_its_minutes_go_round(browser, number)
        company.bo.calls(f"correction.correct:{number}")
        company.bo.says("1：应为“四项重点”")
        both = await browser.gets(f"/console/life/meeting/{number}")
        assert "<del>林雪介绍了三项重点</del>" in both.words
        assert "四项重点" in both.plain
        assert (await does(browser, number, "close")).status == 409
        await browser.gets(f"/console/life/meeting/{number}")
        [wish] = {one.split('"')[0] for one in both.words.split('name="wish" value="')[1:]}
        assert "已采纳" in (await does(browser, number, "settle", wish=wish, taken="1")).plain
        for one in ("bo", "ma"):
            company.phone(one).calls(f"correction.agree:{number}")
        closed = await does(browser, number, "close")
        assert "SHA-256" in closed.plain
        assert "都没有被改动过" in closed.plain
        added = await does(browser, number, "add", words="附件另存支部档案")
        assert "附件另存支部档案" in added.plain
        for kind in ("minutes", "sign_in", "notice"):
            url = f"{browser.run.url}/console/life/meeting/{number}/paper?kind={kind}"
            async with browser.session.get(url) as answer:
                assert (await answer.read())[:2] == b"PK", kind
        unit = company.roll.units["branch1"].id
        async with browser.session.get(f"{browser.run.url}/console/life/{unit}/papers?as=ledger") as answer:
            assert (await answer.read())[:2] == b"PK"
        await fetches_the_pack(browser, unit)
        monkeypatch.setattr(life_ledger, "AT_ONCE", 0)
        await fetches_the_ledger_of_many(browser, unit)


async def fetches_the_ledger_of_many(browser: Browser, unit: int) -> None:
    """Let the ledger be made as a job, and fetch it."""
    offered = await browser.gets(f"/console/life/{unit}/papers?as=ledger")
    year = re.findall(r'name="of_year" value="(\d+)"', offered.words)[0]
    made = await browser.posts("/console/jobs", None, kind="ledger", of_unit=str(unit), of_year=year, of_language="zh")
    assert "组织生活台账" in made.plain
    async with browser.session.get(f"{browser.run.url}/console/jobs/live") as events:
        await asyncio.wait_for(events.content.readuntil(b"/file"), 20)
    way = re.findall(r"/console/jobs/\d+/file", (await browser.gets("/console/jobs")).words)[0]
    async with browser.session.get(browser.run.url + way) as answer:
        assert (await answer.read())[:2] == b"PK"


async def fetches_the_pack(browser: Browser, unit: int) -> None:
    """Let the evidence pack be made as a job, and fetch it."""
    offered = await browser.gets(f"/console/life/{unit}/pack")
    assert "1 次会议" in offered.plain
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', offered.words))
    assert "佐证材料" in (await browser.posts("/console/jobs", None, **fields)).plain
    async with browser.session.get(f"{browser.run.url}/console/jobs/live") as events:
        await asyncio.wait_for(events.content.readuntil(b"/file"), 20)
    [way] = set(re.findall(r"/console/jobs/\d+/file", (await browser.gets("/console/jobs")).words))
    async with browser.session.get(browser.run.url + way) as answer:
        assert (await answer.read())[:2] == b"PK"


@on_sqlite
async def test_the_projector_shows_the_code_and_the_counts_and_no_name(company: Company) -> None:
    company.now = company_now()
    number = hold(company, present=("lin", "ma"))
    async with signed_in(company, "lin") as browser:
        await browser.gets(f"/console/life/meeting/{number}")
        seen = await browser.posts(f"/console/life/meeting/{number}", None, deed="screen")
        assert seen.path == f"/console/life/meeting/{number}/screen"
        assert "签到码" in seen.plain
        assert "应到 4 实到 2 有表决权到会 1 /3" in seen.plain
        assert "还差 1 人" in seen.plain
        assert "议程 1 / 1 通过三季度工作计划" in seen.plain
        assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in seen.words
        assert "<script>" not in seen.words
        assert "style=" not in seen.words
        assert "赵强" not in seen.plain
        assert "马琳" not in seen.plain


@on_sqlite
async def test_another_branch_and_those_above_see_what_is_theirs(company: Company) -> None:
    company.now = company_now()
    number = hold(company)
    ask_leave(company, number, "tang")
    async with signed_in(company, "hu") as browser:
        unit = company.roll.units["branch1"].id
        for path in (
            f"meeting/{number}", f"meeting/{number}/screen", f"meeting/{number}/paper?kind=minutes",
            f"{unit}/pack", f"{unit}/relief/table", f"meeting/{number}/table", f"meetings?unit={unit}",
            f"meetings/new?unit={unit}&kind=lecture", f"{unit}/papers?as=ledger",
            "meeting/99999", "meetings?unit=99999",
        ):  # fmt: skip
            assert (await browser.gets(f"/console/life/{path}")).status == 403, path
        assert "支部党员大会" not in (await browser.gets("/console/life/meetings")).plain
        for deed in (
            "send",
            "cancel",
            "end",
            "write",
            "leave",
            "enter",
            "circulate",
            "close",
            "add",
            "settle",
            "adjust",
            "x",
        ):
            refused = await does(browser, number, deed, words="越权", member="1", wish="1")
            assert refused.status == 409, deed
        assert (await browser.posts("/console/life/meetings/new", None, **plan(company))).status == 409
    state = company.read(lambda c: c.execute(meeting.select()).one()).state
    assert state == MeetingState.OPEN.value
    async with signed_in(company, "chen") as browser:
        above = await browser.gets(f"/console/life/meeting/{number}")
        assert "唐杰" in above.plain
        assert "出差" not in above.plain
        assert "请假待批" not in above.plain
        refused = await does(browser, number, "leave", member=str(company.roll.people["tang"]), grant="1")
        assert refused.status == 409


@on_sqlite
async def test_meetings_in_english(company: Company) -> None:
    company.now = company_now()
    number = hold(company)
    company.lin.says("/language en")
    async with signed_in(company, "lin") as browser:
        assert "Who is called and who came" in (await browser.gets(f"/console/life/meeting/{number}")).plain
        assert "Voters here" in (await browser.gets(f"/console/life/meeting/{number}/screen")).plain
        assert "By state" in (await browser.gets("/console/life/meetings")).words
