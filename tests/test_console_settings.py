"""Settings in the console: values that hold at once, theme days, workdays, copies, and the audit trail."""

from __future__ import annotations

import ast
import asyncio
import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import Connection

from bot import gate, machine, overrides
from bot.commands import doctor
from bot.config import Settings, load
from console import jobs
from content import LANGUAGES, voice
from domain.demand import Act
from domain.machine import Copies, Copy, Disk
from domain.obligation import Kind
from domain.refusal import Refusal
from domain.theme_day import Choice
from services import announcements, theme_day
from services.work import Work
from storage import audit, schedule, setting
from tests import code as source
from tests.browsing import browsing, tab_to
from tests.code import ROOT
from tests.company import MONDAY_MORNING, ORGANISATION
from tests.running import eventually, running
from tests.surfing import Browser, link_of, signed_in, surfing
from tests.talk import Company

BOTH = pytest.mark.parametrize("company", ["sqlite", "postgresql"], indirect=True)
SQLITE = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program look around more often than it does."""
    monkeypatch.setattr(gate, "LOOK", 0.2)


def due(connection: Connection, tick: str) -> datetime:
    found = schedule.upcoming(connection, tick, "")
    assert found is not None
    return ORGANISATION.local(found)


@BOTH
async def test_a_setting_holds_at_once_and_can_be_taken_back(company: Company) -> None:
    async with running(company, telegram=False) as run, surfing(run) as browser:
        await browser.posts(link_of(run, company, "root"))
        assert "09:10" in (await browser.gets("/console/settings")).plain
        await browser.gets("/console/settings/value?name=schedule.learning_at")
        form = {"name": "schedule.learning_at", "value": "07:45", "reason": "上早班的多"}
        seen = await browser.posts("/console/settings/value", None, **form)
        assert "几秒内生效" in seen.plain
        assert "上早班的多" in seen.plain
        await eventually(lambda: f"{run.app.organisation.timetable.learning_at:%H:%M}" == "07:45")
        await eventually(lambda: f"{run.read(lambda c: due(c, 'learning.daily')):%H:%M}" == "07:45")
        await browser.gets("/console/settings/value?name=quiet_hours.pushes_a_day")
        await browser.posts("/console/settings/value", name="quiet_hours.pushes_a_day", value="1", reason="太多了")
        await eventually(lambda: run.app.clock.dispatch.organisation.pushes_a_day == 1)
        await browser.gets("/console/settings/value?name=schedule.learning_at")
        seen = await browser.posts("/console/settings/value/back", name="schedule.learning_at")
        assert "已改回" in seen.plain
        await eventually(lambda: f"{run.read(lambda c: due(c, 'learning.daily')):%H:%M}" == "09:10")
        assert (await browser.posts("/console/settings/value/back", name="schedule.learning_at")).status == 409
        trail = (await browser.gets("/console/settings/audit?deed=setting.put")).plain
        assert "设置 每日学习（工作日）；原值 09:10；新值 07:45；原因 上早班的多" in trail
        trail = (await browser.gets("/console/settings/audit?deed=setting.back")).plain
        assert "原值 07:45；新值 09:10" in trail
    async with running(company, telegram=False) as run:
        assert run.app.organisation.pushes_a_day == 1


@SQLITE
async def test_what_does_not_fit_is_refused_with_a_sentence(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        await browser.gets("/console/settings/value?name=schedule.theme_day")
        key = browser.form_key
        for name, value, said in (
            ("schedule.theme_day", "29", "1 到 28"),
            ("schedule.theme_day", "x", "1 到 28"),
            ("schedule.digest_weekday", "7", "星期一到星期日"),
            ("schedule.learning_at", "25:00", "09:10 这样"),
            ("quiet_hours.days_off", "perhaps", "是”或“否"),
            ("retention.updates_days", "3", "至少要留 8 天"),
            ("quiet_hours.pushes_a_day", "9" * 50, "1 到 20"),
            ("security.key", "0" * 64, "只能在配置文件里改"),
            ("schedule", "1", "只能在配置文件里改"),
        ):
            form = {"key": key, "name": name, "value": value, "reason": "试一试"}
            refused = await browser.posts("/console/settings/value", None, **form)
            assert refused.status == 409, name
            assert said in refused.plain, name
        form = {"key": key, "name": "schedule.theme_day", "value": "8", "reason": " "}
        seen = await browser.posts("/console/settings/value", None, **form)
        assert "至少两个字" in seen.plain
        assert 'value="8"' in seen.words
        assert browser.run.read(setting.values) == {}
        assert (await browser.gets("/console/settings/value?name=security.key")).status == 403


def test_what_another_version_set_is_left_out() -> None:
    settings = Settings()
    rows = {"schedule.learning_at": "07:45", "schedule.gone": "1", "retention.updates_days": "3", "x": "y"}
    changed = overrides.over(settings, rows)
    assert changed.as_organisation().timetable.learning_at.hour == 7
    assert changed.retention == settings.retention
    assert overrides.over(settings, {}) == settings
    with pytest.raises(Refusal):
        overrides.checked(settings, "web.port", "1")
    for one in overrides.settable(settings):
        assert overrides.checked(settings, one.key, one.file) == one.file
        for language in LANGUAGES:
            assert f"key_{one.key.replace('.', '_')}" in voice(language).page["settings"]


@SQLITE
async def test_a_branch_chooses_its_theme_day_after_seeing_the_dates(company: Company) -> None:
    mine, other = company.roll.units["branch1"].id, company.roll.units["branch2"].id
    async with signed_in(company, "lin") as browser:
        seen = await browser.gets("/console/settings/theme-days")
        assert "第一党支部" in seen.plain
        assert "第二党支部" not in seen.plain
        assert seen.words.count("<li>") >= 10
        assert seen.plain.count("节假日安排未公布，可能调整") == seen.plain.count("2027年") > 5
        assert "操作记录" not in seen.plain
        tried = await browser.gets(f"/console/settings/theme-days/{mine}?day=12&at=14:30")
        assert "还没有保存" in tried.plain
        assert "14:30" not in (await browser.gets("/console/settings/theme-days")).plain
        await browser.gets(f"/console/settings/theme-days/{mine}")
        assert "已定下来" in (await browser.posts(f"/console/settings/theme-days/{mine}", day="12", at="14:30")).plain
        assert "每月 12 日 14:30" in (await browser.gets("/console/settings/theme-days")).plain
        await browser.gets(f"/console/settings/theme-days/{mine}")
        key = browser.form_key
        for form in ({"day": "31", "at": "14:30"}, {"day": "", "at": ""}, {"day": "3", "at": "99:99"}):
            assert (await browser.posts(f"/console/settings/theme-days/{mine}", key=key, **form)).status == 409
        for number in (other, 999_999, company.roll.units["office"].id):
            assert (await browser.gets(f"/console/settings/theme-days/{number}")).status == 403
            form = {"day": "3", "at": "10:00", "key": key}
            assert (await browser.posts(f"/console/settings/theme-days/{number}", None, **form)).status == 409
        await browser.gets(f"/console/settings/theme-days/{mine}")
        assert "按单位的来" in (await browser.posts(f"/console/settings/theme-days/{mine}", deed="usual")).plain
        assert (await browser.gets("/console/settings/theme-days?words=没有&page=99999999")).status == 200


@BOTH
def test_ten_theme_days_are_one_a_month_on_workdays(company: Company) -> None:
    def look(connection: Connection) -> None:
        work = Work(connection, ORGANISATION, MONDAY_MORNING)
        rows = theme_day.next_days(work, Choice(28, ORGANISATION.timetable.theme_day_at), 10)
        found = [one for one, _ in rows]
        assert [settled for _, settled in rows] == [one.year == 2026 for one in found]
        assert len({(one.year, one.month) for one in found}) == 10
        assert found == sorted(found)
        assert all(one.weekday() < 5 or one.month in {2, 9, 10} for one in found)

    company.read(look)


@SQLITE
async def test_workdays_are_declared_from_the_notice_after_reading_it(company: Company) -> None:
    year = datetime.now(UTC).year + 1
    notice = f"{year}年放假：一、元旦：1月1日至3日放假，共3天。1月4日上班。二、另行通知。"
    async with signed_in(company, "root") as browser:
        await browser.gets("/console/settings/calendar")
        read = await browser.posts("/console/settings/calendar/read", notice=notice)
        assert "还没有生效" in read.plain
        assert browser.run.read(lambda c: len(c.exec_driver_sql("select * from workday_override").all())) == 0
        done = await browser.posts("/console/settings/calendar/declare", notice=notice)
        assert "已定下来" in done.plain
        assert f"{year}年1月4日" in done.plain
        withdrawn = await browser.posts("/console/settings/calendar/withdraw", day=f"{year}-01-04")
        assert "已取消" in withdrawn.plain
        assert (await browser.posts("/console/settings/calendar/withdraw", day=f"{year}-01-04")).status == 409
        await browser.gets("/console/settings/calendar")
        key = browser.form_key
        form = {"key": key, "day": f"{year}-02-14", "what": "works", "source": "集团通知"}
        assert "集团通知" in (await browser.posts("/console/settings/calendar/day", None, **form)).plain
        for wrong in ({"day": "x"}, {"what": "maybe"}, {"source": " "}):
            assert (await browser.posts("/console/settings/calendar/day", None, **(form | wrong))).status == 409
        assert (await browser.posts("/console/settings/calendar/declare", key=key, notice="没有日子")).status == 409


def copies_of(browser: Browser) -> Path:
    """Return the folder of this program's copies."""
    return Path(browser.run.app.settings.backup.folder)


@SQLITE
async def test_a_copy_is_made_now_and_listed(company: Company) -> None:
    async with signed_in(company, "root") as browser:
        assert (await browser.gets("/console/settings/backup")).plain.count("备份。") == 1
        assert "还没有备份" in (browser.page.plain if browser.page else "")
        await browser.posts("/console/settings/backup")
        folder = copies_of(browser)
        await eventually(lambda: any(zipfile.is_zipfile(one) for one in folder.glob("*.zip")))
        [file] = folder.glob("*.zip")
        await comes(browser, file.name)
        file.rename(folder / "kept.zip")
        folder.rename(folder.with_name("moved"))
        folder.write_text("in the way")
        await browser.gets("/console/settings/backup")
        await browser.posts("/console/settings/backup")
        await comes(browser, "没有备份成")


async def comes(browser: Browser, words: str) -> None:
    """Look at the page of copies until no copy is being made, and these words are there."""
    for _ in range(200):
        seen = (await browser.gets("/console/settings/backup")).plain
        if "正在备份" not in seen:
            break
        await asyncio.sleep(0.05)
    assert words in seen


def test_what_is_old_or_nearly_full_is_told() -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    fresh, old = Copy("a", 1, now - timedelta(days=1)), Copy("a", 1, now - timedelta(days=3))
    assert not Copies(possible=True, newest=(fresh,)).too_old(now)
    assert Copies(possible=True, newest=(old,)).too_old(now)
    assert Copies(possible=True).too_old(now)
    assert not Copies(possible=True, daily=True, begins=now + machine.SETTLES).too_old(now)
    assert not Copies(possible=False).too_old(now)
    assert Disk(500 << 20, 10 << 30).little
    assert Disk(4 << 30, 100 << 30).little
    assert not Disk(10 << 30, 100 << 30).little


@SQLITE
async def test_the_audit_trail_is_filtered_turned_and_exported(company: Company) -> None:
    me, ada = company.roll.people["root"], company.roll.people["ada"]

    def many(connection: Connection) -> None:
        for place in range(120):
            at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=place)
            audit.note(connection, at, me, "roles.give", ada, role="group_leader", unit="=1+1")
        place, now = company.roll.units["branch1"].id, datetime(2026, 11, 20, tzinfo=UTC)
        audit.note(connection, now, me, "gathering_open", None, gathering=7, unit=place)
        audit.note(connection, now, me, "gathering_mark", ada, gathering=7, mark="in_time", reason="")
        audit.note(connection, now, None, "point_rules.set", None, terms={"checkin": "2/10"}, starts="")
        audit.note(connection, now, None, "job.ask", None, kind="people", rows=3)
        audit.note(connection, now, None, "obligation.withdraw", None, kind="declared", rule="branch_meeting")
        audit.note(connection, now, me, "request.close", None, number="S1", state="closed")
        audit.note(connection, now, None, "announcement_eyes", None, required=False)
        audit.note(connection, now, me, "roles.end", ada, role="group_leader", unit=company.roll.units["branch1"].code)
        audit.note(connection, now, me, "questions.close_bank", None, bank="party")

    company.write(many)
    async with signed_in(company, "root") as browser:
        rows, path = 0, "/console/settings/audit?deed=roles.give"
        for _ in range(3):
            seen = await browser.gets(path)
            rows += seen.words.count('<th scope="row"')
            path = seen.words.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        assert rows == 120
        assert path == ""
        assert "职责 党小组长" in seen.plain
        everything = (await browser.gets("/console/settings/audit?first=2026-11-20&last=2026-11-20")).plain
        for words in (
            "签到 7；组织 第一党支部",
            "签到 7；记为 准时 ",
            "每次分值/每天最多 签到 2/10 ",
            "职责 党小组长；组织 第一党支部",
            "题库 党章与组织生活",
            "种类 导出人员；行数 3",
            "种类 组织生活：登记已完成；规则 支部党员大会",
            "办结诉求",
            "诉求 S1；状态 已办结",
            "要第二个人看 否",
        ):
            assert words in everything, words
        assert "王芳" in seen.plain
        number = browser.run.read(
            lambda c: c.exec_driver_sql("select employee_no from member where id=?", (ada,)).scalar()
        )
        assert "党小组长" in (await browser.gets(f"/console/settings/audit?who={number}&about=yes")).plain
        assert "没有这样的记录" in (await browser.gets(f"/console/settings/audit?who={number}")).plain
        assert (await browser.gets("/console/settings/audit?first=2026-11-02&last=2026-11-02")).words.count(
            '<th scope="row"'
        ) == 24
        assert "没有工号" in (await browser.gets("/console/settings/audit?who=%25")).plain
        for wrong in ("first=x", "before=99999999999999999999", "deed=' or 1=1", "last=2026-99-99"):
            assert (await browser.gets(f"/console/settings/audit?{wrong}")).status == 200
        got = await browser.gets("/console/settings/audit/export?deed=roles.give&format=csv")
        table = list(csv.reader(io.StringIO(got.words.lstrip("\ufeff"))))
        assert len(table) == 121
        assert not any(cell.startswith("=") for row in table for cell in row)
        assert (await browser.session.get(f"{browser.run.url}/console/settings/audit/export")).status == 200
        assert "记录 操作记录；行数 120" in (await browser.gets("/console/settings/audit?deed=export.save")).plain


@SQLITE
async def test_the_other_pages_and_english(company: Company) -> None:
    company.phone("root").says("/language en")
    async with signed_in(company, "root") as browser:
        for path in ("", "/theme-days", "/calendar", "/health", "/retention", "/backup", "/audit"):
            assert (await browser.gets(f"/console/settings{path}")).status == 200, path
        assert "Times and limits" in (await browser.gets("/console/settings")).plain
        assert "Retention" in (await browser.gets("/console/settings/retention")).plain
        english = (await browser.gets("/console/settings/health")).plain
        assert "The server's time is" in english
        assert "Groups may hold announcements, readings and help." in english
        assert "时钟" not in english


def test_whatever_the_health_page_checks_is_said_in_both_languages() -> None:
    settings = load(
        None,
        {
            "DANGQUN_WEB__ENABLED": "false",
            "DANGQUN_TELEGRAM__ENABLED": "true",
            "DANGQUN_TELEGRAM__TOKEN": "1:x",
            "DANGQUN_DINGTALK__ENABLED": "true",
            "DANGQUN_DINGTALK__MODE": "callback",
            "DANGQUN_DINGTALK__CLIENT_ID": "k",
            "DANGQUN_DINGTALK__CLIENT_SECRET": "s",
        },
    )
    with time_machine.travel("2026-12-10", tick=False):
        found = list(doctor.cheap(settings))
    assert {"clock", "holidays_missing", "carries", "abroad", "no_web", "guessable"} <= {one.code for one in found}
    for language in LANGUAGES:
        words = voice(language).page["settings"]
        for one in found:
            assert f"check_{one.code}" in words
            assert (f"check_{one.code}_do" in words) is bool(one.remedy), one.code


COMPUTED = {
    "announcement_review": {"announcement_approved", "announcement_returned"},
    "announcements": set(announcements.DEEDS.values()),
    "desk_canned": {"canned.add", "canned.change", "canned.retire", "canned.revive"},
    "desk": {f"request.{act.value}" for act in (Act.ANSWER, Act.ASK, Act.CLOSE, Act.REASSIGN)},
    "learning_list": {"readings.add", "readings.change", "readings.retire", "readings.bring_back"},
    "obligation": {f"obligation.{kind.value}" for kind in Kind},
}
"""Deeds whose names are put together where they are noted, by service."""


@pytest.mark.xdist_group("source")
def test_every_deed_and_every_fact_has_its_words() -> None:
    noted: set[str] = set()
    facts: set[str] = set()
    computed: set[str] = set()
    for path in (ROOT / "services").glob("*.py"):
        tree = source.tree(path)
        for function in (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)):
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and ast.unparse(call.func) in {"audit.note", "table.note"}:
                    named = _constants(call.args[3])
                    noted |= named
                    computed |= set() if named else {path.stem}
                    facts |= _facts_of(call, function)
    assert computed == COMPUTED.keys()
    noted = noted.union(*COMPUTED.values())
    assert len(noted) > 60
    assert len(facts) > 40
    for language in LANGUAGES:
        words = voice(language).page["settings"]
        assert {f"deed_{one.replace('.', '_')}" for one in noted} <= set(words)
        assert {f"fact_{one}" for one in facts} <= set(words)


def _constants(node: ast.expr) -> set[str]:
    """Return the deeds that stand there: one, or one of two."""
    branches = (node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,)
    return {str(one.value) for one in branches if isinstance(one, ast.Constant)}


def _facts_of(call: ast.Call, function: ast.FunctionDef) -> set[str]:
    """Return the names of the facts of a deed; those in a dictionary that is written out in the same function too."""
    found = {keyword.arg for keyword in call.keywords if keyword.arg}
    for spread in (ast.unparse(keyword.value) for keyword in call.keywords if not keyword.arg):
        keys = {
            str(key.value)
            for one in ast.walk(function)
            if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == spread and isinstance(one.value, ast.Dict)
            for key in one.value.keys
            if isinstance(key, ast.Constant)
        }
        assert keys, (function.name, spread)
        found |= keys
    return found


PLACES = {"Records": 0, "saved": 1, "audit.saved": 2, "_note": 2, "partial": 3, "_handed": 4}
"""Where what was saved is named, by the function that is called."""


@pytest.mark.xdist_group("source")
def test_every_file_of_records_has_its_words() -> None:
    saved = set(jobs.kinds()) - {"roster"}
    for path in (path for row in ("console", "handlers", "bot/commands") for path in (ROOT / row).glob("*.py")):
        for call in ast.walk(source.tree(path)):
            place = PLACES.get(ast.unparse(call.func)) if isinstance(call, ast.Call) else None
            if isinstance(call, ast.Call) and place is not None and len(call.args) > place:
                saved |= _constants(call.args[place])
    assert {"people", "gathering", "announcement_silent", "pack", "checkins", "rates", "letters"} <= saved
    for language in LANGUAGES:
        assert {f"value_what_{one}" for one in saved} <= set(voice(language).page["settings"])


@SQLITE
async def test_by_keyboard_alone_a_setting_is_changed(company: Company) -> None:
    async with browsing(company, "root", scripts=True) as (page, run):
        await tab_to(page, 'nav a[href="/console/settings"]')
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/console/settings")
        await tab_to(page, 'a[href$="quiet_hours.pushes_a_day"]')
        await page.keyboard.press("Enter")
        await tab_to(page, "#value")
        await page.keyboard.press("ControlOrMeta+a")
        await page.keyboard.type("2")
        await tab_to(page, "#reason")
        await page.keyboard.type("少打扰")
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".notice")
        await eventually(lambda: run.app.organisation.pushes_a_day == 2)
