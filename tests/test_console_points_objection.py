"""Objections and entries by hand in the console: who answers what, many people at once, and taking back."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from domain.codec import decode_reply
from domain.permission import Role
from services import points_manual, points_objection, sheet
from storage import audit, member, outbox, permission
from storage import objection as objections
from storage import points as ledger
from storage import points_manual as table
from tests.surfing import Browser, signed_in
from tests.talk import Company

on_sqlite = pytest.mark.parametrize("company", ["sqlite"], indirect=True)
WHY = "组织技能竞赛"


def objects(company: Company, who: str, words: str = "") -> int:
    """Let somebody check in and object to it; returns the objection."""
    getattr(company, who).says("签到")
    person = company.roll.people[who]
    [line] = company.read(lambda c: ledger.newest(c, person, 1))
    return company.write(lambda c: points_objection.object_to(company.work(c), person, line.id, words)[0].id)


def months(company: Company, who: str) -> int:
    """Return somebody's points of this year."""
    rows = company.read(lambda c: c.execute(select(ledger.by_month.c.points).where(
        ledger.by_month.c.member_id == company.roll.people[who])).all())  # fmt: skip
    return sum(row[0] for row in rows)


def told(company: Company, who: str) -> str:
    """Return what was written to somebody, whenever it may leave: the running program has the real clock."""
    query = select(outbox.campaign.c.payload_zh).join(
        outbox.letter, outbox.letter.c.campaign_id == outbox.campaign.c.id
    )
    rows = company.read(lambda c: c.scalars(query.where(outbox.letter.c.member_id == company.roll.people[who])).all())
    return "\n".join(decode_reply(row).plain for row in rows)


def lines(company: Company) -> list[tuple[object, ...]]:
    return company.read(lambda c: [tuple(row) for row in c.execute(select(ledger.entry).order_by(ledger.entry.c.id))])


@on_sqlite
async def test_a_secretary_answers_with_entry_and_rule_before_her(company: Company) -> None:
    number = objects(company, "bo", "上周五也签了 <b>到</b>")
    other = objects(company, "xu")
    async with signed_in(company, "lin") as browser:
        page = await browser.gets("/console/points/objections")
        assert "赵强" in page.plain
        assert "徐静" not in page.plain
        page = await browser.gets(f"/console/points/objections/{number}")
        assert "此前已得 0 分，这一次应得 1 分，实际记了 1 分" in page.plain
        assert "核对一致" in page.plain
        assert "上周五也签了 &lt;b&gt;到&lt;/b&gt;" in page.words
        for wrong, said in (
            ({"reason": "核对了签到"}, "请先选"),
            ({"outcome": "corrected", "points": "0", "reason": "核对了签到"}, "在 1 到 100 分之间"),
            ({"outcome": "corrected", "points": "2", "reason": "嗯"}, "至少 4 个字"),
        ):
            seen = await browser.posts(f"/console/points/objections/{number}", None, **wrong)
            assert (seen.status, said in seen.plain) == (409, True)
        form = {"outcome": "corrected", "points": "2", "sign": "plus", "reason": "补记上周五的签到"}
        seen = await browser.posts(f"/console/points/objections/{number}", None, **form)
        assert "已答复，本人会收到通知" in seen.plain
        assert "补记上周五的签到" in seen.plain
        assert 'name="outcome"' not in seen.words
        await browser.gets("/console/points/manual")
        assert "已经答复过" in (await browser.posts(f"/console/points/objections/{number}", None, **form)).plain
        assert "没有等你答复的异议" in (await browser.gets("/console/points/objections")).plain
        assert "赵强" in (await browser.gets("/console/points/objections?state=answered")).plain
        async with browser.session.get(f"{browser.run.url}/console/points/objections/table?state=answered") as answer:
            [found] = sheet.read("objections.xlsx", await answer.read())
        assert [row[1] for row in found.rows] == ["姓名", "赵强"]
        assert (await browser.gets(f"/console/points/objections/{other}")).status == 403
    deeds = company.read(lambda c: list(c.execute(select(audit.audit.c.deed, audit.audit.c.facts))))
    facts = f'{{"objection": {number}, "outcome": "corrected", "points": 2}}'
    assert [facts for deed, facts in deeds if deed == "objection.answer"] == [facts], "once, and without the words"
    assert "已更正" in told(company, "bo")
    assert months(company, "bo") == 3


@on_sqlite
async def test_another_branchs_secretary_tries_every_id(company: Company) -> None:
    number = objects(company, "bo")
    people, units = company.roll.people, company.roll.units
    entry = company.write(lambda c: _entered(company, c, "lin", ["bo", "ma"]))
    before = lines(company)
    async with signed_in(company, "hu") as browser:
        await browser.gets("/console/points/manual")
        key = browser.form_key
        for path in (f"objections/{number}", f"manual/{entry}", *(f"people/{one}" for one in people.values())):
            assert (await browser.gets(f"/console/points/{path}")).status == 403, path
        for path in (f"objections/{number}", f"manual/{entry}/reverse", "objections/999999", "manual/999999/reverse"):
            form = {"key": key, "outcome": "kept", "reason": "核对了记录", "all": "yes"}
            assert (await browser.posts(f"/console/points/{path}", None, **form)).status == 409, path
        for code, unit in units.items():
            for part in ("objections", "figures"):
                status = (await browser.gets(f"/console/points/{part}?unit={unit.id}")).status
                assert (status == 200) is (code == "branch2"), (part, code)
        await browser.gets("/console/points/manual")
        seen = await browser.posts(
            "/console/points/manual/sure", None, numbers="A001 A002 A003 A009", points="5", sign="plus", reason=WHY
        )
        assert "将给 0 人" in seen.plain
        assert "有 3 个工号没有找到" in seen.plain
        assert "王芳" not in seen.plain
    assert lines(company) == before


def _entered(company: Company, connection: object, who: str, people: list[str]) -> int:
    numbers = {nickname: number for nickname, number, *_ in _people()}
    work = company.work(connection)  # type: ignore[arg-type]
    text = " ".join(numbers[one] for one in people)
    actor = company.roll.people[who]
    points_manual.enter_all(work, actor, text, 5, WHY, points_manual.new_source())
    return points_manual.made_by(work, actor)[0][0].id


def _people() -> list[tuple[str, str]]:
    from tests.company import PEOPLE  # noqa: PLC0415 - a long name for two columns

    return [(one[0], one[1]) for one in PEOPLE]


async def tries(browser: Browser, **form: str) -> str:
    """Try to enter something; returns the name under which it would be entered."""
    await browser.gets("/console/points/manual")
    seen = await browser.posts("/console/points/manual/sure", None, **form)
    found = re.findall(r'name="source" value="(manual:[0-9a-f]{16})"', seen.words)
    return found[0] if found else ""


@on_sqlite
async def test_many_at_once_are_tried_first_and_entered_once(company: Company) -> None:
    form = {"numbers": "a002\nＡ０１０， A003；A002 Z999 <b>", "points": "5", "sign": "plus", "reason": WHY}
    async with signed_in(company, "lin") as browser:
        source = await tries(browser, **form)
        seen = browser.page.plain  # type: ignore[union-attr]
        assert "将给 2 人各记 +5 分" in seen
        assert "其中有你自己的工号" in seen
        assert "有 2 个工号没有找到" in seen
        assert "Z999 <b>" in seen
        assert browser.run.read(lambda c: table.by(c, company.roll.people["lin"], 9)) == []
        form["source"] = source
        assert "新录入 2 人，之前已录入 0 人" in (await browser.posts("/console/points/manual", None, **form)).plain
        await browser.gets("/console/points/manual")
        again = await browser.posts("/console/points/manual", None, **form)
        assert "没有重复录入" in again.plain
        assert "新录入 0 人，之前已录入 2 人" in again.plain
        page = await browser.gets("/console/points/manual")
        assert page.plain.count("+5") == 2
        mended = await browser.posts("/console/points/manual", None, back="yes", **form)
        assert "Z999 &lt;b&gt;" in mended.words
    for who in ("bo", "ma"):
        assert "林雪 为你录入了积分 +5 分。理由：组织技能竞赛" in told(company, who)


@on_sqlite
async def test_wrong_forms_enter_nothing(company: Company) -> None:
    good = {"numbers": "A002", "points": "5", "sign": "plus", "reason": WHY}
    async with signed_in(company, "lin") as browser:
        for wrong, said in (
            ({"numbers": " ,，\n"}, "没有读到工号"),
            ({"numbers": " ".join(f"N{n}" for n in range(201))}, "一次最多 200 人"),
            ({"points": "0"}, "在 1 到 100 分之间"),
            ({"points": "101"}, "在 1 到 100 分之间"),
            ({"points": "1e9"}, "在 1 到 100 分之间"),
            ({"reason": "好"}, "至少 4 个字"),
            ({"reason": "好" * 201}, "最多 200 个字"),
        ):
            await tries(browser, **{**good, **wrong})
            seen = browser.page
            assert seen is not None
            assert (seen.status, said in seen.plain) == (409, True), wrong
        for source in ("", "objection:1", "manual:x", "manual:" + "0" * 17):
            await browser.gets("/console/points/manual")
            assert (await browser.posts("/console/points/manual", None, **good, source=source)).status == 409
        await browser.gets("/console/points/manual")
        assert (await browser.posts("/console/points/manual", None, **good, key="0" * 64)).status == 403
        await browser.gets("/console/points/manual")
        only = {**good, "numbers": "A009", "source": "manual:" + "0" * 16}
        assert "没有你能录入的人" in (await browser.posts("/console/points/manual", None, **only)).plain
    assert lines(company) == []


@on_sqlite
async def test_an_entry_is_taken_back_by_another_once_and_stays(company: Company) -> None:
    entry = company.write(lambda c: _entered(company, c, "lin", ["bo", "ma", "tang"]))
    before = lines(company)
    async with signed_in(company, "lin") as browser:
        page = await browser.gets(f"/console/points/manual/{entry}")
        assert "撤销这一批还有效的 3 条" in page.plain
        assert (await browser.posts(f"/console/points/manual/{entry}/reverse", reason="嗯")).status == 409
        one = {"reason": "录错了人", "all": ""}
        assert "已撤销，本人" in (await browser.posts(f"/console/points/manual/{entry}/reverse", None, **one)).plain
        page = await browser.gets(f"/console/points/manual/{entry}")
        assert "撤销这一批还有效的 2 条" in page.plain
        rest = {"reason": "整批都录错了", "all": "yes"}
        assert "已撤销，本人" in (await browser.posts(f"/console/points/manual/{entry}/reverse", None, **rest)).plain
        await browser.gets("/console/points/manual")
        assert "之前已经撤销" in (await browser.posts(f"/console/points/manual/{entry}/reverse", None, **rest)).plain
        [back] = browser.run.read(lambda c: table.by(c, company.roll.people["lin"], 1))
        assert 'name="reason"' not in (await browser.gets(f"/console/points/manual/{back.id}")).words
        async with browser.session.get(f"{browser.run.url}/console/points/manual/table?as=csv") as answer:
            [found] = sheet.read("hand.csv", await answer.read())
        assert len(found.rows) == 1 + 6
    assert lines(company)[:3] == before
    assert [months(company, who) for who in ("bo", "ma", "tang")] == [0, 0, 0]
    assert "撤销了之前的人工录入" in told(company, "bo")


@on_sqlite
async def test_of_somebodys_ledger_one_sees_ones_own_part_alone(company: Company) -> None:
    number = objects(company, "bo")
    company.write(lambda c: _entered(company, c, "chen", ["bo"]))
    bo = company.roll.people["bo"]
    company.write(lambda c: _entered(company, c, "lin", ["bo"]))
    async with signed_in(company, "lin") as browser:
        page = await browser.gets(f"/console/points/people/{bo}")
        assert page.words.count('<th scope="row">') == 2
        assert f"/console/points/objections/{number}" in page.words
        assert (await browser.gets(f"/console/points/people/{company.roll.people['lin']}")).status == 403
    async with signed_in(company, "chen") as browser:
        assert (await browser.gets(f"/console/points/people/{bo}")).words.count('<th scope="row">') == 1


def test_an_objection_comes_to_whoever_answers_when_its_answerer_is_gone(company: Company) -> None:
    number = objects(company, "bo")
    people = company.roll.people

    def waits(who: str) -> list[int]:
        return company.read(lambda c: points_objection.waiting(company.work(c), people[who]))

    assert (waits("lin"), waits("zhou"), waits("chen"), waits("hu")) == ([number], [], [], [])
    company.write(lambda c: permission.end(c, people["lin"], company.now))
    company.travel(hours=1)
    assert (waits("lin"), waits("zhou"), waits("chen"), waits("hu")) == ([], [number], [], [])
    answered = company.write(lambda c: points_objection.answer(company.work(c), people["zhou"], number, 0, "核对无误"))
    assert answered
    assert waits("zhou") == []
    rows = company.read(lambda c: points_objection.search(company.work(c), people["zhou"], answered=True)).rows
    assert [(one.id, one.name, one.outcome) for one in rows] == [(number, "赵强", "kept")]
    found = company.read(lambda c: objections.get(c, number))
    assert found is not None
    assert found.answered_by_id == people["zhou"]


def test_by_unit_and_page_by_page(company: Company) -> None:
    for who in ("bo", "ma", "tang"):
        objects(company, who)
    company.write(lambda c: member.set_units(c, company.roll.people["ma"], [company.roll.units["branch1"].id]))
    lin, units = company.roll.people["lin"], company.roll.units

    def seen(unit: str, page: int = 1) -> list[str]:
        found = company.read(lambda c: points_objection.search(
            company.work(c), lin, answered=False, unit_id=units[unit].id, page=page))  # fmt: skip
        return [one.name for one in found.rows]

    assert seen("branch1") == ["赵强", "马琳", "唐杰"]
    assert seen("group11") == ["赵强", "唐杰"]
    assert seen("branch1", 2) == []


def test_entries_by_hand_in_both_databases(company: Company) -> None:
    people = company.roll.people
    company.write(
        lambda c: permission.give(c, people["bo"], Role.UNION_OFFICER, company.roll.units["union"].id, company.now)
    )
    entry = company.write(lambda c: _entered(company, c, "bo", ["ada", "ma", "hu"]))
    done = company.write(
        lambda c: points_manual.reverse(company.work(c), people["bo"], entry, "重复录入了", all_of_it=True)
    )
    assert done == (3, 0)
    rows = company.read(lambda c: table.by(c, people["bo"], 10))
    assert sorted(one.points for one in rows) == [-5, -5, -5, 5, 5, 5]
    assert sum(one.reversal is not None for one in rows) == 3
    who, entries, more = company.read(lambda c: points_manual.seen(company.work(c), people["bo"], people["ada"]))
    assert (who.name, [one.points for one in entries], more) == ("王芳", [-5, 5], False)
