"""Sign-ins in the console: opened, shown on a projector, scanned, looked after and closed; and by nobody else."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.gathering import SCREEN, payload_of
from storage import audit
from storage import gathering as table
from tests.surfing import Browser, Seen, company_now, signed_in
from tests.talk import Company

on_sqlite = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


def opened(company: Company, title: str = "读书会") -> int:
    """林雪 opens a sign-in for her branch in the chat, now."""
    company.now = company_now()
    company.lin.says(f"/gathering {title}")
    company.lin.presses("第一党支部")
    return int(company.read(lambda c: c.execute(select(table.gathering)).all())[-1].id)


def code_of(company: Company, number: int, *, back: int = 0) -> str:
    found = company.read(lambda c: table.get(c, number))
    assert found is not None
    return found.code(company.now - back * SCREEN, SCREEN)


async def does(browser: Browser, number: int, deed: str, **fields: str) -> Seen:
    return await browser.posts(f"/console/gatherings/{number}", None, deed=deed, **fields)


@on_sqlite
async def test_a_sign_in_from_the_form_to_the_export(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        form = await browser.gets("/console/gatherings/new")
        assert "第一党支部" in form.plain
        assert "第二党支部" not in form.plain
        branch = str(company.roll.units["branch1"].id)
        made = await browser.posts("/console/gatherings/new", None, unit=branch, title="  主题  党日 ")
        assert "签到开始了" in made.plain
        assert "主题 党日" in made.plain
        number = int(re.findall(r"gatherings/(\d+)", made.path)[0])
        assert "应到 4 已到 0 迟到 0 代签 0 请假 0 未到 4" in made.plain
        assert [made.plain.index(name) for name in ("林雪", "马琳", "唐杰", "赵强")] == sorted(
            made.plain.index(name) for name in ("林雪", "马琳", "唐杰", "赵强")
        )
        people = company.roll.people
        by_hand = await does(browser, number, "enter", member=str(people["bo"]), list="missing")
        assert "已代签" in by_hand.plain
        asked = await browser.gets(f"/console/gatherings/{number}/mark?member={people['ma']}")
        assert "请假的原因" in asked.plain
        excused = await does(browser, number, "excuse", member=str(people["ma"]), reason="trip", list="leave")
        assert "请假（出差）" in excused.plain
        assert "没有人签到，删掉" not in excused.plain
        refused = await does(browser, number, "discard", key=browser.form_key)
        assert "已经有人签到，没有删掉" in refused.plain
        await browser.gets(f"/console/gatherings/{number}")
        assert "应到 4 已到 1 迟到 0 代签 1 请假 1 未到 2" in excused.plain
        asked = await browser.gets(f"/console/gatherings/{number}/mark?member={people['bo']}")
        assert "改记为迟到" in asked.plain
        late = await does(browser, number, "late", member=str(people["bo"]), reason="十点才到", list="there")
        assert "改记迟到：十点才到" in late.plain
        table_of = await browser.gets(f"/console/gatherings/{number}/export?as=csv")
        assert '"马琳","A010","否","","请假（出差）"' in table_of.words
        assert (await browser.gets(f"/console/gatherings/{number}?list=all&q=A003")).plain.count("林雪") >= 2
        await does(browser, number, "unmark", member=str(people["ma"]))
        closed = await does(browser, number, "close")
        assert "签到已结束" in closed.plain
        assert (await does(browser, number, "enter", member=str(people["ma"]))).status == 409
        await browser.gets(f"/console/gatherings/{number}")
        assert "重新打开了" in (await does(browser, number, "reopen")).plain
        assert "主题 党日" in (await browser.gets("/console/gatherings")).plain
        assert '"主题 党日","第一党支部"' in (await browser.gets("/console/gatherings/export?state=open&as=csv")).words
        deeds = browser.run.read(lambda c: set(c.scalars(select(audit.audit.c.deed))))
        assert {"gathering_open", "gathering_enter", "gathering_mark", "gathering_close", "gathering_reopen"} <= deeds
        trail = browser.run.read(lambda c: list(c.execute(select(audit.audit.c.deed, audit.audit.c.facts))))
        assert "十点才到" not in str(trail), "why stands in the list alone"
        assert ("export.save", '{"rows": 4, "what": "gathering"}') in trail
        assert not any("trip" in facts for _, facts in trail), "why somebody is on leave stays with the list"


@on_sqlite
async def test_the_projector_shows_a_new_code_every_fifteen_seconds_and_no_name(company: Company) -> None:
    number = opened(company)
    async with signed_in(company, "lin") as browser:
        await browser.gets(f"/console/gatherings/{number}")
        seen = await does(browser, number, "screen")
        assert seen.path == f"/console/gatherings/{number}/screen"
        [code] = re.findall(r'class="code" aria-label="([\d ]+)"', seen.words)
        assert "应到 4 已到 0" in seen.plain
        assert "<svg" in seen.words
        assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in seen.words
        assert "style=" not in seen.words
        assert "赵强" not in seen.plain
        company.now = company_now()
        assert code.replace(" ", "") in {code_of(company, number), code_of(company, number, back=1)}
        async with browser.session.get(f"{browser.run.url}/console/gatherings/{number}/screen/live") as events:
            first = (await events.content.readuntil(b"\n\n")).decode()
            assert 'data: <div class="sign-in">' in first
            signed = company.bo.opens(payload_of(code_of(company, number)))
            assert "签到成功" in signed
            await asyncio.wait_for(events.content.readuntil(b"<dd>1</dd>"), 10)
        assert "应到 4 已到 1" in (await browser.gets(f"/console/gatherings/{number}/screen")).plain
        await browser.gets(f"/console/gatherings/{number}")
        await does(browser, number, "close")
        over = await browser.gets(f"/console/gatherings/{number}/screen")
        assert "签到已结束" in over.plain
        assert "<svg" not in over.words


def test_a_scanned_code_signs_in_once_and_an_old_one_is_refused(company: Company) -> None:
    number = opened(company)
    code = code_of(company, number)
    company.now += SCREEN
    assert "签到成功" in company.bo.opens(payload_of(code))
    assert "已签到" in company.bo.opens(payload_of(code_of(company, number)))
    company.now += SCREEN
    stale = company.ma.opens(payload_of(code))
    assert "已经失效" in stale
    assert "还没有记录" in stale
    assert "签到成功" in company.ma.says(f"签到 {code_of(company, number, back=1)}")
    assert company.read(lambda c: table.counts(c, number)) == (2, 0, 0)


def test_codes_behind_links_are_not_guessed_either(company: Company) -> None:
    number = opened(company)
    wrong = next(one for one in ("000000", "111111") if one != code_of(company, number))
    for _ in range(5):
        assert "没有找到" in company.bo.opens(payload_of(wrong))
    assert "分钟后再试" in company.bo.opens(payload_of(code_of(company, number)))
    assert "没有找到" in company.hu.opens(payload_of(code_of(company, number)))


@on_sqlite
def test_a_link_with_something_else_behind_it_opens_the_chat(company: Company) -> None:
    opened(company)
    for payload in ("signin-", "signin-12345", "signin-1234567", "signin-１２３４５６", "sign"):
        assert "签到" not in company.bo.opens(payload).split("\n")[0]


@on_sqlite
async def test_one_that_is_prepared_opens_by_itself(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        await browser.gets("/console/gatherings/new")
        day = (company.organisation.today(company_now()) + timedelta(days=1)).isoformat()
        branch = str(company.roll.units["branch1"].id)
        fields = {"unit": branch, "title": "党课", "day": day, "opens": "14:30", "late": "15:00"}
        made = await browser.posts("/console/gatherings/new", None, **fields)
        assert "到时间自动开始" in made.plain
        assert f"{day} 14:30 开始签到，15:00 起算迟到" in made.plain
        number = int(re.findall(r"gatherings/(\d+)", made.path)[0])
        assert f"{day} 14:30 开始签到" in (await browser.gets(f"/console/gatherings/{number}/screen")).plain
        assert "党课" in (await browser.gets("/console/gatherings?state=coming")).plain
        mistaken = await browser.posts(
            "/console/gatherings/new", None, **{**fields, "title": "开错了"}, key=browser.form_key
        )
        assert "没有人签到，删掉" in mistaken.plain
        assert "签到已删掉" in (await does(browser, number + 1, "discard")).plain
        assert (await browser.gets(f"/console/gatherings/{number + 1}")).status == 403
    company.now = company_now()
    assert "没有找到" in company.bo.opens(payload_of(code_of(company, number)))
    company.now = company_now() + timedelta(days=2)
    company.now = company.organisation.start_of(company.organisation.today(company_now()) + timedelta(days=1))
    company.now += timedelta(hours=14, minutes=40)
    assert "签到成功" in company.bo.opens(payload_of(code_of(company, number)))


@on_sqlite
async def test_what_cannot_be_read_comes_back_in_the_form(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        await browser.gets("/console/gatherings/new")
        branch, other = (str(company.roll.units[one].id) for one in ("branch1", "branch2"))
        day = (company.organisation.today(company_now()) + timedelta(days=1)).isoformat()
        far = (company.organisation.today(company_now()) + timedelta(days=90)).isoformat()
        for wrong, said in (
            ({"unit": other}, "第二党支部"), ({"unit": "x"}, "不存在"), ({"day": day}, "没有看懂"),
            ({"day": "9999-99-99", "opens": "10:00"}, "没有看懂"), ({"opens": "25:99"}, "没有看懂"),
            ({"day": "2020-01-01", "opens": "10:00"}, "已经过了"), ({"day": far, "opens": "10:00"}, "太远"),
            ({"day": day, "opens": "15:00", "late": "14:00"}, "起算迟到的时间"),
        ):  # fmt: skip
            seen = await browser.posts("/console/gatherings/new", None, **{"unit": branch, "title": "学习会", **wrong})
            assert seen.status == 409, wrong
            assert said in seen.plain, wrong
            assert 'value="学习会"' in seen.words
        unnamed = await browser.posts("/console/gatherings/new", None, unit=branch, title=" ", late="23:59")
        assert unnamed.status == 409
        assert "请写名称" in unnamed.plain
        assert 'value="23:59"' in unnamed.words
        assert (await browser.posts("/console/gatherings/new", None, unit=branch, key="")).status == 403
        assert browser.run.read(lambda c: c.execute(table.gathering.select()).all()) == []


@on_sqlite
async def test_marks_need_their_reason_and_the_right_person(company: Company) -> None:
    number = opened(company)
    people = {name: str(who) for name, who in company.roll.people.items()}
    async with signed_in(company, "lin") as browser:
        await browser.gets(f"/console/gatherings/{number}")
        for deed, fields, said in (
            ("excuse", {"member": people["bo"], "reason": "生病"}, "请选一个"),
            ("excuse", {"member": people["hu"], "reason": "trip"}, "不归你管"),
            ("late", {"member": people["bo"], "reason": "晚了"}, "还没有签到"),
            ("enter", {"member": people["hu"]}, "不归你管"), ("enter", {"member": "999999"}, "不归你管"),
            ("unmark", {"member": people["bo"]}, "不归你管"), ("x", {}, "不归你管"),
        ):  # fmt: skip
            seen = await does(browser, number, deed, **fields)
            assert seen.status == 409, deed
            assert said in seen.plain, deed
            await browser.gets(f"/console/gatherings/{number}")
        await does(browser, number, "enter", member=people["bo"])
        for reason in ("", "长" * 101):
            assert "个字" in (await does(browser, number, "late", member=people["bo"], reason=reason)).plain
            await browser.gets(f"/console/gatherings/{number}")
        assert (await browser.gets(f"/console/gatherings/{number}/mark?member={people['hu']}")).status == 403
        assert (await does(browser, number, "excuse", member=people["bo"], reason="trip")).status == 409


@on_sqlite
async def test_another_branch_sees_nothing_and_those_above_no_leave(company: Company) -> None:
    number = opened(company)
    tang = str(company.roll.people["tang"])
    async with signed_in(company, "lin") as browser:
        await browser.gets(f"/console/gatherings/{number}")
        await does(browser, number, "excuse", member=tang, reason="personal")
    async with signed_in(company, "hu") as browser:
        for path in ("", "/screen", "/mark?member=" + tang, "/export?as=csv", "/screen?by=web"):
            assert (await browser.gets(f"/console/gatherings/{number}{path}")).status == 403, path
        assert (await browser.gets(f"/console/gatherings/{number}/screen/live")).status == 204
        listed = await browser.gets("/console/gatherings")
        assert "读书会" not in listed.plain
        assert "读书会" not in (await browser.gets("/console/gatherings/export?state=open&as=csv")).words
        for deed in ("close", "reopen", "late_now", "enter", "excuse", "unmark", "late", "in_time"):
            await browser.gets("/console/gatherings/new")
            refused = await does(browser, number, deed, member=tang, reason="trip")
            assert refused.status == 409, deed
    async with signed_in(company, "chen") as browser:
        above = await browser.gets(f"/console/gatherings/{number}")
        assert "唐杰" in above.plain
        assert "请假（" not in above.plain + (await browser.gets(f"/console/gatherings/{number}/export?as=csv")).words
        await browser.gets(f"/console/gatherings/{number}")
        assert (await does(browser, number, "excuse", member=tang, reason="trip")).status == 409
    async with signed_in(company, "root") as browser:
        assert (await browser.gets("/console/gatherings")).status == 403


@on_sqlite
async def test_sign_ins_in_english(company: Company) -> None:
    number = opened(company)
    company.lin.says("/language en")
    async with signed_in(company, "lin") as browser:
        assert "Expected 4 Here 0" in (await browser.gets(f"/console/gatherings/{number}")).plain
        assert "the code changes every 15 seconds" in (await browser.gets(f"/console/gatherings/{number}/screen")).plain
        assert "Open a sign-in" in (await browser.gets("/console/gatherings")).plain


@on_sqlite
async def test_a_refusal_that_draws_the_form_again_stands_in_the_log(
    company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="console.app")
    async with signed_in(company, "lin") as browser:
        await browser.gets("/console/gatherings/new")
        unit = str(company.roll.units["branch2"].id)
        seen = await browser.posts("/console/gatherings/new", None, unit=unit, title="读书会", late="15")
        assert seen.status == 409
    said = f"POST /console/gatherings/new refused to member {company.roll.people['lin']}: permission.not_here"
    assert any(said in line for line in caplog.messages)
