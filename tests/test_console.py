"""The console's door: a link once, sessions that end, forms that are ours, and refusals in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from bot.__main__ import app
from domain.permission import Role
from services import session as sessions
from services.work import Work
from storage import permission
from storage import session as table
from storage.engine import Database
from tests.company import settle
from tests.running import running
from tests.surfing import link_of, signed_in, surfing
from tests.talk import Company

on_sqlite = pytest.mark.parametrize("company", ["sqlite"], indirect=True)


def test_the_chat_gives_a_link_to_those_with_a_role(company: Company) -> None:
    assert "没有职责" in company.ada.says("管理台")
    screen = company.lin.says("管理台")
    assert screen.buttons[0].url.startswith("https://page.example/console/in/")


@on_sqlite
async def test_a_link_lets_in_once_and_looking_at_it_uses_nothing_up(company: Company) -> None:
    async with running(company, telegram=False) as run, surfing(run) as browser:
        link = link_of(run, company, "lin")
        assert "只能用一次" in (await browser.gets(link)).plain
        assert "只能用一次" in (await browser.gets(link)).plain
        assert "今天" in (await browser.posts(link)).plain
        async with surfing(run) as other:
            assert "已经用过" in (await other.posts(link)).plain
            assert (await other.gets("/console/")).status == 401


@on_sqlite
async def test_a_newer_link_ends_the_older_and_ten_minutes_end_both(company: Company) -> None:
    async with running(company, telegram=False) as run, surfing(run) as browser:
        first, second = link_of(run, company, "lin"), link_of(run, company, "lin")
        assert (await browser.posts(first)).status == 403
        late = datetime.now(UTC) - timedelta(minutes=11)
        run.app.database.write_now(lambda c: c.execute(table.console_link.update().values(expires_at=late)))
        assert (await browser.posts(second)).status == 403


@on_sqlite
async def test_secrets_are_kept_as_digests_and_the_cookie_is_out_of_reach_of_scripts(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        [cookie] = [one for one in browser.session.cookie_jar if one.key == "console"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        kept = browser.run.read(lambda c: str(c.execute(select(table.console_session)).all()))
        assert cookie.value not in kept


@on_sqlite
async def test_over_https_the_cookie_is_bound_to_the_host(company: Company) -> None:
    async with (
        running(company, telegram=False, WEB__BASE_URL="https://dangqun.example") as run,
        surfing(run) as browser,
        browser.session.post(
            run.url + link_of(run, company, "lin"),
            headers={"Host": "dangqun.example", "Origin": "https://dangqun.example"},
            allow_redirects=False,
        ) as answer,
    ):
        assert answer.status == 303
        assert answer.headers["Set-Cookie"].startswith("__Host-console=")
        assert "Secure" in answer.headers["Set-Cookie"]
        assert "Domain" not in answer.headers["Set-Cookie"]


@on_sqlite
@pytest.mark.parametrize(
    ("column", "ago"), [("seen_at", timedelta(minutes=31)), ("begun_at", timedelta(hours=12, minutes=1))]
)
async def test_a_session_ends_by_idling_and_by_age(company: Company, column: str, ago: timedelta) -> None:
    async with signed_in(company, "lin") as browser:
        assert (await browser.gets("/console/")).status == 200
        past = datetime.now(UTC) - ago
        browser.run.app.database.write_now(lambda c: c.execute(table.console_session.update().values({column: past})))
        assert (await browser.gets("/console/")).status == 401


@on_sqlite
async def test_another_role_ends_it_at_once(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        person, unit = company.roll.people["lin"], company.roll.units["branch2"].id
        browser.run.app.database.write_now(
            lambda c: permission.give(c, person, Role.BRANCH_SECRETARY, unit, datetime.now(UTC))
        )
        assert (await browser.gets("/console/")).status == 401


@on_sqlite
async def test_signing_out_here_and_everywhere(company: Company) -> None:
    async with signed_in(company, "lin") as browser, surfing(browser.run) as other:
        await other.posts(link_of(browser.run, company, "lin"))
        await browser.gets("/console/")
        await browser.posts("/console/out")
        assert (await browser.gets("/console/")).status == 401
        assert (await other.gets("/console/")).status == 200
        await other.posts("/console/out/everywhere")
        assert (await other.gets("/console/")).status == 401


@on_sqlite
async def test_a_form_must_be_ours(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        await browser.gets("/console/")
        key = browser.form_key
        for headers, fields in (
            ({}, {"key": ""}),
            ({}, {"key": "0" * 64}),
            ({"Origin": "https://evil.example"}, {}),
            ({"Sec-Fetch-Site": "cross-site"}, {}),
        ):
            assert (await browser.posts("/console/out", headers, **{"key": key, **fields})).status == 403
        assert (await browser.gets("/console/")).status == 200


@on_sqlite
async def test_of_a_form_without_an_origin_its_page_must_be_ours(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        await browser.gets("/console/")
        url, form = browser.run.url + "/console/out", {"key": browser.form_key}
        for named in ("", "https://evil.example/console/", "http://[", "about:blank"):
            headers = {"Referer": named} if named else {}
            assert (await browser.session.post(url, data=form, headers=headers)).status == 403, named
        assert (await browser.gets("/console/")).status == 200
        old = {"Referer": browser.run.url + "/console/"}
        assert (await browser.session.post(url, data=form, headers=old, allow_redirects=False)).status == 303
        assert (await browser.gets("/console/")).status == 401


@on_sqlite
async def test_every_page_has_its_headers_and_a_wrong_way_is_a_sentence(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        for path in ("/console/", "/console/nowhere", "/console/static/console.css", "/console/in/" + "0" * 64):
            seen = await browser.gets(path)
            assert "frame-ancestors 'none'" in seen.headers["Content-Security-Policy"]
            assert seen.headers["X-Content-Type-Options"] == "nosniff"
        assert "没有这个页面" in (await browser.gets("/console/nowhere")).plain


@on_sqlite
async def test_looking_changes_nothing_but_when_one_was_seen(company: Company) -> None:
    async with signed_in(company, "lin") as browser:
        dump = lambda c: "\n".join(c.connection.dbapi_connection.iterdump())  # noqa: E731
        before = browser.run.read(dump)
        await browser.gets("/console/")
        assert browser.run.read(dump) == before


async def test_english_follows_the_person(company: Company) -> None:
    company.lin.says("/language en")
    async with signed_in(company, "lin") as browser:
        assert "Waiting for me" in (await browser.gets("/console/")).plain


def test_a_link_of_somebody_who_lost_her_roles_opens_nothing(company: Company) -> None:
    person = company.roll.people["lin"]

    def give_and_take(connection: object) -> str | None:
        work = company.work(connection)  # type: ignore[arg-type]
        secret = sessions.link(work, person)
        permission.end(work.connection, person, work.now)
        return sessions.enter(Work(work.connection, work.organisation, work.now), secret)

    assert company.write(give_and_take) is None


def test_the_command_line_gives_the_first_administrator_a_link(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/own.db"\n', encoding="utf-8")
    runner, options = CliRunner(), ["--config", str(config)]
    assert runner.invoke(app, ["migrate", *options]).exit_code == 0
    missing = runner.invoke(app, ["login-link", "A008", *options])
    assert missing.exit_code == 1
    database = Database(f"sqlite:///{tmp_path}/own.db")
    database.write_now(settle)
    database.close()
    made = runner.invoke(app, ["login-link", "A008", *options])
    assert re.search(r"/console/in/[0-9a-f]{64}\n", made.output.replace("\n  ", "\n"))
    assert runner.invoke(app, ["login-link", "A001", *options]).exit_code == 1
