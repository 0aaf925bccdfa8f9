"""Rules of points in the console: who sets them, from when they hold, what they were, and the ledger recounted."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Connection, func, select
from typer.testing import CliRunner

from bot.__main__ import app
from content import LANGUAGES, voice
from domain.member import UnitKind
from domain.organisation import Organisation, PointRule
from domain.points_rule import RULES, Rulebook, Version, earliest, may_start
from domain.refusal import Refusal
from services import permission as rights
from services import points, points_rule, sheet
from storage import audit, migrate, unit
from storage import points as ledger
from storage import points_rule as table
from storage.engine import Database
from tests.browsing import browsing, tab_to
from tests.company import ORGANISATION
from tests.surfing import signed_in
from tests.talk import Company

on_sqlite = pytest.mark.parametrize("company", ["sqlite"], indirect=True)
NEW = {"checkin": PointRule(2, 2), "gathering": PointRule(5, 10), "quiz": PointRule(3, 6), "learning": PointRule(0, 0)}
WHY = "党委会 11 月 20 日决定"


def set_rules(company: Company, starts: date, who: str = "chen", **terms: PointRule) -> int:
    """Let somebody set rules for a day."""
    given = {**NEW, **terms}
    return company.write(
        lambda c: points_rule.set_rules(company.work(c), company.roll.people[who], starts, given, WHY).id
    )


def awarded(company: Company, who: str, rule: str, source: str) -> int:
    return company.write(lambda c: points.award(company.work(c), company.roll.people[who], rule, source).points)


def tomorrow(company: Company) -> date:
    return ORGANISATION.today(company.now) + timedelta(days=1)


def test_new_rules_hold_from_their_day_on_and_what_was_earned_stays(company: Company) -> None:
    assert [awarded(company, "ada", "quiz", f"quiz:{n}") for n in range(3)] == [2, 2, 2]
    set_rules(company, tomorrow(company))
    # Midday: the cap of today is still ten, whatever holds tomorrow.
    assert [awarded(company, "ada", "quiz", f"quiz:{n}") for n in range(3, 7)] == [2, 2, 0, 0]
    company.travel(hours=14)
    assert ORGANISATION.local(company.now).hour == 23
    assert awarded(company, "bo", "quiz", "quiz:1") == 2
    company.travel(hours=1)
    assert [awarded(company, "ada", "quiz", f"quiz:{n}") for n in range(10, 13)] == [3, 3, 0]
    assert awarded(company, "ada", "learning", "learning:1") == 0
    company.ada.says("积分")
    assert "答题 ▰▰▰▰▰▰▰▰▰▰ 6/6" in company.ada.last
    assert "学习" not in company.ada.last
    company.ada.presses("明细与原因")
    screen = company.ada.presses("答题 +3")
    assert "每次 3 分，每天最多计 6 分" in screen
    assert "第 1 版规则计算，2026年11月24日 周二起" in screen
    company.ada.presses("返回")
    company.ada.presses("更早")
    screen = company.ada.presses("11-23 答题 +2")
    assert "每次 2 分，每天最多计 10 分" in screen
    assert "版规则" not in screen


def test_recounting_equals_the_ledger_over_versions_and_configurations(company: Company) -> None:
    for day in range(4):
        for who in ("ada", "bo"):
            for n in range(4):
                awarded(company, who, "quiz", f"quiz:{day}:{n}")
            awarded(company, who, "learning", f"learning:{day}")
            awarded(company, who, "checkin", f"checkin:{day}")
        if day == 1:
            set_rules(company, tomorrow(company) + timedelta(days=1))
        if day == 0:
            company.travel(hours=1)
            company.organisation = _changed(company, quiz=PointRule(1, 1))
            company.write(lambda c: points_rule.note_configuration(company.work(c)))
        company.travel(days=1)
    found = company.read(lambda c: points_rule.recounted(company.work(c)))
    assert found.lines == 4 * 2 * 6 - 2
    assert (found.differing, found.unbalanced) == ([], 0)

    def falsify(connection: Connection) -> None:
        first = connection.scalar(select(func.min(ledger.entry.c.id)).where(ledger.entry.c.rule == "quiz"))
        connection.execute(ledger.entry.update().where(ledger.entry.c.id == first).values(points=9))

    company.write(falsify)
    found = company.read(lambda c: points_rule.recounted(company.work(c)))
    assert [(line.points, due) for line, due in found.differing] == [(9, 2)]
    assert found.unbalanced == 2


def _changed(company: Company, **rules: PointRule) -> Organisation:
    return replace(company.organisation, points={**company.organisation.points, **rules})


@on_sqlite
def test_the_command_recounts_and_says_what_differs(company: Company) -> None:
    awarded(company, "ada", "checkin", "checkin:1")
    url = company.database.engine.url.render_as_string(hide_password=False)
    environment = {"DANGQUN_DATABASE__URL": url, "DANGQUN_SECURITY__KEY": "ab" * 32, "COLUMNS": "200"}
    company.database.engine.connect().exec_driver_sql(
        f"CREATE TABLE IF NOT EXISTS alembic_version AS SELECT '{migrate.head()}' AS version_num"
    )
    assert "全部一致" in CliRunner().invoke(app, ["recount"], env=environment).output
    company.write(lambda c: c.execute(ledger.entry.update().values(points=4)))
    done = CliRunner().invoke(app, ["recount"], env=environment)
    assert done.exit_code == 1
    assert "记了 has 4，应得 due 1" in done.output
    assert "1 条不一致，2 个合计" in done.output


def test_the_configuration_that_changed_is_known_by_its_moment(company: Company) -> None:
    awarded(company, "ada", "quiz", "quiz:1")
    company.travel(hours=1)
    company.organisation = _changed(company, quiz=PointRule(7, 7))
    company.write(lambda c: points_rule.note_configuration(company.work(c)))
    company.write(lambda c: points_rule.note_configuration(company.work(c)))
    assert awarded(company, "bo", "quiz", "quiz:1") == 7
    assert len(company.read(table.configured)) == 2
    assert company.read(lambda c: points_rule.recounted(company.work(c))).differing == []


def test_a_version_stands_alone_on_its_day_and_is_withdrawn_once_in_time(company: Company) -> None:
    day = tomorrow(company) + timedelta(days=1)
    first = set_rules(company, day)
    with pytest.raises(Refusal, match="rules_taken"):
        set_rules(company, day, quiz=PointRule(1, 1))
    assert company.write(lambda c: table.add(c, day, NEW, None, WHY, company.now)) is None
    chen = company.roll.people["chen"]
    withdraw = lambda c: points_rule.withdraw(company.work(c), chen, first)  # noqa: E731
    assert company.write(withdraw)
    assert not company.write(withdraw)
    second = set_rules(company, day, quiz=PointRule(1, 1))
    company.travel(days=2)
    assert awarded(company, "ada", "quiz", "quiz:1") == 1
    with pytest.raises(Refusal, match="rules_begun"):
        company.write(lambda c: points_rule.withdraw(company.work(c), chen, second))
    third = set_rules(company, tomorrow(company))
    company.travel_to(ORGANISATION.start_of(tomorrow(company)) - timedelta(minutes=5))
    with pytest.raises(Refusal, match="rules_begun"):
        company.write(lambda c: points_rule.withdraw(company.work(c), chen, third))
    deeds = company.read(lambda c: list(c.scalars(select(audit.audit.c.deed).order_by(audit.audit.c.id))))
    assert deeds.count("point_rules.set") == 3
    assert deeds.count("point_rules.withdraw") == 1


@on_sqlite
def test_no_turn_asks_for_the_rules_and_no_process_misses_new_ones(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = company.database.engine.url.render_as_string(hide_password=False)
    beside = Database(url)
    looked: list[int] = []
    really = table.dated

    def dated(connection: Connection) -> list[Version]:
        looked.append(1)
        return really(connection)

    monkeypatch.setattr(table, "dated", dated)

    def by_the_other(source: str) -> int:
        person = company.roll.people["bo"]
        return beside.write_now(lambda c: points.award(company.work(c), person, "quiz", source).points)

    midnight = ORGANISATION.start_of(tomorrow(company))
    company.now = midnight - timedelta(minutes=11)
    assert by_the_other("quiz:0") == 2
    looked.clear()
    assert [by_the_other(f"quiz:{n}") for n in (1, 2, 3)] == [2, 2, 2]
    assert looked == []
    set_rules(company, tomorrow(company))
    looked.clear()
    company.now = midnight
    assert [by_the_other(f"quiz:{n}") for n in (5, 6)] == [3, 3]
    assert looked == [1]
    beside.close()


def test_nobody_sets_rules_for_today_or_the_past_or_for_others(company: Company) -> None:
    today = ORGANISATION.today(company.now)
    for starts in (today - timedelta(days=9), today, today + timedelta(days=900), None):
        with pytest.raises(Refusal, match="rules_start"):
            set_rules(company, starts)  # type: ignore[arg-type]
    for wrong in (PointRule(101, 500), PointRule(-1, 5), PointRule(5, 4), PointRule(1, 1001)):
        with pytest.raises(Refusal, match="rules_range"):
            set_rules(company, tomorrow(company), quiz=wrong)
    with pytest.raises(Refusal, match="rules_same"):
        set_rules(company, tomorrow(company), "chen", **dict(ORGANISATION.points))
    for who in ("lin", "hu", "zhou", "root", "ada"):
        with pytest.raises(Refusal, match="rules_not_yours"):
            set_rules(company, tomorrow(company), who)
    assert company.read(table.dated) == []


def test_two_committees_at_the_top_and_nobody_decides(company: Company) -> None:
    party, root = company.roll.units["party"], company.roll.units["root"]
    assert company.read(lambda c: rights.seat(company.work(c))) == party
    company.write(lambda c: unit.add(c, "below", "分公司党委", UnitKind.PARTY_COMMITTEE, party))
    assert company.read(lambda c: rights.seat(company.work(c))) == party
    company.write(lambda c: unit.add(c, "beside", "另一党委", UnitKind.PARTY_COMMITTEE, root))
    assert company.read(lambda c: rights.seat(company.work(c))) is None
    with pytest.raises(Refusal, match="rules_not_yours"):
        set_rules(company, tomorrow(company))


def test_the_last_minutes_of_a_day_decide_nothing_about_the_next() -> None:
    midnight = ORGANISATION.start_of(date(2026, 12, 1))
    for minutes, first in ((60, date(2026, 12, 1)), (11, date(2026, 12, 1)), (9, date(2026, 12, 2))):
        now = midnight - timedelta(minutes=minutes)
        assert earliest(ORGANISATION, now) == first
        assert may_start(ORGANISATION, now, first)
        assert not may_start(ORGANISATION, now, first - timedelta(days=1))
    assert Rulebook([], [], ORGANISATION.points).terms(date(2026, 1, 1), midnight) == ORGANISATION.points


FORM = {
    "reason": WHY, "checkin_points": "2", "checkin_cap": "2", "gathering_points": "5", "gathering_cap": "10",
    "quiz_points": "3", "quiz_cap": "6", "learning_points": "0", "learning_cap": "0",
}  # fmt: skip


def coming_day() -> date:
    """The running program has the real clock."""
    return ORGANISATION.today(datetime.now(UTC)) + timedelta(days=30)


@on_sqlite
async def test_a_committee_sets_rules_after_a_look_and_withdraws_them(company: Company) -> None:
    starts = coming_day().isoformat()
    async with signed_in(company, "chen") as browser:
        page = await browser.gets("/console/points")
        assert "第 0 版（最初的规则" in page.plain
        assert 'href="/console/points" aria-current="page"' in page.words
        await browser.gets("/console/points/rules/new")
        asked = await browser.posts("/console/points/rules/sure", starts=starts, **FORM)
        assert "答题：每次 1 分，每天最多 5 分 → 每次 3 分，每天最多 6 分" in asked.plain
        assert "学习：每次 1 分，每天最多 3 分 → 停用，不计分" in asked.plain
        assert browser.run.read(table.dated) == []
        again = await browser.posts("/console/points/rules", starts=starts, back="yes", **FORM)
        assert f'value="{starts}"' in again.words
        assert "新规则已保存" in (await browser.posts("/console/points/rules", starts=starts, **FORM)).plain
        assert "已经有一版规则开始" in (await browser.posts("/console/points/rules", starts=starts, **FORM)).plain
        page = await browser.gets("/console/points")
        assert f"第 1 版，{starts} 起" in page.plain
        assert "陈涛" in page.plain
        assert WHY in page.plain
        [number] = re.findall(r"/console/points/rules/(\d+)/withdraw", page.words)
        assert "确认撤回" in (await browser.gets(f"/console/points/rules/{number}/withdraw")).plain
        assert "它不会生效" in (await browser.posts(f"/console/points/rules/{number}/withdraw")).plain
        assert "已撤回" in browser.page.plain  # type: ignore[union-attr]
        assert "之前已经撤回" in (await browser.posts(f"/console/points/rules/{number}/withdraw")).plain
        async with browser.session.get(f"{browser.run.url}/console/points/rules/table?as=csv") as answer:
            [found] = sheet.read("rules.csv", await answer.read())
        assert len(found.rows) == 1 + 2 * len(RULES)
        assert found.rows[-1][:4] == ["1", starts, "学习", "0"]


@on_sqlite
async def test_what_was_typed_wrongly_stays_on_the_page(company: Company) -> None:
    async with signed_in(company, "chen") as browser:
        await browser.gets("/console/points/rules/new")
        today = ORGANISATION.today(datetime.now(UTC)).isoformat()
        for wrong, said in (
            ({"starts": today}, "只能从将来的一天开始"),
            ({"starts": "2026-13-77"}, "只能从将来的一天开始"),
            ({"quiz_points": "-3"}, "分值要在"),
            ({"quiz_cap": "9" * 30}, "分值要在"),
            ({"reason": "嗯"}, "至少 4 个字"),
        ):
            form = {"starts": coming_day().isoformat(), **FORM, **wrong}
            seen = await browser.posts("/console/points/rules/sure", None, **form)
            assert seen.status == 409
            assert said in seen.plain
            assert 'name="gathering_cap" type="number" min="0" max="1000" required value="10"' in seen.words
            assert (await browser.posts("/console/points/rules", None, **form)).status == 409
            await browser.gets("/console/points/rules/new")
        assert browser.run.read(table.dated) == []


@on_sqlite
async def test_others_read_the_rules_and_change_none(company: Company) -> None:
    starts = coming_day().isoformat()
    number = set_rules(company, coming_day())
    for who in ("lin", "zhou"):
        async with signed_in(company, who) as browser:
            page = await browser.gets("/console/points")
            assert "由“集团党委”的干部决定" in page.plain
            assert "设定新规则" not in page.plain
            await browser.gets("/console/points/manual")
            for path in ("rules/sure", "rules", f"rules/{number}/withdraw"):
                seen = await browser.posts(f"/console/points/{path}", starts=starts, **FORM)
                assert seen.status == 409
                await browser.gets("/console/points/manual")
            for path in ("rules/new", f"rules/{number}/withdraw"):
                assert (await browser.gets(f"/console/points/{path}")).status == 403
    for who in ("root", "tang"):
        async with signed_in(company, who) as browser:
            assert "/console/points" not in (await browser.gets("/console/")).words
            for path in ("points", "points/rules/table", "points/objections", "points/manual", "points/figures"):
                assert (await browser.gets(f"/console/{path}")).status == 403
    assert len(company.read(table.dated)) == 1


@on_sqlite
async def test_a_form_without_its_key_and_english(company: Company) -> None:
    company.chen.says("/language en")
    async with signed_in(company, "chen") as browser:
        assert "Version 0 (as in the configuration)" in (await browser.gets("/console/points")).plain
        await browser.gets("/console/points/rules/new")
        form = {"starts": coming_day().isoformat(), **FORM}
        assert (await browser.posts("/console/points/rules", None, **form, key="0" * 64)).status == 403
        await browser.gets("/console/points/rules/new")
        assert "Please check the new rules" in (await browser.posts("/console/points/rules/sure", None, **form)).plain
        for path in ("objections", "manual", "figures"):
            assert (await browser.gets(f"/console/points/{path}")).status == 200
    assert company.read(table.dated) == []


def test_both_languages_have_the_same_words() -> None:
    zh, en = (voice(language).page["points"] for language in LANGUAGES)
    assert zh.keys() == en.keys()
    fields = re.compile(r"\{(\w+)\}")
    assert {key: set(fields.findall(zh[key])) for key in zh} == {key: set(fields.findall(en[key])) for key in en}


@on_sqlite
async def test_by_keyboard_alone_and_without_scripts(company: Company) -> None:
    async with browsing(company, "chen", scripts=False) as (page, run):
        await page.goto(f"{run.url}/console/points")
        await tab_to(page, "a[href='/console/points/rules/new']")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/rules/new")
        await tab_to(page, "#quiz_points")
        await page.keyboard.press("ArrowUp")
        await tab_to(page, "#reason")
        await page.keyboard.type(WHY)
        await tab_to(page, "main button")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/rules/sure")
        assert await page.locator("main li").all_inner_texts() == [
            "答题：每次 1 分，每天最多 5 分 → 每次 2 分，每天最多 5 分"
        ]
        await tab_to(page, "main button")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console/points?notice=*")
        assert "新规则已保存" in await page.inner_text("[role=status]")
        assert len(run.read(table.dated)) == 1
