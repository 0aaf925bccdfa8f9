"""Approving announcements in the console: not by whoever wrote it, and seen by nobody but those who may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from domain.announcement_approval import sign
from storage import announcement as table
from storage import announcement_approval as approvals
from tests.surfing import Browser, link_of, signed_in, surfing
from tests.talk import Company
from tests.test_announcement_approval import asks_for_eyes, submits
from tests.test_console_announcements import WORDS, composes, sign_of, state_of

pytestmark = pytest.mark.parametrize("company", ["sqlite"], indirect=True)
LIST = "/console/announcements/approvals"


async def asks(browser: Browser, company: Company, **more: str) -> None:
    """Compose and ask for approval."""
    assert "送审" in (await composes(browser, company, **more)).plain
    seen = await browser.posts("/console/announcements/1/send", sign=sign_of(browser))
    assert "已送审，还没有发出" in seen.plain


async def test_asked_for_here_seen_by_another_and_sent(company: Company) -> None:
    async with signed_in(company, "chen") as chen, surfing(chen.run) as lin:
        await lin.posts(link_of(chen.run, company, "lin"))
        page = await chen.gets("/console/announcements/eyes")
        assert "集团党委 不要求" in page.plain
        branch = str(company.roll.units["branch1"].id)
        assert "已打开" in (await chen.posts("/console/announcements/eyes/on", unit=branch)).plain
        assert "第一党支部 要另一个人审核" in (chen.page.plain if chen.page else "")
        await asks(lin, company, urgent="检修提前，请注意安全")
        assert state_of(lin) == "waiting"
        assert (await lin.gets("/console/announcements/1/edit")).status == 403
        page = await chen.gets(LIST)
        assert "林雪" in page.plain
        assert "待我审核 1" in page.plain
        page = await chen.gets(f"{LIST}/1")
        assert WORDS in page.plain
        assert "检修提前" in page.plain
        assert "能收到 4" in page.plain
        assert (await chen.posts(f"{LIST}/1/approve", sign="0" * 64)).status == 409
        await chen.gets(f"{LIST}/1")
        assert "已同意" in (await chen.posts(f"{LIST}/1/approve", sign=sign_of(chen))).plain
        assert state_of(lin) == "sent"
        assert "陈涛 于" in (await lin.gets("/console/announcements/1")).plain


async def test_given_back_with_words_and_taken_back_by_its_author(company: Company) -> None:
    asks_for_eyes(company)
    async with signed_in(company, "chen") as chen, surfing(chen.run) as lin:
        await lin.posts(link_of(chen.run, company, "lin"))
        await asks(lin, company)
        await chen.gets(f"{LIST}/1")
        form = {"key": chen.form_key, "sign": sign_of(chen)}
        empty = await chen.posts(f"{LIST}/1/return", **form, words=" ")
        assert empty.status == 409
        assert "请写明要改什么" in empty.plain
        assert "已退回" in (await chen.posts(f"{LIST}/1/return", **form, words="请写清楚是<几点>")).plain
        page = await lin.gets("/console/announcements/1")
        assert "请写清楚是<几点>" in page.plain
        assert "<几点>" not in page.words
        await lin.gets("/console/announcements/1")
        await lin.posts("/console/announcements/1/send", sign=sign_of(lin))
        assert "已撤回" in (await lin.posts("/console/announcements/1/withdraw")).plain
        assert state_of(lin) == "draft"
        assert (await chen.gets(f"{LIST}/1")).status == 403


async def test_the_author_another_branch_and_a_form_without_its_key(company: Company) -> None:
    asks_for_eyes(company)
    submits(company)
    async with signed_in(company, "lin") as lin, surfing(lin.run) as hu, surfing(lin.run) as chen:
        await hu.posts(link_of(lin.run, company, "hu"))
        await chen.posts(link_of(lin.run, company, "chen"))
        await chen.gets(f"{LIST}/1")
        sign = sign_of(chen)
        for browser, words in ((lin, "由别人审核"), (hu, "没有找到")):
            assert "停电" not in (await browser.gets(LIST)).plain
            for way in ("", "/file"):
                assert words in (await browser.gets(f"{LIST}/1{way}")).plain
            key = await fresh_key(browser)
            for way in ("approve", "return"):
                seen = await browser.posts(f"{LIST}/1/{way}", key=key, sign=sign, words="不")
                assert seen.status == 409
                assert words in seen.plain
        for way in ("approve", "return"):
            assert (await chen.posts(f"{LIST}/1/{way}", key="0", sign=sign, words="不")).status == 403
        key = await fresh_key(hu)
        branch = str(company.roll.units["branch1"].id)
        for way in ("on", "off"):
            assert (await hu.posts(f"/console/announcements/eyes/{way}", key=key, unit=branch)).status == 409
            assert (await hu.posts(f"/console/announcements/eyes/{way}", key=key, unit="abc")).status == 409
        assert state_of(lin) == "waiting"


async def fresh_key(browser: Browser) -> str:
    await browser.gets("/console/announcements/eyes")
    return browser.form_key


async def test_to_turn_it_off_takes_two(company: Company) -> None:
    asks_for_eyes(company)
    branch = str(company.roll.units["branch1"].id)
    async with signed_in(company, "lin") as lin, surfing(lin.run) as chen:
        await chen.posts(link_of(lin.run, company, "chen"))
        await lin.gets("/console/announcements/eyes")
        assert "还没有取消" in (await lin.posts("/console/announcements/eyes/off", unit=branch)).plain
        assert "你已申请取消" in (lin.page.plain if lin.page else "")
        await asks(lin, company)
        assert "有人申请取消" in (await chen.gets("/console/announcements/eyes")).plain
        assert "已取消" in (await chen.posts("/console/announcements/eyes/off", unit=branch)).plain
        # What was asked before still waits.
        assert state_of(lin) == "waiting"


async def test_planned_and_approved_too_late_the_author_is_asked(company: Company) -> None:
    asks_for_eyes(company)
    async with signed_in(company, "lin") as lin, surfing(lin.run) as chen:
        await chen.posts(link_of(lin.run, company, "chen"))
        await composes(lin, company)
        day = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
        seen = await lin.posts("/console/announcements/1/plan", sign=sign_of(lin), day=day, clock="09:05")
        assert "同意后将于" in seen.plain
        past = datetime.now(UTC) - timedelta(minutes=5)

        def pass_by(connection: Connection) -> None:
            """Let the time for which it was asked be over."""
            connection.execute(table.announcement.update().values(send_at=past))
            one = table.get(connection, 1)
            assert one is not None
            connection.execute(approvals.approval.update().values(sign=sign(one, past)))

        lin.run.app.database.write_now(pass_by)
        assert "时间已经过了" in (await chen.gets(f"{LIST}/1")).plain
        assert "已请作者决定" in (await chen.posts(f"{LIST}/1/approve", sign=sign_of(chen))).plain
        assert state_of(lin) == "late"
        seen = await lin.gets("/console/announcements/1")
        assert "错过了时间" in seen.plain
        assert "10 秒后开始发送" in (await lin.posts("/console/announcements/1/send", sign=sign_of(lin))).plain


async def test_it_speaks_english(company: Company) -> None:
    asks_for_eyes(company)
    company.chen.says("/language en")
    submits(company)
    async with signed_in(company, "chen") as chen:
        assert "For me to approve 1" in (await chen.gets(LIST)).plain
        assert "Give back" in (await chen.gets(f"{LIST}/1")).plain
        assert "takes two" in (await chen.gets("/console/announcements/eyes")).plain
